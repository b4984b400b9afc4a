"""Where tokens are painted: a text that scrolls downwards only, takes the keyboard, and tells what is pointed at."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from studio.widgets.hover_card import HoverCard
from studio.widgets.look import Look


class TokenArea(QAbstractScrollArea):
    """Without tokens a sentence stands in the middle of it."""

    def __init__(self, name: str, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._empty = look, ""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName(name)
        self._card = HoverCard(look, self.viewport())

    def set_empty_text(self, text: str) -> None:
        """What stands there while there are no tokens."""
        self._empty = text
        self.viewport().update()

    def paint_empty(self, painter: QPainter) -> None:
        """That there are none."""
        painter.setPen(self._look.color("text_quiet"))
        painter.setFont(self._look.font(13))
        flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
        painter.drawText(self.viewport().rect().adjusted(16, 8, -16, -8), flags, self._empty)
