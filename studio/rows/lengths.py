"""How long rows are, prepared so that any context length can be judged at once while a line is being dragged."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Lengths = npt.NDArray[np.int32]

_BARS_PER_DOUBLING = 4


@dataclass(frozen=True)
class Cut:
    """What a context length would cut off when every row stands alone."""

    rows: int
    tokens: int  # beyond the context, of all rows together
    row_share: float
    token_share: float


@dataclass(frozen=True, eq=False)
class LengthTable:
    """The length of every row in `unit`s: "tokens", or "characters" where no tokenizer was there."""

    values: Lengths  # (rows,), in the order of the rows
    unit: str = "tokens"

    @property
    def total(self) -> int:
        """All rows together."""
        return int(self._running[-1])

    @property
    def longest(self) -> int:
        """The longest row; 0 without rows."""
        return int(self._ordered[-1]) if len(self._ordered) else 0

    @property
    def shortest(self) -> int:
        """The shortest row that is not empty; 0 without any."""
        filled = int(np.searchsorted(self._ordered, 1))
        return int(self._ordered[filled]) if filled < len(self._ordered) else 0

    def quantile(self, share: float) -> int:
        """The length that this share of the rows does not exceed; 0 without rows."""
        place = min(len(self._ordered) - 1, max(0, int(np.ceil(share * len(self._ordered))) - 1))
        return int(self._ordered[place]) if len(self._ordered) else 0

    def cut(self, context: int) -> Cut:
        """The rows longer than `context`, and how much of them lies beyond it; microseconds, whatever the size."""
        place = int(np.searchsorted(self._ordered, context, "right"))
        rows = len(self._ordered) - place
        tokens = self.total - int(self._running[place]) - rows * context
        return Cut(rows, tokens, rows / max(1, len(self._ordered)), tokens / max(1, self.total))

    def longer_than(self, context: int) -> npt.NDArray[np.int64]:
        """Numbers of the rows that `context` would cut, the longest first."""
        rows = np.flatnonzero(self.values > context)
        return rows[np.argsort(-self.values[rows], kind="stable")]

    def between(self, low: int, high: int) -> npt.NDArray[np.int64]:
        """Numbers of the rows with at least `low` and less than `high`."""
        return np.flatnonzero((self.values >= low) & (self.values < high))

    def histogram(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Whole edges, (bars + 1,), four to a doubling and the last above every length, and rows between them.

        Rows of length 0 are in no bar.
        """
        doublings = np.ceil(np.log2(max(2, self.longest + 1)))
        steps = np.arange(int(doublings) * _BARS_PER_DOUBLING + 1)
        edges = np.unique(np.round(2.0 ** (steps / _BARS_PER_DOUBLING)).astype(np.int64))
        edges = edges[: int(np.searchsorted(edges, self.longest, "right")) + 1]
        places = np.searchsorted(self._ordered, edges)
        return edges, np.diff(places)

    @cached_property
    def _ordered(self) -> Lengths:
        return np.sort(self.values)

    @cached_property
    def _running(self) -> npt.NDArray[np.int64]:
        """Tokens of the shortest rows, (rows + 1,)."""
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(self._ordered, dtype=np.int64)])
