"""A small field over one number of a matrix: another one can be typed there."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QToolTip, QWidget

from studio.controls.number_edit import number_from
from studio.core.language import tr
from studio.widgets.look import Look

_LARGEST = 1_000.0  # of a number in a vector; softmax of much larger ones says nothing


class CellEdit(QLineEdit):
    """Enter gives the number, Escape or leaving keeps the old one; what is no number stays and says why."""

    given = Signal(int, int, float)  # row, column, number

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._place = (0, 0)
        self._before = 0.0
        self.setFont(look.font(11))
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setTextMargins(-8, 0, -8, 0)
        self.setAccessibleName(tr("Another number"))
        self.returnPressed.connect(self._give)
        self.textEdited.connect(self._calm)
        self.hide()

    def open(self, box: QRectF, place: tuple[int, int], value: float, typed: str = "") -> None:
        """Lie over a cell with its number, ready to be replaced, or with what was typed."""
        self._place, self._before = place, value
        wide = max(64.0, box.width() + 4)
        self.setGeometry(QRectF(box.center().x() - wide / 2, box.center().y() - 14, wide, 28).toRect())
        self.setText(typed or f"{value:.6g}")
        self._calm()
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        if not typed:
            self.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._leave()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.hide()

    def _give(self) -> None:
        try:
            value = float(number_from(self.text(), whole=False))
            if abs(value) > _LARGEST:
                raise ValueError(tr("Write a number between −1,000 and 1,000."))
        except ValueError as reason:
            self._complain(str(reason))
            return
        before = self._before
        self._leave()
        if value != before:
            self.given.emit(*self._place, value)

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
        self._mark(bool(reason))

    def _calm(self, _text: str = "") -> None:
        self._complain("")

    def _mark(self, invalid: bool) -> None:
        if self.property("invalid") != invalid:
            self.setProperty("invalid", invalid)
            self.style().unpolish(self)
            self.style().polish(self)
