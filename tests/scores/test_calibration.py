"""Calibration by hand, and the best temperature: what moves it and where there is none."""

import math

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.scores.calibration import (
    COLDEST,
    HOTTEST,
    brier,
    expected_calibration_error,
    log_loss,
    reliability,
    temperature,
)


def softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True)


def some_logits(seed: int, classes: int, sharp: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are `sharp` times too large for the labels drawn from them."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (300, classes))
    labels = np.array([random.choice(classes, p=row) for row in softmax(logits)])
    return logits * sharp, labels


def test_a_label_of_probability_zero_costs_much_but_not_endlessly() -> None:
    shares = np.array([[1.0, 0.0], [0.5, 0.5]])
    assert log_loss(shares, [1, 0]) == pytest.approx((52 + 1) * math.log(2) / 2, abs=1e-9)  # 2⁻⁵² in place of 0
    assert brier(shares, [1, 0]) == pytest.approx((1 + 0.25) / 2)


def test_an_edge_belongs_to_the_bin_below_and_an_empty_bin_says_nothing() -> None:
    found = reliability([0.0, 0.5, 0.51, 1.0], [0, 1, 1, 1], 4)
    assert found.counts.tolist() == [1, 1, 1, 1]
    found = reliability([0.1, 0.2], [0, 1], 4)
    assert found.counts.tolist() == [2, 0, 0, 0]
    assert np.isnan(found.share_right[1:]).all()
    assert expected_calibration_error([0.1, 0.2], [0, 1], 4) == pytest.approx(0.35)


def test_logits_that_are_three_times_too_large_are_divided_by_three() -> None:
    random = np.random.default_rng(6)
    logits = random.normal(0, 2, (20_000, 2))
    labels = (random.random(20_000) < softmax(logits)[:, 1]).astype(int)
    assert temperature(3 * logits, labels) == pytest.approx(3, rel=0.05)


def test_the_temperature_grows_with_the_logits_and_minds_no_offset() -> None:
    logits, labels = some_logits(4, 3)
    found = temperature(logits, labels)
    assert temperature(7 * logits, labels) == pytest.approx(7 * found, rel=1e-9)
    assert temperature(logits + 1e4, labels) == pytest.approx(found, rel=1e-6)


def test_a_temperature_without_a_best_value_stops_at_the_ends() -> None:
    logits = np.array([[2.0, 1.0], [0.0, 3.0]])
    assert temperature(logits, [0, 1]) == COLDEST == 0.01  # always right: the colder the better
    assert temperature(logits, [1, 0]) == HOTTEST == 100.0
    assert temperature(np.full((2, 3), 5.0), [0, 1]) == 1.0  # none changes anything


@pytest.mark.parametrize("figure", [brier, log_loss])
def test_what_is_no_distribution_is_refused(figure: object) -> None:
    assert callable(figure)
    for shares in ([[0.6, 0.6]], [[1.5, -0.5]], [[2.0, 3.0]]):
        with pytest.raises(StudioError, match="row 1 do not add up to 1"):
            figure(shares, [0])
    with pytest.raises(StudioError, match="not numbers"):
        figure([[np.nan, 1.0]], [0])
    with pytest.raises(StudioError, match="no rows"):
        figure(np.zeros((0, 2)), [])
    with pytest.raises(StudioError, match="label 2 of row 1"):
        figure([[0.5, 0.5]], [2])


def test_logits_in_place_of_confidences_and_no_rows_are_refused() -> None:
    with pytest.raises(StudioError, match="between 0 and 1"):
        reliability([3.2], [1])
    with pytest.raises(StudioError, match="no rows"):
        reliability([], [])
    with pytest.raises(StudioError, match="no rows"):
        temperature(np.zeros((0, 2)), [])
    with pytest.raises(StudioError, match="not numbers"):
        temperature([[np.inf, 0.0]], [0])
