"""One row and one column of a map as bars beside it, or the furthest number of each where none is pointed at."""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from studio.maps.cells import see_through
from studio.maps.colours import Colouring, Numbers, ramp
from studio.maps.plane import Plane, Side
from studio.maps.pyramid import Pyramid, furthest, spans
from studio.widgets.look import Look

DEPTH = 40.0  # pixels that the longest bar takes
GAP = 6.0
_ROOMY = 4.0  # pixels of a bar that leave one for the gap to the next


@dataclass(frozen=True)
class Profile:
    """Numbers along the columns (`across`) or the rows of a map; `marked` ones belong to a row or column pointed at."""

    values: Numbers
    signed: bool
    across: bool
    marked: bool = False


def outline(pyramid: Pyramid, across: bool) -> Profile:
    """The furthest number of each column (`across`) or row."""
    axis = 0 if across else 1
    found: Numbers = pyramid.values.max(axis=axis)
    if pyramid.signed:
        found = Pyramid.further(found, pyramid.values.min(axis=axis))
    return Profile(found, pyramid.signed, across)


def seen(profile: Profile, side: Side) -> tuple[Numbers, Numbers]:
    """What each pixel along a side shows, like the map itself the furthest number under it; and its first cell."""
    starts, stops = (np.clip(ends, 0, len(profile.values)) for ends in spans(*side))
    return furthest(profile.values, starts, stops, 0, profile.signed), starts


def strip(plane: Plane, across: bool) -> QRectF:
    """Where the bars over the columns (`across`) or beside the rows stand."""
    box = plane.box
    if across:
        return QRectF(box.left(), box.top() - GAP - DEPTH, box.width(), DEPTH)
    return QRectF(box.right() + GAP, box.top(), DEPTH, box.height())


def paint_profile(
    painter: QPainter, plane: Plane, profile: Profile, colouring: Colouring, look: Look, ratio: float = 1.0
) -> None:
    """Bars above the map's columns, or to the right of its rows, as long as the colours go far."""
    side = plane.sides(ratio)[1 if profile.across else 0]
    values, cells = seen(profile, side)
    shares = colouring.share(values)
    shares = np.nan_to_num(np.abs(2.0 * shares - 1.0) if colouring.signed else shares, nan=0.0, posinf=1.0, neginf=0.0)
    if plane.cell[0 if profile.across else 1] >= _ROOMY:
        shares[1:][np.diff(cells) > 0] = 0.0
    depth = round(DEPTH * ratio)
    steps, lengths = np.arange(depth, dtype=np.int16), np.rint(shares * depth).astype(np.int16)
    colours = _colours(values, profile, colouring, look)
    if profile.across:  # (pixels of depth, pixels along the side), the longest bars reaching the top
        image = see_through(np.where(lengths > steps[::-1, None], colours, np.uint32(0)))
    else:
        image = see_through(np.where(lengths[:, None] > steps, colours[:, None], np.uint32(0)))
    image.setDevicePixelRatio(ratio)
    painter.drawImage(strip(plane, profile.across).topLeft(), image)


def _colours(values: Numbers, profile: Profile, colouring: Colouring, look: Look) -> Numbers:
    """The colour of each bar: the ends of the table for the signs of a difference."""
    if colouring.signed:
        table = ramp(colouring.ramp, look.theme.dark)
        found: Numbers = np.where(values >= 0, table[-1], table[0])
        return found
    return np.full(len(values), np.uint32(look.color("accent" if profile.marked else "edge").rgb()))
