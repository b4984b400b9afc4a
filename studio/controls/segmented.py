"""A few choices side by side, one of them chosen: linear | log."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QFrame, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from studio.widgets.look import Look


class Segmented(QFrame):
    """`choices` are (value, words); `changed` tells the value a person chose. Left and Right move along."""

    changed = Signal(str)

    def __init__(
        self,
        choices: Sequence[tuple[str, str]],
        look: Look | None = None,
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.look = look
        self.setProperty("kind", "segmented")
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(1, 1, 1, 1)
        row.setSpacing(0)
        for value, words in choices:
            button = QPushButton(words)
            button.setCheckable(True)
            button.setAutoDefault(False)
            button.setAccessibleName(f"{name}: {words}" if name else words)
            self._buttons[value] = button
            self._group.addButton(button)
            row.addWidget(button)
        self.set_value(choices[0][0])
        self._group.buttonClicked.connect(self._clicked)

    def value(self) -> str:
        """The value that is chosen."""
        return next(value for value, button in self._buttons.items() if button.isChecked())

    def set_value(self, value: str) -> None:
        """Choose silently; only the chosen one is a stop of the Tab key."""
        for name, button in self._buttons.items():
            button.setChecked(name == value)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if name == value else Qt.FocusPolicy.ClickFocus)

    def set_enabled(self, value: str, enabled: bool, why: str = "") -> None:
        """Allow or refuse one choice; `why` is its tooltip."""
        self._buttons[value].setEnabled(enabled)
        self._buttons[value].setToolTip(why)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and Right choose the neighbour."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if event.key() not in steps:
            super().keyPressEvent(event)
            return
        usable = [value for value, button in self._buttons.items() if button.isEnabled()]
        at = usable.index(self.value()) + steps[Qt.Key(event.key())]
        if 0 <= at < len(usable):
            self._choose(usable[at])

    def _clicked(self, button: QAbstractButton) -> None:
        self._choose(next(value for value, own in self._buttons.items() if own is button))

    def _choose(self, value: str) -> None:
        self.set_value(value)
        self._buttons[value].setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit(value)
