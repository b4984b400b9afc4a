"""A control with its name at the left."""

from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.widgets.label import Label


class NamedRow(QWidget):
    """One line; `stretch` above 0 lets the control grow into the room between."""

    def __init__(self, words: str, control: QWidget, stretch: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(Label(words, "quiet"))
        line.addStretch(1)
        line.addWidget(control, stretch)
