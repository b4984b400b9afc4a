"""How a long table is drawn: quiet lines, numbers to the right, what was changed on a tinted ground."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QLineEdit, QStyledItemDelegate, QStyleOptionViewItem, QTableView, QWidget

from studio.core.language import tr
from studio.tables.row_model import RowModel
from studio.tables.row_words import Cell
from studio.widgets.blend import blend
from studio.widgets.look import Look

ROW = 28
_PAD = 8
_TINT = 0.16
_NARROWEST = 4  # pixels of a character; what is beyond them is not even measured
_KEPT = 6_000  # cut words; while one scrolls most of them are drawn again and again
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)


class CellEditor(QStyledItemDelegate):
    """The one-line editor of a cell."""

    def __init__(self, model: RowModel, table: QTableView) -> None:
        super().__init__(table)
        self._model = model

    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QWidget:
        editor = QLineEdit(parent)
        editor.setAccessibleName(tr("{column} of row {row}", column=self._model.columns[index.column()],
                                    row=self._model.book.number(index.row()) + 1))  # fmt: skip
        return editor

    def setEditorData(self, editor: QWidget, index: QModelIndex | QPersistentModelIndex) -> None:
        if isinstance(editor, QLineEdit):
            editor.setText(str(index.data(Qt.ItemDataRole.EditRole)))


class RowPainter:
    """Draws the rows in sight in one go, from memory: nothing is fetched, parsed or sorted while painting."""

    def __init__(self, model: RowModel, look: Look, table: QTableView) -> None:
        self._model, self._look, self._table = model, look, table
        self.hovered = -1
        self._cut: dict[tuple[str, int], str] = {}
        self._restyle()
        look.changed.connect(self._restyle)

    def _restyle(self) -> None:
        color = self._look.color
        surface = color("surface")
        self._text, self._quiet, self._line = color("text"), color("text_quiet"), color("line")
        self._selection, self._hover, self._focus = color("selection"), color("hover"), color("focus")
        self._tints = {
            "changed": blend(color("warning"), surface, _TINT),
            "deleted": blend(color("danger"), surface, _TINT),
        }
        self._font = self._look.font(13)
        self._struck = QFont(self._font)
        self._struck.setStrikeOut(True)
        self._metrics = QFontMetrics(self._font)
        self._cut.clear()

    def paint(self, painter: QPainter, area: QRect) -> None:
        """The rows that lie in `area` of the viewport."""
        table, count = self._table, self._model.rowCount()
        first = table.rowAt(max(0, area.top()))
        if first < 0 or not count:
            return
        columns = self._columns(area)
        right = max((left + width for _, left, width in columns), default=0)
        top = table.rowViewportPosition(first)
        selection, current = table.selectionModel(), table.currentIndex()
        painter.setFont(self._font)
        for place in range(first, count):
            if top > area.bottom():
                break
            if selection.isSelected(self._model.index(place, 0)):
                painter.fillRect(0, top, right, ROW, self._selection)
            elif place == self.hovered:
                painter.fillRect(0, top, right, ROW, self._hover)
            for column, left, width in columns:
                self._paint_cell(painter, QRect(left, top, width, ROW), place, column)
            painter.fillRect(0, top + ROW - 1, right, 1, self._line)
            if place == current.row() and table.hasFocus():
                self._paint_focus(painter, top, [span for span in columns if span[0] == current.column()])
            top += ROW

    def _columns(self, area: QRect) -> list[tuple[int, int, int]]:
        """Those in sight: number, left edge, width."""
        table = self._table
        spans = [
            (at, table.columnViewportPosition(at), table.columnWidth(at)) for at in range(len(self._model.columns))
        ]
        return [span for span in spans if span[1] + span[2] > area.left() and span[1] <= area.right()]

    def _paint_cell(self, painter: QPainter, rect: QRect, place: int, column: int) -> None:
        cell, state = self._model.cell(place, column)
        if state in self._tints:
            painter.fillRect(rect, self._tints[state])
        if state == "deleted":
            painter.setFont(self._struck)
        painter.setPen(self._quiet if cell.tone == "missing" else self._text)
        room = rect.adjusted(_PAD, 0, -_PAD, -1)
        words = "…" if state == "waiting" else self._fitting(cell, room.width())
        painter.drawText(room, _RIGHT if cell.tone == "number" else _LEFT, words)
        if state == "deleted":
            painter.setFont(self._font)

    def _fitting(self, cell: Cell, width: int) -> str:
        """As much of the words as there is room for; measured once for each width."""
        key = (cell.text, width)
        words = self._cut.get(key)
        if words is None:
            if len(self._cut) >= _KEPT:
                self._cut.clear()
            beginning = cell.text[: width // _NARROWEST + 8]
            words = self._cut[key] = self._metrics.elidedText(beginning, Qt.TextElideMode.ElideRight, width + 1)
        return words

    def _paint_focus(self, painter: QPainter, top: int, spans: list[tuple[int, int, int]]) -> None:
        """A frame around the cell that has the keyboard."""
        painter.setPen(self._focus)
        for _, left, width in spans:
            painter.drawRect(left, top, width - 1, ROW - 2)
