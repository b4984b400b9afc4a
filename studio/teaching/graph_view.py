"""A number learns: the graph of one weight and one bias, its derivatives, and the way downhill."""

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.controls.number_edit import NumberEdit
from studio.core.language import tr
from studio.curves.line_chart import Line, LineChart
from studio.live.session import Session
from studio.teaching.flow_row import FlowRow
from studio.teaching.graph_picture import GraphPicture
from studio.teaching.lesson_view import LessonView
from studio.widgets.button import Button
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.exercises.graph import Pass, Valley

DESCEND = "studio.exercises.graph:descend"
VALLEY = "studio.exercises.graph:valley"
BOOK = {"x": 1.1, "w": 2.2, "b": 0.0, "y": 1.0}
_HELP = {
    "x": "what goes in",
    "w": "the weight, which learns",
    "b": "the bias, which learns",
    "y": "what should come out",
}
_RATE = 0.5
_REACH = 6.0  # of the weights that the curve shows


class GraphView(LessonView):
    """Write any of the four numbers; a step moves w and b against their gradients."""

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(session, look, parent)
        self.numbers = dict(BOOK)
        self.steps = 0
        self.found: Pass | None = None
        self.boxes: dict[str, NumberEdit] = {}
        self.picture = GraphPicture(look)
        self.picture.pointed.connect(self._explain)
        self.chain = ElidedLabel("", "mono")
        self.curve = LineChart(look, tr("Loss by weight"), tr("weight w"))
        self.curve.setMinimumHeight(84)
        self.rate = NumberEdit(look, whole=False)
        self.one = Button(tr("One step downhill"), self.step, look, "primary").set_small()
        self.ten = Button(tr("Ten steps"), self.step_ten, look).set_small()
        self.back = Button(tr("The book's numbers"), self.reset, look, "link").set_small()
        self.count = Label("", "small")
        self._lay_out()

    def _lay_out(self) -> None:
        line = FlowRow()
        for name, value in BOOK.items():
            box = NumberEdit(self.look, whole=False)
            box.default = 0.1
            box.setFixedWidth(76)
            box.setAccessibleName(f"{name}: {tr(_HELP[name])}")
            box.setToolTip(tr(_HELP[name]))
            box.set_value(value)
            box.changed.connect(self._changed)
            line.add(box, name)
            self.boxes[name] = box
        line.add(self.back)
        self.rate.minimum, self.rate.default = 0.0, _RATE
        self.rate.set_value(_RATE)
        self.rate.setFixedWidth(72)
        self.rate.setAccessibleName(tr("Learning rate"))
        foot = FlowRow(8)
        foot.add(self.one)
        foot.add(self.ten)
        foot.add(self.rate, tr("learning rate"))
        foot.add(self.count)
        below = QVBoxLayout()
        below.setSpacing(4)
        below.addWidget(Label(tr("The loss for every weight, the bias as it is"), "small"))
        below.addWidget(self.curve, 1)
        self.body.addWidget(line)
        self.body.addWidget(self.picture, 3)
        self.body.addWidget(self.chain)
        self.body.addWidget(foot)
        self.body.addLayout(below, 2)

    # --- computing ------------------------------------------------------------------------------------------------

    def compute(self) -> None:
        """The graph as it stands, and the curve around it."""
        self._descend(0)

    def _descend(self, steps: int) -> None:
        leaves = {name: self.numbers[name] for name in ("x", "w", "b")}
        self.ask(DESCEND, leaves, self.numbers["y"], float(self.rate.value()), steps, lane="graph", heard=self._came)

    def _came(self, found: "list[Pass]") -> None:
        self.steps += len(found) - 1
        self.found = found[-1]
        for name in ("w", "b"):
            self.numbers[name] = self.found.values[name]
            if len(found) > 1:
                self.boxes[name].set_value(round(self.numbers[name], 6))
        self.picture.show_pass(self.found)
        self._explain(self.picture.node)
        words = tr("1 step taken") if self.steps == 1 else tr("{count} steps taken", count=self.steps)
        self.count.setText(words if self.steps else "")
        weight = self.numbers["w"]
        span = max(_REACH, abs(weight) + 1.0)
        self.ask(VALLEY, self.numbers["x"], self.numbers["b"], self.numbers["y"], -span, span, lane="valley",
                 heard=self._valley_came)  # fmt: skip

    def _valley_came(self, found: "Valley") -> None:
        self.curve.set_lines([Line(tr("loss"), np.array(found.weights), np.array(found.losses))])
        self.curve.set_marker(self.numbers["w"])

    def _explain(self, node: str) -> None:
        """The chain rule, with its numbers."""
        if self.found is None:
            return
        if not node or node in ("loss", "y"):
            self.chain.setText(tr("Point at x, w or b: the numbers on its way to the loss multiply to its gradient."))
            return
        parts, at = [], node
        while at != "loss":
            edge = next(edge for edge in self.found.local if edge[0] == at)
            parts.append(f"{self.found.local[edge]:.4f}".replace("-", "−"))
            at = edge[1]
        made = f"{self.found.chained(node):.4f}".replace("-", "−")
        self.chain.setText(f"∂loss/∂{node} = {' × '.join(parts)} = {made}")

    # --- what a person does ---------------------------------------------------------------------------------------

    def _changed(self) -> None:
        if not any(box.problem for box in self.boxes.values()):
            self.numbers = {name: float(box.value()) for name, box in self.boxes.items()}
            self.steps = 0
            self.recompute()

    def step(self) -> None:
        """One update."""
        self._descend(1)

    def step_ten(self) -> None:
        """Ten updates."""
        self._descend(10)

    def reset(self) -> None:
        """The numbers of the book's appendix A."""
        self.numbers, self.steps = dict(BOOK), 0
        for name, box in self.boxes.items():
            box.set_value(BOOK[name])
        self.recompute()
