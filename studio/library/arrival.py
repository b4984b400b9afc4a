"""A foreign model on its way in: what was found, before anything is read; a name; the import; or why it cannot be."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.controls.editors import TextEdit
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.library.facts import fact_rows, fit_rows, note_words, short_words
from studio.library.fits import fits_of
from studio.live.session import Session
from studio.parts.opening import ensure_project
from studio.parts.progress import Progress
from studio.parts.wording import disk_size
from studio.store.library import Entry
from studio.store.models import StoredModel
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.fact_rows import FactRows
from studio.widgets.label import Label
from studio.widgets.look import Look


class Arrival(Card):
    """Follows one file or folder from the drop to the table; `left` says that there is nothing more to show."""

    added = Signal(object)  # StoredModel
    left = Signal()

    def __init__(self, session: Session, room: Callable[[], tuple[int, int, str]], look: Look) -> None:
        super().__init__(tr("Import"), look)
        self._session, self._room = session, room
        self.path: Path | None = None
        self.entry: Entry | None = None
        self.close_button = Button(tr("Close"), self.leave, look, "quiet", "close").set_small()
        self.header.addWidget(self.close_button)
        self.source = Label("", "small", wrap=True)
        self.progress = Progress(look, tr("Progress of the import"))
        self.progress.ended.connect(self._job_ended)
        self.trouble, self.hint = Label("", "danger", wrap=True), Label("", "small", wrap=True)
        self.summary = Label("", "strong", wrap=True)
        self.name = TextEdit()
        self.name.returnPressed.connect(self.accept)
        self.name.setAccessibleName(tr("What to call it here"))
        self.import_button = Button("", self.accept, look, "primary").set_small()
        self.rows, self.fits, self.notes = FactRows(), FactRows(), Label("", "warning", wrap=True)
        self._found = self._details()
        for widget in (self.source, self.progress, self.trouble, self.hint, self._found):
            self.body.addWidget(widget)

    def _details(self) -> QWidget:
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.summary)
        column.addWidget(Label(tr("Name"), "small"))
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.name, 1)
        line.addWidget(self.import_button)
        column.addLayout(line)
        column.addWidget(self.notes)
        column.addWidget(self.rows)
        column.addSpacing(8)
        column.addWidget(Label(tr("Will it fit here?"), "strong"))
        column.addWidget(self.fits)
        return whole

    @property
    def busy(self) -> bool:
        """Whether something is being looked into or brought in."""
        return self.progress.job is not None

    def open(self, path: Path) -> None:
        """Look into a file or folder; what was being looked at before is forgotten."""
        self.progress.call_off()
        self.path, self.entry = path, None
        self._say()
        self.source.setText(str(path))
        self._found.hide()
        job = self._session.models.look(path)
        job.succeeded.connect(self._show)
        job.failed.connect(self._refused)
        self.progress.follow(job, tr("Looking into {name}…", name=path.name))

    def accept(self) -> None:
        """Import what was found, into a new project if none is open."""
        if self.path is None or self.entry is None or self.entry.trouble or self.busy:
            return
        name = self.name.text().strip() or self.entry.name
        try:
            ensure_project(self._session, tr("My project"))
            job = self._session.models.add(self.path, name)
        except StudioError as error:
            self._refused(error)
            return
        self._say()
        self._found.setEnabled(False)
        job.succeeded.connect(self._added)
        job.failed.connect(self._refused)
        self.progress.follow(job, tr("Importing {name}…", name=name))

    def leave(self) -> None:
        """Put it away; an import that is under way is called off, and nothing of it stays."""
        self.progress.call_off()
        self.path = self.entry = None
        self.left.emit()

    def _show(self, entry: Entry) -> None:
        self.entry = entry
        self.summary.setText(short_words(entry))
        self.name.setText(entry.name)
        self.import_button.setText(tr("Import {size}", size=disk_size(entry.bytes)))
        self.import_button.setEnabled(not entry.trouble)
        self.rows.set_rows([row for row in fact_rows(entry) if row.name not in (tr("Kind"), tr("From"))])
        self.notes.setText("\n".join(note_words(entry)))
        self.notes.setVisible(bool(self.notes.text()))
        free, _, whose = self._room()
        found = fits_of(entry.config, free, whose)
        self.fits.set_rows(fit_rows(found))
        if entry.trouble:
            what, _, details = entry.trouble.partition("\n")
            self._say(what, details)
        elif found["chat"].verdict == "too large":
            self._say("", found["chat"].sentence)
        self._found.setEnabled(True)
        self._found.show()
        self.name.setFocus()
        self.name.selectAll()

    def _added(self, model: StoredModel) -> None:
        self.path = self.entry = None
        self.added.emit(model)
        self.left.emit()

    def _refused(self, error: StudioError) -> None:
        self._say(error.message, error.hint)

    def _say(self, trouble: str = "", hint: str = "") -> None:
        """What went wrong and what to do; nothing takes both away."""
        for label, words in ((self.trouble, trouble), (self.hint, hint)):
            label.setText(words)
            label.setVisible(bool(words))

    def _job_ended(self, called_off: bool) -> None:
        self._found.setEnabled(True)
        if called_off and self.path is not None and self.entry is None:
            self.leave()
