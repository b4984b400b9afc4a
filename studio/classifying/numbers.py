"""What a model that completes texts with numbers guessed: plain arrays and the figures that follow from them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studio.classifying.scored import Floats, Ints, Texts, best_step
from studio.core.shelf import resolve
from studio.scores.regression import RegressionScores, bands, regression_scores, running_error

if TYPE_CHECKING:
    from pathlib import Path

SCORED_NUMBERS = "studio.engine.number_scores:scored_numbers"  # (run folder, split, progress, keep_going)


@dataclass(frozen=True)
class NumberRun:
    """True and guessed numbers (rows,); `rows` are their numbers in the dataset."""

    truth: Floats
    guess: Floats
    rows: Ints
    split: str
    title: str
    texts: Texts
    dataset: str = ""
    step: int = 0


@dataclass(frozen=True)
class NumberBaseline:
    """What somebody without a language model guesses for the same rows."""

    name: str
    mae: float


@dataclass(frozen=True, eq=False)
class NumberResults:
    """One run and its figures; `running` is the mean absolute error after each row and half its 95 % interval."""

    run: NumberRun
    scores: RegressionScores
    bands: npt.NDArray[Any]
    running: tuple[Floats, Floats]
    worst: Ints  # places, the largest error first


def number_results(run: NumberRun) -> NumberResults:
    """Compute every figure; for a worker thread."""
    off = np.argsort(-np.abs(run.guess - run.truth), kind="stable")
    scores, lights = regression_scores(run.truth, run.guess), bands(run.truth, run.guess)
    return NumberResults(run, scores, lights, running_error(run.truth, run.guess), off)


def read_numbers(
    folder: "Path", split: str, *,
    progress: Callable[[int, int], None] | None = None, keep_going: Callable[[], bool] | None = None,
) -> NumberResults:  # fmt: skip
    """Let the run's best checkpoint complete every row of a split; for a worker thread."""
    step = best_step(folder)
    found = resolve(SCORED_NUMBERS)(folder, split, progress, keep_going)
    truth, guess = np.asarray(found.truth, np.float64), np.asarray(found.guess, np.float64)
    rows = np.asarray(found.rows, np.int64)
    return number_results(NumberRun(truth, guess, rows, split, folder.name, found.texts, found.dataset, step))
