"""Intervals by hand, and by how often they hold the truth."""

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.scores.intervals import bootstrap, mean_interval, wilson


def test_of_no_rows_any_share_may_be_true_and_halves_count() -> None:
    assert wilson(0, 0) == (0, 1)
    low, high = wilson(2.5, 5)
    assert low + high == pytest.approx(1)


@pytest.mark.parametrize(("right", "count"), [(-1, 3), (4, 3), (float("nan"), 3), (1, 0)])
def test_more_right_than_there_are_is_refused(right: float, count: int) -> None:
    with pytest.raises(StudioError, match="cannot be right"):
        wilson(right, count)


def test_fewer_than_two_measurements_and_nan_have_no_interval() -> None:
    for values in ([], [1.0]):
        with pytest.raises(StudioError, match="has no interval"):
            mean_interval(values)
    with pytest.raises(StudioError, match="not numbers"):
        mean_interval([1.0, float("nan")])


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, float("nan")])
def test_a_level_that_is_none_is_refused(level: float) -> None:
    asked = (lambda: wilson(1, 2, level), lambda: mean_interval([1, 2], level), lambda: bootstrap([1], level=level))
    for interval in asked:
        with pytest.raises(StudioError, match="level between 0 and 1"):
            interval()


def test_the_bootstrap_is_the_percentiles_of_rows_drawn_again() -> None:
    values = np.random.default_rng(1).normal(3, 2, 40)
    random = np.random.default_rng(11)
    drawn = [np.median([values[place] for place in random.integers(0, 40, 40)]) for _ in range(100)]
    wanted = (np.percentile(drawn, 5), np.percentile(drawn, 95))
    assert bootstrap(values, np.median, 100, seed=11, level=0.9) == pytest.approx(wanted, abs=1e-12)
    assert bootstrap(values, seed=3) == bootstrap(values, seed=3) != bootstrap(values, seed=4)


def test_the_bootstrap_of_a_mean_is_near_students_interval() -> None:
    values = np.random.default_rng(2).normal(0, 1, 400)
    assert bootstrap(values) == pytest.approx(mean_interval(values), abs=0.02)


def test_rows_of_several_columns_are_drawn_together() -> None:
    truth = np.arange(30) % 2
    rows = np.stack([truth, truth], 1)
    assert bootstrap(rows, lambda drawn: float((drawn[:, 0] == drawn[:, 1]).mean()), 50) == (1, 1)


def test_nineteen_of_twenty_intervals_hold_the_true_mean() -> None:
    random = np.random.default_rng(3)
    held = [low <= 1 <= high for low, high in (bootstrap(random.normal(1, 1, 50), draws=80) for _ in range(80))]
    assert 0.88 <= np.mean(held) <= 0.99


def test_nothing_to_draw_from_is_refused() -> None:
    with pytest.raises(StudioError, match="no rows to draw"):
        bootstrap([])
    with pytest.raises(StudioError, match="not numbers"):
        bootstrap([1.0, np.inf])
