"""Opening, making and finding projects again: the menu under the project's name."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from studio.core.language import tr
from studio.panels import Action
from studio.parts.opening import Opening

if TYPE_CHECKING:
    from studio.live.session import Session

RECENT = 8


class Projects(Opening):
    """The menu of projects, and the memory of those opened before."""

    def __init__(self, session: "Session", window: QWidget, recent: list[str]) -> None:
        super().__init__(session, window)
        self.recent = recent[:RECENT]
        session.changed.connect(self._remember)
        self._remember(frozenset({"project"}))

    def actions(self) -> list[Action]:
        """The whole menu: new, open, folder, close, and the projects opened lately."""
        open_now = self._is_open
        rows = [
            Action("project.new", tr("New project…"), self.ask_new, "Ctrl+Shift+N", "plus"),
            Action("project.open", tr("Open project…"), self.ask_open, "Ctrl+O", "folder"),
            Action("project.folder", tr("Show the project's folder"), self.show_folder, "", "folder", open_now),
            Action("project.close", tr("Close project"), self.close, "", "close", open_now),
        ]
        return rows + self.recent_actions()

    def menu(self) -> list[Action]:
        """The same with a heading above the recent ones."""
        rows, recent = self.actions(), self.recent_actions()
        if not recent:
            return rows
        return [*rows[: -len(recent)], Action("-", "", _nothing), *recent]

    def recent_actions(self) -> list[Action]:
        """Projects opened before, newest first, that still exist and are not open now."""
        here = self._session.project.path if self._session.project else None
        paths = [Path(text) for text in self.recent if Path(text) != here and (Path(text) / "project.json").is_file()]
        return [
            Action(f"project.recent.{path}", tr("Open {name}", name=path.name), self._opener(path), "", "home")
            for path in paths
        ]

    def show_folder(self) -> None:
        """Let the system's file manager show the open project."""
        if self._session.project is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._session.project.path)))

    def close(self) -> None:
        """Close the open project."""
        self.attempt(self._session.close_project)

    def _is_open(self) -> bool:
        return self._session.project is not None

    def _opener(self, path: Path) -> Callable[[], None]:
        return lambda: self.open_folder(str(path))

    def _remember(self, what: frozenset[str]) -> None:
        project = self._session.project
        if ("project" in what or not what) and project is not None:
            path = str(project.path)
            self.recent = [path, *(other for other in self.recent if other != path)][:RECENT]
            self._session.set_preferences(replace(self._session.preferences, last_project=path))


def _nothing() -> None:
    """A line in a menu does nothing."""
