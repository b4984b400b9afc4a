"""Guessed numbers against true ones: how far off, in which band, and how sure the mean error is by now."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError
from studio.scores import Floats
from studio.scores.inputs import finite, paired
from studio.scores.intervals import students

Band = Literal["green", "orange", "red"]

_GREEN, _ORANGE = (40.0, 0.2), (80.0, 0.4)  # the lecture's: an error below either one, in dollars or as a share


@dataclass(frozen=True)
class RegressionScores:
    """`rmsle` is NaN where a number is negative, `r2` where the true numbers are all the same."""

    mae: float
    rmse: float
    rmsle: float  # of ln(1 + number)
    r2: float  # the share of the variance that the guesses explain
    hit: float  # the share of green rows


def regression_scores(truth: npt.ArrayLike, guess: npt.ArrayLike) -> RegressionScores:
    """Mean absolute error, root mean squared error, that of the logarithms, r² = 1 - SS_res / SS_tot, and hits."""
    true, guessed = _given(truth, guess)
    paired(true, guessed)
    error = guessed - true
    spread = float(((true - true.mean()) ** 2).sum())
    logs = math.nan
    if min(true.min(), guessed.min()) >= 0:
        logs = math.sqrt(float(((np.log1p(guessed) - np.log1p(true)) ** 2).mean()))
    varies = bool((true != true[0]).any())
    return RegressionScores(
        float(abs(error).mean()),
        math.sqrt(float((error**2).mean())),
        logs,
        1 - float((error**2).sum()) / spread if varies and spread else math.nan,
        float((bands(true, guessed) == "green").mean()),
    )


def band(truth: float, guess: float) -> Band:
    """The traffic light of one guess: off by less than 40 or 20 % green, by less than 80 or 40 % orange, else red."""
    found: Band = bands([truth], [guess]).tolist()[0]
    return found


def bands(truth: npt.ArrayLike, guess: npt.ArrayLike) -> npt.NDArray[np.str_]:
    """The traffic light of each row: "green", "orange" or "red"."""
    true, guessed = _given(truth, guess)
    error, size = abs(guessed - true), abs(true)
    green, orange = ((error < most) | (error < share * size) for most, share in (_GREEN, _ORANGE))
    return np.where(green, "green", np.where(orange, "orange", "red"))


def running_error(truth: npt.ArrayLike, guess: npt.ArrayLike) -> tuple[Floats, Floats]:
    """The mean absolute error after each row, and the half width of its 95 % interval, t s / √n (NaN at the first)."""
    true, guessed = _given(truth, guess)
    if not len(true):
        return np.zeros(0), np.zeros(0)
    error = abs(guessed - true)
    count = np.arange(1, len(error) + 1)
    mean = np.cumsum(error) / count
    shifted = error - error[0]  # squares of small differences keep their digits
    spread = np.cumsum(shifted**2) - np.cumsum(shifted) ** 2 / count
    half = np.full(len(error), np.nan)
    half[1:] = students(0.95, count[1:] - 1) * np.sqrt(np.maximum(spread[1:], 0) / (count[1:] - 1) / count[1:])
    return mean, half


def expected_number(numbers: npt.ArrayLike, probabilities: npt.ArrayLike) -> float:
    """The mean of the few likeliest numbers, each by its probability, which need not add up to 1."""
    given, weights = finite(numbers, "numbers"), finite(probabilities, "probabilities")
    paired(given, weights)
    total = float(weights.sum())
    if weights.min() < 0 or total <= 0:
        raise StudioError("None of the numbers has a probability.", "Let more of the likeliest tokens count.")
    return float((given * weights).sum()) / total


def _given(truth: npt.ArrayLike, guess: npt.ArrayLike) -> tuple[Floats, Floats]:
    true, guessed = finite(truth, "true numbers"), finite(guess, "guesses")
    paired(true, guessed, least=0)
    return true, guessed
