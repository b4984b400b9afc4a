"""A setting to play with: label and value box above, a slider below, both always equal."""

import math
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.controls.number_edit import NumberEdit
from studio.controls.slider import Slider
from studio.core.language import tr
from studio.widgets.label import Label
from studio.widgets.look import Look


@dataclass(frozen=True)
class Scale:
    """The slider's range; `log` spaces it by factors (needs `minimum` > 0, or 0 at the very left), `whole` rounds."""

    minimum: float
    maximum: float
    log: bool = False
    whole: bool = False
    step: float = 0.01

    def share(self, value: float) -> float:
        """Where a value lies from 0 to 1; what lies outside stays at the end."""
        if self.log:
            low, foot = self._lowest(), self._foot()
            return 0.0 if value < low else min(1.0, foot + (1 - foot) * math.log(value / low, self.maximum / low))
        return min(1.0, max(0.0, (value - self.minimum) / (self.maximum - self.minimum)))

    def value(self, share: float) -> float:
        """The value at a share, rounded to `step` (linear), three digits (log) or whole numbers."""
        if self.log:
            low, foot = self._lowest(), self._foot()
            beyond = max(0.0, (share - foot) / (1 - foot))
            raw = self.minimum if share <= foot / 2 else low * (self.maximum / low) ** beyond
            return round(raw) if self.whole else float(f"{raw:.3g}")
        raw = self.minimum + share * (self.maximum - self.minimum)
        return round(raw) if self.whole else round(round(raw / self.step) * self.step, 10)

    def _foot(self) -> float:
        """The part at the left that is kept for "none" where the factors do not begin at the minimum."""
        return 0.0 if self.minimum > 0 else 0.04

    def _lowest(self) -> float:
        return self.minimum if self.minimum > 0 else (1.0 if self.whole else self.maximum / 1e4)


class SliderRow(QWidget):
    """`changed` is emitted while a person drags or types. The box takes values beyond the slider's end."""

    changed = Signal(float)

    def __init__(self, label: str, scale: Scale, look: Look, help: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scale = scale
        self.label = Label(label, "quiet")
        self.box = NumberEdit(look, scale.whole)
        self.box.setFixedWidth(92)
        self.box.setAccessibleName(label)
        self.box.setAccessibleDescription(help)
        self.box.minimum = scale.minimum
        self.box.default = scale.step if not scale.whole else 1
        self.slider = Slider(look, tr("{label}, slider", label=label))
        self.slider.step = 0.01 if scale.log or scale.whole else scale.step / (scale.maximum - scale.minimum)
        self.setToolTip(help)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        line = QHBoxLayout()
        line.addWidget(self.label)
        line.addStretch(1)
        line.addWidget(self.box)
        column.addLayout(line)
        column.addWidget(self.slider)
        self.label.setBuddy(self.box)
        self.set_value(scale.minimum)
        self.slider.moved.connect(self._moved)
        self.box.changed.connect(self._typed)

    def value(self) -> float:
        """The number in the box."""
        return self.box.value()

    def set_value(self, value: float) -> None:
        """Show a value silently."""
        self.box.set_value(value)
        self.slider.set_share(self.scale.share(value))

    def _moved(self, share: float) -> None:
        value = self.scale.value(share)
        if value != self.box.value() or self.box.problem:
            self.box.set_value(value)
            self.changed.emit(float(value))

    def _typed(self) -> None:
        if not self.box.problem and self.box.value() >= self.scale.minimum:
            self.slider.set_share(self.scale.share(self.box.value()))
            self.changed.emit(float(self.box.value()))
