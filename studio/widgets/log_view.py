"""Lines of a log as they come: monospace, newest at the end, kept in view only while the reader is at the end."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.widgets.button import IconButton
from studio.widgets.label import Label
from studio.widgets.look import Look

LIMIT = 5_000  # lines kept on the screen; the file keeps all
_SHADES = {"error": "danger", "warning": "warning", "debug": "text_quiet", "time": "text_quiet"}


class LogView(QWidget):
    """`append("…", "warning")` adds lines; a field finds words, a button copies everything."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self._lines: list[tuple[str, str]] = []
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.document().setDocumentMargin(0)
        self.text.setMaximumBlockCount(LIMIT)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setProperty("kind", "bare")
        self.text.setProperty("mono", True)
        self.text.setAccessibleName(tr("Log"))
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Find in the log"))
        self.search.setAccessibleName(tr("Find in the log"))
        self.search.setProperty("kind", "search")
        self.search.setFixedWidth(200)
        self.search.setClearButtonEnabled(False)
        self.count = Label("", "small")
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.search)
        head.addWidget(self.count)
        head.addStretch(1)
        head.addWidget(IconButton("copy", tr("Copy all lines"), self.copy, look))
        head.addWidget(IconButton("trash", tr("Clear the view"), self.clear, look))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.text, 1)
        self.search.textChanged.connect(self._refill)
        look.changed.connect(self._refill)

    def append(self, text: str, level: str = "info") -> None:
        """Add one entry (it may have several lines); `level` is debug, info, warning or error."""
        self.extend([(text, level)])

    def extend(self, entries: Iterable[tuple[str, str]]) -> None:
        """Add many entries at once."""
        fresh = list(entries)
        self._lines = (self._lines + fresh)[-LIMIT:]
        self._write([entry for entry in fresh if self._wanted(entry)])
        self._tell()

    def clear(self) -> None:
        """Empty the view; the file is not touched."""
        self._lines = []
        self._refill()

    def copy(self) -> None:
        """All lines that are shown, as plain text."""
        QApplication.clipboard().setText(self.text.toPlainText())

    def _wanted(self, entry: tuple[str, str]) -> bool:
        return self.search.text().casefold() in entry[0].casefold()

    def _refill(self) -> None:
        self.text.clear()
        self._write([entry for entry in self._lines if self._wanted(entry)])
        self._tell()

    def _tell(self) -> None:
        shown = sum(self._wanted(entry) for entry in self._lines)
        self.count.setText(tr("{count} of {all}", count=shown, all=len(self._lines)) if self.search.text() else "")

    def _write(self, entries: list[tuple[str, str]]) -> None:
        """Insert at the end without moving what a reader looks at further up."""
        bar = self.text.verticalScrollBar()
        following = bar.value() >= bar.maximum() - 2
        cursor = QTextCursor(self.text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        for text, level in entries:
            shape = QTextCharFormat()
            shape.setForeground(self.look.color(_SHADES.get(level, "text")))
            cursor.insertText(("" if self.text.document().isEmpty() else "\n") + text, shape)
        if following:
            bar.setValue(bar.maximum())
            self.text.horizontalScrollBar().setValue(0)

    def set_wrap(self, wrap: bool) -> None:
        """Break long lines, or let them run out to the right."""
        mode = QPlainTextEdit.LineWrapMode
        self.text.setLineWrapMode(mode.WidgetWidth if wrap else mode.NoWrap)
        self.text.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
