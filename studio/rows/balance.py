"""How the classes of a labelled dataset are balanced."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class ClassCount:
    """One class and the rows that belong to it."""

    label: str
    count: int
    share: float  # of the rows with a label


@dataclass(frozen=True, eq=False)
class Balance:
    """The classes, the largest first; `of_row` holds each row's place in that list, -1 for rows without a label."""

    classes: tuple[ClassCount, ...]
    of_row: npt.NDArray[np.int32]  # (rows,)

    @property
    def labelled(self) -> int:
        """Rows that have a label."""
        return sum(item.count for item in self.classes)

    @property
    def evenness(self) -> float:
        """Entropy of the shares over that of equal ones: 1 is balanced, 0 a single class."""
        if len(self.classes) < 2:
            return 0.0
        entropy = -sum(item.share * math.log(item.share) for item in self.classes)
        return entropy / math.log(len(self.classes))

    @property
    def always_largest(self) -> float:
        """How often somebody is right who always names the largest class: what a classifier has to beat."""
        return self.classes[0].share if self.classes else 0.0

    def rows(self, label: str | None) -> npt.NDArray[np.int64]:
        """Numbers of the rows of one class; None: of those without a label."""
        places = {item.label: place for place, item in enumerate(self.classes)}
        return np.flatnonzero(self.of_row == (-1 if label is None else places[label]))


def balance_of(labels: Sequence[str], of_row: npt.NDArray[np.int32]) -> Balance:
    """Count the classes; `of_row` holds each row's place in `labels`, -1 for none."""
    counts = np.bincount(of_row[of_row >= 0], minlength=len(labels))
    order = np.argsort(-counts, kind="stable")
    total = max(1, int(counts.sum()))
    classes = tuple(ClassCount(labels[place], int(counts[place]), int(counts[place]) / total) for place in order)
    ranks = np.full(len(labels) + 1, -1, np.int32)
    ranks[order] = np.arange(len(order))
    return Balance(classes, ranks[of_row])
