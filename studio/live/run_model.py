"""What is known about one run, folded from its events: the same code shows it live and reads it back from disk."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from studio.core.config import RunConfig
from studio.core.events import (
    CheckpointSaved,
    EvaluationDone,
    PhaseChanged,
    RunContinued,
    RunEnded,
    RunEvent,
    RunPaused,
    RunStarted,
    SampleWritten,
    SnapshotTaken,
    StepDone,
    Warned,
)  # fmt: skip
from studio.store.runs import RunRecord
from studio.store.snapshots import PROBES

if TYPE_CHECKING:
    from studio.core.history import Floats, History

_ETA_STEPS = 30  # steps of this session before a remaining time is told
_STEP_METRICS = {
    "training_loss": "loss",
    "learning_rate": "learning_rate",
    "gradient_norm": "gradient_norm",
    "tokens_per_second": "tokens_per_second",
}
METRICS = (
    "training_loss", "validation_loss", "measured_training_loss", "perplexity", "validation_accuracy",
    *list(_STEP_METRICS)[1:],
)  # fmt: skip
OWN = "measure."  # before the name of what an objective measures beside the loss, such as measure.margin
LIVING = ("queued", "starting", "running", "paused")


@dataclass
class Clock:
    """Where the newest step stands, and where this session's steps began."""

    tokens: int = 0
    seconds: float = 0.0
    first_step: int = -1  # the session's first; -1 before it
    first_seconds: float = 0.0


@dataclass(frozen=True)
class Position:
    """What the progress line shows between steps; `total` 0 means unknown."""

    phase: str = ""
    done: int = 0
    total: int = 0


@dataclass
class Ending:
    """Why the run rests: how it ended, or why it is paused."""

    reason: str = ""  # "finished", "stopped", "failed"; of a pause "asked", "non-finite", "disk"
    message: str = ""
    hint: str = ""
    details: str = ""


@dataclass
class Facts:
    """Lists that grow with a run, oldest first."""

    samples: list[SampleWritten] = field(default_factory=list)
    checkpoints: list[CheckpointSaved] = field(default_factory=list)
    snapshots: list[SnapshotTaken] = field(default_factory=list)
    probes: list[SnapshotTaken] = field(default_factory=list)  # of texts that were asked for
    warnings: list[Warned] = field(default_factory=list)


