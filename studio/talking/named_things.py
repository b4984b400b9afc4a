"""A small library: choose one of several named things, keep the present one under a name, forget one."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit
from studio.core.language import tr
from studio.widgets.button import IconButton
from studio.widgets.look import Look


class NamedThings(QWidget):
    """A list with a button that keeps, which opens a line for the name, and one that forgets."""

    chosen = Signal(str)
    kept = Signal(str)
    forgotten = Signal(str)

    def __init__(self, title: str, asks: str, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self.choice = ChoiceEdit([("", title)], look)
        self.choice.setAccessibleName(title)
        self.choice.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.keep = IconButton("save", tr("Keep the present one under a name"), self._ask_name, look)
        self.forget = IconButton("trash", tr("Take the chosen one off the list"), self._forget, look)
        self.name = QLineEdit()
        self.name.setAccessibleName(asks)
        self.name.setPlaceholderText(asks)
        self.name.setMaxLength(80)
        self.name.hide()
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(self.choice, 1)
        row.addWidget(self.keep)
        row.addWidget(self.forget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.name)
        self.choice.changed.connect(self._choose)
        self.name.returnPressed.connect(self._keep)
        self._tell()

    def set_names(self, names: Sequence[str]) -> None:
        """What there is to choose from."""
        before = self.value
        self.choice.clear()
        self.choice.set_choices([("", self._title), *((name, name) for name in names)])
        self.choose(before if before in names else "")

    @property
    def value(self) -> str:
        """The chosen name; empty for none."""
        return str(self.choice.value() or "")

    def choose(self, name: str) -> None:
        """Show a name silently."""
        self.choice.set_value(name)
        self._tell()

    def _choose(self) -> None:
        self._tell()
        if self.value:
            self.chosen.emit(self.value)

    def _ask_name(self) -> None:
        self.name.setVisible(not self.name.isVisible())
        self.name.setText(self.value)
        self.name.setFocus()

    def _keep(self) -> None:
        name = " ".join(self.name.text().split())
        if name:
            self.name.hide()
            self.kept.emit(name)

    def _forget(self) -> None:
        if self.value:
            self.forgotten.emit(self.value)

    def _tell(self) -> None:
        self.forget.setEnabled(bool(self.value))
