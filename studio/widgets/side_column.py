"""Cards under one another that scroll where the window is too low for them."""

from collections.abc import Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.widgets.scroll import Scroll


class SideColumn(QWidget):
    """`width` fixes how wide it is; 0 lets the layout around it decide."""

    def __init__(self, cards: Sequence[QWidget], width: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        scroll = Scroll()
        self.body = scroll.body
        for card in cards:
            scroll.body.addWidget(card)
        scroll.body.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scroll)
        if width:
            self.setFixedWidth(width)
