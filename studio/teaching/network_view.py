"""A small network: every step of its training forward, loss, backward, update, with every number that takes part."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.controls.number_edit import NumberEdit
from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.curves.line_chart import Line, LineChart
from studio.live.session import Session
from studio.parts.wording import count
from studio.teaching.flow_row import FlowRow
from studio.teaching.lesson_view import LessonView
from studio.teaching.network_stages import STAGES, Shown, formula, loss_words, shown_at
from studio.teaching.number_grid import NumberGrid
from studio.teaching.plane_picture import PlanePicture
from studio.views.bars import percent_text
from studio.widgets.button import Button, IconButton
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.exercises.network import Training

TRAIN = "studio.exercises.network:train_wish"
TRAIN_WIDE = "studio.exercises.network:wide_wish"
PLANE, WIDE = "plane", "wide"
_NETWORKS = ((PLANE, "2 → 30 → 20 → 2"), (WIDE, "50 → 30 → 20 → 3"))
_CLASSES = (("0", "class 0"), ("1", "class 1"), ("2", "class 2"))
_ONLY_PLANE = ("first", "second")  # settings that the book's wide network has fixed
_NUMBERS = (
    ("first", "hidden 1", 30, 200, True), ("second", "hidden 2", 20, 200, True), ("rate", "rate", 0.5, 100, False),
    ("epochs", "epochs", 3, 40, True), ("seed", "seed", 123, 10**9, True),
)  # fmt: skip
_GRIDS = 5


class NetworkView(LessonView):
    """Points can be moved and every setting changed; the whole run is computed anew each time."""

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(session, look, parent)
        self.training: Training | None = None
        self.number = 0  # of the step that is shown
        self._keys: list[tuple[str, int]] = []
        self.network = Segmented([(name, words) for name, words in _NETWORKS], look, tr("Network"))
        self.network.changed.connect(self._other_network)
        self.target = Segmented([(name, tr(words)) for name, words in _CLASSES], look, tr("Right class of the input"))
        self.target.changed.connect(self._changed)
        self.plane = PlanePicture(look)
        self.plane.changed.connect(self._changed)
        self.stages = Segmented([(name, tr(words)) for name, words in STAGES], look, tr("Stage"))
        self.stages.changed.connect(self._show)
        self.before = IconButton("chevron-left", tr("Stage before"), self.step_back, look)
        self.after = IconButton("chevron-right", tr("Next stage"), self.step_on, look)
        self.where = Label("", "quiet")
        self.losses = LineChart(look, tr("Loss of each step"), tr("step"))
        self.losses.setMinimumHeight(84)
        self.losses.clicked.connect(self._step_chosen)
        self.outcome = Label("", "small", wrap=True)
        self.words = ElidedLabel("", "mono")
        self.grids = [NumberGrid(look) for _ in range(_GRIDS)]
        for place, grid in enumerate(self.grids):
            grid.setProperty("place", place)
            grid.pointed.connect(self._point)
        self.boxes: dict[str, NumberEdit] = {}
        self._of_plane: list[QWidget] = []  # what only the network that reads points has
        self._lay_out()

    def _lay_out(self) -> None:
        settings = FlowRow(10)
        settings.add(self.network)
        settings.add(self.target)
        self.target.hide()
        for name, words, value, largest, whole in _NUMBERS:
            box = NumberEdit(self.look, whole)
            box.minimum, box.maximum, box.default = (1 if whole else 0.0), largest, value
            box.set_value(value)
            box.setFixedWidth(58)
            box.setAccessibleName(tr(words))
            box.changed.connect(self._changed)
            pair = settings.add(box, tr(words))
            if name in _ONLY_PLANE:
                self._of_plane.append(pair)
            self.boxes[name] = box
        settings.add(Button(tr("The book's"), self.reset, self.look, "link").set_small())
        left = QVBoxLayout()
        left.setSpacing(6)
        left.addWidget(self.plane, 3)
        left.addWidget(self.losses, 2)
        left.addWidget(self.outcome)
        steps = FlowRow(4)
        walk = QWidget()
        line = QHBoxLayout(walk)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        for widget in (self.before, self.stages, self.after):
            line.addWidget(widget)
        steps.add(walk)
        steps.add(self.where)
        right = QVBoxLayout()
        right.setSpacing(8)
        self._stack = QVBoxLayout()
        self._stack.setSpacing(6)
        for grid in self.grids:
            self._stack.addWidget(grid, 1)
        right.addLayout(self._stack, 1)
        right.addWidget(self.words)
        row = QHBoxLayout()
        row.setSpacing(20)
        row.addLayout(left, 4)
        row.addLayout(right, 7)
        self.body.addWidget(settings)
        self.body.addWidget(steps)
        self.body.addLayout(row, 1)

    # --- computing ------------------------------------------------------------------------------------------------

    def compute(self) -> None:
        """Train anew with what is set; the first time with the book's points."""
        if any(box.problem for box in self.boxes.values()):
            return
        settings = {name: box.value() for name, box in self.boxes.items()}
        if self.wide:
            self.ask(TRAIN_WIDE, settings, int(self.target.value()), lane="network", heard=self._trained_wide)
            return
        points = (list(self.plane.points), list(self.plane.labels)) if self.plane.points else None
        self.ask(TRAIN, settings, points, lane="network", heard=self._trained)

    def _trained(self, found: "Any") -> None:
        self.plane.held = list(found.held)
        if not self.plane.points:
            self.plane.set_points(list(found.points), list(found.labels))
        right = [percent_text(share) for share in found.training.right]
        self.outcome.setText(
            tr("{parameters} numbers learn. At the end {first} of the points are right, {second} of those held back.",
               parameters=count(found.training.parameters), first=right[0], second=right[1])
        )  # fmt: skip
        self._take(found.training)

    def _trained_wide(self, training: "Training") -> None:
        first = training.steps[0]
        sizes = [layer.weight.size + layer.bias.size for layer in first.layers]
        answers = ", ".join(f"{value:.4f}".replace("-", "−") for value in first.layers[-1].bent[0])
        self.outcome.setText(
            tr("{parts} = {all} numbers learn from one input of {width}. Untrained they answer {answers}.",
               parts=" + ".join(map(count, sizes)), all=count(training.parameters),
               width=first.layers[0].given.shape[1], answers=answers)
        )  # fmt: skip
        self._take(training)

    def _take(self, training: "Training") -> None:
        self.training = training
        self.number = min(self.number, len(training.steps) - 1)
        losses = np.array([step.loss for step in training.steps])
        self.losses.set_lines([Line(tr("loss"), np.arange(1.0, len(losses) + 1), losses)])
        self._show()

    # --- showing --------------------------------------------------------------------------------------------------

    def _show(self, _stage: str = "") -> None:
        training = self.training
        if training is None or not training.steps:
            return
        step, stage = training.steps[self.number], self.stages.value()
        self.where.setText(
            tr("step {number} of {all} · epoch {epoch} · loss {loss}", number=self.number + 1,
               all=len(training.steps), epoch=step.epoch + 1, loss=f"{step.loss:.2f}")
        )  # fmt: skip
        self.losses.set_marker(self.number + 1)
        if not self.wide:
            self.plane.show_plane(step.plane, step.rows)
        self._fill(shown_at(stage, training, self.number, self.labels))
        self.words.setText(loss_words(step, self.labels) if stage == "loss" else self._hint(stage))

    @property
    def wide(self) -> bool:
        """Whether it is the network of 2,213 numbers, which reads one input of 50 instead of points."""
        return bool(self.network.value() == WIDE)

    @property
    def labels(self) -> Sequence[int]:
        """The right class of each point, or of the one input."""
        return [int(self.target.value())] if self.wide else self.plane.labels

    def _hint(self, stage: str) -> str:
        return {
            "forward": tr("Point at a number to see the sum behind it."),
            "backward": tr("Point at a gradient: it says what its weight does to the loss."),
            "update": tr("Every weight moves against its gradient. Point at one."),
        }.get(stage, "")

    def _fill(self, shown: list[Shown]) -> None:
        self._keys = [one.key for one in shown]
        for place, grid in enumerate(self.grids):
            grid.setVisible(place < len(shown))
            if place >= len(shown):
                continue
            one = shown[place]
            rows, columns = one.values.shape
            grid.set_largest(72.0, 28.0)
            grid.set_numbers(one.values, f"{one.title}, {rows} × {columns}")
            grid.set_lit(one.lit)
            self._stack.setStretch(place, max(2, rows) + 1)

    def _point(self, row: int, column: int) -> None:
        place, training = int(self.sender().property("place")), self.training
        if training is None or place >= len(self._keys):
            return
        stage = self.stages.value()
        words = formula(self._keys[place], (row, column), training, self.number) if row >= 0 else ""
        step = training.steps[self.number]
        rest = loss_words(step, self.labels) if stage == "loss" else self._hint(stage)
        self.words.setText(words or rest)

    # --- what a person does ---------------------------------------------------------------------------------------

    def step_on(self) -> None:
        """The next stage; after an update the next batch."""
        self._step(1)

    def step_back(self) -> None:
        """The stage before."""
        self._step(-1)

    def _step(self, by: int) -> None:
        names = [name for name, _ in STAGES]
        place = self.number * len(names) + names.index(self.stages.value()) + by
        if self.training is not None and 0 <= place < len(self.training.steps) * len(names):
            self.number, stage = divmod(place, len(names))
            self.stages.set_value(names[stage])
            self._show()

    def _step_chosen(self, _line: int, point: int) -> None:
        if point >= 0:
            self.number = point
            self._show()

    def _changed(self) -> None:
        self.recompute()

    def _other_network(self) -> None:
        """What belongs to points of the plane is there with them only."""
        self.plane.setVisible(not self.wide)
        self.target.setVisible(self.wide)
        for pair in self._of_plane:
            pair.setVisible(not self.wide)
        self.training, self.number = None, 0
        self.recompute()

    def reset(self) -> None:
        """The book's points and settings."""
        for name, _, value, _, _ in _NUMBERS:
            self.boxes[name].set_value(value)
        self.plane.set_points([], [])
        self.number = 0
        self.recompute()
