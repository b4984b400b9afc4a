"""One table for every list of records: quiet headers, thin row lines, numbers to the right."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from studio.views.record_cells import CELL_ROW, CellDelegate
from studio.views.record_model import Column, RecordModel
from studio.widgets.look import Look

_HEADER = 28
_LEAST = 120  # pixels in which a column without a width of its own can be read


__all__ = ["Column", "RecordModel", "RecordTable"]


class RecordTable(QTableView):
    """Sortable by its headers; keeps selection and sort when rows are set again."""

    row_activated = Signal(object)  # double click or Enter
    selection_changed = Signal(list)  # the selected rows
    link_clicked = Signal(object, str)

    def __init__(
        self, columns: Sequence[Column], look: Look, *, key: Callable[[Any], Hashable] | None = None,
        several: bool = False, parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.look = look
        self._key = key or id
        self._empty = ""
        self._fit = False
        self._quiet = False
        self._model = RecordModel(columns, self)
        self._cells = CellDelegate(self._model.columns, look, self)
        self.setModel(self._model)
        self.setItemDelegate(self._cells)
        self._set_up(several)
        self.selectionModel().selectionChanged.connect(self._selection_moved)
        self.doubleClicked.connect(self._double_clicked)
        look.changed.connect(self.viewport().update)

    def _set_up(self, several: bool) -> None:
        mode = QAbstractItemView.SelectionMode
        self.setSelectionMode(mode.ExtendedSelection if several else mode.SingleSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(CELL_ROW)
        head = self.horizontalHeader()
        head.setFixedHeight(_HEADER)
        head.setHighlightSections(False)
        head.setMinimumSectionSize(40)
        head.setSectionsClickable(True)
        for place, column in enumerate(self._model.columns):
            fixed = QHeaderView.ResizeMode.Interactive if column.width else QHeaderView.ResizeMode.Stretch
            head.setSectionResizeMode(place, fixed)
            if column.width:
                head.resizeSection(place, column.width)
        head.setSortIndicatorShown(False)
        head.sectionClicked.connect(self._header_clicked)

    def set_rows(self, rows: Sequence[Any]) -> None:
        """Show these; the selection stays on rows of the same key, and so does the scroll position."""
        chosen = {self._key(row) for row in self.selected_rows()}
        scroll = self.verticalScrollBar().value()
        self._quiet = True
        self._model.set_rows(rows)
        self._select_keys(chosen)
        self._quiet = False
        self.verticalScrollBar().setValue(scroll)
        if {self._key(row) for row in self.selected_rows()} != chosen:
            self.selection_changed.emit(self.selected_rows())
        self._keep_height()
        self.updateGeometry()
        self.viewport().update()

    def rows(self) -> list[Any]:
        """In the order shown."""
        return list(self._model.rows)

    def selected_rows(self) -> list[Any]:
        """The selected rows, from the top."""
        places = sorted({index.row() for index in self.selectionModel().selectedRows()})
        return [self._model.rows[place] for place in places if place < len(self._model.rows)]

    def select(self, row: Any) -> None:
        """Select the row with this row's key, and nothing else; None selects nothing."""
        self._select_keys(set() if row is None else {self._key(row)})

    def _select_keys(self, keys: set[Hashable]) -> None:
        selection = QItemSelection()
        last = len(self._model.columns) - 1
        for place, row in enumerate(self._model.rows):
            if self._key(row) in keys:
                selection.select(self._model.index(place, 0), self._model.index(place, last))
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if selection.indexes():
            flags = QItemSelectionModel.SelectionFlag.NoUpdate
            self.selectionModel().setCurrentIndex(selection.indexes()[0], flags)

    def set_empty_text(self, text: str) -> None:
        """What stands there while there are no rows."""
        self._empty = text
        self.viewport().update()

    def sort_by(self, title: str, descending: bool = False) -> None:
        """Order by the column of that title; an unknown one goes back to the given order."""
        titles = [column.title for column in self._model.columns]
        place = titles.index(title) if title and title in titles else -1
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        self._model.sort(place, order)

    def sort_state(self) -> tuple[str, bool]:
        """(title, descending); ("", False) while unsorted."""
        place = self._model.sorted_by
        return (self._model.columns[place].title, self._model.descending) if place >= 0 else ("", False)

    def _header_clicked(self, place: int) -> None:
        """First click: numbers from the largest, words from A; second: the other way; third: as given."""
        column = self._model.columns[place]
        if column.link and not column.title:
            return
        first = column.align == "right"
        title, descending = self.sort_state()
        if title != column.title:
            self.sort_by(column.title, first)
        elif descending == first:
            self.sort_by(column.title, not first)
        else:
            self.sort_by("")

    def set_fit_height(self, on: bool) -> None:
        """Be exactly as high as the rows (for a table inside a page that scrolls)."""
        self._fit = on
        policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOff if on else Qt.ScrollBarPolicy.ScrollBarAsNeeded
        self.setVerticalScrollBarPolicy(policy)
        self._keep_height()
        self.updateGeometry()

    def _keep_height(self) -> None:
        if self._fit:
            self.setFixedHeight(self.sizeHint().height())

    def sizeHint(self) -> QSize:
        return QSize(480, _HEADER + CELL_ROW * max(1, len(self._model.rows)) + 1)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height() if self._fit else _HEADER + 2 * CELL_ROW)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._hide_spare()

    def _hide_spare(self) -> None:
        """Columns that may be left out are, the last one first, until those that share the rest have room to read."""
        columns, width = self._model.columns, self.viewport().width()
        hidden: set[int] = set()
        for spare in (None, *(place for place in reversed(range(len(columns))) if columns[place].spare)):
            if spare is not None:
                hidden.add(spare)
            need = sum(column.width or _LEAST for place, column in enumerate(columns) if place not in hidden)
            if need <= width:
                break
        for place in range(len(columns)):
            self.setColumnHidden(place, place in hidden)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._model.rows and self._empty:
            painter = QPainter(self.viewport())
            painter.setFont(self.look.font(13))
            painter.setPen(self.look.color("text_quiet"))
            flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            painter.drawText(self.viewport().rect().adjusted(16, 4, -16, -4), flags, self._empty)

    def _on_link(self, index: QModelIndex, at: QRect) -> bool:
        column = self._model.columns[index.column()]
        return column.link and bool(column.words(self._model.rows[index.row()])) and at.isValid()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        index = self.indexAt(event.position().toPoint())
        link = index.isValid() and self._on_link(index, self.visualRect(index))
        self._cells.set_hover(index.row() if index.isValid() else -1, index.column() if link else -1)
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if link else Qt.CursorShape.ArrowCursor)
        self.viewport().update()

    def leaveEvent(self, event: Any) -> None:
        self._cells.set_hover(-1, -1)
        self.viewport().update()
        super().leaveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if (
            event.button() == Qt.MouseButton.LeftButton
            and index.isValid()
            and self._on_link(index, self.visualRect(index))
        ):
            self.link_clicked.emit(self._model.rows[index.row()], self._model.columns[index.column()].title)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.row_activated.emit(self._model.rows[self.currentIndex().row()])
            return
        super().keyPressEvent(event)

    def _double_clicked(self, index: QModelIndex) -> None:
        if not self._model.columns[index.column()].link:
            self.row_activated.emit(self._model.rows[index.row()])

    def _selection_moved(self) -> None:
        if not self._quiet:
            self.selection_changed.emit(self.selected_rows())
