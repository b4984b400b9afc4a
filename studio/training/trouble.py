"""What a run needs a person for, as a banner: why it paused or failed, and what the page's own buttons do not offer."""

from dataclasses import dataclass

from studio.core.language import tr
from studio.live.run_model import RunModel
from studio.parts.wording import count, small_number

LOWER, COPY = "lower", "copy"


@dataclass(frozen=True)
class Trouble:
    """One banner; `key` tells whether it is a new one, `actions` are (name, what the button says)."""

    key: tuple[object, ...]
    level: str
    message: str
    hint: str = ""
    actions: tuple[tuple[str, str], ...] = ()


def lower_rate(run: RunModel) -> float:
    """A third of the learning rate in force, to one figure: what a run that left the finite numbers goes on with."""
    rates = run.history["learning_rate"]
    peak = max(run.config.training.learning_rate, rates.last if len(rates) else 0.0)
    return float(f"{peak / 3:.0e}")


def trouble_of(run: RunModel | None) -> Trouble | None:
    """What stands in the banner for this run, or None."""
    if run is None:
        return None
    ending = run.ending
    saved = run.checkpoints[-1].step if run.checkpoints else None
    if run.state == "paused" and ending.reason == "non-finite":
        return Trouble(
            (run.name, "non-finite", run.step), "danger", ending.message, ending.hint, _finite_again(run, saved)
        )
    if run.state == "paused" and ending.reason == "disk":
        return Trouble((run.name, "disk", run.step), "danger", ending.message, ending.hint)
    if run.state == "failed":
        actions = ((COPY, tr("Copy details")),) if ending.details else ()
        message = ending.message or tr("The run ended with an error.")
        return Trouble((run.name, "failed", run.step), "danger", message, ending.hint, actions)
    if run.warnings:
        newest = run.warnings[-1]
        return Trouble((run.name, "warned", newest.step, newest.message), "warning", newest.message, newest.hint)
    return None


def _finite_again(run: RunModel, saved: int | None) -> tuple[tuple[str, str], ...]:
    if saved is None:
        return ()
    words = tr("Lower to {rate} and resume from step {step}", rate=small_number(lower_rate(run)), step=count(saved))
    return ((LOWER, words),)
