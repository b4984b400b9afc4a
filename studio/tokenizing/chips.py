"""Several of a few things, each switched on and off by itself."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.widgets.button import Button
from studio.widgets.flow_layout import FlowLayout
from studio.widgets.look import Look


class Chips(QWidget):
    """`changed` says that a person switched one; the order of `chosen` is that of the choices."""

    changed = Signal()

    def __init__(self, look: Look, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setAccessibleName(name)
        self.chips: dict[str, Button] = {}
        self._row = FlowLayout(self, spacing=4, line_spacing=4)

    def set_choices(self, choices: Sequence[tuple[str, str]]) -> None:
        """Other things to choose from, as (value, words); what was on and is still there stays on."""
        if [(value, chip.text()) for value, chip in self.chips.items()] == list(choices):
            return
        on = self.chosen()
        for chip in self.chips.values():
            self._row.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self.chips = {}
        for value, words in choices:
            chip = Button(words, self.changed.emit, self._look, "quiet").set_small()
            chip.setCheckable(True)
            chip.setChecked(value in on)
            self.chips[value] = chip
            self._row.addWidget(chip)

    def chosen(self) -> list[str]:
        """The values that are on."""
        return [value for value, chip in self.chips.items() if chip.isChecked()]

    def set_chosen(self, values: Sequence[str]) -> None:
        """Switch silently."""
        for value, chip in self.chips.items():
            chip.setChecked(value in values)
