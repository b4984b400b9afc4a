"""Guessed numbers: bands by the lecture's borders, figures that are not defined, guesses that are none."""

import math

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.scores.regression import band, bands, expected_number, regression_scores, running_error


def test_a_figure_that_is_not_defined_is_nan_and_the_others_stand() -> None:
    found = regression_scores([-3.0, 5.0], [-2.0, 5.0])
    assert math.isnan(found.rmsle)
    assert found.mae == 0.5
    found = regression_scores([0.1] * 5, [0.3] * 5)  # five times .1 has a mean that is not quite .1
    assert math.isnan(found.r2)
    assert found.rmse == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("truth", "guess", "wanted"),
    [
        (10, 49.99, "green"),
        (10, 50, "orange"),
        (1_000, 1_199, "green"),  # by its share, not by its dollars
        (1_000, 1_200, "orange"),
        (10, 89.99, "orange"),
        (10, 90, "red"),
        (1_000, 601, "orange"),
        (1_000, 600, "red"),
        (0, 39, "green"),
        (-1_000, -1_199, "green"),
    ],
)
def test_bands_change_at_the_lectures_borders(truth: float, guess: float, wanted: str) -> None:
    assert band(truth, guess) == wanted
    assert bands([truth, 0], [guess, 500]).tolist() == [wanted, "red"]


def test_errors_that_are_all_the_same_leave_no_doubt() -> None:
    _, half = running_error(np.full(50, 1e6), np.full(50, 1e6 + 0.1))
    assert half[1:].max() == 0


def test_no_rows_have_no_scores_but_empty_bands() -> None:
    with pytest.raises(StudioError, match="no rows"):
        regression_scores([], [])
    assert len(bands([], [])) == 0
    assert [len(item) for item in running_error([], [])] == [0, 0]


@pytest.mark.parametrize("figure", [regression_scores, bands, running_error])
def test_a_guess_that_is_no_number_is_refused_with_its_row(figure: object) -> None:
    assert callable(figure)
    with pytest.raises(StudioError, match="1 of 2 guesses are not numbers, the first in row 2"):
        figure([1.0, 2.0], [1.0, math.nan])
    with pytest.raises(StudioError, match="2 rows on one side and 1"):
        figure([1.0, 2.0], [1.0])


def test_the_expected_number_weighs_the_likeliest_ones() -> None:
    assert expected_number([100, 200, 400], [0.5, 0.25, 0.05]) == pytest.approx((50 + 50 + 20) / 0.8)
    assert expected_number([42], [1e-9]) == 42


@pytest.mark.parametrize(("numbers", "shares"), [([1, 2], [0, 0]), ([1, 2], [0.5, -0.1])])
def test_numbers_without_probability_are_refused(numbers: list[float], shares: list[float]) -> None:
    with pytest.raises(StudioError, match="has a probability"):
        expected_number(numbers, shares)
    with pytest.raises(StudioError, match="no rows"):
        expected_number([], [])
