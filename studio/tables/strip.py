"""One quiet line that says what is going on with a table, and the few things that may be done about it."""

from collections.abc import Sequence

from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from studio.widgets.button import Button, Slot
from studio.widgets.label import ElidedLabel
from studio.widgets.look import Look


class Strip(QFrame):
    """Hidden until it has something to say; `buttons` are made once, in the order given."""

    def __init__(
        self, look: Look, buttons: Sequence[tuple[str, Slot]], level: str = "info", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("kind", "banner")
        self.setProperty("level", level)
        line = QHBoxLayout(self)
        line.setContentsMargins(12, 4, 6, 4)
        line.setSpacing(8)
        self.label = ElidedLabel("")
        line.addWidget(self.label, 1)
        self.buttons = [Button(words, slot, look, "quiet").set_small() for words, slot in buttons]
        for button in self.buttons:
            line.addWidget(button)
        self.hide()

    def say(self, words: str) -> None:
        """Show these words; none take the strip away."""
        self.label.setText(words)
        self.setAccessibleName(words)
        self.setVisible(bool(words))
