"""Push buttons in the four kinds a page needs: plain, primary, danger, quiet, each also small."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from studio.widgets.look import Look

Slot = Callable[[], object]


class Button(QPushButton):
    """`kind` is "", "primary", "danger", "quiet" (no frame) or "link"; the icon follows the theme by itself."""

    def __init__(
        self,
        text: str = "",
        slot: Slot | None = None,
        look: Look | None = None,
        kind: str = "",
        icon: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._look, self._icon_name, self._slot = look, icon, slot
        self.setProperty("kind", kind)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        if kind == "link":
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        if slot is not None:
            self.clicked.connect(self._call)
        if look is not None and icon:
            look.changed.connect(self._tint)
            self._tint()

    def set_small(self) -> "Button":
        """28 px high with small print, for the head of a card; returns itself."""
        self.setProperty("small", True)
        return self

    def set_kind(self, kind: str) -> None:
        """Change the kind, as when the primary action moves from "Train" to "Pause"."""
        if kind != self.property("kind"):
            self.setProperty("kind", kind)
            self.style().unpolish(self)
            self.style().polish(self)
            self._tint()

    def set_icon(self, name: str) -> None:
        """Another picture from `resources/icons`, or none."""
        self._icon_name = name
        self._tint()

    def _call(self) -> None:
        if self._slot is not None:
            self._slot()

    def _tint(self) -> None:
        if self._look is None or not self._icon_name:
            return
        role = {"primary": "accent_text", "danger": "danger", "link": "accent", "quiet": "text_quiet"}.get(
            self.property("kind"), "text"
        )
        gap = 4 if self.text() else 0
        self.setIcon(self._look.icon(self._icon_name, 16, role, gap))
        self.setIconSize(QSize(16 + gap, 16))


class IconButton(Button):
    """A frameless 28 px square with one picture; `name` is what it says to a screen reader and as a tooltip."""

    def __init__(self, icon: str, name: str, slot: Slot | None, look: Look, parent: QWidget | None = None) -> None:
        super().__init__("", slot, look, "quiet", icon, parent)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setProperty("square", True)
        self.setFixedSize(28, 28)
