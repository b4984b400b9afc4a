"""A matrix whose numbers are seen, pointed at and, where that is allowed, changed."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.controls.cell_field import CellField
from studio.core.language import tr
from studio.maps.colours import DIFFERENCE, Colouring, number_text
from studio.teaching.grid_paint import NAME_HIGH, gutter, has_room, paint_cells, paint_frames, paint_names
from studio.widgets.hover_card import CardRow, HoverCard
from studio.widgets.look import Look

Doubles = npt.NDArray[np.float64]
Cells = Sequence[tuple[int, int]]

_TITLE = 20.0
_WIDE, _HIGH = 72.0, 36.0  # most pixels of a cell
_LEAST, _ROWS = 16.0, 3  # pixels that each of the first rows keeps in a low window
_LARGEST = 1e6  # of a number that is typed
_DIGITS = "-+.0123456789"


class NumberGrid(QWidget):
    """Rows and columns of numbers, coloured by sign and size. Arrows move, Enter or a digit opens a field.

    `pointed` tells the cell under the pointer or the keyboard, (-1, -1) for none.
    """

    edited = Signal(int, int, float)
    pointed = Signal(int, int)

    def __init__(self, look: Look, title: str = "", editable: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look, self.title, self.editable = look, title, editable
        self.values: Doubles = np.zeros((0, 0))
        self.names: tuple[Sequence[str], Sequence[str]] = ((), ())
        self.lit: frozenset[tuple[int, int]] = frozenset()
        self.cell = (-1, -1)
        self.places = 2
        self.colours: npt.NDArray[np.uint32] = np.zeros((0, 0), np.uint32)
        self._limit: float | None = None
        self.hovered = (-1, -1)
        self._most = (_WIDE, _HIGH)
        self._card = HoverCard(look, self)
        self.field = CellField(look, self, _LARGEST)
        self.field.given.connect(self.edited)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(title or tr("Numbers"))
        look.changed.connect(self._colour)

    # --- what is shown --------------------------------------------------------------------------------------------

    def set_numbers(self, values: npt.ArrayLike, title: str | None = None, limit: float | None = None) -> None:
        """A matrix (a vector is one row, a number one cell); colours reach from -`limit` to it, else to the largest."""
        self.values = np.atleast_2d(np.asarray(values, np.float64))
        self._limit = limit
        if title is not None:
            self.title = title
            self.setAccessibleName(title)
        if not self.holds(self.cell):
            self.cell = (-1, -1)
        self.hovered = (-1, -1)
        self._card.hide()
        self._colour()

    def set_names(self, rows: Sequence[str] = (), columns: Sequence[str] = ()) -> None:
        """Words beside the rows and above the columns."""
        self.names = (rows, columns)
        self.update()

    def set_lit(self, cells: Cells) -> None:
        """Frame these: what a number was made from."""
        lit = frozenset(cells)
        if lit != self.lit:
            self.lit = lit
            self.update()

    def set_largest(self, wide: float, high: float) -> None:
        """Most pixels of one cell."""
        self._most = (wide, high)
        self.updateGeometry()
        self.update()

    def _colour(self) -> None:
        if self.values.size:
            finite = self.values[np.isfinite(self.values)]
            most = self._limit or (float(np.abs(finite).max()) if finite.size else 1.0) or 1.0
            missing = self.look.color("raised").rgba()
            colouring = Colouring(-most, most, DIFFERENCE)
            self.colours = colouring.paint(self.values, self.look.theme.dark, missing)
        rows, columns = self.values.shape
        self.setAccessibleDescription(tr("{rows} rows, {columns} columns", rows=rows, columns=columns))
        self.updateGeometry()
        self.update()

    # --- where things stand ---------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        rows, columns = self.values.shape
        left, top = self._margins()
        return QSize(
            round(left + self._most[0] * max(1, columns)) + 2, round(top + self._most[1] * max(1, rows)) + 2
        )  # fmt: skip

    def minimumSizeHint(self) -> QSize:
        hint, (left, top) = self.sizeHint(), self._margins()
        least = _LEAST * min(_ROWS, len(self.values))
        return QSize(min(hint.width(), round(left) + 36), min(hint.height(), round(top + least)))

    def _margins(self) -> tuple[float, float]:
        return gutter(self), (_TITLE if self.title else 1.0) + (
            NAME_HIGH if self.names[1] else 0.0
        )  # fmt: skip

    def box(self) -> QRectF:
        """Where the cells lie."""
        rows, columns = self.values.shape
        left, top = self._margins()
        wide = min(self._most[0] * columns, self.width() - left - 2)
        high = min(self._most[1] * rows, self.height() - top - 2)
        return QRectF(left, top, max(1.0, wide), max(1.0, high))

    def rect_of(self, row: int, column: int) -> QRectF:
        """One cell."""
        box, (rows, columns) = self.box(), self.values.shape
        wide, high = box.width() / columns, box.height() / rows
        return QRectF(box.left() + column * wide, box.top() + row * high, wide, high)

    def cell_at(self, point: QPointF) -> tuple[int, int]:
        """Row and column under a point, or (-1, -1)."""
        box, (rows, columns) = self.box(), self.values.shape
        if not self.values.size or not box.contains(point):
            return -1, -1
        row = int((point.y() - box.top()) / box.height() * rows)
        return min(row, rows - 1), min(int((point.x() - box.left()) / box.width() * columns), columns - 1)

    def holds(self, cell: tuple[int, int]) -> bool:
        """Whether there is such a cell."""
        rows, columns = self.values.shape
        return bool(0 <= cell[0] < rows and 0 <= cell[1] < columns)

    # --- painting -------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Title, names, cells, frames."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.title:
            painter.setFont(self.look.font(11, 600))
            painter.setPen(self.look.color("text"))
            left = self._margins()[0]
            room = int(self.width() - left)
            title = painter.fontMetrics().elidedText(self.title, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QPointF(left, 13), title)
        if self.values.size:
            paint_names(painter, self)
            paint_cells(painter, self)
            paint_frames(painter, self)
        painter.end()

    # --- pointing and changing ------------------------------------------------------------------------------------

    def _point(self, cell: tuple[int, int]) -> None:
        if cell == self.hovered:
            return
        self.hovered = cell
        shown = cell if self.holds(cell) else self.cell
        self.pointed.emit(*shown)
        self._show_card(cell)
        self.update()

    def _show_card(self, cell: tuple[int, int]) -> None:
        """Where the numbers are not written, the card says the one that is pointed at."""
        if not self.holds(cell):
            self._card.hide()
            return
        box = self.rect_of(*cell)
        if has_room(self):
            return
        rows = [CardRow(tr("row {row}, column {column}", row=cell[0] + 1, column=cell[1] + 1))]
        corner = QPoint(round(box.right()), round(box.bottom()))
        self._card.show_rows(number_text(float(self.values[cell])), rows, corner, self.rect())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Point at a cell."""
        self._point(self.cell_at(event.position()))

    def leaveEvent(self, _event: QEvent) -> None:
        """What was clicked stays."""
        self._point((-1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Keep a cell."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._keep(self.cell_at(event.position()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Change its number."""
        cell = self.cell_at(event.position())
        if self.editable and self.holds(cell):
            self.open(cell)

    def _keep(self, cell: tuple[int, int]) -> None:
        self.cell = cell
        self.pointed.emit(*cell)
        self.update()

    def open(self, cell: tuple[int, int], typed: str = "") -> None:
        """Lay a field over a cell."""
        self._card.hide()
        self.field.open(self.rect_of(*cell), cell, float(self.values[cell]), typed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move; Enter or a number writes."""
        moves = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        typed = event.text() if event.text() and event.text() in _DIGITS else ""
        if event.key() in moves and self.values.size:
            down, across = moves[Qt.Key(event.key())]
            row, column = max(0, self.cell[0]) + down, max(0, self.cell[1]) + across
            rows, columns = self.values.shape
            self._keep((min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)))
        elif (
            self.editable and self.holds(self.cell) and (typed or event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter))
        ):
            self.open(self.cell, typed)
        else:
            super().keyPressEvent(event)
