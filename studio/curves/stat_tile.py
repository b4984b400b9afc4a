"""A card with one live number and its small curve."""

import math

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from studio.core.history import History
from studio.core.language import tr
from studio.curves.sparkline import Sparkline
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look

_VALUE = 56  # pixels that a value such as 4.6e-4 takes
_NARROW = 92  # no tile is narrower than this


class StatTile(QFrame):
    """Title at the left, value at the right or below, sparkline under both (empty while there is no history)."""

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
        self._look, self._name, self._unit = look, title, unit
        self._clickable = False
        self.title = ElidedLabel(title, "strong")
        self.value = Label("–")
        self.value.setFont(look.font(13))
        self.spark = Sparkline(look, color, from_zero=from_zero)
        self._head = QHBoxLayout()
        self._head.addWidget(self.title, 1)
        self._head.addWidget(self.value)
        self._column = QVBoxLayout(self)
        self._column.setSpacing(6)
        self._column.addLayout(self._head)
        self._column.addWidget(self.spark, 1)
        self.set_stacked(False)
        self.set_value("")

    @property
    def wide(self) -> int:
        """The width from which title and value fit beside each other."""
        return math.ceil(QFontMetricsF(self._look.font(13, 600)).horizontalAdvance(self._name)) + _VALUE + 36

    def set_stacked(self, stacked: bool) -> None:
        """Put the value below the title, for a row of tiles that is too narrow for both in one line."""
        directions = QBoxLayout.Direction
        self._head.setDirection(directions.TopToBottom if stacked else directions.LeftToRight)
        self._head.setSpacing(0 if stacked else 8)
        side = 10 if stacked else 14
        self._column.setContentsMargins(side, 10, side, 12)
        self.title.set_role("small" if stacked else "strong")

    def minimumSizeHint(self) -> QSize:
        return QSize(_NARROW, super().minimumSizeHint().height())

    def set_title(self, title: str) -> None:
        """What the number is of."""
        if title != self._name:
            self._name = title
            self.title.setText(title)
            self.setAccessibleName(f"{title}: {self.value.text()}")

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
