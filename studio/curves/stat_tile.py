"""A card with one live number and its small curve."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from studio.core.history import History
from studio.core.language import tr
from studio.curves.sparkline import Sparkline
from studio.widgets.label import Label
from studio.widgets.look import Look


class StatTile(QFrame):
    """Title at the left, value at the right, sparkline below (empty while there is no history)."""

    clicked = Signal()

    def __init__(
        self,
        look: Look,
        title: str,
        *,
        unit: str = "",
        color: int | str = 0,
        from_zero: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        self._name, self._unit = title, unit
        self._clickable = False
        self.title = Label(title, "strong")
        self.value = Label("–")
        self.value.setFont(look.font(13))
        self.spark = Sparkline(look, color, from_zero=from_zero)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.value)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 12)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.spark, 1)
        self.set_value("")

    def set_value(self, text: str) -> None:
        """The number as it should read, without its unit; an empty text shows a dash."""
        shown = f"{text} {self._unit}".strip() if text else "–"
        if shown != self.value.text() or not self.accessibleName():
            self.value.setText(shown)
            self.setAccessibleName(f"{self._name}: {shown if text else tr('no value yet')}")

    def set_history(self, history: History | None) -> None:
        """Draw this below the number."""
        self.spark.set_history(history)

    def refresh(self) -> None:
        """The history has grown."""
        self.spark.refresh()

    def set_clickable(self, tip: str) -> None:
        """Let a click, Enter or Space emit `clicked`; `tip` says what that does."""
        self._clickable = True
        self.setToolTip(tip)
        self.setAccessibleDescription(tip)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        inside = self.rect().contains(event.position().toPoint())
        if self._clickable and inside and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._clickable and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)
