"""Mixing: shares by weight and temperature, and documents drawn until each source has given its part."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.rows.mixing import Part, draw, plan, shares


def test_temperature_goes_from_the_weights_to_equal_parts() -> None:
    assert shares([1, 3], 1.0) == pytest.approx([0.25, 0.75])
    assert shares([1, 3], 0.0) == pytest.approx([0.5, 0.5])
    assert shares([1, 4], 0.5) == pytest.approx([1 / 3, 2 / 3])
    assert shares([1, 4], 2.0) == pytest.approx([1 / 17, 16 / 17])
    assert shares([5], 0.3) == [1.0]


def test_a_weight_of_nothing_stays_out_at_any_temperature() -> None:
    assert shares([0, 2, 2], 0.0) == pytest.approx([0, 0.5, 0.5])


def test_weights_of_any_size_make_shares() -> None:
    assert shares([1e-300, 1e300], 5.0) == pytest.approx([0, 1])
    assert shares([1e300, 1e300], 5.0) == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("weights", [[], [0, 0], [-1, 2], [float("nan"), 1], [float("inf"), 1]])
def test_weights_that_make_no_mixture_are_refused(weights: list[float]) -> None:
    with pytest.raises(StudioError, match="mixture"):
        shares(weights, 1.0)


@settings(max_examples=20)
@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=6), st.floats(0, 3))
def test_shares_add_up_and_keep_the_order_of_the_weights(weights: list[float], alpha: float) -> None:
    found = shares(weights, alpha)
    assert sum(found) == pytest.approx(1)
    order = np.argsort(weights, kind="stable")
    assert all(np.diff(np.array(found)[order]) >= -1e-12)


def test_a_plan_says_how_often_each_source_is_read() -> None:
    assert plan([100, 300], [1, 1], 1.0, 400) == [Part(0.5, 200, 2.0), Part(0.5, 200, pytest.approx(2 / 3))]
    assert plan([0, 300], [0, 1], 1.0, 300) == [Part(0.0, 0, 0.0), Part(1.0, 300, 1.0)]


def test_a_source_without_text_cannot_give_any() -> None:
    with pytest.raises(StudioError, match="without any text"):
        plan([0, 300], [1, 1], 1.0, 300)


def test_each_source_gives_what_is_wanted_of_it_and_a_whole_epoch_before_anything_twice() -> None:
    lengths = [np.array([10, 20, 30, 40]), np.array([5, 5, 5])]
    found = draw(lengths, [250, 10], seed=1)
    first, second = (found[found[:, 0] == source, 1] for source in (0, 1))
    assert abs(int(lengths[0][first].sum()) - 250) <= 20
    assert sorted(np.unique(first, return_counts=True)[1].tolist())[0] >= 2
    assert max(np.unique(first, return_counts=True)[1]) <= 3
    assert len(second) == len(set(second.tolist())) == 2


def test_exactly_one_epoch_is_every_document_once() -> None:
    found = draw([np.array([7, 1, 4])], [12], seed=3)
    assert sorted(found[:, 1].tolist()) == [0, 1, 2]


def test_the_seed_decides_what_is_drawn_and_in_which_order() -> None:
    lengths = [np.arange(1, 60), np.arange(1, 40)]
    one, again, other = (draw(lengths, [500, 300], seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one[: len(other)], other[: len(one)])
    switches = int((np.diff(one[:, 0]) != 0).sum())
    assert switches > 5  # the sources do not stand one behind the other


def test_what_is_not_wanted_or_not_there_is_not_drawn() -> None:
    assert draw([np.array([3]), np.array([], np.int64)], [0, 10], seed=1).shape == (0, 2)
    assert draw([], [], seed=1).shape == (0, 2)


@settings(max_examples=20)
@given(st.lists(st.integers(1, 50), min_size=1, max_size=20), st.integers(0, 2_000))
def test_what_is_drawn_misses_the_wish_by_at_most_half_a_document_or_is_one(sizes: list[int], wanted: int) -> None:
    lengths = np.array(sizes)
    found = draw([lengths], [wanted], seed=5)
    assert abs(int(lengths[found[:, 1]].sum()) - wanted) <= max(sizes) / 2 or len(found) == 1
    assert bool(len(found)) == bool(wanted)


def test_every_source_that_is_wanted_gives_at_least_one_document_with_characters_in_it() -> None:
    found = draw([np.array([100_000]), np.array([0, 0, 0, 900, 0])], [40_000, 10], seed=1)
    assert sorted(found.tolist()) == [[0, 0], [1, 3]]
