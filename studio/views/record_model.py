"""The rows and columns behind a table: any objects, described by their columns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Column:
    """How one field of a record is shown: `value` sorts, `text` reads (default str), `dot` and `role` name colours."""

    title: str
    value: Callable[[Any], Any]
    text: Callable[[Any], str] | None = None
    align: str = "left"  # or "right": numbers
    width: int = 0  # pixels; 0 shares what is left
    dot: Callable[[Any], str] | None = None  # a colour (role, or series index as text) before the text; "" for none
    icon: Callable[[Any], str] | None = None  # a picture in the place and colour of the dot
    role: Callable[[Any], str] | None = None  # a colour role for the text; default "text"
    link: bool = False  # accent text that can be clicked on its own: link_clicked(row, title)
    tip: Callable[[Any], str] | None = None
    mono: bool = False
    spare: bool = False  # may be left out where the table is narrow
    said: Callable[[Any], str] | None = None  # what a screen reader says where the text is only a mark

    def words(self, row: Any) -> str:
        """What stands in the cell."""
        if self.text is not None:
            return self.text(row)
        value = self.value(row)
        return "" if value is None else str(value)


class RecordModel(QAbstractTableModel):
    """Rows are any objects; sorting is stable and puts missing values (None, NaN) last in both directions."""

    def __init__(self, columns: Sequence[Column], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.columns = list(columns)
        self.rows: list[Any] = []
        self._given: list[Any] = []
        self.sorted_by = -1
        self.descending = False

    def set_rows(self, rows: Sequence[Any]) -> None:
        """Show these, in the present order of sorting."""
        self.beginResetModel()
        self._given = list(rows)
        self._arrange()
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Order by a column; -1 goes back to the order that was given."""
        self.layoutAboutToBeChanged.emit()
        old = {id(row): index for index, row in enumerate(self.rows)}
        before = self.persistentIndexList()
        kept = [(self.rows[index.row()], index.column()) for index in before]
        self.sorted_by, self.descending = column, order == Qt.SortOrder.DescendingOrder
        self._arrange()
        places = {id(row): index for index, row in enumerate(self.rows)}
        assert old.keys() == places.keys()
        self.changePersistentIndexList(before, [self.index(places[id(row)], column) for row, column in kept])
        self.layoutChanged.emit()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.columns) - 1)

    def _arrange(self) -> None:
        self.rows = list(self._given)
        if not 0 <= self.sorted_by < len(self.columns):
            return
        value = self.columns[self.sorted_by].value
        missing = [row for row in self.rows if _missing(value(row))]
        present = [row for row in self.rows if not _missing(value(row))]
        present.sort(key=lambda row: _sortable(value(row)), reverse=self.descending)
        self.rows = present + missing

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row, column = self.rows[index.row()], self.columns[index.column()]
        if role == Qt.ItemDataRole.AccessibleTextRole and column.said is not None:
            return column.said(row)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return column.words(row)
        if role == Qt.ItemDataRole.ToolTipRole:
            return (column.tip(row) if column.tip is not None else column.words(row)) or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_side(column) | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            arrow = ("↓" if self.descending else "↑") if section == self.sorted_by else ""
            return f"{self.columns[section].title} {arrow}".strip()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_side(self.columns[section]) | Qt.AlignmentFlag.AlignVCenter)
        return None


def _side(column: Column) -> Qt.AlignmentFlag:
    return Qt.AlignmentFlag.AlignRight if column.align == "right" else Qt.AlignmentFlag.AlignLeft


def _missing(value: Any) -> bool:
    return value is None or value != value


def _sortable(value: Any) -> Any:
    """Texts in the order people expect: without case."""
    return value.casefold() if isinstance(value, str) else value
