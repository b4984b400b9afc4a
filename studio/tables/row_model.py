"""Rows of any number as Qt's table model: it answers from memory only, with what was changed laid over it."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from studio.core.language import tr
from studio.tables.changes import Changes
from studio.tables.row_book import RowBook
from studio.tables.row_words import Cell, ShownRow, cell, editable, edited_text, value_of

Index = QModelIndex | QPersistentModelIndex

MOST = 20_000_000  # rows that fit into a scroll bar
_FIXED = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
_EDITABLE = _FIXED | Qt.ItemFlag.ItemIsEditable
_WAITING = Cell("", "missing")


class RowModel(QAbstractTableModel):
    """Columns by name over a `RowBook`; `changes` None means that nothing may be edited."""

    edited = Signal(int, object)  # number of a row, all its new values

    def __init__(self, book: RowBook, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.book = book
        self.columns: tuple[str, ...] = ()
        self.changes: Changes | None = None
        self.fixed = False  # for the moment, as while the changes are written
        self._count = 0
        book.arrived.connect(self._arrived)

    def begin(self, columns: tuple[str, ...], changes: Changes | None) -> None:
        """The book has opened other rows."""
        self.beginResetModel()
        self.columns, self.changes, self._count = columns, changes, min(self.book.rows, MOST)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def shown(self, place: int) -> ShownRow | None:
        """The stored row at a place, if it is there."""
        return self.book.row(place)

    def values(self, place: int) -> dict[str, Any] | None:
        """The row with its changes; None while it is fetched, when it is too large to keep, or when it was deleted."""
        row = self.book.row(place)
        if row is None:
            return None
        return self.changes.edits.get(row.number, row.values) if self.changes is not None else row.values

    def cell(self, place: int, column: int) -> tuple[Cell, str]:
        """What stands in a cell, and its state: "", "waiting", "changed" or "deleted"."""
        row = self.book.row(place)
        if row is None:
            return _WAITING, "waiting"
        edits = self.changes.edits if self.changes is not None else {}
        if row.number not in edits:
            return row.cells[column], ""
        values = edits[row.number]
        if values is None:
            return row.cells[column], "deleted"
        now = cell(values.get(self.columns[column]))
        return now, "changed" if now != row.cells[column] else ""

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            shown, state = self.cell(index.row(), index.column())
            if role == Qt.ItemDataRole.DisplayRole or not state:
                return shown.text
            return f"{shown.text} ({tr(state)})"
        if role == Qt.ItemDataRole.EditRole:
            values = self.values(index.row())
            return edited_text(values.get(self.columns[index.column()])) if values is not None else ""
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        may = self.changes is not None and not self.fixed and self.in_place(index.row(), index.column())
        return _EDITABLE if may else _FIXED

    def in_place(self, place: int, column: int) -> bool:
        """Whether the value is short enough to be edited in its cell."""
        values = self.values(place)
        return values is not None and editable(values.get(self.columns[column]))

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        values, row = self.values(index.row()), self.book.row(index.row())
        if role != Qt.ItemDataRole.EditRole or self.fixed or values is None or row is None:
            return False
        name = self.columns[index.column()]
        before = values.get(name)
        after = value_of(str(value), before)
        if str(value) != edited_text(before):
            self.edited.emit(row.number, values | {name: after})
        return True

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation == Qt.Orientation.Horizontal:
            return self.columns[section] if 0 <= section < len(self.columns) else None
        return f"{self.book.number(section) + 1:,}" if 0 <= section < self.book.rows else None

    def set_changes(self, changes: Changes | None) -> None:
        """What was changed or taken back shows at once."""
        self.changes = changes
        if self.rowCount() and self.columnCount():
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))

    def _arrived(self, first: int, count: int) -> None:
        last = min(first + count, self.rowCount()) - 1
        if first <= last and self.columns:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))
            self.headerDataChanged.emit(Qt.Orientation.Vertical, first, last)
