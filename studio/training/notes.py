"""What a person writes down about a run: saved as it is typed."""

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QVBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.store.runs import RunRecord
from studio.widgets.label import Label
from studio.widgets.look import Look

PAUSE_MS = 600  # without a key before the notes go to disk


class RunNotes(QWidget):
    """Belongs to one record at a time; changing it, hiding and closing save first."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._record: RunRecord | None = None
        self.edit = QPlainTextEdit()
        self.edit.setFrameShape(QFrame.Shape.NoFrame)
        self.edit.setProperty("kind", "bare")
        self.edit.setPlaceholderText(tr("What did you try, and what did you see?"))
        self.edit.setAccessibleName(tr("Notes on the run"))
        self.edit.setTabChangesFocus(True)
        self.edit.textChanged.connect(self._typed)
        self.state = Label("", "small")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.edit, 1)
        column.addWidget(self.state)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self.save)

    def set_record(self, record: RunRecord | None) -> None:
        """Show another run's notes."""
        if record is self._record:
            return
        self.save()
        self._record = record
        self.edit.blockSignals(True)
        self.edit.setPlainText(record.notes if record is not None else "")
        self.edit.blockSignals(False)
        self.edit.setEnabled(record is not None)
        self.state.setText("")

    def save(self) -> None:
        """Write what was typed, if anything was; a full disk is said here and the text stays."""
        if not self._timer.isActive() and self.state.text() != tr("Not saved yet"):
            return
        self._timer.stop()
        if self._record is None:
            return
        try:
            self._record.save_notes(self.edit.toPlainText())
        except StudioError as error:
            self.state.setText(str(error))
            return
        self.state.setText(tr("Saved"))

    def _typed(self) -> None:
        self.state.setText(tr("Not saved yet"))
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Leaving the page saves."""
        self.save()
        super().hideEvent(event)
