"""The controls of the next token as sliders: one row for each number of `Sampling` that shapes the distribution."""

import dataclasses
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.controls.slider_row import Scale, SliderRow
from studio.core.config import Sampling
from studio.core.knobs import knobs_of
from studio.core.language import tr
from studio.widgets.look import Look

SCALES = {
    "temperature": Scale(0.0, 2.0),
    "top_k": Scale(0, 1_000, log=True, whole=True),
    "top_p": Scale(0.0, 1.0),
    "min_p": Scale(0.0, 0.5),
    "repetition_penalty": Scale(1.0, 2.0),
}
WIDE = {**SCALES, "temperature": Scale(0.0, 5.0)}  # for looking rather than writing


class SamplingSliders(QWidget):
    """`changed` carries the new `Sampling` while a slider moves; `rows` are by the field's name."""

    changed = Signal(object)

    def __init__(self, look: Look, scales: dict[str, Scale] | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = Sampling()
        self.rows: dict[str, SliderRow] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        knobs = knobs_of(Sampling)
        for name, scale in (scales or SCALES).items():
            row = SliderRow(tr(knobs[name].label), scale, look, tr(knobs[name].help))
            row.changed.connect(self._moved)
            self.rows[name] = row
            column.addWidget(row)

    def value(self) -> Sampling:
        """What was set, with what the sliders say."""
        return self._value

    def set_value(self, value: Sampling) -> None:
        """Show other settings silently."""
        self._value = value
        for name, row in self.rows.items():
            row.set_value(getattr(value, name))

    def _moved(self, _value: float) -> None:
        values: dict[str, Any] = {name: row.value() for name, row in self.rows.items()}
        values["top_k"] = int(values["top_k"])
        self._value = dataclasses.replace(self._value, **values)
        self.changed.emit(self._value)
