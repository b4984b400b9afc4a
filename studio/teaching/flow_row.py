"""A line of controls that breaks like text where the window is narrow."""

from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from studio.widgets.flow_layout import FlowLayout
from studio.widgets.label import Label


class FlowRow(QWidget):
    """`add` a control, with the words that belong to it, so that both stay together."""

    def __init__(self, spacing: int = 12, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._flow = FlowLayout(self, spacing=spacing, line_spacing=8)

    def add(self, widget: QWidget, words: str = "") -> QWidget:
        """The next one in the line; what comes back has its words in it and can be hidden with them."""
        if not words:
            self._flow.addWidget(widget)
            return widget
        pair = QWidget()
        line = QHBoxLayout(pair)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        line.addWidget(Label(words, "quiet"))
        line.addWidget(widget)
        self._flow.addWidget(pair)
        return pair
