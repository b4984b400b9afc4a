"""The runs of the open project: their models, who computes, who waits, whose past is still being read."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.knobs import problems
from studio.core.language import tr
from studio.live.jobs import Jobs
from studio.live.notices import Notices
from studio.live.paused_talk import PausedTalk
from studio.live.replay import Replays
from studio.live.run_model import RunModel
from studio.live.run_queue import RunQueue
from studio.live.run_worker import order_for
from studio.live.stream import NEWEST, Engine
from studio.store.project import Project
from studio.store.runs import RunRecord
from studio.store.starts import means
from studio.store.trash import Trashed


@dataclass(frozen=True)
class Undo:
    """Something that was done and can be taken back: a sentence about it, and the way back."""

    text: str
    undo: Callable[[], None]


@dataclass(frozen=True)
class _Resuming:
    """A run whose past is read before it goes on."""

    model: RunModel
    resume: int | None
    former_state: str


class Runs(QObject):
    """Part of the session, which speaks for it."""

    changed = Signal(object)  # frozenset of {"runs", "running"}
    added = Signal(object)  # RunModel

    def __init__(self, jobs: Jobs, notices: Notices, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.models: dict[str, RunModel] = {}
        self.queue = RunQueue(self)
        self.talk = PausedTalk(self.queue, self)
        self._notices, self._engine = notices, engine
        self._replays = Replays(jobs, self)
        self._resuming: dict[str, _Resuming] = {}
        self._new: set[str] = set()  # runs that have not computed a step yet
        self._folder: Path | None = None  # where the open project keeps its runs
        self.queue.changed.connect(self._queue_changed)
        self.queue.ended.connect(self._run_ended)
        self.talk.changed.connect(self._queue_changed)
        self._replays.ready.connect(self._past_ready)
        self._replays.failed.connect(self._past_unreadable)

    @property
    def running(self) -> RunModel | None:
        """The run that computes or is paused; with several devices the one started last."""
        living = self.queue.running
        return living[-1] if living else None

    @property
    def queued(self) -> tuple[RunModel, ...]:
        """Runs that wait for their turn, then those whose past is being read before they go on."""
        return (*self.queue.waiting, *(resuming.model for resuming in self._resuming.values()))

    def fill(self, project: Project) -> None:
        """Take in a project's runs, and offer to go on with the newest one that a crash or a power cut ended."""
        self._folder = project.path / "runs"
        for record in project.runs():
            self._add(record)
        found = [model for model in self.models.values() if model.state == "interrupted"]
        if found:
            self._offer(found[-1])

    def _offer(self, model: RunModel) -> None:
        name, saved = model.name, model.record.checkpoints()
        if saved:
            text = tr("“{name}” was interrupted at step {step:,}; step {saved:,} is saved.",
                      name=name, step=model.step, saved=saved[-1].step)  # fmt: skip
        else:
            text = tr("“{name}” was interrupted at step {step:,}, before its first save.", name=name, step=model.step)
        words = tr("Resume") if saved else tr("Start again")
        self._notices.post("warning", text, (words, partial(self._resume_offered, name)))

    def clear(self) -> None:
        """Forget every run, because the project is left; none of them may be living."""
        self.talk.forget()
        for model in self.models.values():
            self._replays.forget(model)
            model.deleteLater()
        self.models, self._folder = {}, None
        self._new.clear()

    def find(self, name: str) -> RunModel:
        """A run by name, its state brought up to date; an unknown one is a `StudioError`."""
        if name not in self.models:
            raise StudioError(tr("There is no run “{name}” in this project.", name=name))
        model = self.models[name]
        if model.living and model not in self.queue.running and model not in self.queued:
            state = model.record.summary.state  # it is another process's run, such as a crashed window's child
            if state != model.state:
                model.set_state(state)
        return model

    def open(self, name: str) -> RunModel:
        """The run; its past is read if that has not happened yet."""
        model = self.find(name)
        if not model.replayed and not model.living:
            self._replays.start(model)
        return model

    def start(self, project: Project, config: RunConfig, name: str) -> RunModel:
        """Make a run and compute it now, or when its device is free."""
        if found := problems(config):
            raise StudioError(found[0].message, tr("Change it, then start again."))
        model = self._add(project.new_run(config, name))
        self._new.add(model.name)
        model.replayed = True
        self.queue.add(model, order_for(model.record, None, self._engine))
        self.added.emit(model)
        self.changed.emit(frozenset({"runs"}))
        return model

    def resume(self, name: str, step: int | None = None) -> RunModel:
        """Go on from the checkpoint at `step`, else from the newest whole one, else from the beginning."""
        model = self.find(name)
        if model.living:
            raise StudioError(
                tr("“{name}” is going on already.", name=name),
                tr("If no page shows it, its process is still saving: try again in a moment."),
            )
        resume = step
        if step is None and any(model.record.checkpoints_folder.glob("step-*")):
            resume = NEWEST
        self._resuming[name] = _Resuming(model, resume, model.state)
        model.set_state("queued")
        self._replays.start(model)
        return model

    def stop(self, model: RunModel, save: bool) -> None:
        """End a living run, saving first or not; call off one that waits."""
        if resuming := self._resuming.pop(model.name, None):
            model.set_state(resuming.former_state)
            self._queue_changed()
        self.queue.stop(model, save)

    def stop_all(self) -> None:
        """Stop or call off all of them; returns at once."""
        for resuming in list(self._resuming.values()):
            self.stop(resuming.model, save=True)
        self.queue.stop_all()

    def delete(self, name: str) -> Undo:
        """Move a run to the trash; the result can bring it back."""
        model = self.find(name)
        if model.living:
            raise StudioError(tr("“{name}” is still going on.", name=name), tr("Stop it first; nothing was deleted."))
        self.refuse_base(model.record.folder)
        way_back = partial(self._restore, model.record.delete())
        words = tr("“{name}” was moved to the trash.", name=name)
        self._drop(model)
        return Undo(f"{words} {self.begun_from(model.record.folder)}".strip(), way_back)

    def refuse_base(self, folder: Path) -> None:
        """A `StudioError` where a living run trains an adapter on the model, or on the run, in a folder."""
        project = self._folder.parent if self._folder is not None else folder
        for one in self.models.values():
            if one.living and one.config.adapter.kind != "none" and means(one.config.start_from, project, folder):
                raise StudioError(
                    tr("“{run}” is training an adapter on it.", run=one.name),
                    tr("Stop it first; nothing was deleted."),
                )

    def begun_from(self, folder: Path) -> str:
        """What the runs that started from a model, or from a checkpoint of a run, lose with its folder."""
        if self._folder is None:
            return ""
        begun = [one for one in self.models.values() if means(one.config.start_from, self._folder.parent, folder)]
        bare = [one.name for one in begun if not one.record.checkpoints()]
        laid = [one.name for one in begun if one.name not in bare and one.config.adapter.kind != "none"]
        words = []
        if bare:
            words.append(tr("Saved nothing yet, and cannot begin again without it: {runs}.", runs=", ".join(bare)))
        if laid:
            words.append(tr("Hold only an adapter, and cannot be opened without it: {runs}.", runs=", ".join(laid)))
        if kept := [one.name for one in begun if one.name not in (*bare, *laid)]:
            words.append(tr("Started from it, and go on with weights of their own: {runs}.", runs=", ".join(kept)))
        return " ".join(words)

    def _drop(self, model: RunModel) -> None:
        """The run is no longer in the project."""
        self._replays.forget(model)
        del self.models[model.name]
        model.deleteLater()
        self.changed.emit(frozenset({"runs"}))

    def _resume_offered(self, name: str) -> None:
        try:
            self.resume(name)
        except StudioError as error:
            self._notices.post_error(error)

    def _restore(self, trashed: Trashed) -> None:
        """Bring a run back; if another project was opened meanwhile, it only lies in its own again."""
        try:
            folder = trashed.restore()
        except StudioError as error:  # the trash was emptied meanwhile
            self._notices.post_error(error)
            return
        if folder.parent == self._folder:
            self.added.emit(self._add(RunRecord(folder)))
            self.changed.emit(frozenset({"runs"}))

    def _add(self, record: RunRecord) -> RunModel:
        model = RunModel(record, self)
        self.models[model.name] = model
        return model

    def _queue_changed(self) -> None:
        self.changed.emit(frozenset({"running", "runs"}))

    def _run_ended(self, model: RunModel) -> None:
        words = f"{model.ending.message} {model.ending.hint}".strip()
        if model.state == "finished":
            self._notices.post("good", tr("“{name}” is finished.", name=model.name))
        elif self._refused(model):
            self._drop(model)
            self._notices.post("danger", tr("“{name}” could not start: {words}", name=model.name, words=words))
        elif model.state == "failed":
            self._notices.post("danger", tr("“{name}” failed: {words}", name=model.name, words=words))
        self._new.discard(model.name)

    def _refused(self, model: RunModel) -> bool:
        """Whether a new run's settings were refused before its first step; then nothing of it stays on the disk."""
        return model.name in self._new and model.state == "failed" and model.record.withdraw()

    def _past_ready(self, model: RunModel) -> None:
        if resuming := self._resuming.pop(model.name, None):
            order = order_for(model.record, resuming.resume, self._engine)
            self.queue.add(model, order, resuming.former_state)

    def _past_unreadable(self, model: RunModel, error: StudioError) -> None:
        if resuming := self._resuming.pop(model.name, None):
            model.set_state(resuming.former_state)
        self._notices.post_error(error)
