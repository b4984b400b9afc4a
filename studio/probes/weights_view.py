"""How large weights, gradients and updates are: by layer over the training, and every tensor as it is now."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PySide6.QtWidgets import QHBoxLayout

from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.curves.line_chart import Line, LineChart
from studio.live.session import Session
from studio.probes.borrowed import borrowed_text
from studio.probes.size_bars import SizeBars
from studio.probes.tensor_rows import TensorRow, columns, part_words, rows_of
from studio.seeing.question import Question
from studio.seeing.view import EVERYTHING, SceneView
from studio.views.record_table import RecordTable
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.live.film_reader import Series

Doubles = npt.NDArray[np.float64]
KINDS = (("weights", "weights"), ("gradients", "gradients"), ("updates", "updates"))
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
        self._series: Series | None = None
        self._open: set[str] = set()
        self._chosen = ""
        self.kind = Segmented(tuple((value, tr(words)) for value, words in KINDS), look, tr("Whose length"))
        self.listed = Segmented(tuple((value, tr(words)) for value, words in LISTED), look, tr("Which tensors"))
        self.chart = LineChart(look, tr("Length by layer over the training"), tr("step"))
        self.chart.set_logarithmic(True)
        self.chart.set_empty_text(tr("A run that keeps snapshots shows here how its layers grew."))
        self.odd = Label("", "small", wrap=True)
        self.table = RecordTable(columns(), look, key=lambda row: (row.part, row.tensor))
        self.bars = SizeBars(look)
        self.measure = Button(tr("Measure gradients"), self._measure, look).set_small()
        self.note = Label("", "small", wrap=True)
        self._time, self._now = Card(tr("Over the training"), look), Card(tr("Tensors"), look)
        self._lay_out()
        self.kind.changed.connect(self._another_kind)
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
        self._time.header.addWidget(self.kind)
        self._time.body.addWidget(self.chart, 1)
        self._time.body.addWidget(self.odd)
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
        row.addWidget(self._time, 1)
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
        self._series = series = self.looking.film.all() if self.looking.film.steps else None
        values = getattr(series, self.kind.value()) if series is not None else np.zeros((0, 0))
        if series is None or not values.size:
            self.chart.set_lines(())
            self.odd.setText("")
            return
        steps = series.steps.astype(np.float64)
        names = ["embeddings", *(str(layer) for layer in range(values.shape[1] - 2)), "end"]
        self.chart.set_lines([Line(part_words(name), steps, values[:, at], at) for at, name in enumerate(names)])
        self.chart.set_marker(None if self.looking.film.step is None else float(self.looking.film.step))
        measured = np.isfinite(values).any()
        self.odd.setText(odd_words(series) if measured else tr("This run did not keep its {kind}.", kind=self._kind()))

    def _another_kind(self, _kind: str) -> None:
        self._draw_curves()
        self.told.emit()

    def _kind(self) -> str:
        return tr(dict(KINDS)[self.kind.value()])

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
        if self._series is not None:
            self.looking.film.go(int(self._series.steps[point]))

    # --- what it says -----------------------------------------------------------------------------------------------

    def explanation(self) -> str:
        """What a length is, with those of the point that is looked at."""
        text = tr(ABOUT) if self.listed.value() == "weights" else f"{tr(ABOUT)} {tr(ADAM)}"
        line, point = self.chart.point
        series = self._series
        if series is None or line < 0:
            return text
        weight, gradient, update = (float(getattr(series, name)[point, line]) for name, _ in KINDS)
        ratio = f"{update / weight:.2e}" if weight and np.isfinite(update) else "–"
        return text + " " + tr(
            "{part}, step {step}: weights {weight}, gradient {gradient}, update {update}; update ÷ weight = {ratio}.",
            part=self.chart.lines[line].name, step=f"{int(series.steps[point]):,}", weight=f"{weight:.4g}",
            gradient=f"{gradient:.4g}", update=f"{update:.4g}", ratio=ratio,
        )  # fmt: skip

    def numbers(self) -> dict[str, npt.NDArray[Any]]:
        """Lengths over the steps, those of every tensor now, and the histogram that is shown."""
        found: dict[str, npt.NDArray[Any]] = {}
        if self._series is not None and len(self._series.steps):
            found["steps"] = self._series.steps
            found |= {name: getattr(self._series, name) for name, _ in KINDS}
            found |= {name: getattr(self._series, name) for name in ("not_numbers", "odd_gradients")}
        tensors, histogram = self._tensors.current, self._histogram.current
        if tensors is not None:
            found["tensors"] = np.array([item.name for item in tensors])
            found["norms"] = np.array([item.norm for item in tensors])
            found["of"] = np.array([self.listed.value()])
        if histogram is not None:
            found["negative"], found["positive"] = histogram.negative, histogram.positive
        return found


def odd_words(series: "Series") -> str:
    """How many numbers were none over the snapshots, and since when."""
    count = len(series.steps)
    if not series.not_numbers.any() and not series.odd_gradients.any():
        parts = [tr("No NaN and nothing infinite in weights and gradients at {count} snapshots", count=count)]
        return " · ".join([*parts, *_waiting(series)])
    parts = []
    for counts, words in (
        (series.not_numbers, tr("weights that are no numbers")), (series.odd_gradients, tr("gradients that are none")),
    ):  # fmt: skip
        where = np.flatnonzero(counts)
        if len(where):
            first = int(series.steps[where[0]])
            parts.append(tr("{words}: {count}, first at step {step}", words=words, count=f"{int(counts[where[-1]]):,}",
                            step=f"{first:,}"))  # fmt: skip
        else:
            parts.append(tr("{words}: 0 at {count} snapshots", words=words, count=count))
    return " · ".join([*parts, *_waiting(series)])


def _waiting(series: "Series") -> list[str]:
    return [tr("{count} more are being read", count=series.missing)] if series.missing else []
