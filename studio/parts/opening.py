"""The ways into a project and of texts into it, for Home, the menu, the palette and a drop on the window alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.gate.names import safe_name

if TYPE_CHECKING:
    from studio.live.session import Session


@dataclass(frozen=True)
class Known:
    """A project on disk that could be opened."""

    name: str
    path: Path
    runs: int
    used: float  # seconds since 1970


def projects_folder(session: "Session") -> Path:
    """Where new projects are made: the preference, else Atelier's own folder."""
    wanted = session.preferences.projects_folder
    return Path(wanted).expanduser() if wanted else session.places.projects


def known_projects(session: "Session", limit: int = 5) -> list[Known]:
    """Projects in that folder other than the open one, the ones used last first."""
    here = session.project.path if session.project else None
    found: list[Known] = []
    try:
        folders = [path.parent for path in projects_folder(session).glob("*/project.json")]
        for folder in folders:
            if folder != here:
                runs = sum(1 for _ in folder.glob("runs/*/config.json"))
                parts = [part for part in (folder, folder / "runs", folder / "texts") if part.exists()]
                used = max(part.stat().st_mtime for part in parts)
                found.append(Known(folder.name, folder, runs, used))
    except OSError:
        return []
    return sorted(found, key=lambda known: -known.used)[:limit]


def ensure_project(session: "Session", name: str) -> None:
    """Open or make a project of this name if none is open, so that a dropped text has a place to go."""
    if session.project is not None:
        return
    folder = projects_folder(session) / safe_name(name)
    if (folder / "project.json").is_file():
        session.open_project(folder)
    else:
        session.create_project(folder, name)


class Opening(QObject):
    """Dialogs that lead into a project; failures are told as notices, and nothing has changed then."""

    def __init__(self, session: "Session", window: QWidget) -> None:
        super().__init__(window)
        self._session, self._window = session, window

    def ask_new(self) -> None:
        """Ask for a name and make the project in the folder of projects."""
        from PySide6.QtWidgets import QInputDialog

        dialog = QInputDialog(self._window)
        dialog.setWindowTitle(tr("New project"))
        dialog.setLabelText(tr("A project keeps texts, runs and models together in one folder. Its name:"))
        dialog.setOkButtonText(tr("Make the project"))
        dialog.setCancelButtonText(tr("Cancel"))
        dialog.resize(420, 0)
        dialog.textValueSelected.connect(self.make)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def make(self, name: str) -> None:
        """Make and open a project of this name."""
        if name.strip():
            folder = projects_folder(self._session) / safe_name(name)
            self.attempt(lambda: self._session.create_project(folder, name.strip()))

    def ask_open(self) -> None:
        """Ask for a project's folder."""
        from PySide6.QtWidgets import QFileDialog

        dialog = QFileDialog(self._window, tr("Open a project"), str(projects_folder(self._session)))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.open_folder)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def open_folder(self, folder: str) -> None:
        """Open the project in this folder."""
        self.attempt(lambda: self._session.open_project(Path(folder)))

    def ask_texts(self) -> None:
        """Ask for files of texts and tables and add them to the project."""
        from PySide6.QtWidgets import QFileDialog

        from studio.parts.texts import file_filter

        dialog = QFileDialog(self._window, tr("Add texts and tables"), str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters([file_filter(), tr("All files (*)")])
        dialog.filesSelected.connect(self.bring)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def bring(self, files: Sequence[str]) -> None:
        """Import files or folders into the open project, making one if there is none, and show them.

        Tables are looked at on the Data page before they are taken in.
        """
        paths = [Path(file) for file in files]

        def do() -> None:
            from studio.formats import is_table

            tables = [path for path in paths if is_table(path)]
            texts = [path for path in paths if path not in tables]
            if texts:
                ensure_project(self._session, tr("My project"))
                self._session.add_texts(texts)
            self._session.focus("data", tables or None)

        self.attempt(do)

    def attempt(self, do: Callable[[], object]) -> bool:
        """Do something that may be refused with a sentence; whether it was done."""
        try:
            do()
        except StudioError as error:
            self._session.notices.post_error(error)
            return False
        return True
