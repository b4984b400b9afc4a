"""Which view of a page is shown: side by side where there is room, a closed list where there is none."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from studio.controls.editors import ChoiceEdit
from studio.controls.segmented import Segmented
from studio.widgets.look import Look


class ViewSwitch(QWidget):
    """`choices` are (name, words); `changed` tells the name that a person chose."""

    changed = Signal(str)

    def __init__(
        self, choices: Sequence[tuple[str, str]], look: Look, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.row = Segmented(choices or [("", "")], look, name)
        self.list = ChoiceEdit(choices, look)
        self.list.setAccessibleName(name)
        self.list.hide()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.row)
        line.addWidget(self.list)
        self.row.changed.connect(self._row_chosen)
        self.list.changed.connect(self._list_chosen)

    def value(self) -> str:
        """The name of the view that is chosen."""
        return self.row.value()

    def set_value(self, name: str) -> None:
        """Choose silently."""
        self.row.set_value(name)
        self.list.set_value(name)

    def fit(self, width: int) -> None:
        """Take at most so many pixels."""
        roomy = self.row.sizeHint().width() <= width
        self.row.setVisible(roomy)
        self.list.setVisible(not roomy)

    def _row_chosen(self, name: str) -> None:
        self.list.set_value(name)
        self.changed.emit(name)

    def _list_chosen(self) -> None:
        self.row.set_value(self.list.value())
        self.changed.emit(self.list.value())
