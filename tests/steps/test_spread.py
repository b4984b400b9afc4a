"""A rollout or a flow: the newest wish counts, rows of a flow come one by one, what failed says why."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.steps.spread import FLOW, KEPT, ROLLOUT, Spread

pytestmark = pytest.mark.gui
WAY = ("mean", 0, 0, False)


class FakeJob(QObject):
    succeeded, items, failed = Signal(object), Signal(object), Signal(object)


class FakeLooking:
    """Keeps what was asked for, and the job that the test then answers."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.jobs: list[FakeJob] = []

    def ask(self, target: str, *args: Any, **_options: Any) -> FakeJob:
        self.asked.append((target, *args))
        self.jobs.append(FakeJob())
        return self.jobs[-1]


@pytest.fixture
def looking(qapp: Any) -> FakeLooking:
    return FakeLooking()


def scene(time: int = 3) -> Any:
    return SimpleNamespace(model="model", capture="capture", time=time)


def test_a_rollout_shows_its_last_layer(looking: Any) -> None:
    spread = Spread(looking)
    spread.ask_rollout((scene(), None), WAY)
    assert looking.asked == [(ROLLOUT, [("model", "capture")], WAY)]
    assert spread.values is None
    layers = np.stack([np.eye(3), np.full((3, 3), 0.5)])
    looking.jobs[0].succeeded.emit(layers)
    np.testing.assert_array_equal(spread.values, layers[-1])


def test_an_older_answer_never_overwrites_a_newer_wish(looking: Any) -> None:
    spread = Spread(looking)
    spread.ask_rollout((scene(), None), WAY)
    spread.ask_rollout((scene(), scene()), WAY)
    assert looking.asked[1] == (ROLLOUT, [("model", "capture")] * 2, WAY)
    looking.jobs[0].succeeded.emit(np.ones((1, 3, 3)))
    assert spread.values is None
    looking.jobs[0].failed.emit(StudioError("Too late."))
    assert spread.trouble == ""


def test_a_film_shows_the_former_moment_until_the_next_one_is_there(looking: Any) -> None:
    spread = Spread(looking)
    spread.ask_rollout((scene(), None), WAY, snapshot="now")
    looking.jobs[0].succeeded.emit(np.ones((1, 3, 3)))
    spread.ask_rollout((scene(), None), WAY, snapshot="later", less="then")
    assert looking.asked[1] == (KEPT, "later", WAY, "then")
    np.testing.assert_array_equal(spread.values, np.ones((3, 3)))


def test_rows_of_a_flow_come_one_by_one_the_pointed_one_first(looking: Any) -> None:
    spread = Spread(looking)
    spread.ask_flow((scene(), None), WAY, first=1)
    assert looking.asked == [(FLOW, [("model", "capture")], WAY, [1, 2, 0])]
    assert np.isnan(spread.values).all()
    told: list[int] = []
    spread.changed.connect(lambda: told.append(len(spread.rows)))
    looking.jobs[0].items.emit([(1, np.array([0.5, 0.5, 0.0]))])
    np.testing.assert_array_equal(spread.values[1], [0.5, 0.5, 0.0])
    assert np.isnan(spread.values[[0, 2]]).all()
    assert (spread.rows, told) == ({1}, [1])


def test_what_failed_says_why_and_leaves_no_picture(looking: Any) -> None:
    spread = Spread(looking)
    spread.ask_flow((scene(), None), WAY, first=None)
    looking.jobs[0].failed.emit(StudioError("Too long.", "Shorten it."))
    assert spread.values is None
    assert spread.trouble == "Too long. Shorten it."
    spread.ask_rollout((scene(), None), WAY)
    assert spread.trouble == ""
