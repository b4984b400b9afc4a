"""Tens of thousands of dots in milliseconds: written straight into the pixels of a picture, and how dense they lie."""

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint32]
Numbers = npt.NDArray[Any]

BORDER = 16  # pixels around the picture that dots at its edge may reach into
_STRENGTHS = (0.35, 0.7, 1.0)  # of a dot's colour towards its rim: soft edges in three passes


@lru_cache(maxsize=64)
def dot(quarters: int) -> tuple[tuple[float, tuple[tuple[int, int], ...]], ...]:
    """A round dot of so many quarter pixels' radius: for each strength, from faint to full, the pixels that have it."""
    radius = quarters / 4
    side = min(int(radius + 1.0), BORDER)
    pixels: dict[float, list[tuple[int, int]]] = {strength: [] for strength in _STRENGTHS}
    for y in range(-side, side + 1):
        for x in range(-side, side + 1):
            cover = radius + 0.5 - (x * x + y * y) ** 0.5
            if cover >= 0.15 or (x, y) == (0, 0):
                nearest = min(_STRENGTHS, key=lambda strength: abs(strength - cover))
                pixels[1.0 if (x, y) == (0, 0) else nearest].append((x, y))
    return tuple((strength, tuple(found)) for strength, found in pixels.items() if found)


def mixed(colors: Pixels, ground: int, share: float | npt.NDArray[np.float32]) -> Pixels:
    """Each colour with `share` of itself (0 to 1) and the rest of the ground; what it was is left alone."""
    own = np.asarray(np.asarray(share) * 256, np.uint32)
    other, low, middle = np.uint32(256) - own, np.uint32(0xFF00FF), np.uint32(0x00FF00)
    red_blue = ((colors & low) * own + (np.uint32(ground) & low) * other) >> np.uint32(8)
    green = ((colors & middle) >> np.uint32(8)) * own + ((np.uint32(ground) & middle) >> np.uint32(8)) * other
    found: Pixels = np.uint32(0xFF000000) | (red_blue & low) | (green & middle)
    return found


def blank(width: int, height: int, ground: int) -> Pixels:
    """An empty picture with its border: (height + 2 · BORDER, width + 2 · BORDER)."""
    return np.full((height + 2 * BORDER, width + 2 * BORDER), ground, np.uint32)


def within(x: Numbers, y: Numbers, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Which dots leave a trace in a picture of this shape, its border included."""
    low, found = -BORDER, np.ones(len(x), bool)
    for values, side in ((x, shape[1]), (y, shape[0])):
        found &= (values >= low) & (values < side - BORDER)
    return found


def splat(picture: Pixels, dots: tuple[Numbers, Numbers, Pixels], radius: float, ground: int) -> None:
    """Draw dots (x, y, colour) at pixels of the picture without its border; a later dot covers an earlier one.

    Rims first, then full colours, so that no rim eats into a neighbour.
    """
    x, y, colors = dots
    inside = within(x, y, picture.shape)
    if not inside.all():
        x, y, colors = x[inside], y[inside], colors[inside]
    stride, flat = picture.shape[1], picture.reshape(-1)
    reach = min(int(radius + 1.0), BORDER)
    across = np.clip(np.floor(x).astype(np.intp) + BORDER, reach, stride - 1 - reach)
    down = np.clip(np.floor(y).astype(np.intp) + BORDER, reach, picture.shape[0] - 1 - reach)
    middle = down * stride + across
    for strength, pixels in dot(max(1, round(radius * 4))):
        shade = colors if strength == 1.0 else mixed(colors, ground, strength)
        for right, below in pixels:
            flat[middle + (below * stride + right)] = shade


def crowd(x: Numbers, y: Numbers, size: tuple[int, int], cell: int) -> npt.NDArray[np.float32]:
    """(rows, columns): dots for each cell of `cell` pixels, spread over the cells around; size is width, height."""
    columns, rows = -(-size[0] // cell), -(-size[1] // cell)
    across, down = np.floor(x / cell).astype(np.intp), np.floor(y / cell).astype(np.intp)
    inside = (across >= 0) & (across < columns) & (down >= 0) & (down < rows)
    counts = np.bincount(down[inside] * columns + across[inside], minlength=rows * columns)
    found = counts.reshape(rows, columns).astype(np.float32)
    for axis in (0, 1, 0, 1):  # twice a running mean of three is close to a bell
        padded = np.pad(found, [(1, 1) if side == axis else (0, 0) for side in (0, 1)])
        ends = [slice(start, start + found.shape[axis]) for start in range(3)]
        parts = [padded[end] if axis == 0 else padded[:, end] for end in ends]
        found = (parts[0] + parts[1] + parts[2]) / np.float32(3)
    return found
