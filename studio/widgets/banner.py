"""What went wrong or should be known, said where it happened, with the buttons that do something about it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.widgets.button import Button, IconButton, Slot
from studio.widgets.label import Label
from studio.widgets.look import Look

_ICONS = {"danger": "danger", "warning": "warning", "info": "info", "good": "check"}
_ROLES = {"danger": "danger", "warning": "warning", "info": "accent", "good": "good"}

Actions = Sequence[tuple[str, Slot]]


class Banner(QFrame):
    """Hidden until something is shown; one at a time, the newest."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self.level = look, ""
        self.setProperty("kind", "banner")
        line = QHBoxLayout(self)
        line.setContentsMargins(12, 8, 8, 8)
        line.setSpacing(12)
        self._picture = QLabel()
        line.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.setContentsMargins(0, 4, 0, 4)
        self.message, self.hint = Label("", "strong", wrap=True), Label("", "quiet", wrap=True)
        words.addWidget(self.message)
        words.addWidget(self.hint)
        line.addLayout(words, 1)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        line.addLayout(self._buttons)
        line.addWidget(IconButton("close", tr("Dismiss"), self.clear, look), 0, Qt.AlignmentFlag.AlignTop)
        self._picture.setContentsMargins(0, 5, 0, 0)
        look.changed.connect(self._tint)
        self.hide()

    def show_error(self, message: str, hint: str = "", actions: Actions = ()) -> None:
        """What happened and what is safe, what to do, and the buttons that do it."""
        self.show_note(message, hint, actions, "danger")

    def show_note(self, message: str, hint: str = "", actions: Actions = (), level: str = "info") -> None:
        """The same in a calmer tone; `level` is info, good, warning or danger."""
        self.level = level
        self.setProperty("level", level)
        self.message.setText(message)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        self.setAccessibleName(message)
        self._empty_buttons()
        for text, slot in actions:
            self._buttons.addWidget(Button(text, slot, self._look).set_small())
        self.style().unpolish(self)
        self.style().polish(self)
        self._tint()
        self.show()

    def clear(self) -> None:
        """Take the banner away."""
        self.level = ""
        self._empty_buttons()
        self.hide()

    def _empty_buttons(self) -> None:
        while (item := self._buttons.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()

    def _tint(self) -> None:
        if self.level:
            ratio = self.devicePixelRatioF()
            self._picture.setPixmap(self._look.pixmap(_ICONS[self.level], 16, _ROLES[self.level], ratio))
