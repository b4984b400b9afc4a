"""A threshold that moves: what it does to the rows is looked up, not counted again."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError
from studio.scores import Floats, Numbers
from studio.scores.inputs import finite, marks, paired

Aim = Literal["precision", "recall", "f1", "accuracy"]


@dataclass(frozen=True)
class Figures:
    """What one threshold does; a quotient of nothing is 0."""

    tp: int
    fp: int
    tn: int
    fn: int
    precision: float
    recall: float
    f1: float
    accuracy: float


class Sweep:
    """All thresholds of one set of scores, sorted once; a row at or above the threshold is taken for positive."""

    def __init__(self, score: npt.ArrayLike, truth: npt.ArrayLike) -> None:
        scores, true = finite(score, "scores"), marks(truth)
        self.rows = paired(scores, true)
        order = np.argsort(scores, kind="stable")
        self._scores: Floats = scores[order]
        self._above: Numbers = np.append(np.cumsum(true[order][::-1])[::-1], 0)  # positives from each place up
        self.positives = int(self._above[0])

    def at(self, threshold: float) -> Figures:
        """The four counts at a threshold, and what follows from them."""
        if math.isnan(threshold):
            raise StudioError("The threshold is not a number.", "Give one between 0 and 1.")
        place = int(self._scores.searchsorted(threshold))
        tp = int(self._above[place])
        fp = self.rows - place - tp
        fn = self.positives - tp
        tn = place - fn
        return Figures(
            tp, fp, tn, fn,
            tp / (tp + fp) if tp + fp else 0.0,
            tp / (tp + fn) if tp + fn else 0.0,
            2 * tp / (2 * tp + fp + fn) if tp + fp + fn else 0.0,
            (tp + tn) / self.rows,
        )  # fmt: skip

    def best(self, aim: Aim = "f1") -> float:
        """The threshold where that figure is largest, the highest of several."""
        tp, fp = self._counts()
        fn, tn = self.positives - tp, self.rows - self.positives - fp
        parts = {
            "precision": (tp, tp + fp),
            "recall": (tp, tp + fn),
            "f1": (2 * tp, 2 * tp + fp + fn),
            "accuracy": (tp + tn, tp + fp + tn + fn),
        }
        part, whole = parts[aim]
        return self._highest(np.divide(part, whole, out=np.zeros(len(tp)), where=whole > 0))

    def cheapest(self, cost_fp: float, cost_fn: float) -> float:
        """The threshold where false alarms and misses cost least together, the highest of several."""
        if not (0 <= cost_fp < math.inf and 0 <= cost_fn < math.inf):
            raise StudioError("A cost must be a number, 0 or more.", "Say what one false alarm and one miss cost.")
        tp, fp = self._counts()
        return self._highest(-(cost_fp * fp + cost_fn * (self.positives - tp)))

    def cost(self, threshold: float, cost_fp: float, cost_fn: float) -> float:
        """What false alarms and misses cost together at a threshold."""
        figures = self.at(threshold)
        return cost_fp * figures.fp + cost_fn * figures.fn

    def _places(self) -> Numbers:
        """Where rows may be parted: before the first of each score, and after all."""
        fresh = np.flatnonzero(np.diff(self._scores)) + 1
        return np.concatenate([[0], fresh, [self.rows]])

    def _counts(self) -> tuple[Numbers, Numbers]:
        """True and false positives at each of `_places`."""
        places = self._places()
        tp = self._above[places]
        return tp, self.rows - places - tp

    def _highest(self, value: Floats) -> float:
        """The threshold of the last of the largest values; just above every score when that parts after all."""
        last = len(value) - 1 - int(np.argmax(value[::-1]))
        place = int(self._places()[last])
        return float(self._scores[place] if place < self.rows else np.nextafter(self._scores[-1], np.inf))
