"""One value of a row in full, to read and to change."""

from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.parts.plain_text import guarded
from studio.tables.row_words import edited_text, in_full, value_of
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look

_EDITED = 100_000  # characters that are edited here; of more only the beginning is shown
_SHOWN = 20_000
_LEAST, _MOST = 1, 14  # lines before it scrolls


class _Editor(QPlainTextEdit):
    """Says `left` when a person is done with it: the keyboard goes elsewhere, or Ctrl+Enter."""

    left = Signal()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        lines = max(_LEAST, min(_MOST, int(self.document().size().height())))
        return QSize(120, lines * self.fontMetrics().lineSpacing() + 20)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.sizeHint().height())


class RowField(QWidget):
    """The name of a column, the role it plays, and its value; `changed` brings the new value."""

    changed = Signal(str, object)  # column, value

    def __init__(self, column: str, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column = column
        self._value: Any = None
        self._shown = ""
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        self.name, self.note = ElidedLabel(column, "small"), Label("", "small", wrap=True)
        self.editor = _Editor()
        self.editor.setAccessibleName(column)
        self.editor.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.editor.setTabChangesFocus(True)
        self.editor.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.editor.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.editor.setFont(look.font(13))
        self.editor.document().setDocumentMargin(0)
        self.editor.left.connect(self.keep)
        self.editor.document().documentLayout().documentSizeChanged.connect(self._resized)
        for widget in (self.name, self.editor, self.note):
            box.addWidget(widget)

    def set_value(self, value: Any, role: str, allowed: bool) -> None:
        """Show a value; what an editor would not give back as it was can only be read."""
        self._value = value
        self.name.setText(f"{self.column} · {role}" if role else self.column)
        words = edited_text(value) if allowed else in_full(value)
        long = len(words) > _EDITED
        self.editor.setPlainText(guarded(words[:_SHOWN] if long else words))
        self._shown = self._text()
        exact = self._shown == words
        self.editor.setReadOnly(not (allowed and exact))
        note = ""
        if long:
            note = tr("The first {shown} of {all} characters.", shown=f"{_SHOWN:,}", all=f"{len(words):,}")
        elif allowed and not exact:
            note = tr("Too long a line, or characters that an editor would change: it can only be read here.")
        self.note.setText(note)
        self.note.setVisible(bool(note))

    def keep(self) -> None:
        """Tell what was changed, if anything was."""
        text = self._text()
        if not self.editor.isReadOnly() and text != self._shown:
            self._shown, self._value = text, value_of(text, self._value)
            self.changed.emit(self.column, self._value)

    def _text(self) -> str:
        """As it stands in the document: `toPlainText` would make plain blanks of those that do not break."""
        return self.editor.document().toRawText().replace("\u2029", "\n")

    def _resized(self) -> None:
        self.editor.updateGeometry()
