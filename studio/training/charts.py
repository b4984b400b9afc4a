"""The curves of one run, living or reopened: a large one, and tiles that change places with it when clicked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.core.history import History
from studio.core.language import tr
from studio.curves.plot import CurvePlot, Mark
from studio.curves.stat_tile import StatTile
from studio.live.run_model import RunModel
from studio.parts.wording import count, loss, small_number
from studio.training.published import PublishedCurve, PublishedRun
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.page import Card


@dataclass(frozen=True)
class Measure:
    """One tile: the histories it draws when it is large, how its number reads, and how the hover card writes it."""

    name: str
    title: str
    tile: str
    series: tuple[tuple[str, str, int | str], ...]  # (history, label, colour)
    text: Callable[[float], str]
    form: str = ""
    from_zero: bool = False  # a rate: its small curve begins at nothing, or noise would fill the tile

    @property
    def main(self) -> str:
        """The history behind the tile's number and its small curve."""
        return self.series[0][0]


MEASURES = (
    Measure("loss", "Loss", "Loss",
            (("training_loss", "training", 0), ("validation_loss", "validation", 1)), loss, ".3f"),
    Measure("perplexity", "Perplexity", "Perplexity",
            (("perplexity", "validation perplexity", 1),), small_number, ",.2f"),
    Measure("learning_rate", "Learning rate", "Learning rate", (("learning_rate", "learning rate", 2),), small_number),
    Measure("gradient_norm", "Gradient norm, before clipping", "Gradient norm",
            (("gradient_norm", "gradient norm", 3),), small_number, ".3g"),
    Measure("tokens_per_second", "Tokens per second", "Tokens/s",
            (("tokens_per_second", "tokens per second", "text_quiet"),), small_number, ",.0f", True),
)  # fmt: skip


SMOOTHING = ((2_000, 0.9), (200, 0.6))  # from this many steps on; a short run would only lag behind its raw curve


def smoothing_for(steps: int) -> float:
    """How strongly a run of `steps` is smoothed when it is first shown; the raw curve stays faint behind it."""
    return next((weight for enough, weight in SMOOTHING if steps >= enough), 0.0)


class RunCharts(QWidget):
    """Shows a `RunModel`; call `refresh` with what changed. Nothing here knows whether the run still lives."""

    mark_clicked = Signal(str, int)  # kind, step

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run: RunModel | None = None
        self._published: PublishedRun | None = None
        self._large = MEASURES[0]
        self.plot = CurvePlot(look, tr("Loss"), parent=self)
        self.plot.setAccessibleName(tr("Curve of the run"))
        self.plot.mark_clicked.connect(self.mark_clicked)
        self.plot.set_empty_text(tr("The curve begins with the first step."))
        self._card = Card("", look)
        self.source = Label("", "small", wrap=True)
        self._card.body.addWidget(self.plot, 1)
        self._card.body.addWidget(self.source)
        self.tiles = {measure.name: self._tile(measure, look) for measure in MEASURES}
        row = QHBoxLayout()
        row.setSpacing(12)
        for tile in self.tiles.values():
            row.addWidget(tile, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self._card, 1)
        column.addLayout(row)
        self._show_large(self._large)

    def _tile(self, measure: Measure, look: Look) -> StatTile:
        tile = StatTile(look, tr(measure.tile), color=measure.series[0][2], from_zero=measure.from_zero, parent=self)
        tile.set_clickable(tr("Show it large"))
        tile.clicked.connect(partial(self.enlarge, measure.name))
        return tile

    def set_run(self, run: RunModel | None, published: PublishedRun | None = None) -> None:
        """Show another run from its beginning, with the published curve it repeats, if there is one."""
        self._run, self._published = run, published
        self._show_large(MEASURES[0])
        self.plot.set_smoothing(smoothing_for(run.total_steps or run.config.training.steps) if run else 0.0)
        self.plot.reset_view()
        self.refresh()

    def enlarge(self, name: str) -> None:
        """Let the tile `name` and the large curve change places."""
        self._show_large(next(measure for measure in MEASURES if measure.name == name))
        self.refresh()

    def _show_large(self, measure: Measure) -> None:
        self._large = measure
        self.plot.clear()
        self.plot.set_title(tr(measure.title))
        self.plot.set_value_format(measure.form)
        for name, label, color in measure.series:
            self.plot.add_series(name, tr(label), color, smoothed=name not in ("validation_loss", "learning_rate"))
        for name, tile in self.tiles.items():
            tile.setVisible(name != measure.name)
        published = self._published if measure.name == "loss" else None
        self.source.setVisible(published is not None)
        if published is not None:
            self.plot.add_series(
                "measured_training_loss", tr("training, measured (dashed)"), 0, dashed=True, smoothed=False
            )
            curve = published.curves[0]
            _draw_published(self.plot, curve)
            self.source.setText(tr("Diamonds: {title}. {source}.", title=published.title, source=curve.source))

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Draw what changed; an empty set draws everything."""
        run = self._run
        histories = run.history if run else {}
        for name in self._drawn():
            if name in histories:
                self.plot.set_history(name, histories[name])
        self._refresh_tiles(histories)
        if run and (not what or what & {"status", "samples", "checkpoints"}):
            self.plot.set_total(run.total_steps)
            self.plot.set_marks(marks_of(run))
        self.plot.refresh()

    def _drawn(self) -> list[str]:
        """Histories in the large curve."""
        measured = ["measured_training_loss"] if self._published and self._large.name == "loss" else []
        return [name for name, _, _ in self._large.series] + measured

    def _refresh_tiles(self, histories: Mapping[str, History]) -> None:
        for measure in MEASURES:
            history = histories.get(measure.main)
            tile = self.tiles[measure.name]
            tile.set_history(history)
            tile.set_value(measure.text(history.last) if history is not None and len(history) else "")
            tile.refresh()


def marks_of(run: RunModel) -> list[Mark]:
    """A circle for each checkpoint and each sample, with what its card says."""
    saved = [
        Mark("checkpoint", item.step, _checkpoint_text(item.step, item.validation_loss)) for item in run.checkpoints
    ]
    written = [Mark("sample", item.step, tr("sample at {step}", step=count(item.step))) for item in run.samples]
    return saved + written


def _checkpoint_text(step: int, validation_loss: float | None) -> str:
    if validation_loss is None:
        return tr("checkpoint {step}", step=count(step))
    return tr("checkpoint {step}, validation {loss}", step=count(step), loss=loss(validation_loss))


def _draw_published(plot: CurvePlot, curve: PublishedCurve) -> None:
    steps: Sequence[float] = [step for step, _, _ in curve.points]
    training, validation = ([point[place] for point in curve.points] for place in (1, 2))
    plot.set_points("published training", tr("{name}, training", name=curve.name), steps, training, 0)
    plot.set_points("published validation", tr("{name}, validation", name=curve.name), steps, validation, 1)
