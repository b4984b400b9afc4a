"""Arithmetic of windows, without a text: how many there are, how often each token is seen, packing against padding."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]
Places = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Cut:
    """How a stream of `tokens` is cut: windows of `context` inputs whose starts are `stride` apart."""

    tokens: int
    context: int
    stride: int
    batch: int = 1

    @property
    def windows(self) -> int:
        """(tokens − context) / stride, rounded up; none where the text is not longer than the context."""
        return max(0, -(-(self.tokens - self.context) // self.stride))

    @property
    def batches(self) -> int:
        """Whole batches in an epoch, which is all that a run reads."""
        return self.windows // min(self.batch, self.windows) if self.windows else 0

    @property
    def left_over(self) -> int:
        """Windows of an epoch that fill no batch."""
        return self.windows - self.batches * min(self.batch, self.windows) if self.windows else 0

    def start(self, window: int) -> int:
        """The first token of a window."""
        return window * self.stride

    def times(self, places: Places) -> Whole:
        """How often an epoch over all windows reads the tokens at these places as input."""
        place = np.asarray(places, np.int64)
        last = np.minimum(place // self.stride, self.windows - 1)
        first = np.maximum(-(-(place - self.context + 1) // self.stride), 0)
        found: Whole = np.maximum(last - first + 1, 0)
        return found

    def mean_times(self, edges: Places) -> npt.NDArray[np.float64]:
        """The same averaged between neighbouring `edges`, exactly, however long the text is."""
        before = self._readings(np.asarray(edges, np.int64))
        found: npt.NDArray[np.float64] = np.diff(before) / np.maximum(np.diff(edges), 1)
        return found

    def _readings(self, place: Whole) -> Whole:
        """Inputs read before a place, over all windows."""
        whole = np.clip((place - self.context) // self.stride + 1, 0, self.windows)
        begun = np.clip(-(-place // self.stride), 0, self.windows)
        starts = self.stride * (begun * (begun - 1) - whole * (whole - 1)) // 2
        found: Whole = whole * self.context + (begun - whole) * place - starts
        return found


@dataclass(frozen=True)
class Padding:
    """Documents in rows of their own, filled up to the context, the rest of longer ones cut off."""

    rows: int
    context: int
    kept: int  # tokens
    cut: int  # tokens

    @property
    def share(self) -> float:
        """Of all places, those that hold nothing."""
        return 1.0 - self.kept / (self.rows * self.context) if self.rows else 0.0

    @property
    def cut_share(self) -> float:
        """Of all tokens, those that no row has room for."""
        return self.cut / (self.kept + self.cut) if self.kept + self.cut else 0.0


@dataclass(frozen=True)
class Packing:
    """Documents behind one another with a mark after each, cut into full rows."""

    rows: int
    context: int
    marks: int
    left_over: int  # tokens at the end that fill no row
    mixed: int  # rows that hold more than one document


def padded(lengths: Whole, context: int) -> Padding:
    """What becomes of documents that each take a row."""
    kept = int(np.minimum(lengths, context).sum())
    return Padding(len(lengths), context, kept, int(lengths.sum()) - kept)


def packed(lengths: Whole, context: int) -> Packing:
    """What becomes of documents in one stream, each followed by a mark."""
    ends = np.cumsum(lengths + 1)  # each behind its mark
    total = int(ends[-1]) if len(ends) else 0
    rows = total // context
    inner = ends[:-1] if len(ends) else ends
    broken = np.unique(inner[(inner % context != 0) & (inner < rows * context)] // context)
    return Packing(rows, context, len(lengths), total - rows * context, len(broken))


def packed_rows(lengths: Whole, context: int, most: int) -> list[list[tuple[int, int, int]]]:
    """The first rows of a packed stream: (document, first place, tokens with its mark where it ends here)."""
    rows: list[list[tuple[int, int, int]]] = [[]]
    place = 0
    for number, length in enumerate(lengths.tolist()):
        rest = length + 1
        while rest:
            taken = min(rest, context - place)
            rows[-1].append((number, place, taken))
            rest, place = rest - taken, place + taken
            if place == context:
                if len(rows) == most:
                    return rows
                rows.append([])
                place = 0
    return rows
