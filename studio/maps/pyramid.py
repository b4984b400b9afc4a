"""What the pixels of a map show: each the largest of the cells under it, so that nothing that stands alone is lost."""

import math
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[Any]
Places = npt.NDArray[np.int64]

_SMALLEST = 256  # cells along the longer side of the last level


@lru_cache(maxsize=16)  # the same again for every move of a hand over a map
def spans(first: float, count: float, pixels: int, block: int = 1) -> tuple[Places, Places]:
    """First and past-last block of cells that each pixel along a side shows; `first` and `count` are in cells.

    Where a block is larger than a pixel several pixels share it; else every block belongs to exactly one pixel.
    """
    steps = (first + np.arange(pixels + 1) * (count / pixels)) / block
    if count <= pixels * block:
        starts = np.floor((steps[:-1] + steps[1:]) / 2).astype(np.int64)
        return _kept(starts), _kept(starts + 1)
    edges = np.rint(steps).astype(np.int64)
    edges[0], edges[-1] = np.floor(steps[0]), np.ceil(steps[-1])  # what is seen only in part is seen
    return _kept(edges[:-1]), _kept(edges[1:])


def _kept(places: Places) -> Places:
    """What is handed out again and again is not changed by anybody."""
    places.flags.writeable = False
    return places


def furthest(values: Numbers, starts: Places, stops: Places, axis: int, signed: bool = False) -> Numbers:
    """The largest number of each run of places along an axis, or the one furthest from zero; a NaN is seen."""
    longest = int((stops - starts).max(initial=1))
    highest = values.take(starts, axis=axis, mode="clip")
    lowest = highest.copy() if signed and longest > 1 else highest
    for step in range(1, longest):
        others = values.take(np.minimum(starts + step, stops - 1), axis=axis, mode="clip")
        np.maximum(highest, others, out=highest)
        if signed:
            np.minimum(lowest, others, out=lowest)
    return Pyramid.further(highest, lowest) if lowest is not highest else highest


class Pyramid:
    """A matrix (rows, columns) and its maxima over blocks of 2 × 2, 4 × 4 and so on.

    With `signed` a block is worth the number in it that is furthest from zero. A NaN is seen in its block.
    """

    def __init__(self, values: Numbers, signed: bool = False) -> None:
        if values.ndim != 2:
            raise ValueError(f"a map has two sides, not the shape {values.shape}")
        self.values, self.signed = values, signed
        self._levels = [values]
        while max(self._levels[-1].shape) > _SMALLEST:
            self._levels.append(self._halved(self._halved(self._levels[-1]).T).T)

    def seen(self, rows: tuple[float, float, int], columns: tuple[float, float, int]) -> Numbers:
        """(pixels down, pixels across) of a window; each side is (first cell, cells, pixels)."""
        level = self._level(rows, columns)
        cells, block = self._levels[level], 1 << level
        found = cells
        for axis, (first, count, pixels) in enumerate((rows, columns)):
            starts, stops = (np.clip(ends, 0, cells.shape[axis]) for ends in spans(first, count, pixels, block))
            found = furthest(found, starts, stops, axis, self.signed)
        return found

    def block_at(
        self, rows: tuple[float, float, int], columns: tuple[float, float, int], pixel: tuple[int, int]
    ) -> tuple[slice, slice]:
        """The cells that one pixel (down, across) of such a window shows."""
        block = 1 << self._level(rows, columns)
        found = []
        for (first, count, pixels), at, total in zip((rows, columns), pixel, self.values.shape, strict=True):
            starts, stops = spans(first, count, pixels, block)
            start = min(int(starts[at]) * block, total - 1)
            found.append(slice(start, max(start + 1, min(total, int(stops[at]) * block))))
        return found[0], found[1]

    def strongest(self, rows: slice, columns: slice) -> tuple[int, int]:
        """Row and column of the number that a block of cells is painted with."""
        part = self.values[rows, columns]
        place = int(np.argmax(np.abs(part) if self.signed else part))
        return rows.start + place // part.shape[1], columns.start + place % part.shape[1]

    def _level(self, rows: tuple[float, float, int], columns: tuple[float, float, int]) -> int:
        """The coarsest level that still has a block for every pixel."""
        cells = min(count / pixels for _, count, pixels in (rows, columns))
        return min(len(self._levels) - 1, max(0, math.frexp(cells)[1] - 1 if cells > 0 else 0))

    def _halved(self, values: Numbers) -> Numbers:
        """Half as many rows, a last odd one kept as it is."""
        even, odd = values[0::2], values[1::2]
        found = np.array(even)
        np.maximum(even[: len(odd)], odd, out=found[: len(odd)])
        if self.signed:
            lowest = np.array(even)
            np.minimum(even[: len(odd)], odd, out=lowest[: len(odd)])
            return self.further(found, lowest)
        return found

    @staticmethod
    def further(highest: Numbers, lowest: Numbers) -> Numbers:
        """Whichever of the two is further from zero, place by place; NaN stays."""
        found: Numbers = np.where(highest >= -lowest, highest, lowest)
        return found
