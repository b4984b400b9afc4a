"""The rows of a dataset: looked through, found, given roles, edited and kept as the next version."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.parts.source_view import SourceView
from studio.store.corpus import Text
from studio.tables.changes import MOST_ROWS
from studio.tables.open_row import OpenRow
from studio.tables.row_detail import RowDetail
from studio.tables.row_edits import RowEdits
from studio.tables.row_finder import RowFinder
from studio.tables.row_grid import RowGrid
from studio.tables.row_sources import page_of, picked, pieces
from studio.tables.row_tools import RowTools
from studio.tables.row_words import ShownRow, counted_rows
from studio.tables.strip import Strip
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.store.datasets import Dataset

    Source = Text | Dataset

_DETAIL = 320
_BOTH_FROM = 660  # pixels: below that an open row takes the place of the table
_WIDEST = 16_777_215  # of any widget
_PIECES = 10_000  # pieces of a text that are shown at once
_BACK, _ALL = 0, 1  # buttons of the strip above picked rows
_UNDO = 0  # button of the strip below


class RowsView(SourceView):
    """The whole dataset, or the rows that somebody picked, or pieces of a text."""

    row_shown = Signal(bool)  # whether a row is open at the side
    back_requested = Signal()  # to the view that picked the rows

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(session, look, parent)
        self.edits, self.finder = RowEdits(session, self), RowFinder(session, self)
        self.tools = RowTools(look)
        self.picks = Strip(look, [(tr("Back"), self.back_requested.emit), (tr("Show all rows"), self._all_pressed)])
        self.save_bar = Strip(
            look,
            [(tr("Undo"), self.edits.undo), (tr("Discard"), self.edits.discard),
             (tr("Save as a new version"), self._save)],
            "warning",
        )  # fmt: skip
        self.grid = RowGrid(session.jobs, look, tr("Rows of the dataset"))
        self.detail = RowDetail(look)
        self.detail.hide()
        self._open = OpenRow(session, self.grid, self.detail, self.edits)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(self.grid, 1)
        line.addWidget(self.detail)
        column.addWidget(self.tools)
        column.addWidget(self.picks)
        column.addLayout(line, 1)
        column.addWidget(self.save_bar)
        self._connect()
        self._set_keys()

    def _connect(self) -> None:
        self.tools.kind_chosen.connect(self.edits.set_kind)
        self.tools.find_requested.connect(self.find_words)
        self.tools.row_requested.connect(self.go_to)
        self.grid.roles.role_chosen.connect(self.edits.set_role)
        self.grid.row_opened.connect(self.open_row)
        self.grid.row_chosen.connect(self._follow)
        self.grid.removal_requested.connect(self._remove_chosen)
        self.grid.rows.edited.connect(self.edits.write)
        self.grid.book.failed.connect(self.refused)
        self.detail.changed.connect(self.edits.write)
        self.detail.step_requested.connect(self._step)
        self.detail.removal_requested.connect(self._remove_one)
        self.detail.closed.connect(self.close_row)
        self._open.refused.connect(self.refused)
        self.edits.changed.connect(self._edited)
        self.edits.refused.connect(self.refused)
        self.edits.saved.connect(self.made)
        self.finder.moved.connect(self._show_search)
        self.finder.found.connect(self._show_found)
        self.finder.refused.connect(self.refused)

    def _set_keys(self) -> None:
        keys = QKeySequence.StandardKey
        wishes: list[tuple[list[QKeySequence], Callable[[], None]]] = [
            (QKeySequence.keyBindings(keys.Undo), self.edits.undo),
            (QKeySequence.keyBindings(keys.Redo), self.edits.redo),
            (QKeySequence.keyBindings(keys.Save), self._save),
            (QKeySequence.keyBindings(keys.Find), self.tools.focus_find),
            ([QKeySequence("Ctrl+G")], self.tools.focus_row),
        ]
        for bindings, slot in wishes:
            shortcut = QShortcut(self)
            shortcut.setKeys(bindings)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)

    # --- which rows -----------------------------------------------------------------------------------------------

    @property
    def dataset(self) -> "Dataset | None":
        """What is shown, where it is a dataset."""
        return None if self.source is None or isinstance(self.source, Text) else self.source

    def set_source(self, source: "Source | None") -> None:
        """Look at this one; unsaved changes of the former one wait there."""
        self.close_row()
        self.tools.clear()
        self.finder.forget()
        self.source = source
        self.edits.set_dataset(self.dataset)
        self._open.dataset = self.dataset
        self.show_all()

    def show_all(self) -> None:
        """Every row of the dataset; the row that was chosen stays in sight."""
        number = self.grid.current_number() if self.picks.isVisible() else 0
        self.finder.forget()
        self.picks.say("")
        self._fill(None)
        if number:
            self.grid.go_to(number)
        self._show_state()

    def show_only(self, title: str, numbers: Sequence[int], *, back: bool = True) -> None:
        """Exactly these rows, under a title that says what they have in common."""
        self.close_row()
        self.finder.forget()
        self.picks.buttons[_BACK].setVisible(back)
        self.picks.buttons[_ALL].setVisible(self.dataset is not None)
        self.picks.buttons[_ALL].setText(tr("Show all rows"))
        if isinstance(self.source, Text):
            self.picks.say(tr("{title} · reading…", title=title))
            job = self.session.jobs.start(pieces, self.source, numbers, _PIECES, lane="rows.pieces")
            job.succeeded.connect(partial(self._pieces_read, title, len(numbers)))
            job.failed.connect(self.refused)
        else:
            self.picks.say(f"{title} · {counted_rows(len(numbers))}")
        self._fill(numbers)
        self._show_state()

    def find_words(self, words: str) -> None:
        """Show only the rows that hold these words; none: all of them again."""
        if self.dataset is not None and words:
            self.finder.find(self.dataset, words)
        elif self.picks.isVisible():
            self.show_all()

    def go_to(self, number: int) -> None:
        """Bring row `number` (from 0) into sight; where only some rows are shown, all of them come back."""
        if self.picks.isVisible():
            self.show_all()
        self.grid.go_to(min(number, self.grid.rows.rowCount() - 1))
        self.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def _fill(self, numbers: Sequence[int] | None) -> None:
        dataset = self.dataset
        if dataset is None:
            self.grid.show_rows((), ("text",))
            return
        size = dataset.bytes / max(1, dataset.rows)
        fetch = partial(page_of, dataset) if numbers is None else partial(picked, dataset, numbers)
        count = dataset.rows if numbers is None else len(numbers)
        self.grid.set_empty_text(tr("No rows."))
        self.grid.show_source(fetch, dataset.columns, count, row_bytes=size, changes=self.edits.now, numbers=numbers)

    def _pieces_read(self, title: str, wanted: int, rows: list[ShownRow]) -> None:
        words = tr("{title} · {count} pieces of the text", title=title, count=f"{wanted:,}")
        if len(rows) < wanted:
            words += " " + tr("(the first {count} are shown)", count=f"{len(rows):,}")
        self.picks.say(words)
        self.grid.show_rows(rows, ("text",))

    def _all_pressed(self) -> None:
        if self.finder.searching:
            self.finder.stop()
        else:
            self.tools.clear()
            self.show_all()

    def _show_search(self) -> None:
        words = tr("Looking for “{words}”: {count} rows so far, {share} % read",
                   words=self.finder.words, count=f"{len(self.finder.numbers):,}",
                   share=int(100 * self.finder.share))  # fmt: skip
        self.picks.buttons[_BACK].hide()
        self.picks.buttons[_ALL].setText(tr("Stop"))
        self.picks.buttons[_ALL].show()
        self.picks.say(words)

    def _show_found(self, words: str, numbers: list[int]) -> None:
        self.show_only(tr("Rows with “{words}”", words=words), numbers, back=False)

    # --- changes --------------------------------------------------------------------------------------------------

    def _edited(self) -> None:
        if not self.detail.isHidden():
            self._open.show(self.grid.currentIndex().row())
        self.grid.rows.set_changes(self.edits.now)
        self._show_state()

    def _show_state(self) -> None:
        """Kind, roles, and what waits to be kept."""
        now = self.edits.now
        self.tools.setVisible(now is not None)
        self.grid.set_reading(now.reading if now is not None else None)
        if now is not None:
            self.tools.set_reading(now.reading)
        self.grid.set_fixed(self.edits.saving)
        self.tools.kind.setEnabled(not self.edits.saving)
        words = now.words() if now is not None and now.present else ""
        self.save_bar.say(tr("Writing the next version…") if words and self.edits.saving else words)
        self.save_bar.label.setToolTip(tr("{words}. They wait here, also when Atelier is closed.", words=words))
        for button in self.save_bar.buttons:
            button.setEnabled(not self.edits.saving)
        self.save_bar.buttons[_UNDO].setEnabled(now is not None and now.can_undo and not self.edits.saving)

    def _save(self) -> None:
        self.grid.end_editing()
        self.detail.keep()
        self.edits.save()

    def _remove_chosen(self) -> None:
        numbers = self.grid.chosen(MOST_ROWS)
        if numbers is None:
            words = tr("More than {count} rows are selected.", count=f"{MOST_ROWS:,}")
            self.refused.emit(StudioError(words, tr("So many rows are better left out by a filter under Clean.")))
        else:
            self.edits.remove(numbers)

    def _remove_one(self, number: int) -> None:
        self.edits.remove([number])

    # --- one row --------------------------------------------------------------------------------------------------

    def open_row(self, place: int) -> None:
        """Show the row at a place in full."""
        if self.detail.isHidden():
            self.detail.show()
            self._arrange()
            self.row_shown.emit(True)
        self.grid.go_to(place)
        self._open.show(place)

    def close_row(self) -> None:
        """The table alone again, with the keyboard."""
        if not self.detail.isHidden():
            self.detail.keep()
            self.detail.hide()
            self._arrange()
            self.row_shown.emit(False)
            self.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def _follow(self, place: int) -> None:
        if not self.detail.isHidden() and place >= 0:
            self._open.show(place)

    def _step(self, by: int) -> None:
        self.grid.go_to(self.grid.currentIndex().row() + by)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """In a narrow page the open row stands alone."""
        opened, both = not self.detail.isHidden(), self.width() >= _BOTH_FROM
        self.grid.setVisible(both or not opened)
        width = max(_DETAIL, self.width() // 3)
        self.detail.setMinimumWidth(width if both else 0)
        self.detail.setMaximumWidth(width if both else _WIDEST)
