"""A card: a quiet frame with a heading, small things at its right, and a body."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from studio.widgets.label import ElidedLabel
from studio.widgets.look import Look

TITLE = 16  # letters of a card's title that its note gives way to


class Card(QFrame):
    """`header` takes small widgets at the right of the title, `body` everything else; without a title, no header."""

    def __init__(self, title: str = "", look: Look | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        self.look = look
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 12, 16, 16)
        outer.setSpacing(8)
        self._head = QWidget(self)  # with a parent from the start, or showing it would open a window of its own
        self.title = ElidedLabel(title, "heading", parent=self._head, least=TITLE)
        self.note = ElidedLabel("", "small", parent=self._head)
        line = QHBoxLayout(self._head)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(self.title)
        line.addWidget(self.note)
        line.addStretch(1)
        self.header = QHBoxLayout()
        self.header.setSpacing(8)
        line.addLayout(self.header)
        self._head.setMinimumHeight(28)
        self._head.setVisible(bool(title))
        self.note.hide()
        outer.addWidget(self._head)
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        outer.addLayout(self.body, 1)
        if not title:
            outer.setContentsMargins(16, 16, 16, 16)
        self.setAccessibleName(title)

    def set_title(self, text: str) -> None:
        """Change the heading; an empty one takes the header away."""
        self.title.setText(text)
        self._head.setVisible(bool(text))
        self.setAccessibleName(text)

    def set_note(self, text: str) -> None:
        """Small quiet words right after the title, such as "3 runs"; empty takes them away."""
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def add_hanging(self, widget: QWidget, gutter: int = 12) -> None:
        """Put a widget into the body so that its first `gutter` pixels hang in the card's margin (a form's dots do)."""
        line = QHBoxLayout()
        line.setSpacing(0)
        line.addSpacing(-gutter)
        line.addWidget(widget)
        self.body.addLayout(line)
