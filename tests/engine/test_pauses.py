"""A pause: told first and once, wishes meanwhile, and nothing that keeps an ended run alive."""

import gc
import weakref
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from studio.core.channel import Ask, RunControl
from studio.core.events import PhaseChanged, RunContinued, RunEvent, RunPaused
from studio.engine.pauses import Pauses

pytestmark = pytest.mark.torch


class Walk:
    """A run that has reached step 7 and tells each wish by its name."""

    def __init__(self, control: RunControl) -> None:
        self.progress = SimpleNamespace(step=7)
        self.control = control
        self.pauses = Pauses(control, self)  # type: ignore[arg-type]

    def grant(self, ask: Ask) -> Iterator[RunEvent]:
        yield PhaseChanged(phase=ask.kind)
        if ask.kind == "sample":
            yield from self.pauses.between(texts("one", "two"))
        if ask.kind == "go on":
            self.control.proceed()


def texts(*words: str) -> Iterator[RunEvent]:
    return (PhaseChanged(phase=word) for word in words)


def told(events: Iterator[RunEvent]) -> list[object]:
    return [event.phase if isinstance(event, PhaseChanged) else (type(event), event.step) for event in events]


PAUSE = (RunPaused, 7)
PROCEED = (RunContinued, 7)


def test_a_pause_is_told_before_the_wishes_that_came_with_it() -> None:
    control = RunControl()
    walk = Walk(control)
    control.ask(Ask("save"))
    control.ask(Ask("go on"))
    control.pause()
    assert told(walk.pauses.obey()) == [PAUSE, "save", "go on", PROCEED]
    assert told(walk.pauses.obey()) == []


def test_without_a_pause_wishes_are_granted_at_once() -> None:
    control = RunControl()
    walk = Walk(control)
    control.ask(Ask("save"))
    assert told(walk.pauses.obey()) == ["save"]


def test_texts_that_a_wish_writes_during_a_pause_do_not_tell_it_again() -> None:
    control = RunControl()
    walk = Walk(control)
    for wish in ("sample", "go on"):
        control.ask(Ask(wish))
    control.pause()
    assert told(walk.pauses.obey()) == [PAUSE, "sample", "one", "two", "go on", PROCEED]


def test_a_pause_that_comes_while_texts_are_written_is_told_between_two_of_them() -> None:
    control = RunControl()
    walk, found = Walk(control), []
    for event in walk.pauses.between(texts("one", "two", "three")):
        found.append(event)
        if isinstance(event, PhaseChanged) and event.phase == "two":
            control.pause()
        if isinstance(event, RunPaused):
            control.ask(Ask("go on"))
    assert told(iter(found)) == ["one", "two", PAUSE, "go on", PROCEED, "three"]


def test_a_stop_ends_the_waiting_and_nothing_is_said_to_go_on() -> None:
    control = RunControl()
    walk = Walk(control)
    control.pause()
    events = walk.pauses.obey()
    next(events)
    control.stop()
    assert told(events) == []


def test_a_run_that_ended_is_freed_at_once_with_its_model() -> None:
    walk = Walk(RunControl())
    assert told(walk.pauses.obey()) == []
    there = weakref.ref(walk)
    gc.disable()
    try:
        del walk
        assert there() is None
    finally:
        gc.enable()
