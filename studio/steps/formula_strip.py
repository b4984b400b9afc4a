"""The line under the matrices: which number, and how it was computed, with every operand."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QTextOption
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QSizePolicy, QVBoxLayout

from studio.core.language import tr
from studio.widgets.label import ElidedLabel
from studio.widgets.look import Look

_LINES = 2  # a longer formula scrolls


class FormulaStrip(QFrame):
    """Words for the number and its formula, which can be selected and copied."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.place = ElidedLabel("", "strong")
        self.place.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.state = ElidedLabel("", "small")
        self.written = QPlainTextEdit()
        self.written.setReadOnly(True)
        self.written.setProperty("kind", "bare")
        self.written.setProperty("mono", True)
        self.written.setFont(look.font(13, mono=True))
        self.written.setWordWrapMode(QTextOption.WrapMode.WordWrap)
        self.written.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.written.setFixedHeight(_LINES * QFontMetrics(look.font(13, mono=True)).lineSpacing())
        self.written.setTabChangesFocus(True)
        self.written.document().setDocumentMargin(0)
        self.written.setAccessibleName(tr("How this number was computed"))
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.place, 1)
        head.addWidget(self.state)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 16, 10)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.written)

    def say(self, place: str, written: str, state: str = "") -> None:
        """Show one number's formula; unchanged words keep their place while they are read."""
        self.place.setText(place)
        self.state.setText(state)
        if written != self.written.toPlainText():
            self.written.setPlainText(written)
