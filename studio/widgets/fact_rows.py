"""Names at the left, values at the right: what was counted or computed, row by row."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from studio.widgets.label import ElidedLabel, Label


@dataclass(frozen=True)
class FactRow:
    """One row; `role` colours the value as a `Label` role, `tip` explains both."""

    name: str
    value: str
    tip: str = ""
    role: str = ""


_NAME, _VALUE = 72, 24  # pixels that each keeps beside a long other
_NAMES_SHARE = 0.4  # of the width, which longer names keep where it is more


class FactRows(QWidget):
    """Shows a list of `FactRow`; rows are made once and only change their words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._cells: list[tuple[Label, Label]] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)

    def set_rows(self, rows: Sequence[FactRow]) -> None:
        """Show these from top to bottom."""
        while len(self._cells) < len(rows):
            self._add_cells()
        for place, (name, value) in enumerate(self._cells):
            row = rows[place] if place < len(rows) else FactRow("", "")
            name.setText(row.name)
            value.setText(row.value)
            value.set_role(row.role)
            value.setAccessibleName(f"{row.name}: {row.value}")
            for label in (name, value):
                label.setToolTip(row.tip)
                label.setVisible(place < len(rows))

        self._share_out()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A wide card leaves its names more room beside a long value."""
        super().resizeEvent(event)
        self._share_out()

    def _share_out(self) -> None:
        for name, _ in self._cells:
            name.setMinimumWidth(max(_NAME, min(name.sizeHint().width(), int(_NAMES_SHARE * self.width()))))

    def texts(self) -> dict[str, str]:
        """What stands there now, by name."""
        return {name.text(): value.text() for name, value in self._cells if not name.isHidden()}

    def _add_cells(self) -> None:
        name, value = ElidedLabel("", "quiet"), ElidedLabel("")  # neither ever makes a card wider
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # the value is read first
        name.setMinimumWidth(_NAME)
        value.setMinimumWidth(_VALUE)
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(name, 1)
        line.addWidget(value)
        self._column.addLayout(line)
        self._cells.append((name, value))