class RunModel(QObject):
    """One run as every page sees it; only `apply` and the session change it.

    `state` is "new", "queued", "starting", "running", "paused", "finished", "stopped", "failed" or "interrupted";
    `wish` is what was asked for and is not reached yet: "", "stop" or "pause".
    """

    changed = Signal(object)  # frozenset of {"metrics", "status", "samples", "checkpoints", "snapshots"}

    def __init__(self, record: RunRecord, parent: QObject | None = None) -> None:
        from studio.core.history import History  # numpy comes with the first run, not with the window

        super().__init__(parent)
        summary = record.summary
        self.record = record
        self.name: str = record.name
        self.config: RunConfig = record.config
        self.state: str = summary.state
        self.wish = ""
        self.step: int = summary.step
        self.total_steps: int = summary.total_steps
        self.history: dict[str, History] = {name: History() for name in METRICS}
        self.facts = Facts()
        self.started: RunStarted | None = None  # the newest start: parameters, device, precision, threads
        self.phase = Position()
        self.ending = Ending()
        self.replayed = False  # whether everything on disk has been folded in
        self._clock = Clock()

    @property
    def samples(self) -> list[SampleWritten]:
        """Texts written so far, oldest first."""
        return self.facts.samples

    @property
    def checkpoints(self) -> list[CheckpointSaved]:
        """Checkpoints announced so far; which of them are still on disk, the record knows."""
        return self.facts.checkpoints

    @property
    def snapshots(self) -> list[SnapshotTaken]:
        """Looks into the weights so far; which of them are still on disk, a `Film` finds out."""
        return self.facts.snapshots

    @property
    def probes(self) -> list[SnapshotTaken]:
        """Looks at texts that somebody asked for."""
        return self.facts.probes

    @property
    def warnings(self) -> list[Warned]:
        """What was worth knowing so far."""
        return self.facts.warnings

    @property
    def living(self) -> bool:
        """Whether the run waits for its turn, computes or is paused in this window."""
        return self.state in LIVING

    @property
    def writes(self) -> bool:
        """Whether its model learns to write on behind a text, so that Chat can use it."""
        from studio.core.shelf import OBJECTIVES

        known = self.config.objective in OBJECTIVES.names()
        return known and self.config.model.causal and bool(OBJECTIVES.load(self.config.objective).writes)

    @property
    def page(self) -> str:
        """The page on which such runs are set up and followed."""
        from studio.core.shelf import OBJECTIVES

        known = self.config.objective in OBJECTIVES.names()
        return str(OBJECTIVES.load(self.config.objective).page) if known else "pretrain"

    @property
    def message(self) -> str:
        """Why the run is paused or ended, for the page's banner."""
        return self.ending.message

    @property
    def best_validation_loss(self) -> float | None:
        """The lowest finite validation loss so far."""
        finite = [value for value in self.history["validation_loss"].value.tolist() if math.isfinite(value)]
        return min(finite, default=None)

    @property
    def eta(self) -> float | None:
        """Seconds of computing that remain, judged by this session's own pace; None in its first 30 steps."""
        clock = self._clock
        steps = self.step - clock.first_step
        if self.state not in ("running", "paused") or clock.first_step < 0 or steps < _ETA_STEPS:
            return None
        return (clock.seconds - clock.first_seconds) / steps * max(0, self.total_steps - self.step)

    def set_state(self, state: str) -> None:
        """Follow the session: queued, starting, or back to what it was."""
        self.state, self.wish = state, ""
        self.changed.emit(frozenset({"status"}))

    def set_wish(self, wish: str) -> None:
        """Show at once what was asked for; the event that grants it clears it."""
        self.wish = wish
        self.changed.emit(frozenset({"status"}))

    def apply(self, events: Sequence[RunEvent]) -> None:
        """Fold events in, oldest first, and announce once what they touched."""
        if what := self._fold(events):
            self.changed.emit(what)

    def recall(self, events: Sequence[RunEvent]) -> None:
        """Fold the past in: as `apply`, but the state stays what it is today."""
        state = self.state
        what = self._fold(events)
        self.state = state
        if what:
            self.changed.emit(what)

    def finish_recall(self) -> None:
        """Everything on disk has been folded in."""
        self.replayed = True
        self.changed.emit(frozenset({"metrics", "status", "samples", "checkpoints", "snapshots"}))

    def _fold(self, events: Sequence[RunEvent]) -> frozenset[str]:
        what: set[str] = set()
        steps: list[StepDone] = []
        for event in events:
            if type(event) is StepDone:
                steps.append(event)
                continue
            if isinstance(event, RunStarted):
                self._take_steps(steps, what)
                steps = []
            self._take(event, steps[-1] if steps else None, what)
        self._take_steps(steps, what)
        return frozenset(what)

    def _take(self, event: RunEvent, newest: StepDone | None, what: set[str]) -> None:
        """Fold one event that is not a step; `newest` is the step before it when that one is not folded in yet."""
        match event:
            case EvaluationDone():
                self._take_evaluation(event, newest)
                what.add("metrics")
            case PhaseChanged():
                self.phase = Position(event.phase, event.done, event.total)
            case SampleWritten():
                self.samples.append(event)
                what.add("samples")
            case CheckpointSaved():
                self.checkpoints.append(event)
                what.add("checkpoints")
            case SnapshotTaken():
                (self.probes if event.file.startswith(f"{PROBES}/") else self.snapshots).append(event)
                what.add("snapshots")
            case Warned():
                self.warnings.append(event)
            case RunPaused():
                self.state = "paused"
                self.wish = self.wish if self.wish == "stop" else ""
                self.ending = Ending(event.reason, event.message, event.hint)
            case RunContinued():
                self.state = "running"
                self.ending = Ending()
            case RunStarted():
                looks = len(self.snapshots) + len(self.probes)
                self._begin(event)
                what |= {"metrics", "samples", "checkpoints"}
                if len(self.snapshots) + len(self.probes) != looks:
                    what.add("snapshots")
            case RunEnded():
                self.state, self.wish, self.phase = event.reason, "", Position()
                self.step = max(self.step, event.step)
                self.ending = Ending(event.reason, event.message, event.hint, event.details)
            case _:  # of a newer version
                return
        what.add("status")

    def _begin(self, event: RunStarted) -> None:
        """A start, fresh or from a checkpoint: what lies after that checkpoint is forgotten."""
        keep = event.resumed_from if event.resumed_from >= 0 else -1
        for history in self.history.values():
            history.truncate(keep)
        self.facts = Facts(
            [sample for sample in self.samples if sample.step <= keep],
            [saved for saved in self.checkpoints if saved.step <= keep],
            [taken for taken in self.snapshots if taken.step <= keep],
            [taken for taken in self.probes if taken.step <= keep],
            [warned for warned in self.warnings if warned.step <= keep],
        )
        pace = self.history["training_loss"]
        self._clock = Clock(
            tokens=int(pace.tokens[-1]) if len(pace) else 0, seconds=float(pace.seconds[-1]) if len(pace) else 0.0
        )
        self.started, self.step, self.total_steps = event, event.step, event.total_steps
        self.state, self.ending = "running", Ending()

    def _take_evaluation(self, event: EvaluationDone, newest: StepDone | None) -> None:
        """Measured losses stand at the step they were measured after."""
        tokens = newest.tokens if newest else self._clock.tokens
        seconds = newest.seconds if newest else self._clock.seconds
        values = {"measured_training_loss": event.training_loss}
        if event.validation_loss is not None:
            values |= {"validation_loss": event.validation_loss, "perplexity": _perplexity(event.validation_loss)}
        if event.validation_accuracy is not None:
            values["validation_accuracy"] = event.validation_accuracy
        values |= {f"{OWN}{name}": value for name, value in event.measures.items()}
        for name, value in values.items():
            self._history_of(name).append(event.step, tokens, seconds, value)

    def _history_of(self, name: str) -> "History":
        """The curve of a metric; those of an objective's own begin with their first value."""
        from studio.core.history import History

        return self.history.setdefault(name, History())

    def _take_steps(self, steps: list[StepDone], what: set[str]) -> None:
        """Fold many steps with a few array operations, so that a flood costs little."""
        if not steps:
            return
        step, tokens, seconds = (_column(steps, name) for name in ("step", "tokens", "seconds"))
        for metric, name in _STEP_METRICS.items():
            self.history[metric].extend(step, tokens, seconds, _column(steps, name))
        clock, newest = self._clock, steps[-1]
        if clock.first_step < 0:
            clock.first_step, clock.first_seconds = steps[0].step, steps[0].seconds
        clock.tokens, clock.seconds = newest.tokens, newest.seconds
        self.step = newest.step
        what |= {"metrics", "status"}


def _perplexity(loss: float) -> float:
    return math.exp(loss) if not loss > 700.0 else math.inf


def _column(steps: list[StepDone], name: str) -> "Floats":
    import numpy as np

    return np.fromiter(map(attrgetter(name), steps), np.float64, len(steps))
