"""Which point a hand means: the nearest to a pixel, the next one in a direction, all inside a drawn outline."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[Any]

REACH = 8.0  # pixels


def nearest(x: Numbers, y: Numbers, at: tuple[float, float], reach: float = REACH) -> int:
    """The place in the arrays of the point nearest to a pixel within `reach`, the first among equals; else −1."""
    close = np.flatnonzero((np.abs(x - at[0]) <= reach) & (np.abs(y - at[1]) <= reach))
    if not len(close):
        return -1
    squares = (x[close].astype(np.float64) - at[0]) ** 2 + (y[close].astype(np.float64) - at[1]) ** 2
    best = int(squares.argmin())
    return int(close[best]) if squares[best] <= reach * reach else -1


def towards(x: Numbers, y: Numbers, start: int, direction: tuple[int, int]) -> int:
    """The nearest point within 45° of a direction as seen from the point `start`; −1 where there is none."""
    right, down = x - x[start], y - y[start]
    ahead = right * direction[0] + down * direction[1]
    aside = np.abs(right * direction[1]) + np.abs(down * direction[0])
    fits = np.flatnonzero((ahead >= aside) & (ahead > 0.5))
    if not len(fits):
        return -1
    return int(fits[(ahead[fits] ** 2 + 4 * aside[fits] ** 2).argmin()])


def inside(outline: Sequence[tuple[float, float]], x: Numbers, y: Numbers) -> npt.NDArray[np.int64]:
    """Places in the arrays of the points inside a closed outline, ascending; by how often a ray crosses it."""
    corners = np.array(outline, np.float64).reshape(-1, 2)
    if len(corners) < 3:
        return np.zeros(0, np.int64)
    low, high = corners.min(axis=0), corners.max(axis=0)
    near = np.flatnonzero((x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1]))
    px, py = x[near].astype(np.float64), y[near].astype(np.float64)
    odd = np.zeros(len(near), bool)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y1 == y2:
            continue
        crosses = (py < y1) != (py < y2)
        odd ^= crosses & (px < x1 + (py - y1) * (x2 - x1) / (y2 - y1))
    found: npt.NDArray[np.int64] = near[odd]
    return found
