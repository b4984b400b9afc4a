"""A metric over a run: growing arrays, exact extremes at every zoom, smoothing; numpy only."""

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_FACTOR = 8  # entries of one pyramid level that make one entry of the next
_SIDES = ((np.minimum, np.inf), (np.maximum, -np.inf))  # how to pick, and what stands for nothing
_BLOCK = 128  # values smoothed by one row of a matrix product


class Column:
    """A float64 array that grows at its end; room doubles, so that appending costs the same at any length."""

    def __init__(self) -> None:
        self._room = np.empty(64, dtype=np.float64)
        self._length = 0
        self._view: Floats | None = None  # made when asked for: a chart asks often, between two points

    def __len__(self) -> int:
        return self._length

    @property
    def array(self) -> Floats:
        """What is there now, as a read-only view that stays valid (but does not grow)."""
        if self._view is None:
            self._view = self._room[: self._length]
            self._view.flags.writeable = False
        return self._view

    def append(self, value: float) -> None:
        """Add one value."""
        if self._length == len(self._room):
            self._grow(self._length + 1)
        self._room[self._length] = value
        self._length += 1
        self._view = None

    def extend(self, values: npt.ArrayLike) -> None:
        """Add several values."""
        array = np.asarray(values, dtype=np.float64)
        end = self._length + len(array)
        if end > len(self._room):
            self._grow(end)
        self._room[self._length : end] = array
        self._length = end
        self._view = None

    def truncate(self, length: int) -> None:
        """Forget what stands behind the first `length` values; views taken before keep their numbers."""
        if length < self._length:
            self._room = self._room[:length].copy() if length else np.empty(64, dtype=np.float64)
            self._length = length
            self._view = None

    def _grow(self, needed: int) -> None:
        room = np.empty(max(needed, 2 * len(self._room), 64), dtype=np.float64)
        room[: self._length] = self._room[: self._length]
        self._room = room


