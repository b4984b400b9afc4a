"""The frame of every page: title, one line of purpose, its actions, the idea behind it, and room for the picture."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.widgets.banner import Banner
from studio.widgets.button import Button, IconButton, Slot
from studio.widgets.card import Card
from studio.widgets.empty_state import EmptyState
from studio.widgets.idea import Idea
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.primary_button import PrimaryButton

__all__ = ["Banner", "Card", "EmptyState", "Page"]


class Page(QWidget):
    """Fill `body`; put buttons with `add_action`, other small widgets into `tools`; speak through `banner`."""

    def __init__(self, title: str, purpose: str, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.setAccessibleName(title)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(16)
        column.addLayout(self._header(title, purpose))
        self.banner = Banner(look)
        column.addWidget(self.banner)
        self.body = QVBoxLayout()
        self.body.setSpacing(16)
        column.addLayout(self.body, 1)

    def _header(self, title: str, purpose: str) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(8)
        words = QVBoxLayout()
        words.setSpacing(4)
        first = QHBoxLayout()
        first.setSpacing(8)
        self.title, self.purpose = Label(title, "title"), Label(purpose, "quiet", wrap=True)
        self._idea_button = IconButton("help", tr("The idea behind this page"), self._toggle_idea, self.look)
        self._idea_button.hide()
        self.idea = Idea(self)
        first.addWidget(self.title)
        first.addWidget(self._idea_button)
        first.addStretch(1)
        words.addLayout(first)
        words.addWidget(self.purpose)
        head.addLayout(words, 1)
        self.tools, self.actions_row = QHBoxLayout(), QHBoxLayout()
        for row in (self.tools, self.actions_row):
            row.setSpacing(8)
            row.setAlignment(Qt.AlignmentFlag.AlignBottom)
            head.addLayout(row)
        return head

    def add_action(self, text: str, slot: Slot, primary: bool = False, icon: str = "") -> Button:
        """A button at the right of the header, the primary one last."""
        button = Button(text, slot, self.look, "primary" if primary else "", icon)
        self.actions_row.addWidget(button, 0, Qt.AlignmentFlag.AlignBottom)
        return button

    def add_primary(self) -> PrimaryButton:
        """The button of the next thing to do, at the very right; what it is refused is said on the page."""
        button = PrimaryButton(self, self.look)
        button.refused.connect(self.refuse)
        self.actions_row.addWidget(button, 0, Qt.AlignmentFlag.AlignBottom)
        return button

    def refuse(self, error: StudioError) -> None:
        """Say why something cannot be done, and what to do."""
        self.banner.show_error(error.message, error.hint)

    def set_purpose(self, text: str) -> None:
        """Change the line under the title."""
        self.purpose.setText(text)

    def set_idea(self, text: str) -> None:
        """Explain the idea behind the page, behind the "?" after the title; an empty line parts paragraphs."""
        self.idea.set_text(text)
        self._idea_button.setVisible(bool(text))

    def _toggle_idea(self) -> None:
        self.idea.toggle_below(self._idea_button)
