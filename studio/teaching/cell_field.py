"""A small field over one number of a grid, in which another can be typed."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QToolTip, QWidget

from studio.controls.number_edit import number_from
from studio.core.language import tr
from studio.widgets.look import Look

_LARGEST = 1e6


class CellField(QLineEdit):
    """Enter gives the number; Escape or leaving keeps the old one; what is no number says why."""

    given = Signal(int, int, float)  # row, column, number

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._cell = (0, 0)
        self.setFont(look.font(11))
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setTextMargins(-8, 0, -8, 0)
        self.setAccessibleName(tr("Another number"))
        self.returnPressed.connect(self._give)
        self.hide()

    def open(self, box: QRectF, cell: tuple[int, int], value: float, typed: str = "") -> None:
        """Lie over a cell with its number, or with what was typed already."""
        self._cell = cell
        wide = max(60.0, box.width() + 4)
        parent = self.parentWidget()
        room = parent.width() if parent is not None else wide
        left = min(max(0.0, box.center().x() - wide / 2), max(0.0, room - wide))
        self.setGeometry(QRectF(left, box.center().y() - 14, wide, 28).toRect())
        self.setText(typed or f"{value:.6g}")
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        if not typed:
            self.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape goes back to the grid."""
        if event.key() == Qt.Key.Key_Escape:
            self._leave()
        else:
            super().keyPressEvent(event)
        event.accept()  # or the grid below would open the field again

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Left without Enter, nothing was changed."""
        super().focusOutEvent(event)
        self.hide()

    def _give(self) -> None:
        try:
            value = float(number_from(self.text(), whole=False))
            if abs(value) > _LARGEST:
                raise ValueError(tr("Write a number between −1,000,000 and 1,000,000."))
        except ValueError as reason:
            QToolTip.showText(self.mapToGlobal(self.rect().bottomLeft()), str(reason), self)
            self.setAccessibleDescription(str(reason))
            return
        self._leave()
        self.given.emit(*self._cell, value)

    def _leave(self) -> None:
        parent = self.parentWidget()
        self.hide()
        if parent is not None:
            parent.setFocus(Qt.FocusReason.OtherFocusReason)
