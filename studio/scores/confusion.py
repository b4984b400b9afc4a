"""Which class was taken for which, and the figures that follow from it: precision, recall, F1, their averages."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError
from studio.scores import Floats, Numbers
from studio.scores.inputs import marks, paired, places_of


@dataclass(frozen=True, eq=False)
class PerClass:
    """One entry a class. A class that was never guessed has precision 0, one without rows recall 0."""

    precision: Floats
    recall: Floats
    f1: Floats
    support: Numbers  # rows that are of the class


class Average(NamedTuple):
    """Three figures over all classes."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Averages:
    """Macro: every class counts the same; micro: every row does; weighted: every class by its rows.

    A class that neither occurs nor is guessed counts in none of them.
    """

    macro: Average
    micro: Average
    weighted: Average


def confusion(truth: npt.ArrayLike, guess: npt.ArrayLike, classes: int) -> Numbers:
    """Rows by class and guess, (classes, classes): entry [i, j] counts rows of class i that were taken for j."""
    true, guessed = places_of(truth, classes), places_of(guess, classes)
    paired(true, guessed, least=0)
    return np.bincount(true * classes + guessed, minlength=classes * classes).reshape(classes, classes)


def per_class(matrix: Numbers) -> PerClass:
    """Precision TP/(TP+FP), recall TP/(TP+FN), F1 2TP/(2TP+FP+FN) of each class (van Rijsbergen 1979)."""
    return _figures(np.diag(matrix), matrix.sum(0), matrix.sum(1))


def averages(matrix: Numbers) -> Averages:
    """The three averages; micro's three figures are all the accuracy where each row has one class."""
    _some(int(matrix.sum()))
    return _averages(np.diag(matrix), matrix.sum(0), matrix.sum(1))


def accuracy(matrix: Numbers) -> float:
    """The share of rows on the diagonal."""
    return float(np.trace(matrix)) / _some(int(matrix.sum()))


def multi_confusion(truth: npt.ArrayLike, guess: npt.ArrayLike) -> Numbers:
    """Of marks (rows, classes), where a row may have several: (classes, 2, 2) as [[TN, FP], [FN, TP]] each."""
    true, guessed = marks(truth, 2), marks(guess, 2)
    paired(true.T, guessed.T, least=0)
    paired(true, guessed, least=0)
    both, of_class, taken = (true & guessed).sum(0), true.sum(0), guessed.sum(0)
    rest = len(true) - of_class - taken + both
    return np.stack([rest, taken - both, of_class - both, both], 1).reshape(-1, 2, 2).astype(np.int64)


def multi_per_class(matrices: Numbers) -> PerClass:
    """The figures of each class from `multi_confusion`."""
    return _figures(*_counts(matrices))


def multi_averages(matrices: Numbers) -> Averages:
    """The averages from `multi_confusion`."""
    _some(int(matrices[:1].sum()))
    return _averages(*_counts(matrices))


def _counts(matrices: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    both = matrices[:, 1, 1]
    return both, both + matrices[:, 0, 1], both + matrices[:, 1, 0]


def _figures(both: Numbers, taken: Numbers, of_class: Numbers) -> PerClass:
    return PerClass(_share(both, taken), _share(both, of_class), _share(2 * both, taken + of_class), of_class)


def _averages(both: Numbers, taken: Numbers, of_class: Numbers) -> Averages:
    seen = (taken > 0) | (of_class > 0)
    each = _figures(both[seen], taken[seen], of_class[seen])
    pooled = _figures(*(item.sum(keepdims=True) for item in (both, taken, of_class)))
    weights = each.support / max(1, int(each.support.sum()))
    columns = (each.precision, each.recall, each.f1)
    return Averages(
        Average(*(float(item.mean()) if len(item) else 0.0 for item in columns)),
        Average(float(pooled.precision[0]), float(pooled.recall[0]), float(pooled.f1[0])),
        Average(*(float((item * weights).sum()) for item in columns)),
    )


def _share(part: Numbers, whole: Numbers) -> Floats:
    """The quotient, 0 where the whole is 0."""
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def _some(rows: int) -> int:
    if not rows:
        raise StudioError("There are no rows to score.", "Score a set of at least 1 row.")
    return rows
