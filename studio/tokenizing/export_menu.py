"""A tokenizer as files: the forms that say it exactly, and where they go."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from studio.core.language import tr
from studio.live.session import Session
from studio.tokenizers import Tokenizer
from studio.widgets.button import Button
from studio.widgets.look import Look


class ExportMenu(Button):
    """The forms that a tokenizer can be written in; asks for a folder, then writes."""

    refused = Signal(object)  # StudioError

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Export…"), self.open, look, "", "export", parent)
        self._session = session
        self._tokenizer: Tokenizer | None = None
        self._forms: list[tuple[str, str]] = []

    def set_tokenizer(self, tokenizer: Tokenizer | None) -> None:
        """What is written from now on; the forms that fit are found on a worker."""
        if tokenizer is self._tokenizer:
            return
        self._tokenizer, self._forms = tokenizer, []
        self.setEnabled(False)
        if tokenizer is not None:
            self._session.tokenizers.forms(tokenizer).succeeded.connect(self._take_forms)

    def _take_forms(self, forms: list[tuple[str, str]]) -> None:
        self._forms = forms
        self.setEnabled(bool(forms))

    def menu_of_forms(self) -> QMenu:
        """The forms that this tokenizer has."""
        menu = QMenu(self)
        for form, words in self._forms:
            menu.addAction(tr(words), partial(self._ask, form))
        return menu

    def open(self) -> None:
        """Show the forms below the button."""
        menu = self.menu_of_forms()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.mapToGlobal(QPoint(0, self.height() + 4)))

    def _ask(self, form: str) -> None:
        dialog = QFileDialog(self, tr("Choose a folder for the files"), str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(partial(self.write, form))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def write(self, form: str, folder: str) -> None:
        """Write the files into a folder."""
        if self._tokenizer is None:
            return
        job = self._session.tokenizers.export(self._tokenizer, Path(folder), form)
        job.succeeded.connect(self._written)
        job.failed.connect(self.refused)

    def _written(self, paths: tuple[Path, ...]) -> None:
        names = ", ".join(path.name for path in paths)
        self._session.notices.post("good", tr("The tokenizer is saved as {names}.", names=names))
