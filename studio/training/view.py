"""One run to look at, living or long finished: its curves, its settings and what it wrote."""

from collections.abc import Callable
from contextlib import suppress

from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.live.run_model import RunModel
from studio.parts.wording import about, count, state_word
from studio.training.charts import RunCharts
from studio.training.facts import RunFacts, main_facts
from studio.training.learning import asks_questions, fills_gaps
from studio.training.published import PublishedRun
from studio.training.sample_timeline import SampleTimeline
from studio.widgets.breadth import Breadth
from studio.widgets.look import Look

PHASES = {
    "loading torch": "Loading PyTorch",
    "reading text": "Reading the text",
    "tokenizing": "Cutting the text into tokens",
    "building": "Building the model",
    "training": "Training",
    "measuring": "Measuring the loss",
    "saving": "Saving a checkpoint",
    "writing": "Writing a sample",
}
_SIDE = Breadth((344, 420), (272, 272))
_TALL_FROM, _TALLER = 500, 700  # pixels of height from which all main settings and a text, or an answer, have room
_FEW, _OF_A_ROW = 9, 60  # more main settings than so many ask for a height of so many pixels each


class RunView(QWidget):
    """Follows one `RunModel` while it is visible."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.run: RunModel | None = None
        self.charts = RunCharts(look)
        self.facts = RunFacts(look)
        self.samples = SampleTimeline(look)
        self.charts.mark_clicked.connect(self._mark_clicked)
        self._side = QWidget()
        column = QVBoxLayout(self._side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(self.facts)
        column.addWidget(self.samples, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self.charts, 1)
        row.addWidget(self._side)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a small window the side column leaves more of it to the curve, and the settings more to the text."""
        super().resizeEvent(event)
        _SIDE.fit(self._side, self.width())
        self._fit()

    def _fit(self) -> None:
        asks = self.run is not None and asks_questions(self.run.config)
        rows = len(main_facts(self.run.config)) if self.run is not None else 0
        tall = _TALLER if asks else _TALL_FROM if rows <= _FEW else _OF_A_ROW * rows
        self.facts.set_brief(self.height() < tall)

    def set_run(self, run: RunModel | None, published: PublishedRun | None = None) -> None:
        """Show another run; None empties the view."""
        if run is self.run:
            return
        if self.run is not None:
            unfollow(self.run, self.refresh)
        self.run = run
        self.samples.forget()
        self.charts.set_run(run, published)
        if run is not None:
            self.facts.set_config(run.config)
            self.samples.set_gaps(fills_gaps(run.config))
            self.samples.set_asks(asks_questions(run.config))
            self._fit()
            run.changed.connect(self.refresh)
        self.refresh(frozenset())

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Draw what changed; nothing while nobody looks, since showing draws everything."""
        run = self.run
        if run is None or (what and not self.isVisible()):
            return
        if not what or "samples" in what:
            self.samples.set_empty_text(empty_words(run))
            self.samples.set_samples(run.samples)
        if not what or "status" in what:
            self.charts.plot.set_empty_text(phase_text(run))
        self.charts.refresh(what)

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what happened while another page was open."""
        super().showEvent(event)
        self.refresh(frozenset())

    def _mark_clicked(self, kind: str, step: int) -> None:
        if kind == "sample":
            self.samples.show_step(step)


def unfollow(run: RunModel, slot: Callable[[frozenset[str]], None]) -> None:
    """Stop listening to a run; one that was deleted meanwhile took its connections with it."""
    with suppress(RuntimeError):
        run.changed.disconnect(slot)


def phase_text(run: RunModel) -> str:
    """What is going on before the first point of the curve."""
    phase = run.phase
    if not phase.phase:
        return tr("The run waits for its turn.") if run.state == "queued" else tr("There is no step to draw.")
    words = tr(PHASES.get(phase.phase, phase.phase))
    return f"{words}, {100 * phase.done // phase.total} %" if phase.total else f"{words}…"


def empty_words(run: RunModel) -> str:
    """What stands where the texts will be, before there is one: when it comes, or that it will not."""
    every, gaps = run.config.training.sample_every, fills_gaps(run.config)
    if not run.living and gaps:
        return tr("This run ended before it filled a gap. A resumed run goes on filling them.")
    if not run.living:
        return tr("This run ended before it wrote a text. A resumed run goes on writing, and Chat writes any time.")
    if not every:
        return tr("This run writes no text by itself. “Sample now” lets it write one at the next step.")
    due = (run.step // every + 1) * every
    if asks_questions(run.config):
        return tr(
            "The model answers its questions for the first time at step {step}, and the same ones later on, so that "
            "you can see it learn. “Sample now” does not wait.",
            step=count(due),
        )
    if gaps:
        return tr(
            "The model fills the gaps of a sentence for the first time at step {step}, and of the same one later on, "
            "so that you can see it learn. “Sample now” does not wait.",
            step=count(due),
        )
    return tr(
        "The model writes its first text at step {step}. Every later one joins it here, so that you can go back "
        "and see it learn. “Sample now” does not wait.",
        step=count(due),
    )


def progress_text(run: RunModel) -> str:
    """One line on where a run is: small-6×384 · training · step 4,213 of 7,200 · about 7 min left."""
    parts = [run.name, state_word(run.state)]
    if run.wish:
        parts[1] = {"stop": tr("stopping after this step"), "pause": tr("pausing after this step")}.get(
            run.wish, parts[1]
        )
    elif run.state in ("starting", "running") and run.phase.phase not in ("", "training"):
        parts[1] = phase_text(run).rstrip("…").lower()
    if run.total_steps:
        parts.append(tr("step {step} of {total}", step=count(run.step), total=count(run.total_steps)))
    if run.state == "running":
        if run.eta is not None:
            parts.append(tr("about {time} left", time=about(run.eta)))
        elif run.step:
            parts.append(tr("estimating the time"))
    return " · ".join(parts)
