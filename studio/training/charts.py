"""The curves of one run, living or reopened: a large one, and tiles that change places with it when clicked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.core.config import RunConfig
from studio.core.events import SampleWritten
from studio.core.history import History
from studio.core.language import tr
from studio.curves.plot import CurvePlot, Mark
from studio.curves.stat_tile import StatTile
from studio.live.run_model import RunModel
from studio.parts.wording import disk_size, loss, small_number
from studio.training.learning import fills_gaps, guesses_numbers, sorts_rows, weighs_pairs
from studio.training.published import PublishedCurve, PublishedRun
from studio.training.sample_moments import moments
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


_OF_KINDS = "measure.change."
KINDS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "lm_head")
MEASURES = (
    Measure("loss", "Loss", "Loss",
            (("training_loss", "training", 0), ("validation_loss", "validation", 1)), loss, ".3f"),
    Measure("perplexity", "Perplexity", "Perplexity",
            (("perplexity", "validation perplexity", 1),), small_number, ",.2f"),
    Measure("accuracy", "Gaps filled with the right word", "Gaps right",
            (("validation_accuracy", "validation, right", 1),), "{:.1%}".format, ".1%", True),
    Measure("learning_rate", "Learning rate", "Learning rate", (("learning_rate", "learning rate", 2),), small_number),
    Measure("gradient_norm", "Gradient norm, before clipping", "Gradient norm",
            (("gradient_norm", "gradient norm", 3),), small_number, ".3g"),
    Measure("answers", "Log-probability of the answers, held-back pairs", "Chosen answers",
            (("measure.chosen", "chosen", 2), ("measure.rejected", "rejected", 5)), small_number, ",.1f"),
    Measure("margin", "Reward margin of the chosen answers", "Margin",
            (("measure.margin", "margin", 3),), small_number, ".3f"),
    Measure("error", "Mean error, a sample of held-back rows", "Mean error",
            (("measure.error", "mean error", 1),), small_number, ",.2f"),
    Measure("change", "Change by kind of layer, |ΔW| / |W|", "Change",
            (("measure.change", "all layers", "text"),
             *((f"{_OF_KINDS}{kind}", kind.removesuffix("_proj"), place) for place, kind in enumerate(KINDS))),
            small_number, ".3g", True),
    Measure("directions", "Effective rank of the change, mean of the layers", "Rank used",
            (("measure.directions", "effective rank", 4),), small_number, ".2f"),
    Measure("tokens_per_second", "Tokens per second", "Tokens/s",
            (("tokens_per_second", "tokens per second", "text_quiet"),), small_number, ",.0f", True),
)  # fmt: skip


_OF_WRITING, _OF_GAPS = "perplexity", "accuracy"  # each task has one tile of its own
_OF_PAIRS = ("answers", "margin")  # where two answers are compared; the gradient's norm makes room for them
_OF_NUMBERS = "error"
_OF_ADAPTERS, _OF_MACHINE = ("change", "directions"), "tokens_per_second"  # which makes room for an adapter's
_EXACT = (
    "validation_loss",
    "validation_accuracy",
    "learning_rate",
    "measure.chosen",
    "measure.rejected",
    "measure.margin",
    "measure.error",
    "measure.directions",
    "measure.change",
    *(f"{_OF_KINDS}{kind}" for kind in KINDS),
)  # few points, or none by chance
_GAP = 12  # between the cards
_QUOTED = 56  # characters of a sample that its mark's card shows
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
        row.setSpacing(_GAP)
        for tile in self.tiles.values():
            row.addWidget(tile, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(_GAP)
        column.addWidget(self._card, 1)
        column.addLayout(row)
        self._show_large(self._large)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """All tiles alike: one line each, or the number under its name where the row is narrow."""
        super().resizeEvent(event)
        count = len(measures_of(self._run)) - 1  # one of them is large
        share = (self.width() - _GAP * (count - 1)) // count
        stacked = any(tile.wide > share for tile in self.tiles.values())
        for tile in self.tiles.values():
            tile.set_stacked(stacked)

    def _tile(self, measure: Measure, look: Look) -> StatTile:
        tile = StatTile(look, tr(measure.tile), color=measure.series[0][2], from_zero=measure.from_zero, parent=self)
        tile.set_clickable(tr("Show it large"))
        tile.clicked.connect(partial(self.enlarge, measure.name))
        return tile

    def set_run(self, run: RunModel | None, published: PublishedRun | None = None) -> None:
        """Show another run from its beginning, with the published curve it repeats, if there is one."""
        self._run, self._published = run, published
        for measure in measures_of(run):
            self.tiles[measure.name].set_title(tr(measure.tile))
        self._show_large(MEASURES[0])
        self.plot.set_smoothing(smoothing_for(run.total_steps or run.config.training.steps) if run else 0.0)
        self.plot.reset_view()
        self.refresh()

    def enlarge(self, name: str) -> None:
        """Let the tile `name` and the large curve change places."""
        self._show_large(next(measure for measure in measures_of(self._run) if measure.name == name))
        self.refresh()

    def _show_large(self, measure: Measure) -> None:
        self._large = measure
        self.plot.clear()
        self.plot.set_title(tr(measure.title))
        self.plot.set_value_format(measure.form)
        for name, label, color in self._series():
            self.plot.add_series(name, tr(label), color, smoothed=name not in _EXACT)
        own = [one.name for one in measures_of(self._run)]
        for name, tile in self.tiles.items():
            tile.setVisible(name != measure.name and name in own)
        curve = self._published.curve_of(measure.name) if self._published is not None else None
        self.source.setVisible(curve is not None)
        if self._published is None or curve is None:
            return
        if measure.name == "loss":
            self.plot.add_series(
                "measured_training_loss", tr("training, measured (dashed)"), 0, dashed=True, smoothed=False
            )
        _draw_published(self.plot, curve)
        self.source.setText(tr("Diamonds: {title}. {source}.", title=self._published.title, source=curve.source))

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Draw what changed; an empty set draws everything."""
        run = self._run
        histories = run.history if run else {}
        if any(name not in self.plot.names for name, _, _ in self._series()):  # a kind of layer was measured first now
            self._show_large(self._large)
        for name in self._drawn():
            if name in histories:
                self.plot.set_history(name, histories[name])
        self._refresh_tiles(histories)
        if run and (not what or what & {"status", "samples", "checkpoints"}):
            self.plot.set_total(run.total_steps)
            self.plot.set_marks(marks_of(run))
        self.plot.refresh()

    def _series(self) -> list[tuple[str, str, int | str]]:
        """What the large curve draws: of the kinds of layers those that the adapter lies beside."""
        known = self._run.history if self._run is not None else {}
        return [one for one in self._large.series if not one[0].startswith(_OF_KINDS) or one[0] in known]

    def _drawn(self) -> list[str]:
        """Histories in the large curve."""
        measured = ["measured_training_loss"] if self._published and self._large.name == "loss" else []
        return [name for name, _, _ in self._series()] + measured

    def _refresh_tiles(self, histories: Mapping[str, History]) -> None:
        for measure in MEASURES:
            history = histories.get(measure.main)
            tile = self.tiles[measure.name]
            tile.set_history(history)
            tile.set_value(measure.text(history.last) if history is not None and len(history) else "")
            tile.refresh()


