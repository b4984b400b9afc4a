"""Where a person writes the beginning: a small page, the room it takes of the model's context, and the buttons."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QWidget

from studio.core.language import tr
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look


class PromptEdit(QPlainTextEdit):
    """Enter submits, Shift+Enter begins a line; Up and Down in an empty prompt bring earlier ones back."""

    submitted = Signal()
    browsed = Signal(int, bool)  # places to go, 1 for older; whether from the newest

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._recalled = ""

    def recall(self, text: str) -> None:
        """Show an earlier prompt, from which Up and Down go on."""
        self._recalled = text
        self.setPlainText(text)
        self.moveCursor(QTextCursor.MoveOperation.End)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter without Shift is a wish to write."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()), 0)
        if enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.submitted.emit()
        elif step and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier and self._browses(step):
            self.browsed.emit(step, not self.toPlainText())
        else:
            super().keyPressEvent(event)

    def _browses(self, step: int) -> bool:
        """Whether an arrow means another prompt: nothing was typed, and it leaves the first or last line."""
        cursor = self.textCursor()
        way = QTextCursor.MoveOperation.Up if step > 0 else QTextCursor.MoveOperation.Down
        return self.toPlainText() in ("", self._recalled) and not cursor.movePosition(way)


class PromptCard(Card):
    """The prompt, below it the room it takes, "Go on" and the page's primary button."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__("", look, parent)
        self.edit = PromptEdit()
        self.edit.setFrameShape(QFrame.Shape.NoFrame)
        self.edit.setProperty("kind", "bare")
        self.edit.setStyleSheet("font-size: 15px")
        self.edit.document().setDocumentMargin(0)
        self.edit.setPlaceholderText(tr("The beginning of a text…"))
        self.edit.setAccessibleName(tr("Prompt"))
        self.edit.setTabChangesFocus(True)
        self.edit.setFixedHeight(44)
        self.room = Label("", "small", wrap=True)
        self.go_on = Button(tr("Go on"), None, look)
        self.primary = Button("", None, look, "primary")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.room, 1)
        row.addWidget(self.go_on)
        row.addWidget(self.primary)
        self.body.addWidget(self.edit)
        self.body.addLayout(row)

    @property
    def text(self) -> str:
        """What was typed, exactly."""
        return self.edit.toPlainText()

    def set_text(self, text: str) -> None:
        """Show another prompt."""
        if text != self.text:
            self.edit.setPlainText(text)
