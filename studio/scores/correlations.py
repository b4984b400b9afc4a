"""Whether two judges agree: how their scores, or the order they put answers in, go together."""

import math

import numpy as np
import numpy.typing as npt

from studio.scores import Floats
from studio.scores.inputs import finite, paired

_AT_ONCE = 1 << 22  # pairs that are compared at once


def pearson(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """The correlation of the scores, -1 to 1; NaN where one side says the same everywhere (Pearson 1895)."""
    return _pearson(*_given(one, other))


def spearman(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """The correlation of the ranks, equal scores sharing the mean of theirs (Spearman 1904)."""
    left, right = _given(one, other)
    return _pearson(_ranks(left), _ranks(right))


def kendall(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """Tau-b: pairs in the same order less those in opposite order, ties counted out (Kendall 1945)."""
    left, right = _given(one, other)
    total, left_apart, right_apart = 0, 0, 0
    step = max(1, _AT_ONCE // len(left))
    for start in range(0, len(left), step):
        ours = np.sign(left[start : start + step, None] - left)
        theirs = np.sign(right[start : start + step, None] - right)
        total += int((ours * theirs).sum())
        left_apart += int(np.count_nonzero(ours))
        right_apart += int(np.count_nonzero(theirs))
    return total / math.sqrt(left_apart * right_apart) if left_apart and right_apart else math.nan


def _given(one: npt.ArrayLike, other: npt.ArrayLike) -> tuple[Floats, Floats]:
    left, right = finite(one, "scores"), finite(other, "scores")
    paired(left, right, least=2)
    return left, right


def _pearson(left: Floats, right: Floats) -> float:
    if (left == left[0]).all() or (right == right[0]).all():
        return math.nan
    left, right = left - left.mean(), right - right.mean()
    return float((left * right).sum() / math.sqrt(float((left**2).sum()) * float((right**2).sum())))


def _ranks(values: Floats) -> Floats:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Floats = (last - (counts - 1) / 2)[place]
    return ranks
