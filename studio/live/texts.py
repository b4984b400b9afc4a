"""The texts of the open project as wishes: brought in by a job, deleted with a way back. Part of the session."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.formats import TextChoices
from studio.live.jobs import Job, Jobs
from studio.live.notices import Notices
from studio.live.project_things import ProjectThings
from studio.live.runs import Runs, Undo
from studio.store.project import Project
from studio.store.trash import discard
from studio.store.unread import Unread, mend_text


class Texts(ProjectThings):
    """Knows which runs need a text before it goes."""

    kind = "texts"

    def __init__(self, jobs: Jobs, notices: Notices, runs: Runs, here: Callable[[], Project], parent: QObject) -> None:
        super().__init__(jobs, notices, here, parent)
        self._runs = runs

    def add(self, paths: Sequence[Path], name: str, choices: TextChoices) -> Job:
        """Import files or folders as one text; the job's result is the `Text`."""
        title = tr("Importing {what}", what=name or (Path(paths[0]).name if paths else ""))
        return self._told(self._jobs.start(self._here().add_text, list(paths), name, choices=choices, title=title))

    def mend(self, broken: Unread) -> Job:
        """Describe a text anew from what lies there, once at a time; the job's result is the `Text`."""
        title, lane = tr("Mending “{name}”", name=broken.name), f"mend {broken.folder}"
        return self._told(self._jobs.start(mend_text, broken.folder, title=title, lane=lane))

    def delete_unread(self, broken: Unread) -> Undo:
        """Move what cannot be read to the trash as it is, a text or a version of a dataset."""
        way_back = partial(self._restore, discard(broken.folder, self._here().path / "trash"))
        self._tell()
        return Undo(tr("“{name}” was moved to the trash.", name=broken.name), way_back)

    def delete(self, name: str) -> Undo:
        """Move a text to the trash; refused while a run learns from it."""
        users = [run for run in self._runs.models.values() if run.config.data.text == name]
        if living := [run.name for run in users if run.living]:
            raise StudioError(
                tr("The run “{run}” learns from “{name}” at the moment.", run=living[0], name=name),
                tr("Stop the run first, then delete the text. Nothing was changed."),
            )
        way_back = partial(self._restore, self._here().delete_text(name))
        words = tr("“{name}” was moved to the trash.", name=name)
        if users:
            words += " " + tr("Runs that learned from it cannot be resumed without it.")
        self._tell()
        return Undo(words, way_back)
