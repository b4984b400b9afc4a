"""A small field over one number of a matrix or grid: another one can be typed there."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QToolTip, QWidget

from studio.controls.number_edit import number_from
from studio.core.language import tr
from studio.widgets.look import Look

_WIDE, _HIGH = 64.0, 28.0


class CellField(QLineEdit):
    """Enter gives the number, Escape or leaving keeps the old one; what is no number stays and says why."""

    given = Signal(int, int, float)  # row, column, number

    def __init__(self, look: Look, parent: QWidget, largest: float) -> None:
        super().__init__(parent)
        self._largest = largest
        self._cell = (0, 0)
        self._before = 0.0
        self.setFont(look.font(11))
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setTextMargins(-8, 0, -8, 0)
        self.setAccessibleName(tr("Another number"))
        self.returnPressed.connect(self._give)
        self.textEdited.connect(self._calm)
        self.hide()

    def open(self, box: QRectF, cell: tuple[int, int], value: float, typed: str = "") -> None:
        """Lie over a cell with its number, ready to be replaced, or with what was typed already."""
        self._cell, self._before = cell, float(f"{value:.6g}")  # as it is shown: Enter alone changes nothing
        wide, parent = max(_WIDE, box.width() + 4), self.parentWidget()
        room = parent.width() if parent is not None else wide
        left = min(max(0.0, box.center().x() - wide / 2), max(0.0, room - wide))
        self.setGeometry(QRectF(left, box.center().y() - _HIGH / 2, wide, _HIGH).toRect())
        self.setText(typed or f"{value:.6g}")
        self._calm()
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        if not typed:
            self.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape goes back to the picture."""
        if event.key() == Qt.Key.Key_Escape:
            self._leave()
        else:
            super().keyPressEvent(event)
        event.accept()  # or the picture below would open the field again

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Left without Enter, nothing was changed."""
        super().focusOutEvent(event)
        self.hide()

    def _give(self) -> None:
        try:
            value = float(number_from(self.text(), whole=False))
            if abs(value) > self._largest:
                raise ValueError(tr("Write a number between −{most} and {most}.", most=f"{self._largest:,.0f}"))
        except ValueError as reason:
            self._complain(str(reason))
            return
        self._leave()
        if value != self._before:
            self.given.emit(*self._cell, value)

    def _leave(self) -> None:
        parent = self.parentWidget()
        self.hide()
        if parent is not None:
            parent.setFocus(Qt.FocusReason.OtherFocusReason)

    def _complain(self, reason: str) -> None:
        self.setToolTip(reason)
        if reason:
            QToolTip.showText(self.mapToGlobal(self.rect().bottomLeft()), reason, self)
        self.setAccessibleDescription(reason)
        if self.property("invalid") != bool(reason):
            self.setProperty("invalid", bool(reason))
            self.style().unpolish(self)
            self.style().polish(self)

    def _calm(self, _text: str = "") -> None:
        self._complain("")
