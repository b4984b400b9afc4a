"""What a dialog of the Data page is made of: its title, what stands below it, and a foot with its buttons."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.widgets.label import Label


class DialogColumn(QVBoxLayout):
    """Begins with the title; `end` adds the foot."""

    def __init__(self, dialog: QWidget, title: str) -> None:
        super().__init__(dialog)
        self.setContentsMargins(20, 20, 20, 16)
        self.setSpacing(12)
        self.addWidget(Label(title, "title"))

    def end(self, words: QWidget | None, *buttons: QWidget) -> None:
        """Words at the left, or none, and buttons at the right."""
        foot = QHBoxLayout()
        foot.setSpacing(8)
        if words is None:
            foot.addStretch(1)
        else:
            foot.addWidget(words, 1)
        for button in buttons:
            foot.addWidget(button)
        self.addLayout(foot)
