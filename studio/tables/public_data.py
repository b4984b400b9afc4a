"""The way to public datasets by name: a dialog that fetches files, which then come in like those of this computer."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.public_datasets import PublicDatasets
from studio.live.session import Session
from studio.parts.opening import ensure_project
from studio.widgets.button import Button
from studio.widgets.look import Look


class PublicData(QObject):
    """One dialog at a time; `fetched` brings its files."""

    fetched = Signal(list)  # of Path
    refused = Signal(object)  # StudioError

    def __init__(self, session: Session, look: Look, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._look, self._window = session, look, window
        self.dialog: QDialog | None = None
        self._waiting: set[Path] = set()  # fetched, and in no project yet

    def button(self) -> Button:
        """One more way in."""
        return Button(tr("Get a public dataset…"), self.ask, self._look, "link").set_small()

    def ask(self) -> None:
        """Ask for a dataset by name."""
        from studio.tables.hub_dialog import HubDatasetDialog

        try:
            ensure_project(self._session, tr("My project"))
        except StudioError as error:
            self.refused.emit(error)
            return
        dialog = HubDatasetDialog(self._session, self._look, self._window)
        dialog.fetched.connect(self._arrived)
        dialog.finished.connect(self._closed)
        dialog.finished.connect(dialog.deleteLater)
        self.dialog = dialog
        dialog.open()

    def taken_in(self, *paths: Path) -> None:
        """A project has its own copy of these; of those that were fetched from here, the fetched files go."""
        for path in self._waiting.intersection(paths):
            self._waiting.discard(path)
            PublicDatasets(self._session).forget(path).failed.connect(self.refused)

    def _arrived(self, paths: list[Path]) -> None:
        self._waiting.update(paths)
        self.fetched.emit(paths)

    def _closed(self) -> None:
        self.dialog = None
