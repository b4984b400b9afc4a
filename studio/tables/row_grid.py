"""A table of any length: pages come while one scrolls, cells are edited in place, roles are chosen in the head."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemDelegate, QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from studio.live.jobs import Jobs
from studio.rows.kinds import Reading
from studio.tables.changes import Changes
from studio.tables.role_header import NumberHeader, RoleHeader
from studio.tables.row_book import Fetch, RowBook
from studio.tables.row_cells import ROW, CellEditor, RowPainter
from studio.tables.row_model import RowModel
from studio.tables.row_words import ShownRow
from studio.widgets.look import Look

_LEAST, _MOST = 96, 420  # pixels of a column
_LETTER = 7  # pixels of a usual character
_LOOKED = 60  # rows whose lengths decide how wide columns are


class RowGrid(QTableView):
    """`show_source` and `show_rows` fill it; everything it draws lies in memory before it is drawn."""

    row_opened = Signal(int)  # its place
    row_chosen = Signal(int)  # the place of the current row, -1: none
    removal_requested = Signal()  # of the selected rows

    def __init__(self, jobs: Jobs, look: Look, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.book = RowBook(jobs, self)
        self.rows = RowModel(self.book, self)
        self.roles = RoleHeader(look, self)
        self.numbers = NumberHeader(look, self)
        self._painter = RowPainter(self.rows, look, self)
        self._empty = ""
        self._fitted = False
        self.setModel(self.rows)
        self.setItemDelegate(CellEditor(self.rows, self))
        self.setHorizontalHeader(self.roles)
        self.setVerticalHeader(self.numbers)
        self.setAccessibleName(name)
        self._set_up()
        self._settling = QTimer(self)  # columns take their widths when the first page is there
        self._settling.setSingleShot(True)
        self._settling.setInterval(0)
        self._settling.timeout.connect(self._fit)
        self.book.arrived.connect(self._arrived)
        self.selectionModel().currentRowChanged.connect(self._moved)
        self.numbers.sectionClicked.connect(self.row_opened)
        self.doubleClicked.connect(self._double_clicked)
        look.changed.connect(self.viewport().update)

    def _set_up(self) -> None:
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed)
        self.setShowGrid(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.numbers.setMinimumSectionSize(ROW)
        self.numbers.setDefaultSectionSize(ROW)
        self.roles.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.roles.setStretchLastSection(True)

    # --- what is shown --------------------------------------------------------------------------------------------

    def show_source(
        self, fetch: Fetch, columns: Sequence[str], rows: int, *,
        row_bytes: float = 0.0, changes: Changes | None = None, numbers: Sequence[int] | None = None,
    ) -> None:  # fmt: skip
        """Rows that are fetched as they come into sight; `changes` allows editing."""
        self.book.open(fetch, columns, rows, row_bytes, numbers)
        self._begin(tuple(columns), changes, max(numbers, default=0) + 1 if numbers is not None else rows)

    def show_rows(self, rows: Sequence[ShownRow], columns: Sequence[str]) -> None:
        """Rows that are in memory, to be looked at."""
        self.book.show(rows)
        self._begin(tuple(columns), None, rows[-1].number + 1 if rows else 0)

    def _begin(self, columns: tuple[str, ...], changes: Changes | None, most: int) -> None:
        self._fitted = False
        self.rows.begin(columns, changes)
        self.numbers.fit(most)
        self.scrollToTop()
        if self.rows.rowCount():
            self.setCurrentIndex(self.rows.index(0, 0))
            self.clearSelection()
        self._settling.start()

    def set_reading(self, reading: Reading | None) -> None:
        """Show the roles of the columns; None: they have none."""
        self.roles.set_reading(reading)

    def set_empty_text(self, text: str) -> None:
        """What stands there while there are no rows."""
        self._empty = text
        self.viewport().update()

    def go_to(self, place: int) -> None:
        """Bring a row to the upper part of the table and choose it."""
        if 0 <= place < self.rows.rowCount():
            index = self.rows.index(place, max(0, self.currentIndex().column()))
            self.setCurrentIndex(index)
            self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    def current_number(self) -> int:
        """The number of the row that has the keyboard; 0 where there is none."""
        place = self.currentIndex().row()
        return self.book.number(place) if 0 <= place < self.book.rows else 0

    def chosen(self, most: int) -> list[int] | None:
        """Numbers of the selected rows; None when there are more than `most`."""
        ranges = {(part.top(), part.bottom()) for part in self.selectionModel().selection().toList()}
        if sum(bottom - top + 1 for top, bottom in ranges) > most:
            return None
        places = sorted({place for top, bottom in ranges for place in range(top, bottom + 1)})
        return [self.book.number(place) for place in places]

    def keyboardSearch(self, search: str) -> None:
        """Letters search nothing here: Qt would ask the model for a million rows."""

    # --- what a person does ---------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, place = event.key(), self.currentIndex().row()
        if self.state() == QAbstractItemView.State.EditingState:
            return  # Enter has ended the editor, and comes here on its way up
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and place >= 0:
            self.row_opened.emit(place)
        elif key == Qt.Key.Key_Down and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.roles.open_menu(max(0, self.currentIndex().column()))
        elif key == Qt.Key.Key_Delete and self.rows.changes is not None:
            self.removal_requested.emit()
        else:
            super().keyPressEvent(event)

    def set_fixed(self, fixed: bool) -> None:
        """Whether nothing may change for the moment."""
        self.rows.fixed = fixed
        self.roles.setEnabled(not fixed)

    def end_editing(self) -> None:
        """What stands in a cell's editor is taken over."""
        if self.state() == QAbstractItemView.State.EditingState:
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(self.indexAt(event.position().toPoint()).row())

    def leaveEvent(self, event: Any) -> None:
        self._hover(-1)
        super().leaveEvent(event)

    def _hover(self, row: int) -> None:
        if row != self._painter.hovered:
            self._painter.hovered = row
            self.viewport().update()

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        """The keyboard comes back to the cell."""
        super().closeEditor(editor, hint)
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _double_clicked(self, index: QModelIndex | QPersistentModelIndex) -> None:
        if not self.rows.flags(index) & Qt.ItemFlag.ItemIsEditable:
            self.row_opened.emit(index.row())

    def _moved(self, index: QModelIndex) -> None:
        self.row_chosen.emit(index.row())

    # --- drawing --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        if self.rows.rowCount():
            self._painter.paint(painter, event.rect())
        elif self._empty:
            painter.setFont(self.look.font(13))
            painter.setPen(self.look.color("text_quiet"))
            flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            painter.drawText(self.viewport().rect().adjusted(16, 4, -16, -4), flags, self._empty)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._settling.start()

    def _arrived(self, first: int, _count: int) -> None:
        if not self._fitted and first == 0:
            self._settling.start()

    def _fit(self) -> None:
        """Columns as wide as what stands at the top needs; the widest ones share what is left or what is missing."""
        rows = [row for row in map(self.book.row, range(min(_LOOKED, self.book.rows))) if row is not None]
        if not rows or not self.rows.columns:
            return
        self._fitted = True
        wished = []
        for place, name in enumerate(self.rows.columns):
            lengths = sorted(len(row.cells[place].text) for row in rows)
            usual = lengths[int(0.9 * (len(lengths) - 1))]
            wished.append(max(_LEAST, min(_MOST, _LETTER * max(usual, len(name) + 2) + 24)))
        for place, width in enumerate(shared_widths(wished, self.viewport().width())):
            self.roles.resizeSection(place, width)


def shared_widths(wished: Sequence[int], room: int) -> list[int]:
    """Widths that fill `room`: spare pixels go to the widest columns, missing ones are taken from them."""
    widths = list(wished)
    if sum(widths) > room:
        limit = _level(wished, room)
        return [min(width, max(_LEAST, limit)) for width in widths]
    widest = [place for place, width in enumerate(widths) if width >= _MOST] or [widths.index(max(widths))]
    spare = room - sum(widths)
    for place in widest:
        widths[place] += spare // len(widest)
    return widths


def _level(wished: Sequence[int], room: int) -> int:
    """The width that none may exceed for all of them to fit."""
    rest, count = room, len(wished)
    for width in sorted(wished):
        if width * count >= rest:
            return rest // count
        rest -= width
        count -= 1
    return max(wished)
