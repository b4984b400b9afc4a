"""The engine's events made safe: recorded one by one, and always ended by exactly one `RunEnded`."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from studio.core.channel import RunControl
from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.events import RunEnded, RunEvent
from studio.core.language import tr
from studio.core.shelf import resolve
from studio.live.failure import UnexpectedError, explain
from studio.store.runs import RunRecord

ENGINE = "studio.engine.train:train"
NEWEST = -1  # resume from the newest checkpoint that verifies

Engine = str | Callable[..., Iterator[RunEvent]]


def stream(
    config: RunConfig, control: RunControl, record: RunRecord, resume: int | None = None, engine: Engine = ENGINE
) -> Iterator[RunEvent]:
    """Run `engine`, append each event to the record and pass it on; no exception leaves, a failure is an event.

    `resume` is None for a fresh start, a checkpoint's step, or `NEWEST`. Both hosts and the command line use this.
    """
    step, events, failed = 0, None, None
    try:
        events = _begin(config, control, record, resume, engine)
        step = record.summary.step  # a run that cannot go on has still come as far as it had
        for event in events:
            step = getattr(event, "step", step)
            if isinstance(event, RunEnded):
                with suppress(StudioError):  # a full disk that takes no last word: the run has ended as it says
                    record.append(event)
                yield event
                return
            record.append(event)
            yield event
        failed = RunEnded(reason="failed", step=step, message=tr("The run ended without a word."), time=time.time())
    except GeneratorExit:
        raise
    except BaseException as error:  # Rust extensions raise panics that are no Exception
        failed = failure_event(error, step)
    finally:
        _end(events, record, failed)
    yield failed


def _begin(
    config: RunConfig, control: RunControl, record: RunRecord, resume: int | None, engine: Engine
) -> Iterator[RunEvent]:
    """Become the run's writer, forget an earlier beginning when starting afresh, and start the engine."""
    record.hold()
    if resume is None and record.summary.state != "new":
        record.truncate_events(-1)
    function: Any = resolve(engine) if isinstance(engine, str) else engine
    events: Iterator[RunEvent] = function(config, control, record, resume)
    return events


def _end(events: Iterator[RunEvent] | None, record: RunRecord, failed: RunEnded | None) -> None:
    """Close what is open; each may fail for the reason that is being told already."""
    close = getattr(events, "close", None)
    if close is not None:
        with suppress(BaseException):
            close()
    if failed is not None:
        with suppress(Exception):
            record.append(failed)
    with suppress(Exception):
        record.release()


def failure_event(error: BaseException, step: int) -> RunEnded:
    """`RunEnded` with the sentence, the hint and the traceback as text."""
    known = explain(error)
    details = known.details if isinstance(known, UnexpectedError) else ""
    return RunEnded(
        reason="failed", step=step, message=known.message, hint=known.hint, details=details, time=time.time()
    )