def measures_of(run: RunModel | None) -> tuple[Measure, ...]:
    """The tiles of a run: what its task and its adapter have beside the loss stands in place of what means little."""
    out = _left_out(run.config) if run is not None else {_OF_GAPS, _OF_NUMBERS, *_OF_PAIRS, *_OF_ADAPTERS}
    shown = tuple(measure for measure in MEASURES if measure.name not in out)
    return tuple(_worded(measure, run.config) for measure in shown) if run is not None else shown


def _left_out(config: RunConfig) -> set[str]:
    """Tiles that such a run does not show."""
    pairs, numbers, adapts = weighs_pairs(config), guesses_numbers(config), config.adapter.kind != "none"
    shares = pairs or sorts_rows(config) or fills_gaps(config)
    out = {_OF_WRITING} if shares or numbers else {_OF_GAPS}
    out |= {"gradient_norm"} if pairs else set(_OF_PAIRS)
    out |= {_OF_GAPS} if numbers else {_OF_NUMBERS}
    out |= {_OF_MACHINE} if adapts else set(_OF_ADAPTERS)
    return out | {"directions"} if adapts and pairs else out


def _worded(measure: Measure, config: RunConfig) -> Measure:
    """The share of right ones in the words of the task."""
    if measure.name != _OF_GAPS:
        return measure
    if weighs_pairs(config):  # pairs whose chosen answer has become the likelier one
        return replace(measure, title="Pairs whose chosen answer is preferred", tile="Pairs right")
    if sorts_rows(config):
        return replace(measure, title="Rows sorted into the right class", tile="Rows right")
    return measure


def marks_of(run: RunModel) -> list[Mark]:
    """A circle for each checkpoint and each sample, with what its card says."""
    known = [item for item in run.checkpoints if item.validation_loss is not None]
    best = min(known, key=lambda item: item.validation_loss or 0.0) if len(known) > 1 else None
    saved = [
        Mark("checkpoint", item.step, _checkpoint_text(item.bytes, item.validation_loss, item is best), item is best)
        for item in run.checkpoints
    ]
    written = [Mark("sample", moment.step, _sample_text(moment.samples[0])) for moment in moments(run.samples)]
    return saved + written


def _checkpoint_text(size: int, validation_loss: float | None, best: bool = False) -> str:
    """Its measured loss and its size; the card's title says already what it is and at which step."""
    measured = tr("validation loss {loss}", loss=loss(validation_loss)) if validation_loss is not None else ""
    measured = tr("{measured}, the best so far", measured=measured) if best else measured
    return "\n".join(line for line in (measured, disk_size(size)) if line)


def _sample_text(sample: SampleWritten) -> str:
    """How the text begins, on one line, and what a click does."""
    words = " ".join((sample.prompt + sample.text).split())
    quoted = words if len(words) <= _QUOTED else f"{words[:_QUOTED].rstrip()}…"
    return f"{quoted}\n{tr('Click to read it')}"


def _draw_published(plot: CurvePlot, curve: PublishedCurve) -> None:
    steps: Sequence[float] = [step for step, _, _ in curve.points]
    training, validation = ([point[place] for point in curve.points] for place in (1, 2))
    plot.set_points("published training", tr("{name}, training", name=curve.name), steps, training, 0)
    plot.set_points("published validation", tr("{name}, validation", name=curve.name), steps, validation, 1)
