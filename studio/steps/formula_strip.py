"""The line under the matrices: which number, and how it was computed, with every operand."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QTextOption
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QSizePolicy, QVBoxLayout

from studio.core.language import tr
from studio.widgets.label import ElidedLabel
from studio.widgets.look import Look

_LINES, _MANY = 2, 4  # a longer formula scrolls; that of two models has a line or two for each

_LONG = 200  # letters of two formulas that need more than a line each
_ROOMY = 700  # pixels of the window from which there is room for more lines


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
        self._line = QFontMetrics(look.font(13, mono=True)).lineSpacing()
        self.written.setFixedHeight(_LINES * self._line)
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
            many = "\n" in written and len(written) > _LONG and self.window().height() >= _ROOMY
            self.written.setFixedHeight((_MANY if many else _LINES) * self._line)
