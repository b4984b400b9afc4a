"""Two classes at every threshold at once: ROC, precision against recall, and the areas under them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError
from studio.scores import Bools, Floats, Numbers
from studio.scores.inputs import finite, marks, paired


@dataclass(frozen=True, eq=False)
class Curve:
    """A point for each threshold, the highest (infinity: nothing is taken for positive) first."""

    x: Floats
    y: Floats
    thresholds: Floats


def roc(truth: npt.ArrayLike, score: npt.ArrayLike) -> Curve:
    """False positive rate (x) against true positive rate (y); equal scores share a point (Fawcett 2006)."""
    true, scores = _given(truth, score)
    if true.all() or not true.any():
        raise StudioError(
            "All rows are of one class, so there is no ROC curve.", "Score a set with rows of both classes."
        )
    thresholds, right, taken = _steps(true, scores)
    wrong = taken - right
    return Curve(wrong / wrong[-1], right / right[-1], thresholds)


def precision_recall(truth: npt.ArrayLike, score: npt.ArrayLike) -> Curve:
    """Recall (x) against precision (y); precision counts as 1 where nothing is taken for positive."""
    true, scores = _given(truth, score)
    if not true.any():
        raise StudioError(
            "No row is of the positive class, so there is no recall.", "Score a set with rows of both classes."
        )
    thresholds, right, taken = _steps(true, scores)
    precision = np.divide(right, taken, out=np.ones(len(right)), where=taken > 0)
    return Curve(right / right[-1], precision, thresholds)


def area(curve: Curve) -> float:
    """The area under a curve by trapezoids; for ROC the chance that a positive row outscores a negative one."""
    return float((np.diff(curve.x) * (curve.y[1:] + curve.y[:-1])).sum() / 2)


def average_precision(truth: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """The sum of (R_n - R_(n-1)) P_n over the thresholds: the area in steps, not by trapezoids."""
    curve = precision_recall(truth, score)
    return float((np.diff(curve.x) * curve.y[1:]).sum())


def _given(truth: npt.ArrayLike, score: npt.ArrayLike) -> tuple[Bools, Floats]:
    true, scores = marks(truth), finite(score, "scores")
    paired(true, scores)
    return true, scores


def _steps(true: Bools, scores: Floats) -> tuple[Floats, Numbers, Numbers]:
    """Distinct scores, falling, and for each the rows at or above it: positive ones, and all."""
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    last = np.append(np.flatnonzero(np.diff(falling)), len(falling) - 1)
    right = np.cumsum(true[order])[last]
    return np.append(np.inf, falling[last]), np.append(0, right), np.append(0, last + 1)
