"""The picture of a map's cells, the lines between large ones, and the frames around what is pointed at."""

import numpy as np
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from studio.maps.colours import Colouring, Colours
from studio.maps.plane import Plane
from studio.maps.pyramid import Pyramid
from studio.widgets.look import Look

Cell = tuple[int | None, int | None]

NOWHERE: Cell = (None, None)
_LINED = 10.0  # pixels of a cell from which on a line parts it from the next
_HATCH = 6  # pixels from one line of a veil to the next


def image_of(colours: Colours) -> QImage:
    """Colours (height, width) as a picture with memory of its own."""
    kept = np.ascontiguousarray(colours)
    height, width = kept.shape
    return QImage(kept.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()


def see_through(colours: Colours) -> QImage:
    """The same for colours of which some are 0, nothing at all."""
    kept = np.ascontiguousarray(colours, np.uint32)
    height, width = kept.shape
    return QImage(kept.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied).copy()


def cells_image(pyramid: Pyramid, plane: Plane, colouring: Colouring, look: Look, ratio: float) -> QImage:
    """What of the matrix the plane shows, at `ratio` real pixels to a logical one; what is no number stands out."""
    rows, columns = plane.sides(ratio)
    return image_of(colouring.paint(pyramid.seen(rows, columns), look.theme.dark, look.color(colouring.missing).rgb()))


def veil_image(veil: Pyramid, plane: Plane, colour: QColor, ratio: float) -> QImage:
    """Slanted lines over the cells that are True, nothing between the lines; for the same place as the cells."""
    rows, columns = plane.sides(ratio)
    hidden = veil.seen(rows, columns).astype(bool)
    down, across = np.arange(hidden.shape[0])[:, None], np.arange(hidden.shape[1])
    lines = hidden & ((down + across) % round(_HATCH * ratio) < max(1, round(ratio)))
    return see_through(np.where(lines, np.uint32(colour.rgba()), np.uint32(0)))


def paint_lines(painter: QPainter, plane: Plane, ground: QColor) -> None:
    """A line of the ground between cells that are large enough for it."""
    box, (wide, high) = plane.box, plane.cell
    if min(wide, high) < _LINED:
        return
    for row in range(int(plane.top) + 1, int(np.ceil(plane.top + box.height() / high - 1e-6))):
        painter.fillRect(QRectF(box.left(), plane.rect_of(row, 0).top(), box.width(), 1.0), ground)
    for column in range(int(plane.left) + 1, int(np.ceil(plane.left + box.width() / wide - 1e-6))):
        painter.fillRect(QRectF(plane.rect_of(0, column).left(), box.top(), 1.0, box.height()), ground)


class Marks:
    """The pens of the frames around what is pointed at, looked up once: a hand moves more often than a theme."""

    def __init__(self, look: Look) -> None:
        roles = ("text_quiet", "window", "accent", "text")
        self.band, self.ground, self.locked, self.marked = (QPen(look.color(role), 1) for role in roles)
        for pen in (self.locked, self.marked):
            pen.setWidth(2)

    def paint(self, painter: QPainter, plane: Plane, marked: Cell, locked: Cell) -> None:
        """Around the row, the column and the cell pointed at, and around the locked cell."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setClipRect(plane.box.adjusted(-2, -2, 2, 2))
        row, column = marked if marked != NOWHERE else locked
        painter.setPen(self.band)
        for band in bands(plane, row, column):
            painter.drawRect(band.adjusted(-0.5, -0.5, 0.5, 0.5))
        for cell, pen in ((locked, self.locked), (marked, self.marked)):
            if cell[0] is not None and cell[1] is not None:
                frame = plane.rect_of(cell[0], cell[1])
                inside = -0.5 if frame.width() > 8 else 3
                painter.setPen(self.ground)
                painter.drawRect(frame.adjusted(-inside, -inside, inside, inside))
                painter.setPen(pen)
                painter.drawRect(frame.adjusted(-1, -1, 1, 1))
        painter.setClipping(False)


def touched(plane: Plane, cell: Cell) -> list[QRect]:
    """The pixels of all marks of a cell, a row or a column that is pointed at."""
    box, (wide, high) = plane.box, plane.cell
    left, top = plane.corner(cell[0] or 0, cell[1] or 0)
    found = []
    if cell[0] is not None:
        found.append(_around(box.left(), top, box.width(), high, 2))
    if cell[1] is not None:
        found.append(_around(left, box.top(), wide, box.height(), 2))
    if len(found) == 2:
        found.append(_around(left, top, wide, high, 5))
    return found


def _around(left: float, top: float, wide: float, high: float, more: int) -> QRect:
    """A rectangle in whole pixels, and some more to each side."""
    first, upper = int(left) - more, int(top) - more
    return QRect(first, upper, int(left + wide) + 1 + more - first, int(top + high) + 1 + more - upper)


def bands(plane: Plane, row: int | None, column: int | None) -> list[QRectF]:
    """The row and the column that are pointed at, over the whole map."""
    box, found = plane.box, []
    if row is not None:
        cell = plane.rect_of(row, 0)
        found.append(QRectF(box.left(), cell.top(), box.width(), cell.height()))
    if column is not None:
        cell = plane.rect_of(0, column)
        found.append(QRectF(cell.left(), box.top(), cell.width(), box.height()))
    return found
