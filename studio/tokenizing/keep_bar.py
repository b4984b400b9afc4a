"""Keeping what was learned: under a name in the project, or as files for other programs."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.controls.editors import TextEdit
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.learned import Learned
from studio.live.session import Session
from studio.tokenizing.export_menu import ExportMenu
from studio.widgets.button import Button
from studio.widgets.label import Label
from studio.widgets.look import Look


class KeepBar(QWidget):
    """A name, a button that saves, and one that exports. `saved` tells the name, and whether it is to be used."""

    saved = Signal(str, bool)
    refused = Signal(object)  # StudioError

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._learned: Learned | None = None
        self._use = self.saving = False
        self.name = TextEdit()
        self.name.setAccessibleName(tr("Name of the tokenizer"))
        self.save_only = Button(tr("Save"), self.save, look)
        self.export = ExportMenu(session, look)
        self.export.refused.connect(self.refused)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(Label(tr("Name"), "quiet"))
        line.addWidget(self.name, 1)
        line.addWidget(self.save_only)
        line.addWidget(self.export)

    def show_learned(self, learned: Learned, name: str) -> None:
        """Another one to keep; `name` is offered."""
        self._learned = learned
        self.export.set_tokenizer(learned.tokenizer)
        self.name.set_value(name)
        self._free(True)

    def save(self, use: bool = False) -> None:
        """Keep it in the project; a name that is taken gets a number."""
        if self._learned is None or self.saving:
            return
        try:
            job = self._session.tokenizers.save(self._learned, self.name.value().strip())
        except StudioError as error:
            self.refused.emit(error)
            return
        self._use, self.saving = use, True
        job.succeeded.connect(self._saved)
        job.failed.connect(self.refused)
        job.ended.connect(self._ended)

    def _saved(self, name: str) -> None:
        self.saving = False
        self.name.set_value(name)
        self._free(False)
        self.saved.emit(name, self._use)

    def _ended(self) -> None:
        self.saving = False

    def _free(self, free: bool) -> None:
        self.name.setReadOnly(not free)
        self.save_only.setEnabled(free)
        self.save_only.setText(tr("Save") if free else tr("Saved"))
