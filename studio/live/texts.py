"""The texts of the open project as wishes: brought in by a job, deleted with a way back. Part of the session."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.formats import TextChoices
from studio.live.jobs import Job, Jobs
from studio.live.notices import Notices
from studio.live.runs import Runs, Undo
from studio.store.project import Project
from studio.store.trash import Trashed


class Texts(QObject):
    """Knows which runs need a text before it goes."""

    changed = Signal(object)  # frozenset of {"texts"}

    def __init__(self, jobs: Jobs, notices: Notices, runs: Runs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._notices, self._runs = jobs, notices, runs

    def add(self, project: Project, paths: Sequence[Path], name: str, choices: TextChoices) -> Job:
        """Import files or folders as one text; the job's result is the `Text`."""
        title = tr("Importing {what}", what=name or (Path(paths[0]).name if paths else ""))
        job = self._jobs.start(project.add_text, list(paths), name, choices=choices, title=title)
        job.succeeded.connect(self._tell)
        return job

    def delete(self, project: Project, name: str) -> Undo:
        """Move a text to the trash; refused while a run learns from it."""
        users = [run for run in self._runs.models.values() if run.config.data.text == name]
        if living := [run.name for run in users if run.living]:
            raise StudioError(
                tr("The run “{run}” learns from “{name}” at the moment.", run=living[0], name=name),
                tr("Stop the run first, then delete the text. Nothing was changed."),
            )
        way_back = partial(self._restore, project.delete_text(name))
        words = tr("“{name}” was moved to the trash.", name=name)
        if users:
            words += " " + tr("Runs that learned from it cannot be resumed without it.")
        self._tell()
        return Undo(words, way_back)

    def _restore(self, trashed: Trashed) -> None:
        try:
            trashed.restore()
        except StudioError as error:
            self._notices.post_error(error)
        self._tell()

    def _tell(self, _text: object = None) -> None:
        self.changed.emit(frozenset({"texts"}))
