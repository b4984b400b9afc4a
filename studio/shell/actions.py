"""Every action of the window in one list: menus, shortcuts and the command palette are made from it."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from studio.panels import Action

__all__ = ["Action", "ActionList"]


class ActionList(QObject):
    """The frame's own actions, each with its shortcut on the window, and those of whatever page is open."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._own: list[Action] = []
        self._sources: list[Callable[[], Iterable[Action]]] = []

    def add(self, *actions: Action) -> None:
        """Take actions of the frame in; a shortcut works from now on wherever the focus is."""
        for action in actions:
            self._own.append(action)
            if action.shortcut:
                self._window.addAction(self._shortcut(action))

    def add_source(self, source: Callable[[], Iterable[Action]]) -> None:
        """Ask `source` for more actions whenever the list is shown (the open page, the recent projects)."""
        self._sources.append(source)

    def all(self) -> list[Action]:
        """Everything that can be done now or later, each thing once: of two with the same words the possible one."""
        found: dict[str, Action] = {}
        for action in [*self._own, *(action for source in self._sources for action in source())]:
            known = found.get(action.text)
            if known is None or (action.enabled() and not known.enabled()):
                found[action.text] = action
        return list(found.values())

    def _shortcut(self, action: Action) -> QAction:
        item = QAction(action.text, self)
        item.setObjectName(action.name)
        item.setShortcut(QKeySequence(action.shortcut))
        item.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        item.triggered.connect(lambda: run(action))
        return item


def run(action: Action) -> None:
    """Do it, if it can be done at this moment."""
    if action.enabled():
        action.slot()


def shortcut_text(action: Action) -> str:
    """The shortcut as this platform writes it, for a menu or the palette."""
    return QKeySequence(action.shortcut).toString(QKeySequence.SequenceFormat.NativeText) if action.shortcut else ""
