"""Threads that run the parts of a program meet where it says so, and go home with their team."""

import gc
import threading
import weakref

import numpy as np
import pytest

from studio.loops.addresses import MEETING
from studio.loops.code import LONG, Code, Row
from studio.loops.machine import runnable
from studio.loops.meeting import meet
from studio.loops.team import Team

ROUNDS = 200
GIVEN = ("steps", "meeting", "give_way", "part", "parts")


@pytest.fixture(scope="module")
def rounds() -> object:
    """Each thread copies what its neighbour wrote in the round before, plus one; between two rounds all meet."""
    code = Code("rounds")
    given = {name: code.arguments[place] for place, name in enumerate(GIVEN)}
    steps, part, parts = Row(given["steps"], LONG), given["part"], given["parts"]
    with code.each(1, ROUNDS) as number:
        neighbour = (part + 1).equals(parts).choose(code.whole(0), part + 1)
        steps[number * parts + part] = steps[(number - 1) * parts + neighbour] + 1
        meet(code, given)
    return runnable(code.text(), "rounds")


@pytest.mark.parametrize("parts", [1, 2, 5])
def test_nobody_goes_on_before_all_have_come(rounds, parts: int) -> None:  # type: ignore[no-untyped-def]
    from studio.layers.token_loop import _GIVE_WAY

    team, meeting = Team(parts), np.zeros(MEETING, np.int64)
    for _ in range(3):
        steps = np.zeros((ROUNDS, parts), np.int64)
        steps[1:] = -1
        given = np.zeros((parts, len(GIVEN)), np.int64)
        given[:] = steps.ctypes.data, meeting.ctypes.data, _GIVE_WAY, 0, parts
        given[:, 3] = range(parts)
        team.run(rounds, [one.ctypes.data for one in given])
        assert (steps[-1] == ROUNDS - 1).all()
    team.close()


def test_threads_end_when_their_team_is_closed_or_forgotten() -> None:
    def working() -> int:
        return sum(thread.name.endswith("(_work)") for thread in threading.enumerate())

    before, team, forgotten = working(), Team(3), Team(2)
    assert working() == before + 3
    team.close()
    assert working() == before + 1
    threads = forgotten._threads
    del forgotten
    gc.collect()
    for thread in threads:
        thread.join(5)
    assert working() == before


def test_a_call_that_was_broken_off_is_remembered() -> None:
    def interrupted(part: int) -> None:
        if part == 0:
            raise KeyboardInterrupt

    team = Team(2)
    team.run(lambda part: None, [0, 1])
    assert team.whole
    with pytest.raises(KeyboardInterrupt):
        team.run(interrupted, [0, 1])
    assert not team.whole
    team.close()


def test_memory_lives_until_the_last_thread_has_left_it() -> None:
    memory, leaving = np.zeros(1), threading.Event()
    seen, team = weakref.ref(memory), Team(2, memory)
    threads = team._threads
    team.run(lambda part: leaving.wait(5) if part else None, [0, 1])  # type: ignore[arg-type, return-value]
    del team, memory
    assert seen() is not None
    leaving.set()
    for thread in threads:
        thread.join(5)
    assert seen() is None
