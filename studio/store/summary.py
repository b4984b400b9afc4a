"""What the table of runs shows, folded from a run's events one by one."""

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass

from studio.core.events import (
    CheckpointSaved,
    EvaluationDone,
    PhaseChanged,
    RunContinued,
    RunEnded,
    RunEvent,
    RunPaused,
    RunStarted,
    StepDone,
)

LIVING = ("running", "paused")  # states that need a living process to be true


@dataclass(frozen=True)
class RunSummary:
    """The state of a run in a few numbers; `run.json` holds it, and the events can rebuild it."""

    state: str = "new"  # new, running, paused, finished, stopped, failed, interrupted
    step: int = 0
    total_steps: int = 0
    best_validation_loss: float | None = None
    last_training_loss: float | None = None
    parameters: int = 0
    created: float = 0.0  # times in seconds since 1970, 0 when not yet
    started: float = 0.0
    ended: float = 0.0
    text: str = ""  # what it learns from
    size: int = 0  # bytes of its checkpoints on disk
    message: str = ""


def fold(summary: RunSummary, event: RunEvent) -> RunSummary:
    """The summary after one more event."""
    match event:
        case StepDone(step=step, loss=loss):
            return dataclasses.replace(summary, step=step, last_training_loss=loss)
        case EvaluationDone(validation_loss=loss):
            return dataclasses.replace(summary, best_validation_loss=_lower(summary.best_validation_loss, loss))
        case PhaseChanged() if summary.state not in LIVING:
            return dataclasses.replace(summary, state="running", message="", ended=0.0)
        case RunStarted():
            return dataclasses.replace(
                summary, state="running", step=event.step, total_steps=event.total_steps, message="", ended=0.0,
                parameters=event.parameters, started=summary.started or event.time,
            )  # fmt: skip
        case RunPaused(step=step, message=message):
            return dataclasses.replace(summary, state="paused", step=step, message=message)
        case RunContinued():
            return dataclasses.replace(summary, state="running", message="")
        case RunEnded(reason=reason, step=step, message=message, hint=hint, time=time):
            words = f"{message} {hint}".strip()
            return dataclasses.replace(summary, state=reason, step=step, message=words, ended=time)
        case CheckpointSaved(step=step):
            return dataclasses.replace(summary, step=max(step, summary.step))
        case _:
            return summary


def fold_all(summary: RunSummary, events: Iterable[RunEvent]) -> RunSummary:
    """The summary after all these events."""
    for event in events:
        summary = fold(summary, event)
    return summary


def restarted(summary: RunSummary) -> RunSummary:
    """Only what events cannot tell, so that they can be folded again from the beginning."""
    return RunSummary(created=summary.created, text=summary.text, size=summary.size)


def _lower(best: float | None, loss: float | None) -> float | None:
    if loss is None or not math.isfinite(loss):
        return best
    return loss if best is None else min(best, loss)
