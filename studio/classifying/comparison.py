"""Two runs on the same rows: what both got wrong, what only one did, and whether the difference may be chance."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.classifying.scored import Ints, ScoredRun


@dataclass(frozen=True, eq=False)
class Comparison:
    """Places in the present run's arrays; `p_value` is McNemar's exact test (1947), two-sided."""

    both_right: Ints
    only_present: Ints  # right now, wrong before
    only_earlier: Ints
    both_wrong: Ints
    p_value: float
    missing: int  # rows that only one of the two has scored

    @property
    def counts(self) -> Ints:
        """(2, 2): rows are the earlier run, columns the present one; right comes first."""
        return np.asarray(
            [[len(self.both_right), len(self.only_earlier)], [len(self.only_present), len(self.both_wrong)]]
        )

    def places(self, earlier: int, present: int) -> Ints:
        """The rows of one square of `counts`."""
        return ((self.both_right, self.only_earlier), (self.only_present, self.both_wrong))[earlier][present]


def compare(present: ScoredRun, earlier: ScoredRun) -> Comparison:
    """Match by row number; rows that only one run has are counted and left out."""
    shared, here, there = np.intersect1d(present.rows, earlier.rows, return_indices=True)
    right, before = right_of(present)[here], right_of(earlier)[there]
    missing = len(present.rows) + len(earlier.rows) - 2 * len(shared)
    gained, lost = int((right & ~before).sum()), int((~right & before).sum())
    return Comparison(
        here[right & before], here[right & ~before], here[~right & before], here[~right & ~before],
        mcnemar(gained, lost), missing,
    )  # fmt: skip


def right_of(run: ScoredRun) -> npt.NDArray[np.bool_]:
    """Which rows are right; of several classes all of them."""
    return np.asarray((run.guess == run.truth).all(1) if run.several else run.guess == run.truth, np.bool_)


def mcnemar(gained: int, lost: int) -> float:
    """The chance of at least so uneven a split of `gained + lost` rows if both runs were equally good."""
    count = gained + lost
    if not count:
        return 1.0
    whole = math.lgamma(count + 1) - count * math.log(2.0)
    ways = range(min(gained, lost) + 1)
    return min(1.0, 2.0 * sum(math.exp(whole - math.lgamma(at + 1) - math.lgamma(count - at + 1)) for at in ways))
