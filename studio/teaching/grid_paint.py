"""How a grid of numbers is painted: names, cells with their numbers, and the frames of what counts."""

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from studio.maps.colours import number_text

if TYPE_CHECKING:
    from studio.teaching.number_grid import NumberGrid

NAMES, NAME_HIGH = 64.0, 16.0  # pixels of names beside rows, above columns
_FROM = (34.0, 15.0, 14.0)  # of a cell, from which on a number is written into it: its width, a digit's, its height


def has_room(grid: "NumberGrid") -> bool:
    """Whether the cells are large enough for their numbers; single digits need less."""
    cell = grid.rect_of(0, 0)
    digits = bool(np.isin(grid.values, range(10)).all())
    return cell.width() >= _FROM[digits] and cell.height() >= _FROM[2]


def gutter(grid: "NumberGrid") -> float:
    """Pixels that the names of the rows take."""
    metrics = QFontMetricsF(grid.look.font(11, mono=True))
    widest = max((metrics.horizontalAdvance(name) for name in grid.names[0]), default=-8.0)
    return min(NAMES, widest) + 8.0


def paint_names(painter: QPainter, grid: "NumberGrid") -> None:
    """Words beside rows that are high enough, and above columns that are wide enough."""
    painter.setFont(grid.look.font(11, mono=True))
    painter.setPen(grid.look.color("text_quiet"))
    right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    for row, name in enumerate(grid.names[0][: grid.values.shape[0]]):
        cell = grid.rect_of(row, 0)
        if cell.height() >= 10 or row == grid.cell[0]:
            words = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(NAMES))
            painter.drawText(QRectF(cell.left() - NAMES - 8, cell.center().y() - 8, NAMES, 16), right, words)
    for column, name in enumerate(grid.names[1][: grid.values.shape[1]]):
        cell = grid.rect_of(0, column)
        if cell.width() >= 18:
            room = QRectF(cell.left() - 10, cell.top() - NAME_HIGH, cell.width() + 20, NAME_HIGH)
            painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), name)


def paint_cells(painter: QPainter, grid: "NumberGrid") -> None:
    """Every cell in its colour, with its number where there is room."""
    rows, columns = grid.values.shape
    first = grid.rect_of(0, 0)
    gap = 1.0 if min(first.width(), first.height()) >= 6 else 0.0
    written = has_room(grid)
    painter.setFont(grid.look.font(13 if first.width() >= 60 and first.height() >= 24 else 11, mono=True))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, bool(gap))
    for row in range(rows):
        for column in range(columns):
            cell = grid.rect_of(row, column).adjusted(0, 0, -gap, -gap)
            ground = QColor.fromRgb(int(grid.colours[row, column]))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ground)
            painter.drawRect(cell)
            if written:
                painter.setPen(_ink(ground))
                words = _words(float(grid.values[row, column]), cell.width(), grid.places)
                painter.drawText(cell, int(Qt.AlignmentFlag.AlignCenter), words)


def _words(value: float, width: float, places: int) -> str:
    if not np.isfinite(value):
        return number_text(value)
    if value == int(value) and abs(value) < 1e5:
        return str(int(value)).replace("-", "−")
    return f"{value:.{places if width >= 40 else 1}f}".replace("-", "−")


def paint_frames(painter: QPainter, grid: "NumberGrid") -> None:
    """What a number was made from, the cell that is pointed at, and the keyboard."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(grid.look.color("text"), 1.5))
    for row, column in grid.lit:
        if grid.holds((row, column)):
            painter.drawRoundedRect(grid.rect_of(row, column).adjusted(0, 0, -1, -1), 2, 2)
    shown = grid.hovered if grid.holds(grid.hovered) else grid.cell
    if grid.holds(shown):
        painter.setPen(QPen(grid.look.color("accent"), 2))
        painter.drawRoundedRect(grid.rect_of(*shown).adjusted(-0.5, -0.5, -0.5, -0.5), 3, 3)
    if grid.hasFocus():
        painter.setPen(QPen(grid.look.color("focus"), 1))
        painter.drawRoundedRect(grid.box().adjusted(-1.5, -1.5, 0.5, 0.5), 3, 3)


def _ink(ground: QColor) -> QColor:
    """Black or white, whichever is easier to read on this ground (WCAG 2)."""
    parts = (ground.redF(), ground.greenF(), ground.blueF())
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    here = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return QColor(Qt.GlobalColor.white if 1.05 / (here + 0.05) > (here + 0.05) / 0.05 else Qt.GlobalColor.black)
