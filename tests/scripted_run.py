"""Runs without torch: events from a list, through the real worker, mailbox, record and models, in milliseconds.

`tests/conftest.py` imports `scripted_run`, so that every room's tests can ask for it. A script is a list of events
and of things to do between them: an exception is raised, a function is called with
(control, record), `UNTIL_STOPPED` waits.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from studio.core.channel import RunControl
from studio.core.config import DataConfig, RunConfig
from studio.core.events import (
    CheckpointSaved,
    EvaluationDone,
    RunContinued,
    RunEnded,
    RunEvent,
    RunPaused,
    RunStarted,
    SampleWritten,
    StepDone,
)

UNTIL_STOPPED = "until stopped"
ENOUGH = 5.0  # seconds after which a script that nobody stops ends with an error


def started(total: int = 10, **fields: Any) -> RunStarted:
    """The first event of a small run."""
    facts = {"step": 0, "parameters": 1_234, "tokens_per_step": 64, "training_tokens": 900, "validation_tokens": 100}
    facts |= {"device": "cpu", "precision": "fp32", "threads": 1}
    return RunStarted(**(facts | {"total_steps": total} | fields))


def step(number: int, loss: float | None = None, **fields: Any) -> StepDone:
    """One step; the loss falls with the number unless given."""
    facts = {"learning_rate": 1e-3, "gradient_norm": 0.5, "tokens": number * 64, "tokens_per_second": 640.0}
    facts |= {"seconds": number * 0.1, "loss": 4.0 / number if loss is None else loss}
    return StepDone(**(facts | {"step": number} | fields))


def steps(count: int, first: int = 1) -> list[StepDone]:
    """Several steps in a row."""
    return [step(number) for number in range(first, first + count)]


def measured(number: int, validation: float | None = 2.0, training: float = 1.5, **fields: Any) -> EvaluationDone:
    """A measurement after step `number`."""
    return EvaluationDone(step=number, training_loss=training, validation_loss=validation, seconds=0.01, **fields)


def sample(number: int, text: str = "Once upon a time", asked: bool = False, prompt: str = "") -> SampleWritten:
    """A text written after step `number`."""
    return SampleWritten(step=number, prompt=prompt, text=text, tokens=4, temperature=0.8, top_k=0, seed=7, asked=asked)


def saved(number: int, **fields: Any) -> CheckpointSaved:
    """A checkpoint after step `number`; no folder is written."""
    return CheckpointSaved(**({"step": number, "folder": f"step-{number:06d}", "bytes": 10, "seconds": 0.0} | fields))


def finished(number: int) -> RunEnded:
    """The end of a run that came through."""
    return RunEnded(reason="finished", step=number, time=1.0)


def small_run(count: int = 10) -> list[RunEvent]:
    """A whole little run: start, steps, a measurement, a sample, a checkpoint, the end."""
    return [started(count), *steps(count), measured(count), sample(count), saved(count), finished(count)]


class ScriptedEngine:
    """Stands where `studio.engine.train:train` stands, and obeys a control as it does."""

    def __init__(self, script: Sequence[Any] = ()) -> None:
        self.script = script  # what a run plays that has no script of its own in `scripts`
        self.scripts: dict[str, Sequence[Any]] = {}
        self.calls: list[tuple[str, int | None]] = []  # run name, what to resume from

    def __call__(
        self, config: RunConfig, control: RunControl, record: Any, resume: int | None = None
    ) -> Iterator[RunEvent]:
        self.calls.append((record.name, resume))
        return self._play(self.scripts.get(record.name, self.script), control, record)

    def _play(self, script: Sequence[Any], control: RunControl, record: Any) -> Iterator[RunEvent]:
        at = 0
        for item in script:
            if isinstance(item, BaseException):
                raise item
            if item is UNTIL_STOPPED:
                end = time.monotonic() + ENOUGH
                while not control.stopping:
                    yield from self._obey(control, at)
                    time.sleep(0.001)
                    assert time.monotonic() < end, "nobody stopped this run"
            elif callable(item):
                item(control, record)
            else:
                at = getattr(item, "step", at)
                yield item
            yield from self._obey(control, at)
            if control.stopping and not isinstance(item, RunEnded):
                if control.saving:
                    yield saved(at)
                yield RunEnded(reason="stopped", step=at, time=1.0)
                return

    def _obey(self, control: RunControl, at: int) -> Iterator[RunEvent]:
        yield from self._grant(control, at)
        if control.paused:
            yield RunPaused(step=at)
            while control.paused:
                control.wait_for_change()
                yield from self._grant(control, at)
            if not control.stopping:
                yield RunContinued(step=at)

    def _grant(self, control: RunControl, at: int) -> Iterator[RunEvent]:
        for ask in control.asks():
            if ask.kind == "sample":
                yield sample(at, asked=True, prompt=ask.text)
            elif ask.kind == "save":
                yield saved(at)


class Stage:
    """A session on an open project whose runs play scripts; `session` is the real one."""

    def __init__(self, folder: Path, wait: Callable[..., None]) -> None:
        from studio.live.session import Session
        from studio.store.places import places

        self.engine = ScriptedEngine()
        self.session = Session(places(), engine=self.engine)
        self.session.create_project(folder / "project", "Tales")
        self._wait = wait

    def start(self, script: Sequence[Any], name: str = "tale", config: RunConfig | None = None) -> Any:
        """Start a run that plays `script` and return its model at once."""
        self.engine.script = script
        run = self.session.start_run(config or RunConfig(data=DataConfig(text="story")), name)
        self.engine.scripts[run.name] = script
        return run

    def resume(self, name: str, script: Sequence[Any], step: int | None = None) -> Any:
        """Go on with a run that now plays `script`."""
        self.engine.scripts[name] = script
        return self.session.resume_run(name, step)

    def play(self, script: Sequence[Any], name: str = "tale", config: RunConfig | None = None) -> Any:
        """Play `script` to its end and return the run's model."""
        run = self.start(script, name, config)
        self.until(lambda: not run.living)
        return run

    def until(self, condition: Callable[[], bool]) -> None:
        """Let the event loop turn until `condition` holds."""
        self._wait(condition, timeout=5_000)

    def settle(self) -> None:
        """Let every run and every job end by itself."""
        self.until(lambda: self.session.running is None and not self.session.queued and not self.session.jobs.jobs)


@pytest.fixture
def scripted_run(tmp_path: Path, qtbot: Any) -> Iterator[Stage]:
    """A `Stage`: `scripted_run.play(small_run())` gives the model of a finished run, `.session` the session."""
    stage = Stage(tmp_path, qtbot.waitUntil)
    yield stage
    assert stage.session.close(5_000)
