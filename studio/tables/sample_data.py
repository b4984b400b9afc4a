"""The way to the datasets that come along: a dialog that shows what each is good for, and adds one."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.parts.opening import ensure_project
from studio.widgets.button import Button
from studio.widgets.look import Look


class SampleData(QObject):
    """One dialog at a time; `made` brings the `Dataset`."""

    made = Signal(object)
    refused = Signal(object)  # StudioError

    def __init__(self, session: Session, look: Look, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._look, self._window = session, look, window
        self.dialog: QDialog | None = None

    def button(self) -> Button:
        """One more way in."""
        return Button(tr("Add a sample dataset…"), self.ask, self._look, "link").set_small()

    def ask(self) -> None:
        """Show the samples, with a project to add one to."""
        from studio.tables.samples_dialog import SamplesDialog

        try:
            ensure_project(self._session, tr("My project"))
        except StudioError as error:
            self.refused.emit(error)
            return
        dialog = SamplesDialog(self._session, self._look, self._window)
        dialog.made.connect(self.made)
        dialog.finished.connect(self._closed)
        dialog.finished.connect(dialog.deleteLater)
        self.dialog = dialog
        dialog.open()

    def _closed(self) -> None:
        self.dialog = None
