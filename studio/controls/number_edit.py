"""A box for a number that reads "1e-3" and "1,000", steps in a way that fits the value, and leaves the wheel alone."""

import math
import re

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from studio.controls.stepping import next_value
from studio.core.knobs import unit_for
from studio.core.language import tr
from studio.widgets.look import Look

_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+")
_STEPPER = 18  # width of the two arrows that appear under the mouse


def text_of(value: float) -> str:
    """A number the same in every country: 400, 12,000, 0.1, 1.0e-3, 2.5e-4."""
    if isinstance(value, int):
        return f"{value:,}"
    if value and (abs(value) < 0.01 or abs(value) >= 1e7) and math.isfinite(value):
        mantissa, exponent = shortest_scientific(value)
        return f"{mantissa}e{exponent}"
    return str(value) if math.isfinite(value) and abs(value) < 100 else f"{value:.12g}"


def shortest_scientific(value: float) -> tuple[str, int]:
    """Mantissa with at least one decimal, and exponent: the fewest digits that read back as the same number."""
    digits = next(text for text in (f"{value:.{places}e}" for places in range(1, 17)) if float(text) == value)
    mantissa, _, exponent = digits.partition("e")
    return mantissa, int(exponent)


def number_from(text: str, whole: bool) -> float | int:
    """Read what a person typed; `ValueError` carries the sentence to show."""
    plain = text.strip().replace("_", "").replace("\u2009", "").replace(" ", "")
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    try:
        value = float(plain)
        if not math.isfinite(value):
            raise ValueError
    except ValueError:
        if "," in plain:
            raise ValueError(tr("Write the decimals after a point, such as 0.5.")) from None
        example = tr("a whole number, such as 400") if whole else tr("a number, such as 0.1 or 1e-3")
        raise ValueError(tr("Write {example}.", example=example)) from None
    if not whole:
        return value
    if value != int(value):
        raise ValueError(tr("This takes whole numbers only."))
    return int(plain) if plain.lstrip("+-").isdigit() else int(value)


class NumberEdit(QLineEdit):
    """`changed` says that a person changed the text; `value()` is the last number that could be read."""

    changed = Signal()

    def __init__(self, look: Look, whole: bool, unit: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look, self.whole, self.unit = look, whole, unit
        self.minimum: float | None = None
        self.maximum: float | None = None
        self.default: float = 0
        self._value: float | int = 0
        self.problem = ""
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.textEdited.connect(self._edited)
        self.editingFinished.connect(self._tidy)
        look.changed.connect(self.update)
        if unit:
            self.setTextMargins(0, 0, QFontMetrics(look.font()).horizontalAdvance(unit) + 6, 0)

    def value(self) -> float | int:
        """The last readable number; it may lie outside the limits, which the knob's own check says."""
        return self._value

    def set_value(self, value: float | int) -> None:
        """Show a number without saying `changed`; while a person types, an echo of the same number changes nothing."""
        if value == self._value and self.hasFocus() and self.text():
            return
        self._value, self.problem = value, ""
        self._show()

    def step(self, count: int) -> None:
        """Go up or down in steps that fit the value's size, within the limits."""
        if self.isReadOnly() or not self.isEnabled():
            return
        value = self._value
        for _ in range(abs(count)):
            value = next_value(value, 1 if count > 0 else -1, self.whole, self.default, self.minimum, self.maximum)
        if value != self._value or self.problem:
            self._value, self.problem = value, ""
            self._show()
            self.selectAll()
            self.changed.emit()

    def _edited(self, text: str) -> None:
        try:
            self._value, self.problem = number_from(text, self.whole), ""
        except ValueError as reason:
            self.problem = str(reason)
        self.changed.emit()

    def _tidy(self) -> None:
        if not self.problem:
            self._show()

    def _show(self) -> None:
        """Thousands are grouped for reading, not for typing."""
        text = text_of(self._value)
        self.setText(text.replace(",", "") if self.hasFocus() else text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up, Down, Page Up and Page Down step; the rest is typing."""
        steps = {
            Qt.Key.Key_Up: 1,
            Qt.Key.Key_Down: -1,
            Qt.Key.Key_PageUp: 5,
            Qt.Key.Key_PageDown: -5,
        }
        if event.key() in steps:
            self.step(steps[Qt.Key(event.key())])
            event.accept()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Only a focused box turns; otherwise the page scrolls."""
        if self.hasFocus() and event.angleDelta().y():
            self.step(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Reached by the keyboard, the whole number is ready to be replaced."""
        super().focusInEvent(event)
        if not self.problem:
            self._show()
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Left, the number is grouped again."""
        super().focusOutEvent(event)
        self._tidy()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A press on the arrows steps, elsewhere it places the cursor."""
        at = event.position().toPoint()
        if event.button() == Qt.MouseButton.LeftButton and self._arrows_shown() and self._arrows().contains(at):
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self.step(1 if at.y() < self.height() / 2 else -1)
            event.accept()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """An arrow cursor over the arrows."""
        over = self._arrows_shown() and self._arrows().contains(event.position().toPoint())
        self.setCursor(Qt.CursorShape.ArrowCursor if over else Qt.CursorShape.IBeamCursor)
        super().mouseMoveEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The line edit, then the unit in quiet words and, under the mouse, two small arrows at the left."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setPen(self.look.color("text_quiet" if self.isEnabled() else "text_disabled"))
        if self.unit:
            unit = tr(unit_for(self.unit, 1 if self.text().strip() == "1" else 0))
            box = self.rect().adjusted(0, 0, -13, 0)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, unit)
        if self._arrows_shown():
            middle = self._arrows().center()
            for name, y in (("chevron-up", middle.y() - 9), ("chevron-down", middle.y() - 1)):
                picture = self.look.pixmap(name, 10, "text_quiet", self.devicePixelRatioF())
                painter.drawPixmap(QPoint(middle.x() - 5, y), picture)
        painter.end()

    def _arrows_shown(self) -> bool:
        return self.isEnabled() and not self.isReadOnly() and (self.underMouse() or self.hasFocus())

    def _arrows(self) -> QRect:
        return QRect(4, 2, _STEPPER, self.height() - 4)
