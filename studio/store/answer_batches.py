"""Batches of rows with answers: filled up to the longest, or packed so that several stand in one row unseen."""

from bisect import bisect_left, insort

import numpy as np
import numpy.typing as npt

from studio.core.config import RunConfig
from studio.store.examples import Examples

NOTHING, PADDING = -100, -1  # a target that is not asked for; an input that stands for nothing
Row = npt.NDArray[np.int64]


class PaddedRows:
    """Rows of a side, each once an epoch in an order drawn from (seed, epoch), filled up to the longest of a batch."""

    def __init__(self, examples: Examples, config: RunConfig, batch_size: int, side: str) -> None:
        self._examples, self._places = examples, examples.split.of(side)
        self._drawn = side == "training"
        self._size, self._seed = min(batch_size, max(1, len(self._places))), config.compute.seed

    @property
    def per_epoch(self) -> int:
        """Batches of an epoch: whole ones of what is learned from, all of what is measured."""
        count = len(self._places)
        return max(1, count // self._size) if self._drawn else -(-count // self._size)

    def batch(self, index: int) -> Row:
        """Ids (batch, 2, time): what the model reads, and what it should say, -100 where nothing is asked."""
        epoch, place = divmod(index, self.per_epoch)
        order = np.random.default_rng((self._seed, epoch)).permutation(self._places) if self._drawn else self._places
        return padded([both(self._examples, int(row)) for row in order[place * self._size : (place + 1) * self._size]])


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
    """Rows of the model's context that hold whole conversations; which stand together never changes, their order does.

    The order follows from (seed, epoch), so that a resumed run goes on with the same batches.
    """

    def __init__(self, examples: Examples, config: RunConfig, batch_size: int, side: str) -> None:
        places = examples.split.of(side)
        self._examples, self._room = examples, config.model.context_length
        lengths = np.minimum(examples.lengths(places) - 1, self._room)
        self._bins = [[int(places[place]) for place in row] for row in packed(lengths, self._room)]
        self._drawn, self._seed = side == "training", config.compute.seed
        self._size = min(batch_size, max(1, len(self._bins)))

    @property
    def per_epoch(self) -> int:
        """Batches of an epoch: whole ones of what is learned from, all of what is measured."""
        count = len(self._bins)
        return max(1, count // self._size) if self._drawn else -(-count // self._size)

    def batch(self, index: int) -> Row:
        """Ids (batch, 3, time): what the model reads, what it should say, and which conversation each token is of."""
        epoch, place = divmod(index, self.per_epoch)
        count = len(self._bins)
        order = np.random.default_rng((self._seed, epoch)).permutation(count) if self._drawn else np.arange(count)
        chosen = order[place * self._size : (place + 1) * self._size]
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
