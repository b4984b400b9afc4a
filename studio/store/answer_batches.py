"""Batches of rows with answers: filled up to the longest, or packed so that several stand in one row unseen."""

from bisect import bisect_left, insort

import numpy as np
import numpy.typing as npt

from studio.core.config import RunConfig
from studio.store.examples import Examples
from studio.store.row_order import RowOrder

NOTHING, PADDING = -100, -1  # a target that is not asked for; an input that stands for nothing
Row = npt.NDArray[np.int64]


class PaddedRows:
    """Rows of a side, each once an epoch, filled up to the longest of a batch."""

    def __init__(self, examples: Examples, config: RunConfig, batch_size: int, side: str) -> None:
        self._examples, self._order = examples, RowOrder(examples.split.of(side), config, batch_size, side)

    @property
    def per_epoch(self) -> int:
        """Batches in one pass."""
        return self._order.per_epoch

    def batch(self, index: int) -> Row:
        """Ids (batch, 2, time): what the model reads, and what it should say, -100 where nothing is asked."""
        return padded([both(self._examples, place) for place in self._order.batch(index).tolist()])


def both(examples: Examples, place: int) -> tuple[Row, Row]:
    """What the model reads of a row, and what it should say at each of these places."""
    ids = examples.of(place).astype(np.int64)
    return ids[:-1], np.where(examples.learned_of(place)[1:], ids[1:], NOTHING)


def padded(rows: list[tuple[Row, Row]]) -> Row:
    """Pairs of inputs and targets as (rows, 2, longest)."""
    longest = max(len(inputs) for inputs, _ in rows)
    batch = np.full((len(rows), 2, longest), PADDING, dtype=np.int64)
    batch[:, 1] = NOTHING
    for number, (inputs, targets) in enumerate(rows):
        batch[number, 0, : len(inputs)], batch[number, 1, : len(targets)] = inputs, targets
    return batch


def packed(lengths: Row, room: int) -> list[list[int]]:
    """Places by row: each conversation, the longest first, goes where the least room is left that still takes it."""
    bins: list[list[int]] = []
    open_bins: dict[int, list[int]] = {}  # room that is left -> numbers of rows, never none
    rooms: list[int] = []  # the same rooms, ascending
    for place in np.argsort(-lengths, kind="stable").tolist():
        length = int(lengths[place])
        least = bisect_left(rooms, length)
        if least == len(rooms):
            bins.append([])
            number, left = len(bins) - 1, room
        else:
            left = rooms[least]
            number = open_bins[left].pop()
            if not open_bins[left]:
                del open_bins[left], rooms[least]
        bins[number].append(place)
        if left - length not in open_bins:
            open_bins[left - length] = []
            insort(rooms, left - length)
        open_bins[left - length].append(number)
    return bins


class PackedRows:
    """Rows of the model's context that hold whole conversations; which stand together never changes."""

    def __init__(self, examples: Examples, config: RunConfig, batch_size: int, side: str) -> None:
        places = examples.split.of(side)
        self._examples, self._room = examples, config.model.context_length
        lengths = np.minimum(examples.lengths(places) - 1, self._room)
        self._bins = [[int(places[place]) for place in row] for row in packed(lengths, self._room)]
        self._order = RowOrder(np.arange(len(self._bins)), config, batch_size, side)

    @property
    def per_epoch(self) -> int:
        """Batches in one pass."""
        return self._order.per_epoch

    def batch(self, index: int) -> Row:
        """Ids (batch, 3, time): what the model reads, what it should say, and which conversation each token is of."""
        chosen = self._order.batch(index)
        batch = np.full((len(chosen), 3, self._room), PADDING, dtype=np.int64)
        batch[:, 1] = NOTHING
        for number, row in enumerate(chosen):
            begin = 0
            for text, member in enumerate(self._bins[row]):
                inputs, targets = both(self._examples, member)
                end = begin + len(inputs)
                batch[number, :, begin:end] = inputs, targets, np.full(len(inputs), text)
                begin = end
        longest = int((batch[:, 0] != PADDING).sum(axis=1).max())
        return batch[:, :, :longest]
