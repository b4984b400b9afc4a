"""The way to read a text differently: a dialog with its encodings, opened from what is known of it or refused of it."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QWidget

from studio.core.language import tr
from studio.live.session import Session
from studio.store.corpus import Text
from studio.widgets.banner import Actions
from studio.widgets.look import Look


class TextReading(QObject):
    """One dialog at a time; `chosen` tells files and how they are to be read."""

    chosen = Signal(list, object)  # of Path, TextChoices

    def __init__(self, session: Session, look: Look, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._look, self._window = session, look, window
        self.dialog: QDialog | None = None

    def ask_for(self, text: Text) -> None:
        """Ask how the files of a text are to be read."""
        self.ask([Path(source) for source in text.sources])

    def ask(self, paths: Sequence[Path]) -> None:
        """Ask how these files are to be read."""
        from studio.tables.reading_dialog import ReadingDialog

        dialog = ReadingDialog(self._session, self._look, paths, self._window)
        dialog.chosen.connect(self.chosen)
        dialog.finished.connect(self._closed)
        dialog.finished.connect(dialog.deleteLater)
        self.dialog = dialog
        dialog.open()

    def ways(self, paths: Sequence[Path]) -> Actions:
        """What a banner offers that refuses these files: a single one may be readable otherwise."""
        single = len(paths) == 1 and paths[0].is_file()
        return [(tr("Read it differently…"), partial(self.ask, list(paths)))] if single else []

    def _closed(self) -> None:
        self.dialog = None
