"""The way to public datasets by name: a dialog that fetches files, which then come in like those of this computer."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.core.language import tr
from studio.live.public_datasets import PublicDatasets
from studio.live.session import Session
from studio.tables.one_dialog import OneDialog
from studio.widgets.button import Button
from studio.widgets.look import Look


class PublicData(OneDialog):
    """`fetched` brings the files."""

    fetched = Signal(list)  # of Path

    def __init__(self, session: Session, look: Look, window: QWidget) -> None:
        super().__init__(session, look, window)
        self._waiting: set[Path] = set()  # fetched, and in no project yet

    def button(self) -> Button:
        """One more way in."""
        return Button(tr("Get a public dataset…"), self.ask, self._look, "link").set_small()

    def ask(self) -> None:
        """Ask for a dataset by name."""
        from studio.tables.hub_dialog import HubDatasetDialog

        if self.has_project():
            dialog = HubDatasetDialog(self._session, self._look, self._window)
            dialog.fetched.connect(self._arrived)
            self.open(dialog)

    def taken_in(self, *paths: Path) -> None:
        """A project has its own copy of these; of those that were fetched from here, the fetched files go."""
        for path in self._waiting.intersection(paths):
            self._waiting.discard(path)
            PublicDatasets(self._session).forget(path).failed.connect(self.refused)

    def _arrived(self, paths: list[Path]) -> None:
        self._waiting.update(paths)
        self.fetched.emit(paths)
