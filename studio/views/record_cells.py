"""How a cell of a table is drawn: a state dot, a link, a number; hover and selection as calm grounds."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from studio.views.record_model import Column
from studio.widgets.look import Look

CELL_ROW = 30
_PAD = 8


class CellDelegate(QStyledItemDelegate):
    """Draws cells from their `Column`; the rows come from the model's `rows`."""

    def __init__(self, columns: Sequence[Column], look: Look, parent: QTableView) -> None:
        super().__init__(parent)
        self._columns, self._look, self._table = columns, look, parent
        self._row = self._link = -1

    def set_hover(self, row: int, link_column: int) -> None:
        """The row under the pointer, and the column if it is on a link there."""
        self._row, self._link = row, link_column

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(80, CELL_ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        look = self._look
        column = self._columns[index.column()]
        drawn: Any = option
        rect, state = QRectF(drawn.rect), drawn.state
        model: Any = index.model()
        row = model.rows[index.row()]
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, look.color("selection"))
        elif index.row() == self._row:
            painter.fillRect(rect, look.color("hover"))
        painter.fillRect(QRectF(rect.left(), rect.bottom() - 1, rect.width(), 1), look.color("line"))
        if index.column() == 0 and self._table.hasFocus() and self._table.currentIndex().row() == index.row():
            painter.fillRect(QRectF(rect.left(), rect.top() + 4, 2, rect.height() - 9), look.color("focus"))
        room = rect.adjusted(_PAD, 0, -_PAD, -1)
        shade = column.dot(row) if column.dot is not None else ""
        if column.icon is not None and (picture := column.icon(row)):
            self._paint_icon(painter, room, picture, shade or "text_quiet")
            room.setLeft(room.left() + 22)
        elif shade:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color(int(shade) if shade.isdigit() else shade))
            painter.drawEllipse(QPointF(room.left() + 4.5, room.center().y()), 4.5, 4.5)
            room.setLeft(room.left() + 16)
        self._paint_words(
            painter, room, column, row, underlined=(index.row(), index.column()) == (self._row, self._link)
        )
        painter.restore()

    def _paint_icon(self, painter: QPainter, room: QRectF, name: str, role: str) -> None:
        picture = self._look.pixmap(name, 16, role, self._table.devicePixelRatioF())
        painter.drawPixmap(QPointF(room.left(), round(room.center().y()) - 8), picture)

    def _paint_words(self, painter: QPainter, room: QRectF, column: Column, row: Any, *, underlined: bool) -> None:
        font = self._look.font(13, mono=column.mono)
        font.setUnderline(underlined)
        painter.setFont(font)
        role = "accent" if column.link else (column.role(row) if column.role is not None else "text")
        painter.setPen(self._look.color(role))
        elide = Qt.TextElideMode.ElideRight
        words = painter.fontMetrics().elidedText(column.words(row), elide, int(room.width()) + 1)
        side = Qt.AlignmentFlag.AlignRight if column.align == "right" else Qt.AlignmentFlag.AlignLeft
        flags = int(side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
        painter.drawText(room, flags, words)
