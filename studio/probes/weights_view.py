"""How large weights, gradients and updates are: by layer over the training, and every tensor as it is now."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtWidgets import QHBoxLayout

from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.live.session import Session
from studio.probes.borrowed import borrowed_text
from studio.probes.length_curves import LengthCurves
from studio.probes.size_bars import SizeBars
from studio.probes.tensor_rows import TensorRow, columns, rows_of
from studio.seeing.question import Question
from studio.seeing.view import EVERYTHING, SceneView
from studio.views.record_table import RecordTable
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

Doubles = npt.NDArray[np.float64]
LISTED = (("weights", "Weights"), ("first", "Adam m"), ("second", "Adam √v"))

ABOUT = (
    "The length of a tensor is √Σ w² over its numbers; gradients are measured before clipping, an update is how far a "
    "step moved the weights. A curve that shoots up, or a layer that stops moving, is the first sign of trouble."
)
ADAM = (
    "Adam keeps two running means beside each weight: m ← β₁·m + (1 − β₁)·g and v ← β₂·v + (1 − β₂)·g². It moves the "
    "weight by about learning rate · m ÷ √v."
)
_NAMED = {"weights": "{name}", "first": "m({name})", "second": "√v({name})"}


class WeightsView(SceneView):
    """Curves at the left, a folding table of tensors at the right with the histogram of the one that is chosen."""

    name, label, vector = "weights", "Weights", True
    compares = True

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self._tensors, self._pull, self._histogram = (
            Question(self.looking, f"weights {what}", self) for what in ("tensors", "pull", "histogram")
        )
        self._open: set[str] = set()
        self._chosen = ""
        self.curves = LengthCurves(look)
        self.kind, self.chart, self.odd = self.curves.kind, self.curves.chart, self.curves.odd
        self.listed = Segmented(tuple((value, tr(words)) for value, words in LISTED), look, tr("Which tensors"))
        self.table = RecordTable(columns(), look, key=lambda row: (row.part, row.tensor))
        self.bars = SizeBars(look)
        self.measure = Button(tr("Measure gradients"), self._measure, look).set_small()
        self.note = Label("", "small", wrap=True)
        self._now = Card(tr("Tensors"), look)
        self._lay_out()
        self.curves.turned.connect(self.told)
        self.listed.changed.connect(self._other_tensors)
        self.chart.clicked.connect(self._clicked)
        self.chart.hovered.connect(self._line_hovered)
        self.table.selection_changed.connect(self._choose)
        self.table.row_activated.connect(self._toggle)
        self.table.link_clicked.connect(self._fold)
        self._tensors.answered.connect(self._list)
        self._pull.answered.connect(self._list)
        self._histogram.answered.connect(self._draw_histogram)

    def _lay_out(self) -> None:
        tools = QHBoxLayout()
        tools.addWidget(self.listed)
        tools.addStretch(1)
        tools.addWidget(self.measure)
        self._now.body.addLayout(tools)
        self._now.body.addWidget(self.table, 2)
        self._now.body.addWidget(self.note)
        self._now.body.addWidget(self.bars, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.curves, 1)
        row.addWidget(self._now, 1)

    # --- what is drawn ----------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = EVERYTHING) -> None:
        """Ask for the tensors of another model, draw the curves again as far as they have come."""
        if not what or what & {"scene", "other", "mode"}:
            self._look_at()
        if not what or what & {"subject", "film", "snapshot"}:
            self._draw_curves()
        if not what or "selection" in what:
            layer = self.selection.value("layer")
            self.chart.choose(-1 if layer is None else layer + 1)

    @property
    def _sides(self) -> list[Any]:
        """The scene that is shown, and the one that is subtracted from it."""
        return [scene for scene in self.looking.shown if scene is not None]

    @property
    def _key(self) -> tuple[Any, ...]:
        """Which tensors are listed: of which weights, and which kind."""
        return (*((scene.folder, scene.checksum) for scene in self._sides), self.listed.value())

    def _look_at(self, _listed: str = "") -> None:
        sides = self._sides
        if not sides:
            for question in (self._tensors, self._pull, self._histogram):
                question.forget()
        elif self._tensors.ask(self._key, "studio.insight.tensors:tensors_of", sides, self.listed.value()):
            self._histogram.forget()
            if self._pull.key != (sides[0].folder, sides[0].checksum):
                self._pull.forget()
        self._list()

    def _other_tensors(self, _listed: str) -> None:
        self._look_at()
        self._draw_curves()
        self.told.emit()

    def start_measuring(self) -> None:
        """Measure the gradients."""
        if len(self._sides) == 1:
            self._measure()

    def _measure(self) -> None:
        scene = self.looking.shown[0]
        if scene is not None:
            other = borrowed_text(self.session)
            self._pull.ask(
                (scene.folder, scene.checksum), "studio.insight.tensors:pull", scene, other,
                title=tr("Measuring gradients"),
            )  # fmt: skip
            self._list()

    def _list(self) -> None:
        found, pull = self._tensors.current, self._pull.current if len(self._sides) < 2 else None
        lengths = {item.name: item.norm for item in pull.gradients} if pull is not None else {}
        self.table.set_rows(rows_of(found, lengths, self._open) if found is not None else [])
        scene = self.looking.shown[0]
        total = sum(item.count for item in found) if found is not None else 0
        step = f" · {tr('step {step}', step=f'{scene.step:,}')}" if scene is not None and scene.step else ""
        less = f"{tr('A − B')} · " if len(self._sides) > 1 else ""
        self._now.set_note(f"{less}{tr('{count} numbers', count=f'{total:,}')}{step}" if total else "")
        self.measure.setEnabled(scene is not None and not self._pull.waiting)
        self.measure.setVisible(pull is None and len(self._sides) < 2)
        self._say()
        if found and self._chosen not in {item.name for item in found}:
            self._chosen = found[0].name
        self._ask_histogram()
        self.told.emit()

    def _say(self) -> None:
        pull = self._pull.current if len(self._sides) < 2 else None
        if self._tensors.error is not None:
            self.note.setText(str(self._tensors.error))
        elif self._pull.error is not None:
            self.note.setText(str(self._pull.error))
        elif self._pull.waiting:
            self.note.setText(tr("The gradients are being measured…"))
        elif pull is not None:
            self.note.setText(
                tr("Gradients of the loss {loss} on {sample}; all together {total} long.", loss=f"{pull.loss:.4f}",
                   sample=pull.sample, total=f"{pull.total:.4g}")
            )  # fmt: skip
        else:
            self.note.setText(self._histogram_words())

    def _draw_curves(self) -> None:
        film, held = self.looking.film, self.looking.moments[1]
        self.curves.show_series(film.all() if film.steps else None, film.step, None if held is None else held.step)

    # --- tensors ----------------------------------------------------------------------------------------------------

    def _fold(self, row: TensorRow, _title: str) -> None:
        self._toggle(row)

    def _toggle(self, row: TensorRow) -> None:
        if not row.tensor:
            self._open ^= {row.part}
            self._list()

    def _choose(self, rows: list[TensorRow]) -> None:
        """A tensor shows its histogram, a part is what the curves bring to the front."""
        if not rows:
            return
        part = rows[0].part
        self.selection.lock(layer=int(part) if part.isdigit() else None)
        if rows[0].tensor and rows[0].tensor != self._chosen:
            self._chosen = rows[0].tensor
            self._ask_histogram()

    def _ask_histogram(self) -> None:
        sides, found = self._sides, self._tensors.current
        if not sides or found is None or self._chosen not in {item.name for item in found}:
            self.bars.set_histogram(None)
            return
        key, kind = (*self._key, self._chosen), self.listed.value()
        if self._histogram.ask(key, "studio.insight.tensors:histogram_of", sides, self._chosen, kind):
            self.bars.set_histogram(None)
            self._say()

    def _draw_histogram(self) -> None:
        self.bars.set_histogram(self._histogram.current)
        self._say()
        self.told.emit()

    def _histogram_words(self) -> str:
        found = self._histogram.current
        if found is None:
            return ""
        return tr("Sizes in {name}: {count} numbers, {odd} of them no numbers.",
                  name=_NAMED[self.listed.value()].format(name=self._chosen), count=f"{found.count:,}",
                  odd=f"{found.nan + found.infinite:,}")  # fmt: skip

    # --- the selection ----------------------------------------------------------------------------------------------

    def _line_hovered(self, line: int, _point: int) -> None:
        layers = len(self.chart.lines) - 2
        if 1 <= line <= layers:
            self.selection.hover(layer=line - 1)
        else:
            self.selection.leave()

    def _clicked(self, _line: int, point: int) -> None:
        if self.curves.series is not None:
            self.looking.film.go(int(self.curves.series.steps[point]))

    # --- what it says -----------------------------------------------------------------------------------------------

    def explanation(self) -> str:
        """What a length is, with those of the point that is looked at."""
        text = tr(ABOUT) if self.listed.value() == "weights" else f"{tr(ABOUT)} {tr(ADAM)}"
        return f"{text} {self.curves.point_words()}".strip()

    def numbers(self) -> dict[str, npt.NDArray[Any]]:
        """Lengths over the steps, those of every tensor now, and the histogram that is shown."""
        found: dict[str, npt.NDArray[Any]] = self.curves.numbers()
        tensors, histogram = self._tensors.current, self._histogram.current
        if tensors is not None:
            found["tensors"] = np.array([item.name for item in tensors])
            found["norms"] = np.array([item.norm for item in tensors])
            found["of"] = np.array([self.listed.value()])
        if histogram is not None:
            found["negative"], found["positive"] = histogram.negative, histogram.positive
        return found
