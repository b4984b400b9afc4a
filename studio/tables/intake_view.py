"""A table on its way in: its first rows live, how they are read, and the one button that takes it in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.formats import Choices, is_table
from studio.live.jobs import Job
from studio.live.session import Session
from studio.parts.opening import ensure_project
from studio.parts.progress import Progress
from studio.parts.wording import disk_size
from studio.rows.kinds import Reading
from studio.tables.changes import with_role
from studio.tables.intake_form import IntakeForm
from studio.tables.row_edits import as_kind
from studio.tables.row_grid import RowGrid
from studio.tables.row_words import counted_rows
from studio.tables.table_look import Counted, Looked, count_rows, look_at
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.store.datasets import Dataset

_FORM, _NARROW_FORM = 320, 264
_ROOMY_FROM = 900


@dataclass(frozen=True)
class _State:
    """What can be undone: how the file is read, and its columns; `reading` None: as it is recognised."""

    choices: Choices
    reading: Reading | None


class IntakeView(QWidget):
    """One table at a time; several that were dropped together come one after the other."""

    changed = Signal()  # what the page's button says
    imported = Signal(object, object)  # Dataset, and the Path that it came from
    refused = Signal(object)  # StudioError
    text_requested = Signal(object)  # a Path that is to be read as flowing text
    closed = Signal()

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._waiting: list[Path] = []
        self._path = Path()
        self._state, self._past = _State(Choices(), None), list[_State]()
        self._looked: Looked | None = None
        self._looked_with = Choices()  # how the table was read for that
        self._counted: Counted | None = None
        self._importing: Job | None = None
        self.form = IntakeForm(look)
        self.card = Card(" ", look)
        self.grid = RowGrid(session.jobs, look, tr("First rows of the table"))
        self.skip = Button(tr("Not this one"), self.leave, look, "quiet").set_small()
        self.card.header.addWidget(self.skip)
        self.card.body.addWidget(self.grid, 1)
        self.card.body.addWidget(self.form.faults)
        self.progress = Progress(look, tr("Progress of the import"))
        self.card.body.addWidget(self.progress)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(16)
        line.addWidget(self.form)
        line.addWidget(self.card, 1)
        self.form.choices_changed.connect(self._choose)
        self.form.kind_chosen.connect(self._choose_kind)
        self.form.undo_requested.connect(self.undo)
        self.form.text_requested.connect(self._as_text)
        self.grid.roles.role_chosen.connect(self._choose_role)
        undo = QShortcut(QKeySequence(QKeySequence.StandardKey.Undo), self)
        undo.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        undo.activated.connect(self.undo)

    # --- one after the other --------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether a table is looked at or taken in."""
        return self._path != Path()

    @property
    def button(self) -> str:
        """What the page's one button says."""
        if self._importing is not None:
            return tr("Importing…")
        return tr("Import {rows}", rows=counted_rows(self._counted.rows)) if self._counted else tr("Import")

    @property
    def ready(self) -> bool:
        """Whether the button does something."""
        seen = self._looked is not None and self._looked_with == self._state.choices
        return seen and self._importing is None and (not self._counted or self._counted.rows > 0)

    def open(self, paths: Sequence[Path]) -> None:
        """Look at these tables, one after the other."""
        self._waiting += [path for path in paths if path not in self._waiting]
        if not self.busy:
            self._next()

    def leave(self) -> None:
        """Not this one; the next, if there is one."""
        if self._importing is None:
            self._next()

    def _next(self) -> None:
        for lane in ("intake.look", "intake.count"):
            self._session.jobs.cancel_lane(lane)
        self._past.clear()
        self._looked = self._counted = None
        self.grid.show_rows((), ())
        if not self._waiting:
            self._path = Path()
            self.closed.emit()
            return
        self._path = self._waiting.pop(0)
        self._state = _State(Choices(), None)
        self.form.name.setText(_name_of(self._path))
        more = len(self._waiting)
        self.card.set_title(self._path.name)
        self.card.set_note(tr("{count} more wait", count=more) if more else "")
        self._look()

    # --- looking --------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Read the beginning with the present choices, then count to the end."""
        self._counted, choices = None, self._state.choices
        self._session.jobs.cancel_lane("intake.count")
        self.form.set_counted(None)
        self.grid.set_empty_text(tr("Reading the first rows…"))
        job = self._session.jobs.start(look_at, self._path, choices, lane="intake.look")
        job.succeeded.connect(partial(self._show, choices))
        job.failed.connect(self._failed)
        self.changed.emit()

    def _show(self, choices: Choices, looked: Looked) -> None:
        before, self._looked, self._looked_with = self._looked, looked, choices
        if before is not None and before.facts.columns != looked.facts.columns and self._state.reading is not None:
            self._state = replace(self._state, reading=None)
        self.form.set_looked(looked, self._state.choices)
        more = len(self._waiting)
        size = disk_size(looked.facts.bytes)
        self.card.set_note(tr("{size}, first {count} rows", size=size, count=len(looked.rows))
                           + (tr(" · {count} more wait", count=more) if more else ""))  # fmt: skip
        self.grid.set_empty_text(tr("There are no rows that could be read."))
        self.grid.show_rows(looked.rows, looked.facts.columns)
        self._show_reading()
        self.form.set_counting(0.0)
        job = self._session.jobs.start(count_rows, self._path, self._state.choices, lane="intake.count")
        job.progressed.connect(self._counting)
        job.succeeded.connect(self._count)
        job.failed.connect(self._not_counted)

    def _failed(self, error: StudioError) -> None:
        self.refused.emit(error)
        if self._looked is None:
            self._next()
        else:
            self.grid.show_rows((), ())
            self.form.set_counted(None)

    def _counting(self, done: int, total: int) -> None:
        self.form.set_counting(done / total if total else 0.0)

    def _count(self, counted: Counted) -> None:
        self._counted = counted
        self.form.set_counted(counted)
        self.changed.emit()

    def _not_counted(self, error: StudioError) -> None:
        self.form.set_counted(None)
        self.refused.emit(error)

    # --- choosing -------------------------------------------------------------------------------------------------

    @property
    def reading(self) -> Reading:
        """How the rows are read: as was chosen, else as was recognised."""
        chosen = self._state.reading or (self._looked.reading if self._looked is not None else None)
        return chosen or Reading("text")

    def undo(self) -> None:
        """Take the last choice back."""
        if self._past and self._importing is None:
            before, self._state = self._state, self._past.pop()
            self._apply(before)

    def _choose(self, choices: Choices) -> None:
        self._become(replace(self._state, choices=choices))

    def _choose_kind(self, kind: str) -> None:
        self._become(replace(self._state, reading=as_kind(self.reading, kind)))

    def _choose_role(self, column: str, role: str) -> None:
        self._become(replace(self._state, reading=with_role(self.reading, column, role)))

    def _become(self, state: _State) -> None:
        if state != self._state and self._importing is None:
            self._past.append(self._state)
            before, self._state = self._state, state
            self._apply(before)

    def _apply(self, before: _State) -> None:
        self._show_reading()
        if before.choices != self._state.choices:
            self._look()

    def _show_reading(self) -> None:
        self.form.undo.setVisible(bool(self._past))
        self.form.set_reading(self.reading)
        self.grid.set_reading(self.reading)
        self.changed.emit()

    # --- taking in ------------------------------------------------------------------------------------------------

    def import_now(self) -> None:
        """Take the table in, with everything as it stands there."""
        if not self.ready:
            return
        self._session.jobs.cancel_lane("intake.count")
        name = self.form.name.text().strip() or _name_of(self._path)
        try:
            ensure_project(self._session, tr("My project"))
            self._importing = job = self._session.datasets.add(self._path, self._state.choices, self.reading, name)
        except StudioError as error:
            self.refused.emit(error)
            return
        self.progress.follow(job, tr("Reading {name}", name=self._path.name))
        job.succeeded.connect(self._taken_in)
        job.failed.connect(self.refused)
        job.ended.connect(self._ended)
        self._freeze(True)

    def _taken_in(self, dataset: "Dataset") -> None:
        self._importing = None
        self._freeze(False)
        self.imported.emit(dataset, self._path)
        self._next()

    def _ended(self) -> None:
        self._importing = None
        self._freeze(False)

    def _freeze(self, on: bool) -> None:
        for widget in (self.form, self.skip):
            widget.setEnabled(not on)
        self.changed.emit()

    def _as_text(self) -> None:
        path = self._path
        self._next()
        self.text_requested.emit(path)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.form.setFixedWidth(_FORM if self.width() >= _ROOMY_FROM else _NARROW_FORM)


def sorted_out(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Tables, and what is read as flowing text."""
    tables = [path for path in paths if is_table(path)]
    return tables, [path for path in paths if path not in tables]


def _name_of(path: Path) -> str:
    """Without what says how it is packed and read: letters.csv.gz is "letters"."""
    if path.is_dir():
        return path.name
    inner = Path(path.stem) if path.suffix in (".gz", ".zst") else path
    return inner.stem or path.name
