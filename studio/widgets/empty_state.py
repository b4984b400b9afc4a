"""What a place says while it has nothing to show: what will be here, why it is empty, the one thing to do."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from studio.widgets.button import Button, Slot
from studio.widgets.label import Label
from studio.widgets.look import Look


class EmptyState(QWidget):
    """Centred words with at most one button, and links below it; `icon` names a picture to stand above them."""

    def __init__(
        self,
        headline: str,
        why: str,
        action_text: str = "",
        slot: Slot | None = None,
        look: Look | None = None,
        icon: str = "",
    ) -> None:
        super().__init__()
        self._look, self._icon = look, icon
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(8)
        column.addStretch(1)
        self._picture = QLabel(self)  # with a parent, or showing it would open a window of its own
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._picture.setVisible(bool(look and icon))
        column.addWidget(self._picture)
        self.headline, self.why = Label(headline, "heading"), Label(why, "quiet")
        self.why.setWordWrap(True)
        self.why.setMaximumWidth(440)
        for label in (self.headline, self.why):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.headline)
        middle = QHBoxLayout()  # keeps height-for-width, which an aligned item would lose
        middle.addStretch(1)
        middle.addWidget(self.why, 100)
        middle.addStretch(1)
        column.addLayout(middle)
        self.button = Button(action_text, slot, look, parent=self)
        self.button.setVisible(bool(action_text))
        column.addSpacing(8)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        self._links = QHBoxLayout()
        self._links.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._links.setSpacing(16)
        column.addLayout(self._links)
        column.addStretch(1)
        if look is not None:
            look.changed.connect(self._tint)
            self._tint()

    def set_words(self, headline: str, why: str) -> None:
        """Say something else in the same place."""
        self.headline.setText(headline)
        self.why.setText(why)

    def add_link(self, button: Button) -> None:
        """One more way, below the button."""
        self._links.addWidget(button)

    def _tint(self) -> None:
        if self._look is not None and self._icon:
            self._picture.setPixmap(self._look.pixmap(self._icon, 20, "text_quiet", self.devicePixelRatioF()))
