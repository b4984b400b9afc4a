"""Every figure of the Results views, computed once on a worker thread, so that the views only read."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from studio.classifying.scored import Floats, Ints, ScoredRun
from studio.scores.calibration import (
    COLDEST,
    HOTTEST,
    Reliability,
    expected_calibration_error,
    reliability,
    temperature,
)
from studio.scores.confusion import (
    Averages,
    PerClass,
    averages,
    confusion,
    multi_averages,
    multi_confusion,
    multi_per_class,
    per_class,
)
from studio.scores.curves import Curve, area, average_precision, precision_recall, roc
from studio.scores.doubtful import doubtful
from studio.scores.intervals import wilson
from studio.scores.thresholds import Sweep

WORST = 300  # rows that are listed; the others have a smaller loss


@dataclass(frozen=True)
class Against:
    """One class against all others: what a threshold on its probability does."""

    sweep: Sweep
    roc: Curve
    precision_recall: Curve
    roc_area: float
    average_precision: float


@dataclass(frozen=True)
class Calibrated:
    """How honest the probabilities are: `error` is the expected calibration error."""

    reliability: Reliability
    error: float


@dataclass(frozen=True)
class Beside:
    """What needs no language model: accuracies on the same rows, and that of TF-IDF by rows learned from."""

    majority: float
    tfidf: float
    tested: int = 0  # rows that are kept for the test
    fractions: tuple[tuple[int, float], ...] = ()  # rows learned from, accuracy of TF-IDF + logistic regression


@dataclass(eq=False)
class Results:
    """One scored run and what follows from it. `temperature` was fitted on the split `fitted_on`; "": on none."""

    run: ScoredRun
    temperature: float
    fitted_on: str
    matrix: Ints  # (classes, classes), rows are the truth; empty where a row may have several classes
    per_class: PerClass
    averages: Averages
    accuracy: float  # of several classes: the share of rows with all of them right
    interval: tuple[float, float]
    raw: Calibrated
    cooled: Calibrated
    worst: Ints  # places, the largest loss first
    doubtful: Ints  # places, the most doubtful first
    losses: Floats
    against: tuple[Against | None, ...]  # by class; None where no row, or every row, is of it

    @cached_property
    def areas(self) -> tuple[float, float]:
        """ROC AUC and average precision: of the second of two classes, else the mean over all that have rows."""
        wanted = self.against[1:] if len(self.run.labels) == 2 and not self.run.several else self.against
        known = [one for one in wanted if one is not None]
        if not known:
            return float("nan"), float("nan")
        return (
            float(np.mean([one.roc_area for one in known])),
            float(np.mean([one.average_precision for one in known])),
        )


def against(run: ScoredRun, place: int) -> Against | None:
    """Sort the rows by the probability of one class, once; None where no row, or every row, is of it."""
    truth, score = run.belongs(place), np.ascontiguousarray(run.probabilities[:, place])
    if truth.all() or not truth.any():
        return None
    curve = roc(truth, score)
    return Against(
        Sweep(score, truth), curve, precision_recall(truth, score), area(curve), average_precision(truth, score)
    )


def calibrated(run: ScoredRun) -> Calibrated:
    """How often the likeliest class is right, by how sure the model was; of several classes each is one guess."""
    if run.several:
        sure = np.maximum(run.probabilities, 1.0 - run.probabilities).ravel()
        right = (run.guess == run.truth.astype(bool)).ravel()
    else:
        sure, right = run.probabilities.max(1), run.guess == run.truth
    return Calibrated(reliability(sure, right), expected_calibration_error(sure, right))


def results_of(run: ScoredRun, fitting: ScoredRun | None = None) -> Results:
    """Compute everything; the temperature is fitted on `fitting`, the validation rows, else on the rows themselves."""
    guess, source = run.guess, fitting if fitting is not None else run
    heat, fitted_on = _heat(source)
    right = (guess == run.truth).all(1) if run.several else guess == run.truth
    matrix, each, means = _tables(run)
    losses = run.losses
    suspects = np.zeros(0, np.int64) if run.several else np.asarray(doubtful(run.truth, run.probabilities), np.int64)
    return Results(
        run, heat, fitted_on, matrix, each, means, float(right.mean()), wilson(int(right.sum()), len(right)),
        calibrated(run), calibrated(run.cooled(heat)), np.argsort(-losses, kind="stable")[:WORST], suspects, losses,
        tuple(against(run, place) for place in range(len(run.labels))),
    )  # fmt: skip


def _heat(source: ScoredRun) -> tuple[float, str]:
    """The temperature that the rows teach and the split they are of; 1 and nothing where they teach none."""
    heat = 1.0 if source.several else temperature(source.logits, source.truth)
    return (heat, source.split) if COLDEST < heat < HOTTEST and not source.several else (1.0, "")


def _tables(run: ScoredRun) -> tuple[Ints, PerClass, Averages]:
    if run.several:
        each = multi_confusion(run.truth, run.guess)
        return np.zeros((0, 0), np.int64), multi_per_class(each), multi_averages(each)
    matrix = confusion(run.truth, run.guess, len(run.labels))
    return matrix, per_class(matrix), averages(matrix)


def cell_rows(run: ScoredRun, truth: int, guess: int) -> Ints:
    """Places of the rows of class `truth` that were read as `guess`, the least likely truth first."""
    places = np.nonzero((run.truth == truth) & (run.guess == guess))[0]
    return places[np.argsort(run.chances[places], kind="stable")]


def split_rows_at(run: ScoredRun, place: int, threshold: float, cell: tuple[int, int]) -> Ints:
    """Places of one cell of class against rest (0: the rest, 1: the class) when it is guessed from `threshold` on."""
    belongs, score = run.belongs(place), run.probabilities[:, place]
    places = np.nonzero((belongs == bool(cell[0])) & ((score >= threshold) == bool(cell[1])))[0]
    far = np.abs(score[places] - threshold)
    return places[np.argsort(-far, kind="stable")]
