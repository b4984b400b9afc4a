"""The models of this computer as wishes: listed, looked into, brought in, written out, deleted. Part of the session."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.jobs import Job, Jobs
from studio.live.notices import Notices
from studio.live.project_things import ProjectThings
from studio.live.runs import Runs, Undo
from studio.store.library import BASE, Entry, survey
from studio.store.models import delete_model, read_model
from studio.store.project import Project
from studio.store.trash import discard

PREVIEW = "studio.engine.preview:preview"
ADOPT = "studio.engine.adopt:adopt"
EXPORT = "studio.engine.export:export"
EXPORT_CLASSES = "studio.engine.classifier_export:export_classifier"
GROW = "studio.engine.grow:grow_vocabulary"


class Models(ProjectThings):
    """Like `Texts`; a checkpoint of a run is a model too, so news of one are news of both."""

    def __init__(self, jobs: Jobs, notices: Notices, runs: Runs, here: Callable[[], Project], parent: QObject) -> None:
        super().__init__(jobs, notices, here, parent)
        self._runs = runs

    def list(self, project: Project | None, others: Sequence[Path] = ()) -> Job:
        """Read what lies there; the job's result is a list of `Entry`."""
        here = project.path if project is not None else None
        return self._jobs.start(survey, here, list(others), lane="list models")

    def look(self, path: Path) -> Job:
        """Say what a foreign file or folder is before anything is read; the job's result is an `Entry`."""
        return self._jobs.start(PREVIEW, path, title=tr("Looking into {name}", name=path.name), lane="look into model")

    def add(self, path: Path, name: str = "", **said: str) -> Job:
        """Import a foreign model into the open project; the job's result is the `StoredModel`.

        `said` is what a hub knows of it: its "origin" and "licence".
        """
        title = tr("Importing {what}", what=name or path.name)
        more: dict[str, Any] = {"said": said} if said else {}
        return self._told(self._jobs.start(ADOPT, path, self._here().path, name, title=title, **more))

    def export(self, entry: Entry, form: str, target: Path, precision: str = "") -> Job:
        """Write a model for other programs, read it back and compare; the job's result is the engine's `Exported`.

        A model of classes goes out in forms that have a place for them, and comes back as `ExportedClassifier`.
        """
        options = {"precision": precision} if precision else {}
        title = tr("Exporting {what}", what=entry.title)
        if entry.config.outputs:
            return self._jobs.start(EXPORT_CLASSES, entry.folder, target, form, title=title)
        return self._jobs.start(EXPORT, entry.folder, form, target, options, title=title)

    def grow(self, folder: Path, added: Sequence[str], seed: int, name: str = "") -> Job:
        """Give a model further special tokens, as a new model of the project; the job's result is the `Grown`."""
        title = tr("Growing {what}", what=name or folder.name)
        return self._told(
            self._jobs.start(GROW, folder, added, seed, project=self._here().path, name=name, title=title)
        )

    def delete(self, entry: Entry) -> Undo:
        """Move a model of the open project to the trash, and say what can no longer be done without it."""
        project = self._here()
        if project.path not in entry.folder.parents:
            raise StudioError(
                tr("“{name}” lies in another project.", name=entry.title), tr("Open that project to delete it there.")
            )
        self._runs.refuse_base(entry.folder)
        words = tr("“{name}” was moved to the trash.", name=entry.title)
        if entry.kind == BASE:
            gone = delete_model(read_model(entry.folder))
        else:
            lost = self._lost_with(entry)
            gone = discard(entry.folder, project.path / "trash")
            words = f"{words} {lost}".strip()
        words = f"{words} {self._runs.begun_from(entry.folder)}".strip()
        self._tell()
        return Undo(words, partial(self._restore, gone))

    def _lost_with(self, entry: Entry) -> str:
        """What a run loses with one of its checkpoints; refused while it computes."""
        run = self._runs.find(entry.run)
        if run.living:
            raise StudioError(
                tr("“{name}” is still going on.", name=run.name), tr("Stop it first; nothing was deleted.")
            )
        return lost_with(entry, [info.step for info in run.record.checkpoints()])

    def _tell(self, _model: object = None) -> None:
        self.changed.emit(frozenset({"models", "runs"}))


def lost_with(entry: Entry, steps: Sequence[int]) -> str:
    """What depends on a model: for a run's checkpoint the way on, by the `steps` that are saved; empty when nothing."""
    if entry.kind == BASE:
        return ""
    left = [step for step in steps if step != entry.step]
    if not left:
        return tr("It is the only checkpoint of “{run}”: the run cannot be resumed without it.", run=entry.run)
    words = []
    if entry.step > max(left):
        words.append(tr("“{run}” can then be resumed from step {step:,} at the latest.", run=entry.run, step=max(left)))
    if entry.best:
        words.append(tr("It is the best checkpoint of “{run}”.", run=entry.run))
    return " ".join(words)
