"""Queries and keys on one map: which point is which, which answer counts, what is said of closeness and score."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.steps.together_map import TogetherMap
from tests.steps.test_spread import FakeLooking

pytestmark = pytest.mark.gui
WORDS = ("the", "cat", "sat")


def walk(seed: int = 0) -> Any:
    """Two queries, of the second and third word, and three keys."""
    random = np.random.default_rng(seed)
    queries, keys = random.normal(size=(2, 4)), random.normal(size=(3, 4))
    return SimpleNamespace(queries=queries, keys=keys, turned_queries=-queries, turned_keys=-keys,
                           operands=SimpleNamespace(first_row=1, hides=None))  # fmt: skip


def together() -> Any:
    points = np.arange(10, dtype=np.float32).reshape(5, 2)
    return SimpleNamespace(points=points, share=(0.5, 0.25), correlation=0.912, on_map=0.5, factor=1.5)


@pytest.fixture
def shown(look, on_screen) -> tuple[TogetherMap, Any]:
    looking: Any = FakeLooking()
    made = TogetherMap(looking, look)
    on_screen(made)
    return made, looking


def answer(made: TogetherMap, looking: Any) -> None:
    """As the job would: `sender()` is it."""
    looking.jobs[-1].succeeded.emit(together())


def test_queries_come_first_and_know_their_place_in_the_text(shown) -> None:
    made, looking = shown
    made.show_walk(walk(), WORDS, True)
    answer(made, looking)
    assert [made._label(index) for index in range(5)] == ["q cat @1", "q sat @2", "k the @0", "k cat @1", "k sat @2"]
    told: list[tuple[int, int]] = []
    made.hovered.connect(lambda row, column: told.append((row, column)))
    for index in (1, 3, -1):
        made.map.hovered.emit(index)
    assert told == [(1, -1), (-1, 1), (-1, -1)]
    made.mark(1, 2)
    assert (made.map.locked, made.map.linked) == (1, (4,))
    assert len(set(made.map.picture.colors.tolist())) == 2


def test_turned_ones_are_asked_for_anew_and_the_same_wish_once(shown) -> None:
    made, looking = shown
    one = walk()
    for turned in (True, True, False):
        made.show_walk(one, WORDS, turned)
    assert len(looking.asked) == 2
    np.testing.assert_array_equal(looking.asked[0][1], one.turned_queries)
    np.testing.assert_array_equal(looking.asked[1][1], one.queries)


def test_closeness_and_score_are_said_in_all_dimensions_and_on_the_map(shown) -> None:
    made, looking = shown
    assert made.words() == ""
    made.show_walk(walk(), WORDS, True)
    assert made.note.text() == "being computed…"
    answer(made, looking)
    assert "0.912" in made.note.text()
    assert "in all 4 dimensions" in made.note.text()
    assert "0.5" in made.words()
    assert "q · 1.5" in made.words()


def test_another_head_and_a_failure_leave_no_points_of_the_former_one(shown) -> None:
    made, looking = shown
    made.show_walk(walk(), WORDS, True)
    answer(made, looking)
    made.show_walk(walk(1), WORDS, True)
    assert len(made.map.picture.points) == 0
    looking.jobs[-1].failed.emit(StudioError("Too few.", "Choose a longer text."))
    assert made.note.text() == "Too few. Choose a longer text."
    looking.jobs[0].succeeded.emit(together())  # an older answer
    assert made.found is None
    made.show_walk(None, WORDS, True)
    assert made.note.text() == ""
