"""Many maps made small, off the screen: 8 bits a cell, each the furthest number of the block it stands for."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.maps.colours import DIFFERENCE, Colouring, Numbers
from studio.maps.pyramid import furthest, spans

SIDE = 64  # cells along a tile
LEVELS = 254  # steps from the lowest to the highest value; a level more stands for what is no number
NOTHING = 255


@dataclass(frozen=True)
class Tiles:
    """(rows, columns, side, side) levels between `low` and `high`; a cell stands for `block` × `block` numbers.

    `signed` ones are differences: zero is the level in the middle.
    """

    levels: npt.NDArray[np.uint8]
    low: float = 0.0
    high: float = 1.0
    signed: bool = False
    block: int = 1

    def numbers(self, row: int, column: int) -> npt.NDArray[np.float32]:
        """One tile's values, (side, side), each within half a step of the furthest number of its block; or NaN."""
        found = self.levels[row, column]
        values = self.low + found.astype(np.float32) * np.float32((self.high - self.low) / LEVELS)
        return np.where(found == NOTHING, np.float32(np.nan), values)

    def table(self, scale: str, dark: bool, missing: int, name: str = "viridis") -> npt.NDArray[np.uint32]:
        """The colour of each of the 256 levels."""
        colouring = Colouring(self.low, self.high, DIFFERENCE if self.signed else name, scale)
        values = self.low + np.arange(256) * ((self.high - self.low) / LEVELS)
        found = colouring.paint(values, dark, missing)
        found[NOTHING] = missing
        return found


def tiles_of(weights: Numbers, minus: Numbers | None = None, keep_going: Callable[[], bool] = lambda: True) -> Tiles:
    """(rows, columns, time, time) between 0 and 1, or their difference to others of the same shape."""
    rows, columns, time = weights.shape[:3]
    block = max(1, math.ceil(time / SIDE))
    edges = np.arange(0, time, block)
    signed = minus is not None
    found = np.zeros((rows, columns, len(edges), len(edges)), np.float32)
    for row in range(rows):
        for column in range(columns) if keep_going() else ():
            map_ = weights[row, column] if minus is None else weights[row, column] - minus[row, column]
            found[row, column] = blocks_of(map_, edges, signed)
    if not signed:
        return Tiles(levels_of(found, 0.0, 1.0), block=block)
    finite = np.abs(found[np.isfinite(found)])
    most = float(finite.max(initial=0.0)) or 1.0
    return Tiles(levels_of(found, -most, most), -most, most, signed=True, block=block)


def less(one: Tiles, other: Tiles) -> Tiles:
    """The differences of two sets of tiles between 0 and 1, cell by cell; what is no number in either stays none."""
    away = one.levels.astype(np.int16) - other.levels
    odd = (one.levels == NOTHING) | (other.levels == NOTHING)
    most = int(np.abs(away[~odd]).max(initial=0)) or 1
    table = np.rint(np.arange(-most, most + 1) * (LEVELS / 2 / most) + LEVELS / 2).astype(np.uint8)
    levels = table[np.clip(away, -most, most) + most]
    levels[odd] = NOTHING
    return Tiles(levels, -most / LEVELS, most / LEVELS, signed=True, block=one.block)


def blocks_of(values: Numbers, edges: npt.NDArray[np.int64], signed: bool) -> Numbers:
    """(time, time) to the furthest number of each block that begins at two of the edges."""
    stops = np.append(edges[1:], values.shape[-1])
    return furthest(furthest(values, edges, stops, 0, signed), edges, stops, 1, signed)


def levels_of(values: Numbers, low: float, high: float) -> npt.NDArray[np.uint8]:
    """Values as levels, at most half a step off between the limits."""
    odd = ~np.isfinite(values)
    share = np.clip((np.where(odd, low, values) - low) / (high - low), 0.0, 1.0)
    return np.where(odd, np.uint8(NOTHING), np.rint(share * LEVELS).astype(np.uint8))


def resized(levels: npt.NDArray[np.uint8], pixels: int, signed: bool) -> npt.NDArray[np.uint8]:
    """(tiles, side, side) to (tiles, pixels, pixels): cells are repeated, or the furthest of several is kept."""
    side = levels.shape[-1]
    starts, stops = spans(0.0, float(side), pixels)
    around = levels.astype(np.int16) - LEVELS // 2 if signed and pixels < side else levels
    found = furthest(furthest(around, starts, stops, -2, signed), starts, stops, -1, signed)
    return found if around is levels else (found + LEVELS // 2).astype(np.uint8)
