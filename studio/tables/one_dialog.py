"""A way to something by a dialog that the page opens: one at a time, with a project to bring things into."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.parts.opening import ensure_project
from studio.widgets.look import Look


class OneDialog(QObject):
    """`dialog` is the one that is open."""

    refused = Signal(object)  # StudioError

    def __init__(self, session: Session, look: Look, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._look, self._window = session, look, window
        self.dialog: QDialog | None = None

    def has_project(self) -> bool:
        """Whether there is a project, made now if there was none; why there is not is told."""
        try:
            ensure_project(self._session, tr("My project"))
        except StudioError as error:
            self.refused.emit(error)
            return False
        return True

    def open(self, dialog: QDialog) -> None:
        """Show a dialog until it is closed in whatever way."""
        dialog.finished.connect(self._closed)
        dialog.finished.connect(dialog.deleteLater)
        self.dialog = dialog
        dialog.open()

    def _closed(self) -> None:
        self.dialog = None
