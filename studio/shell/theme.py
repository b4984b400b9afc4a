"""Puts the look on the application and follows the system's light and dark when that was asked for."""

import re

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from studio.widgets.look import Look

_FIELD = re.compile(r"\{(\w+)\}")


def theme_for(preference: str, scheme: Qt.ColorScheme) -> str:
    """File name of the theme a preference means; a system that does not say gets the dark one."""
    if preference in ("dark", "light"):
        return preference
    return "light" if scheme == Qt.ColorScheme.Light else "dark"


class ThemeKeeper(QObject):
    """Gives the application its palette and font, and windows their style sheet, whenever look or system change.

    The sheet is not the application's: Qt would then style every widget anew each time it gets a parent, which makes
    building a page three times as dear. In a window a finished page is styled once.
    """

    def __init__(self, application: QApplication, look: Look, preference: str = "system") -> None:
        super().__init__(look)
        self._application, self._look, self._preference = application, look, preference
        self._windows: list[QWidget] = []
        look.set_theme(theme_for(preference, application.styleHints().colorScheme()))
        self.apply()
        look.changed.connect(self.apply)
        application.styleHints().colorSchemeChanged.connect(self._follow)

    def set_preference(self, preference: str) -> None:
        """Switch to "dark", "light", or whatever the "system" says, at once and for good."""
        self._preference = preference
        self._follow()

    def dress(self, window: QWidget) -> None:
        """The style sheet for a window without a parent, as long as the look lives; what it opens has it from there."""
        self._windows.append(window)
        window.setStyleSheet(window_sheet(self._look))

    def _follow(self, *_: object) -> None:
        self._look.set_theme(theme_for(self._preference, self._application.styleHints().colorScheme()))

    def apply(self) -> None:
        """Palette first, then the sheets, so that widgets are polished once with both."""
        self._application.setPalette(self._look.palette())
        QToolTip.setPalette(self._look.palette())
        font = self._look.font(13)
        if self._application.font() != font:
            self._application.setFont(font)
        for window in self._windows:
            window.setStyleSheet(window_sheet(self._look))


def window_sheet(look: Look) -> str:
    """The style of all widgets, and of the window's own parts."""
    return look.style_sheet() + frame_sheet(look)


def frame_sheet(look: Look) -> str:
    """`resources/frame.qss`, the style of the window's own parts, with the theme's `{role}` fields filled in."""
    template = (look.resources / "frame.qss").read_text(encoding="utf-8")
    return _FIELD.sub(lambda found: look.theme.roles.get(found[1], found[0]), template)
