"""The loss around the weights: a line, a plane, the way to another model, or the plane of a run's own path."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit
from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.curves.line_chart import Level, Line, LineChart
from studio.live.session import Session
from studio.maps.colour_bar import ColourBar
from studio.maps.heat_map import HeatMap
from studio.probes.borrowed import borrowed_text
from studio.seeing.question import Question
from studio.seeing.view import EVERYTHING, SceneView
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.hover_card import CardRow
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.insight.landscape import Field

KINDS = (("line", "line"), ("plane", "plane"), ("between", "to the other model"), ("path", "run's path"))
POINTS = {"line": 41, "plane": 15, "between": 31, "path": 15}
BATCHES = ((1, "1 batch"), (4, "4 batches"), (16, "16 batches"))
EXPLORE = "studio.insight.landscape:explore_as"


class LandscapeView(SceneView):
    """Nothing is measured before somebody asks; the picture then grows from its middle, and can be stopped."""

    name, label, vector = "landscape", "Landscape", True
    needs_words = True

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self._question = Question(self.looking, "landscape", self)
        self._losses: npt.NDArray[np.float64] | None = None
        self._taken = 0
        self._measured = ""  # the kind that is shown
        self._of: tuple[object, ...] = ()  # the models whose landscape it is
        self.kind = Segmented(tuple((value, tr(words)) for value, words in KINDS), look, tr("Where to walk"))
        self.batches = ChoiceEdit([(value, tr(words)) for value, words in BATCHES], look)
        self.batches.setAccessibleName(tr("Batches behind each point"))
        self.button = Button(tr("Measure"), self._go, look, "primary")
        self.chart = LineChart(look, tr("Loss along the line"), tr("distance"))
        self.map = HeatMap(look, square=False)
        self.map.setAccessibleName(tr("Loss over the plane"))
        self.map.describe = self._describe
        self.bar = ColourBar(look)
        self.note = Label("", "small", wrap=True)
        self._card = Card(tr("Loss"), look)
        self._stack = QStackedWidget()
        self._lay_out()
        self.kind.changed.connect(self.told)
        self.chart.hovered.connect(self._pointed_at)
        self.map.hovered.connect(self._pointed_at)
        self._question.answered.connect(self._came)

    def _lay_out(self) -> None:
        plane = QWidget()
        across = QHBoxLayout(plane)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(12)
        across.addWidget(self.map, 1)
        across.addWidget(self.bar)
        self._stack.addWidget(self.chart)
        self._stack.addWidget(plane)
        self._card.body.addWidget(self._stack, 1)
        self._card.body.addWidget(self.note)
        tools = QHBoxLayout()
        tools.setSpacing(8)
        tools.addWidget(self.kind)
        tools.addWidget(Label(tr("on"), "small"))
        tools.addWidget(self.batches)
        tools.addStretch(1)
        tools.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(tools)
        column.addWidget(self._card, 1)

    # --- measuring --------------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = EVERYTHING) -> None:
        """Another model has another landscape; another text leaves it as it is."""
        if self._known() != self._of:
            self._forget()
            self._of = self._known()
        beside = self.looking.other is not None
        self.kind.set_enabled("between", beside, "" if beside else tr("Compare with another model first."))
        if not beside and self.kind.value() == "between":
            self.kind.set_value("line")
        self._say()

    def _known(self) -> tuple[object, ...]:
        """Which weights the picture is of: those that are shown, or those of A and of B."""
        between = self._measured == "between"
        ends = (self.looking.scene, self.looking.other) if between else self.looking.shown[:1]
        return tuple((scene.folder, scene.checksum) if scene is not None else None for scene in ends)

    def _forget(self) -> None:
        self._question.forget()
        self._losses, self._taken, self._measured = None, 0, ""
        self._draw()

    def _go(self) -> None:
        """Start, or stop what is being measured."""
        kind, batches = self.kind.value(), int(self.batches.value())
        between = kind == "between" and self.looking.other is not None
        scene = self.looking.scene if between else self.looking.shown[0]  # in mode B that is the other end
        if self._question.waiting:
            self._question.stop()
        elif scene is not None:
            end = self.looking.other.model if between else None
            self._losses, self._taken = None, 0
            self._question.forget()
            self._question.ask(
                (scene.folder, scene.checksum, kind, batches), EXPLORE, scene, (kind, POINTS[kind], batches), end,
                borrowed_text(self.session), title=tr("Measuring the loss landscape"),
            )  # fmt: skip
            self._measured = kind
            self._of = self._known()
            self._draw()
        self._say()

    def start_measuring(self) -> None:
        """Walk where the choices say."""
        if not self._question.waiting:
            self._go()

    @property
    def field(self) -> "Field | None":
        """Where the points lie, once that is known."""
        items = self._question.items
        return items[0] if items else None

    def _came(self) -> None:
        """Take in the points that have come since the last time."""
        field = self.field
        if field is not None:
            if self._losses is None:
                self._losses, self._taken = np.full((len(field.second), len(field.first)), np.nan), 1
            for spot in self._question.items[self._taken :]:
                self._losses[spot.row, spot.column] = spot.loss
            self._taken = len(self._question.items)
        self._draw()
        self._say()
        self.told.emit()

    # --- drawing ----------------------------------------------------------------------------------------------------

    @property
    def done(self) -> int:
        """Points that were measured."""
        return max(0, self._taken - 1)

    def _draw(self) -> None:
        field, losses = self.field, self._losses
        flat = field is None or len(field.second) == 1
        self._stack.setCurrentIndex(0 if flat else 1)
        self.chart.set_empty_text(
            str(self._question.error) if self._question.error is not None
            else tr("How the loss changes when the weights are moved. Nothing was measured yet.")
        )  # fmt: skip
        if field is None or losses is None:
            self.chart.set_lines(())
            return
        centre = self.centre
        if flat:
            known = np.isfinite(losses[0])
            level = Level(centre, tr("present weights {loss}", loss=f"{centre:.4f}")) if np.isfinite(centre) else None
            self.chart.set_lines([Line(tr("loss"), field.first[known], losses[0][known], 0)], level)
            return
        seen = losses[np.isfinite(losses)]
        low, high = (float(seen.min()), float(np.quantile(seen, 0.95))) if len(seen) else (0.0, 1.0)
        high = max(high, low + 1e-6)
        self.map.set_values(losses[::-1].astype(np.float32), low=low, high=high)
        self.map.set_labels([_mark(y) for y in field.second[::-1]], [_mark(x) for x in field.first])
        self.bar.set_range(low, high, "viridis", "linear", tr("loss"), (False, bool((seen > high).any())))
        home = int(np.abs(field.second).argmin()), int(np.abs(field.first).argmin())
        self.map.mark(len(losses) - 1 - home[0], home[1], locked=True)

    @property
    def centre(self) -> float:
        """The loss of the present weights; NaN before it was measured."""
        field, losses = self.field, self._losses
        if field is None or losses is None:
            return float("nan")
        return float(losses[int(np.abs(field.second).argmin()), int(np.abs(field.first).argmin())])

    def _say(self) -> None:
        running, field = self._question.waiting, self.field
        self.button.setText(tr("Stop") if running else tr("Measure"))
        self.button.set_kind("" if running else "primary")
        self.button.setEnabled(self.looking.shown[0] is not None)
        self.note.setVisible(field is not None)
        if field is None or self._losses is None:  # the explanation says where the weights would walk
            self.note.setText("")
            return
        words = tr("{done} of {total} points; each is the mean loss of {sample}.", done=self.done,
                   total=self._losses.size, sample=field.sample)  # fmt: skip
        path = tr(" Checkpoints lie at {stops}; the plane holds {share} % of the path’s spread.",
                  stops=", ".join(f"{step:,}: ({x:.2f}, {y:.2f})" for step, x, y in field.stops),
                  share=f"{100 * field.share:.1f}") if field.stops else ""  # fmt: skip
        self.note.setText(words + path)

    def _place(self, row: int, column: int) -> tuple[int, int]:
        """The field's row and column of a cell of the map, whose rows go downwards."""
        return (self._losses.shape[0] - 1 - row if self._losses is not None else row), column

    def _describe(self, row: int, column: int) -> tuple[str, list[CardRow]]:
        field, losses = self.field, self._losses
        if field is None or losses is None:
            return "", []
        up, across = self._place(row, column)
        loss = float(losses[up, across])
        title = f"({_mark(field.first[across], 3)}, {_mark(field.second[up], 3)})"
        if not np.isfinite(loss):
            return title, [CardRow(tr("not measured yet"))]
        return title, [CardRow(tr("loss {loss}", loss=f"{loss:.4f}"), f"{loss - self.centre:+.4f}")]

    def _pointed_at(self, row: int, column: int) -> None:
        if self._stack.currentIndex() == 1:
            self.map.mark(row if row >= 0 else None, column if column >= 0 else None)
        self.told.emit()

    # --- what it says -----------------------------------------------------------------------------------------------

    def explanation(self) -> str:
        """What the axes mean, with the numbers of the point that is looked at."""
        text = tr(_ABOUT[self._measured or self.kind.value()])
        field, losses = self.field, self._losses
        if field is None or losses is None:
            return text
        if self._stack.currentIndex() == 0:
            line, point = self.chart.point
            if line < 0:
                return text
            x, loss, y = float(self.chart.lines[0].x[point]), float(self.chart.lines[0].y[point]), 0.0
        else:
            row, column = self.map.pointed
            if row is None or column is None:
                return text
            up, across = self._place(row, column)
            x, y, loss = float(field.first[across]), float(field.second[up]), float(losses[up, across])
        formula = tr(_FORMULAS[field.kind]).format(x=f"{x:.3f}", y=f"{y:.3f}", loss=f"{loss:.4f}")
        return f"{text} {formula}"

    def numbers(self) -> dict[str, npt.NDArray[Any]]:
        """Losses (second, first) with their coordinates."""
        field = self.field
        if field is None or self._losses is None:
            return {}
        stops = {"stops": np.array(field.stops)} if field.stops else {}
        return {"loss": self._losses, "first": field.first, "second": field.second, **stops}


_ABOUT = {
    "line": "The weights are moved along a random direction in which every filter is as long as the weights’ own. "
    "A wide valley forgives more than a narrow one.",
    "plane": "The weights are moved along two random directions in which every filter is as long as the weights’ own. "
    "The cell with the frame is the model itself.",
    "between": "The weights are moved on the straight line from this model (0) to the other one (1). A hill between "
    "them means that they found different solutions.",
    "path": "The plane that holds most of the way a run has gone through its kept checkpoints; its axes are distances "
    "in the space of all weights.",
}
_FORMULAS = {
    "line": "L(w + {x} · d) = {loss}.",
    "plane": "L(w + {x} · d₁ + {y} · d₂) = {loss}.",
    "between": "L((1 − {x}) · w₀ + {x} · w₁) = {loss}.",
    "path": "L(w + {x} · e₁ + {y} · e₂) = {loss}.",
}


def _mark(value: float, digits: int = 2) -> str:
    return f"{value:+.{digits}f}".replace("-", "−")
