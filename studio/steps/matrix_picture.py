"""One matrix as it is painted: cells, names along its sides, its numbers where they fit, and its colour bar."""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from studio.maps.colours import DIFFERENCE, Colouring, number_text
from studio.maps.labels import step_for
from studio.maps.pyramid import Pyramid
from studio.steps.stages import PAIRS, Matrix
from studio.views.token_text import visible_text
from studio.widgets.look import Look

TITLE, BAR = 22.0, 26.0  # pixels above the names and below the cells
_GUTTER, _BAND = 88.0, 64.0  # most pixels that names take at the left and above
_LINE, _GAP = 14.0, 6.0
_NUMBERS = ((48.0, 4), (40.0, 3), (32.0, 2))  # width of a cell from which so many decimals are written into it
_ROOMY = 64.0  # width of a cell from which its number is written larger
_GRID = 7.0  # pixels of a cell from which cells stand apart
_FADED = 0.30  # what is left of cells that a number was not made from

Part = tuple[slice, slice]


@dataclass(frozen=True)
class Shown:
    """What is brought forward in a matrix: the part a number was made from (None: nothing fades), and a cell."""

    lit: Part | None = None
    cell: tuple[int, int] | None = None
    fades: bool = False


@dataclass(frozen=True)
class Placed:
    """A matrix of a station: its cells' box, whether the words stand beside its rows, and the room above for names."""

    key: str
    box: QRectF
    named: bool
    band: float


