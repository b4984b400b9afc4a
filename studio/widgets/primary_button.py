"""The button of a page that says what will happen next; Ctrl+Return presses it from anywhere on the page."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from studio.core.errors import StudioError
from studio.widgets.button import Button
from studio.widgets.look import Look

PRIMARY_KEYS = "Ctrl+Return"
Press = tuple[str, Callable[[], object], bool]  # what the button says, does, and whether it can be pressed


class PrimaryButton(Button):
    """Says and does what it was last offered; a refusal is told by `refused`. Without words it is hidden."""

    refused = Signal(object)  # StudioError

    def __init__(self, page: QWidget, look: Look) -> None:
        super().__init__("", self.press, look, "primary")
        self._does: Callable[[], object] | None = None
        keys = QShortcut(QKeySequence(PRIMARY_KEYS), page, self.press)
        keys.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)

    def offer(self, press: Press) -> None:
        """Say and do another thing from now on."""
        text, self._does, enabled = press
        self.setText(text)
        self.setEnabled(enabled)
        self.setVisible(bool(text))

    def press(self) -> None:
        """Do it, where it can be done."""
        if self.isEnabled() and self._does is not None:
            try:
                self._does()
            except StudioError as error:
                self.refused.emit(error)