class Pyramid:
    """Minima and maxima of a column over whole blocks of 8, 64, 512, … values, extended by what is new when asked."""

    def __init__(self, column: Column) -> None:
        self._column = column
        self._levels: list[tuple[Column, Column]] = []  # (low, high); the first one has blocks of 8

    def extremes(self, first: int, last: int, buckets: int) -> tuple[Integers, Floats, Floats]:
        """See `History.extremes`."""
        first, last = max(0, first), min(last, len(self._column))
        if first >= last or buckets < 1:
            return np.empty(0, dtype=np.int64), np.empty(0), np.empty(0)
        self._extend()
        level, width = self._choose(last - first, buckets)
        starts = np.arange(first // width, (last - 1) // width + 1, dtype=np.int64) * width
        starts[0] = first
        low = self._reduce(0, level, width, first, last)
        high = self._reduce(1, level, width, first, last)
        empty = low > high
        low[empty] = high[empty] = np.nan
        return starts, low, high

    def truncate(self, length: int) -> None:
        """Follow a column that became shorter."""
        for level, (low, high) in enumerate(self._levels, start=1):
            low.truncate(length // _FACTOR**level)
            high.truncate(length // _FACTOR**level)

    def _choose(self, count: int, buckets: int) -> tuple[int, int]:
        """The level to read and the bucket's width: 8 to 64 entries of the level make one bucket where possible."""
        wanted = -(-count // buckets)
        level = 0
        while level < len(self._levels) and _FACTOR ** (level + 2) <= wanted:
            level += 1
        block = _FACTOR**level
        return level, -(-wanted // block) * block

    def _reduce(self, side: int, level: int, width: int, first: int, last: int) -> Floats:
        """One extreme per bucket (side 0: lowest): whole blocks from the level, the ragged ends from the values."""
        pick, nothing = _SIDES[side]
        base, block = first // width, _FACTOR**level
        result = np.full((last - 1) // width + 1 - base, nothing)
        begin, end = -(-first // block), last // block
        if begin < end:
            per_bucket = width // block
            buckets = np.arange(begin // per_bucket, (end - 1) // per_bucket + 1)
            edges = np.maximum(buckets * per_bucket, begin) - begin
            result[buckets - base] = pick.reduceat(self._entries(side, level, begin, end), edges)
        for piece_first, piece_last in ((first, min(begin * block, last)), (max(end * block, first), last)):
            if piece_first < piece_last:
                at = piece_first // width - base
                result[at] = pick(result[at], pick.reduce(self._entries(side, 0, piece_first, piece_last)))
        return result

    def _entries(self, side: int, level: int, begin: int, end: int) -> Floats:
        """A stretch of one level; level 0 is the values, those that are not finite out of the way."""
        if level:
            return self._levels[level - 1][side].array[begin:end]
        values = self._column.array[begin:end]
        return np.where(np.isfinite(values), values, _SIDES[side][1])

    def _extend(self) -> None:
        """Take in the whole blocks that have come since the last call, level by level."""
        level, below = 0, len(self._column)
        while below >= _FACTOR:
            if level == len(self._levels):
                self._levels.append((Column(), Column()))
            if below // _FACTOR == len(self._levels[level][0]):
                return  # nothing new here, so nothing above either
            for side, (pick, _) in enumerate(_SIDES):
                column = self._levels[level][side]
                new = self._entries(side, level, len(column) * _FACTOR, below // _FACTOR * _FACTOR)
                column.extend(pick.reduce(new.reshape(-1, _FACTOR), axis=1))
            level, below = level + 1, len(self._levels[level][0])


class Smoothing:
    """Exponential moving average with bias correction, extended by what is new; non-finite values are left out."""

    def __init__(self, column: Column, weight: float) -> None:
        self.weight = weight
        self.column = Column()
        self.pyramid = Pyramid(self.column)
        self._source = column
        self._sum = 0.0  # the average before its correction
        self._count = 0  # finite values seen
        powers = weight ** np.arange(_BLOCK + 1, dtype=np.float64)
        lag = np.subtract.outer(np.arange(_BLOCK), np.arange(_BLOCK))
        self._matrix = np.where(lag >= 0, powers[np.maximum(lag, 0)] * (1.0 - weight), 0.0).T  # (from, to)
        self._powers = powers[1:]

    def extend(self) -> None:
        """Smooth what has come since the last call."""
        new = self._source.array[len(self.column) :]
        finite = np.isfinite(new)
        smooth = np.full(len(new), np.nan)
        smooth[finite] = self._filter(new[finite])
        self.column.extend(smooth)

    def _filter(self, values: Floats) -> Floats:
        if not len(values):
            return values
        rows = np.zeros((-(-len(values) // _BLOCK), _BLOCK))
        rows.ravel()[: len(values)] = values
        rows = rows @ self._matrix
        carries = np.empty(len(rows))
        carry, decay = self._sum, float(self._powers[-1])
        for index, end in enumerate(rows[:, -1].tolist()):
            carries[index] = carry
            carry = carry * decay + end
        raw = (rows + carries[:, None] * self._powers).ravel()[: len(values)]
        counts = np.arange(self._count + 1, self._count + len(values) + 1)
        self._sum, self._count = float(raw[-1]), self._count + len(values)
        corrected: Floats = raw / -np.expm1(counts * np.log(self.weight))
        return corrected


class History:
    """One metric of a run: `step`, `tokens`, `seconds` and `value` are arrays of one length, in order of time.

    `revision` counts the cuts (`truncate`), after which a drawing must start over.
    """

    def __init__(self) -> None:
        self._step, self._tokens, self._seconds, self._value = Column(), Column(), Column(), Column()
        self._pyramid = Pyramid(self._value)
        self._smoothing: Smoothing | None = None
        self._non_finite: list[int] = []
        self.revision = 0

    def __len__(self) -> int:
        return len(self._value)

    @property
    def step(self) -> Floats:
        """Optimizer steps done when the value was taken."""
        return self._step.array

    @property
    def tokens(self) -> Floats:
        """Tokens seen by then."""
        return self._tokens.array

    @property
    def seconds(self) -> Floats:
        """Computing time by then, without pauses."""
        return self._seconds.array

    @property
    def value(self) -> Floats:
        """The metric itself, NaN and infinity included."""
        return self._value.array

    @property
    def non_finite(self) -> Integers:
        """Positions of NaN and infinite values, ascending."""
        return np.asarray(self._non_finite, dtype=np.int64)

    @property
    def last(self) -> float:
        """The newest value; NaN when there is none."""
        return float(self._value.array[-1]) if len(self) else float("nan")

    def axis(self, name: str) -> Floats:
        """The x values by name: "step", "tokens" or "seconds"."""
        return {"step": self._step, "tokens": self._tokens, "seconds": self._seconds}[name].array

    def append(self, step: float, tokens: float, seconds: float, value: float) -> None:
        """Add one point."""
        if not math.isfinite(value):
            self._non_finite.append(len(self))
        self._step.append(step)
        self._tokens.append(tokens)
        self._seconds.append(seconds)
        self._value.append(value)

    def extend(self, step: npt.ArrayLike, tokens: npt.ArrayLike, seconds: npt.ArrayLike, value: npt.ArrayLike) -> None:
        """Add several points at once; the four have one length."""
        values = np.asarray(value, dtype=np.float64)
        self._non_finite += (np.flatnonzero(~np.isfinite(values)) + len(self)).tolist()
        self._step.extend(step)
        self._tokens.extend(tokens)
        self._seconds.extend(seconds)
        self._value.extend(values)

    def truncate(self, step: float) -> None:
        """Forget the points after `step`, as a run that goes back to a checkpoint does."""
        length = int(np.searchsorted(self._step.array, step, side="right"))
        if length == len(self):
            return
        for column in (self._step, self._tokens, self._seconds, self._value):
            column.truncate(length)
        self._pyramid.truncate(length)
        self._smoothing = None
        self._non_finite = [position for position in self._non_finite if position < length]
        self.revision += 1

    def extremes(self, first: int, last: int, buckets: int, smoothing: float = 0.0) -> tuple[Integers, Floats, Floats]:
        """Lowest and highest finite value of each of at most `buckets` + 1 stretches of positions `first` to `last`.

        `last` is exclusive. Returns (start, low, high): each stretch begins at position `start` and ends before the
        next; all are equally long but the two at the ends, and they keep their places while the window slides.
        A stretch without a finite value has NaN for both. `smoothing` above 0 reads `ema(smoothing)` instead.
        """
        if smoothing > 0.0:
            self.ema(smoothing)
            assert self._smoothing is not None
            return self._smoothing.pyramid.extremes(first, last, buckets)
        return self._pyramid.extremes(first, last, buckets)

    def ema(self, weight: float) -> Floats:
        """Every value smoothed: s = weight·s + (1-weight)·x over the finite values so far, divided by 1-weight^count.

        `weight` lies in [0, 1); NaN stands where the value is not finite. Only what is new is computed.
        """
        if not 0.0 <= weight < 1.0:
            raise ValueError(f"a smoothing weight lies in [0, 1), not {weight}")
        if weight == 0.0:
            return np.where(np.isfinite(self.value), self.value, np.nan)
        if self._smoothing is None or self._smoothing.weight != weight:
            self._smoothing = Smoothing(self._value, weight)
        self._smoothing.extend()
        return self._smoothing.column.array
