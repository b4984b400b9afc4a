"""Correlations where there is one and where there is none."""

import math

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.scores import correlations
from studio.scores.correlations import kendall, pearson, spearman


def test_many_pairs_are_compared_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    one, other = random.integers(0, 9, 50), random.integers(0, 9, 50)
    whole = kendall(one, other)
    monkeypatch.setattr(correlations, "_AT_ONCE", 130)
    assert kendall(one, other) == whole


@pytest.mark.parametrize("correlation", [pearson, spearman, kendall])
def test_a_judge_that_always_says_the_same_correlates_with_nobody(correlation: object) -> None:
    assert callable(correlation)
    assert math.isnan(correlation([0.1, 0.1, 0.1], [1, 2, 3]))
    assert correlation([1, 2, 3], [10, 20, 30]) == pytest.approx(1)
    assert correlation([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    with pytest.raises(StudioError, match="too few"):
        correlation([1], [2])
    with pytest.raises(StudioError, match="no rows"):
        correlation([], [])
    with pytest.raises(StudioError, match="not numbers"):
        correlation([1, math.nan], [1, 2])