class MatrixPicture:
    """A matrix with what painting it takes; the cells' box is given each time, so that it can move."""

    def __init__(self, matrix: Matrix, look: Look) -> None:
        self.matrix, self._look = matrix, look
        low, high = matrix.limits
        self.colouring = Colouring(low, high, DIFFERENCE if matrix.signed else "viridis")
        self._hidden = np.isneginf(matrix.values)
        self._pyramid = Pyramid(np.where(self._hidden, np.nan, matrix.values), matrix.signed)
        self._image: QImage | None = None
        self._made_for: tuple[int, int, str] = (0, 0, "")
        self.row_names = [visible_text(name) for name in matrix.rows]
        pairs = matrix.key in PAIRS
        self.column_names = [visible_text(name) for name in matrix.columns] if pairs else list(matrix.columns)

    # --- room -----------------------------------------------------------------------------------------------------

    def gutter(self) -> float:
        """Pixels that the rows' names take."""
        return min(_GUTTER, self._widest(self.row_names)) + _GAP

    def band(self, cell: float) -> float:
        """Pixels that the columns' names take above cells of this width."""
        if self._lies(cell):
            return _LINE
        return min(_BAND, self._widest(self.column_names)) + 4

    def _lies(self, cell: float) -> bool:
        """Whether the columns' names are written level: numbers always, words where they fit."""
        return self.matrix.key not in PAIRS or self._widest(self.column_names) + 4 <= cell

    def _widest(self, names: list[str]) -> float:
        metrics = QFontMetricsF(self._look.font(11, mono=True))
        longest = sorted(set(names), key=len)[-6:]
        return max((metrics.horizontalAdvance(name) for name in longest), default=0.0)

    # --- cells ----------------------------------------------------------------------------------------------------

    def cell_at(self, box: QRectF, point: QPointF) -> tuple[int, int] | None:
        """Row and column under a point; of several that share a pixel the one that is seen there."""
        if not (box.left() <= point.x() < box.right() and box.top() <= point.y() < box.bottom()):
            return None
        sides = self._sides(box)
        pixel = [
            min(int(share * pixels), pixels - 1)
            for share, (_, _, pixels) in zip(
                ((point.y() - box.top()) / box.height(), (point.x() - box.left()) / box.width()), sides, strict=True
            )
        ]
        return self._pyramid.strongest(*self._pyramid.block_at(*sides, (pixel[0], pixel[1])))

    def rect_of(self, box: QRectF, row: int, column: int) -> QRectF:
        """Where one cell lies."""
        rows, columns = self.matrix.values.shape
        wide, high = box.width() / columns, box.height() / rows
        return QRectF(box.left() + column * wide, box.top() + row * high, wide, high)

    def _sides(self, box: QRectF) -> tuple[tuple[float, float, int], tuple[float, float, int]]:
        rows, columns = self.matrix.values.shape
        return (0.0, float(rows), max(1, min(rows, int(box.height())))), (
            0.0, float(columns), max(1, min(columns, int(box.width()))),
        )  # fmt: skip

    def image(self, box: QRectF) -> QImage:
        """The cells in their colours, one pixel each or each the strongest of several."""
        down, across = self._sides(box)
        wanted = (down[2], across[2], self._look.theme.name)
        if self._image is None or self._made_for != wanted:
            missing = self._look.color("raised").rgba()
            colours = self.colouring.paint(self._pyramid.seen(down, across), self._look.theme.dark, missing)
            colours = np.ascontiguousarray(colours)
            height, width = colours.shape
            self._image = QImage(colours.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()
            self._made_for = wanted
        return self._image

    # --- painting -------------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter, placed: Placed, shown: Shown) -> None:
        """Everything of it, in its place."""
        box = placed.box
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(box, self.image(box))
        self._paint_grid(painter, box)
        self._paint_numbers(painter, box)
        if shown.fades:
            self._fade(painter, box, shown)
        self._mark(painter, box, shown)
        self._paint_title(painter, box, placed.band)
        if placed.named:
            self._paint_rows(painter, box, shown)
        self._paint_columns(painter, box, shown)
        self._paint_own(painter, box)
        self._paint_bar(painter, box)

    def _paint_grid(self, painter: QPainter, box: QRectF) -> None:
        rows, columns = self.matrix.values.shape
        wide, high = box.width() / columns, box.height() / rows
        painter.setPen(QPen(self._look.color("surface"), 1))
        if high >= _GRID:
            for row in range(1, rows):
                y = round(box.top() + row * high) + 0.5
                painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
        if wide >= _GRID:
            for column in range(1, columns):
                x = round(box.left() + column * wide) + 0.5
                painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()))

    def _paint_numbers(self, painter: QPainter, box: QRectF) -> None:
        rows, columns = self.matrix.values.shape
        wide, high = box.width() / columns, box.height() / rows
        places = next((digits for width, digits in _NUMBERS if wide >= width), 0)
        if not places or high < _LINE:
            return
        image = self.image(box)
        painter.setFont(self._look.font(13 if wide >= _ROOMY and high >= 24.0 else 11))
        for row in range(rows):
            for column in range(columns):
                value = float(self.matrix.values[row, column])
                hidden = bool(self._hidden[row, column])
                painter.setPen(self._look.color("text_quiet") if hidden else ink(image.pixelColor(column, row)))
                words = number_text(value) if not np.isfinite(value) else f"{value:.{places}f}".replace("-", "−")
                painter.drawText(self.rect_of(box, row, column), int(Qt.AlignmentFlag.AlignCenter), words)

    def _fade(self, painter: QPainter, box: QRectF, shown: Shown) -> None:
        """Lay the ground over everything but the part that counts."""
        ground = QColor(self._look.color("surface"))
        ground.setAlphaF(1.0 - _FADED)
        kept = self._area(box, shown.lit) if shown.lit is not None else QRectF()
        if shown.cell is not None:
            kept = kept.united(self.rect_of(box, *shown.cell)) if shown.lit else self.rect_of(box, *shown.cell)
        for part in _around(box, kept):
            painter.fillRect(part, ground)

    def _area(self, box: QRectF, part: Part) -> QRectF:
        rows, columns = self.matrix.values.shape
        (top, bottom, _), (left, right, _) = part[0].indices(rows), part[1].indices(columns)
        first, last = self.rect_of(box, top, left), self.rect_of(box, max(top, bottom - 1), max(left, right - 1))
        return first.united(last)

    def _mark(self, painter: QPainter, box: QRectF, shown: Shown) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if shown.lit is not None:
            painter.setPen(QPen(self._look.color("text"), 1.5))
            painter.drawRoundedRect(self._area(box, shown.lit).adjusted(-1, -1, 1, 1), 2, 2)
        if shown.cell is not None:
            painter.setPen(QPen(self._look.color("accent"), 2))
            painter.drawRoundedRect(self.rect_of(box, *shown.cell).adjusted(-1, -1, 1, 1), 3, 3)

    def _paint_title(self, painter: QPainter, box: QRectF, band: float) -> None:
        rows, columns = self.matrix.values.shape
        top = box.top() - band - TITLE
        painter.setFont(self._look.font(11, 600))
        painter.setPen(self._look.color("text"))
        title, size = self.matrix.title, f"{rows} × {columns}"
        painter.drawText(QPointF(box.left(), top + 12), title)
        left = painter.fontMetrics().horizontalAdvance(title) + 8
        painter.setFont(self._look.font(11))
        if left + painter.fontMetrics().horizontalAdvance(size) <= box.width():
            painter.setPen(self._look.color("text_quiet"))
            painter.drawText(QPointF(box.left() + left, top + 12), size)

    def _paint_rows(self, painter: QPainter, box: QRectF, shown: Shown) -> None:
        high = box.height() / len(self.row_names)
        step = step_for(high, _LINE)
        chosen = shown.cell[0] if shown.cell is not None else shown.lit[0].start if shown.lit is not None else None
        flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for row, name in enumerate(self.row_names):
            strong = row == chosen
            crowded = chosen is not None and not strong and abs(row - chosen) * high < _LINE
            if not strong and (row % step or crowded):
                continue
            painter.setFont(self._look.font(11, 600 if strong else 400, mono=True))
            painter.setPen(self._look.color("text" if strong else "text_quiet"))
            middle = box.top() + (row + 0.5) * high
            room = QRectF(box.left() - _GUTTER - _GAP, middle - 9, _GUTTER, 18)
            words = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(_GUTTER))
            painter.drawText(room, flags, words)

    def _paint_columns(self, painter: QPainter, box: QRectF, shown: Shown) -> None:
        wide = box.width() / len(self.column_names)
        level = self._lies(wide)
        step = step_for(wide, 2 * _LINE if level and self.matrix.key not in PAIRS else _LINE)
        chosen = shown.cell[1] if shown.cell is not None else -1
        for column in range(0, len(self.column_names), step):
            strong = column == chosen
            painter.setFont(self._look.font(11, 600 if strong else 400, mono=True))
            painter.setPen(self._look.color("text" if strong else "text_quiet"))
            middle = box.left() + (column + 0.5) * wide
            if level:
                room = QRectF(middle - 40, box.top() - _LINE - 3, 80, _LINE)
                painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), self.column_names[column])
                continue
            painter.save()
            painter.translate(QPointF(middle + 4, box.top() - 5))
            painter.rotate(-90)
            name = self.column_names[column]
            words = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(_BAND))
            painter.drawText(QPointF(0, 0), words)
            painter.restore()

    def _paint_own(self, painter: QPainter, box: QRectF) -> None:
        """A line over the columns that this head fills."""
        if self.matrix.own is not None:
            first, last = (self.rect_of(box, 0, column) for column in (self.matrix.own[0], self.matrix.own[1] - 1))
            line = QRectF(first.left(), box.top() - 3, last.right() - first.left(), 2)
            painter.fillRect(line, self._look.color("accent"))

    def _paint_bar(self, painter: QPainter, box: QRectF) -> None:
        """What the colours mean: the matrix's own lowest and highest value under its cells."""
        bar = QRectF(box.left(), box.bottom() + 8, min(box.width(), 160.0), 5)
        every = np.linspace(*self.colouring.limits, 64)[None]  # one row of pixels
        table = np.ascontiguousarray(self.colouring.paint(every, self._look.theme.dark, 0))
        painter.drawImage(bar, QImage(table.data, table.shape[1], 1, 4 * table.shape[1], QImage.Format.Format_RGB32))
        painter.setFont(self._look.font(11))
        painter.setPen(self._look.color("text_quiet"))
        room = QRectF(bar.left(), bar.bottom() + 1, bar.width(), _LINE)
        low, high = (f"{value:.3g}".replace("-", "−") for value in self.colouring.limits)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft), low)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignRight), high)


def ink(ground: QColor) -> QColor:
    """Black or white on a cell, whichever is easier to read: the theme's text is too near to some colours."""
    here = luminance(ground)
    return QColor(Qt.GlobalColor.white if 1.05 / (here + 0.05) > (here + 0.05) / 0.05 else Qt.GlobalColor.black)


def luminance(color: QColor) -> float:
    """How bright a colour is, from 0 to 1 (WCAG 2)."""
    parts = (color.redF(), color.greenF(), color.blueF())
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _around(box: QRectF, kept: QRectF) -> list[QRectF]:
    """What is left of a box without a part of it, in at most four pieces."""
    if kept.isEmpty():
        return [box]
    return [
        QRectF(box.left(), box.top(), box.width(), kept.top() - box.top()),
        QRectF(box.left(), kept.bottom(), box.width(), box.bottom() - kept.bottom()),
        QRectF(box.left(), kept.top(), kept.left() - box.left(), kept.height()),
        QRectF(kept.right(), kept.top(), box.right() - kept.right(), kept.height()),
    ]
