"""What the window works with: a project, its runs, a loaded model, preferences; each wish of the person is a call."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.formats import AS_FOUND, TextChoices
from studio.live.chats import Chats
from studio.live.datasets import Datasets
from studio.live.draft import Draft
from studio.live.endpoint import Endpoint
from studio.live.jobs import Job, Jobs
from studio.live.looking import Looking
from studio.live.memory import Memory, Sample
from studio.live.models import Models
from studio.live.notices import Notices
from studio.live.own_tokenizers import OwnTokenizers
from studio.live.run_model import RunModel
from studio.live.run_wishes import RunWishes
from studio.live.runs import Runs, Undo
from studio.live.selection import Selection
from studio.live.stream import ENGINE, Engine
from studio.live.texts import Texts
from studio.store.locks import FileLock
from studio.store.places import Places
from studio.store.preferences import Preferences, load_preferences, save_preferences
from studio.store.project import Project


class Session(RunWishes):
    """One per window. What it offers raises `StudioError` at once where a wish cannot be granted."""

    # frozenset of {"project","texts","datasets","tokenizers","models","draft","runs","running","loaded","preferences",
    # "torch","chats","endpoint"}
    changed = Signal(object)
    run_added = Signal(object)  # RunModel
    focus_requested = Signal(str, object)  # page name, thing

    def __init__(self, places: Places, *, engine: Engine = ENGINE, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.places = places
        self._early: list[str] = []  # sentences about damaged preferences, told once somebody listens
        self.preferences: Preferences = load_preferences(places.preferences, self._early.append)
        self.project: Project | None = None
        self.jobs = Jobs(self)
        self.notices = Notices(self)
        self._lock: FileLock | None = None
        self._draft = Draft(self.jobs, self.notices, self.set_draft, self)
        self._memory = Memory(self.jobs, self)
        self._runs = Runs(self.jobs, self.notices, engine, self)
        self._memory.changed.connect(self.changed)
        self._runs.changed.connect(self.changed)
        self._runs.talk.ready.connect(self._talk_ready)
        self._runs.talk.failed.connect(self.notices.post_error)
        self.texts = Texts(self.jobs, self.notices, self._runs, self._here, self)
        self.texts.changed.connect(self.changed)
        self.datasets = Datasets(self.jobs, self.notices, self._here, self)
        self.datasets.changed.connect(self.changed)
        self.chats = Chats(self.jobs, self.notices, self._here, self)
        self.chats.changed.connect(self.changed)
        self.endpoint = Endpoint(self.jobs, self)
        self.endpoint.changed.connect(self.changed)
        self.tokenizers = OwnTokenizers(self.jobs, self.notices, self._here, self)
        self.tokenizers.changed.connect(self.changed)
        self.models = Models(self.jobs, self.notices, self._runs, self._here, self)
        self.models.changed.connect(self.changed)
        self._runs.added.connect(self.run_added)
        self.selection = Selection(self)  # what is pointed at inside a model
        self.looking = Looking(self.jobs, self.selection, self._runs, self)
        self.models.changed.connect(self.looking.tidy)
        self.jobs.job_failed.connect(self._job_failed)
        if self._early:
            QTimer.singleShot(0, self._tell_early)

    @property
    def draft(self) -> RunConfig:
        """What the forms show."""
        return self._draft.config

    @property
    def loaded(self) -> Any:
        """The engine's `LoadedModel`, or None."""
        return self._memory.loaded

    @property
    def torch_state(self) -> str:
        """ "waiting", "loading", "ready" or "failed"."""
        return self._memory.torch_state

    # --- the project -------------------------------------------------------------------------------------------

    def open_project(self, path: Path) -> None:
        """Open a project and become its only writer; the former one stays open if that fails."""
        self._refuse_while_running()
        self._enter(Project.open(path))

    def create_project(self, path: Path, name: str = "") -> None:
        """Make a project and open it."""
        self._refuse_while_running()
        self._enter(Project.create(path, name))

    def close_project(self) -> None:
        """Leave the project; refused while a run computes in it."""
        self._refuse_while_running()
        self._leave()
        self._tell("project", "texts", "datasets", "draft", "runs", "loaded", "chats")

    def add_texts(self, paths: Sequence[Path], name: str = "", choices: TextChoices = AS_FOUND) -> Job:
        """Import files or folders as one text; the job's result is the `Text`."""
        return self.texts.add(paths, name, choices)

    def delete_text(self, name: str) -> Undo:
        """Move a text to the trash, unless a run learns from it; the result can bring it back."""
        return self.texts.delete(name)

    def empty_trash(self) -> Job:
        """Delete for good what lies in the project's trash, and deleted chats."""
        self.chats.forget_deleted()
        return self.jobs.start(self._here().empty_trash, title=tr("Emptying the trash"))

    def set_draft(self, config: RunConfig) -> None:
        """Keep what the forms show; it reaches the disk shortly after the last change."""
        if config != self.draft:
            self._draft.set(config)
            self._tell("draft")

    def set_preferences(self, preferences: Preferences) -> None:
        """Take over and save the person's choices."""
        if preferences != self.preferences:
            self.preferences = preferences
            self._tell("preferences")
            save_preferences(self.places.preferences, preferences)

    # --- runs --------------------------------------------------------------------------------------------------

    def start_run(self, config: RunConfig, name: str = "") -> RunModel:
        """Make a run of `config` and compute it now, or when its device is free; Settings fill its gaps."""
        return self._runs.start(self._here(), self._with_preferences(config), name)

    def _with_preferences(self, config: RunConfig) -> RunConfig:
        compute, chosen = config.compute, self.preferences
        device = chosen.device if compute.device == "auto" else compute.device
        return config.with_part(compute=replace(compute, device=device, threads=compute.threads or chosen.threads))

    # --- the loaded model --------------------------------------------------------------------------------------

    def load_model(self, run_name: str, step: int | None = None) -> Job:
        """Bring a checkpoint into memory: the one at `step`, else the best, else the last."""
        return self._memory.load(self._runs.find(run_name).record, step)

    def load_folder(self, folder: Path, title: str) -> Job:
        """Bring any model into memory: an imported one, or a checkpoint of another project."""
        return self._memory.load_folder(folder, title)

    def unload_model(self) -> None:
        """Free the loaded model's memory."""
        self._memory.unload()

    def loaded_changed(self) -> None:
        """Tell every page that the model in memory was changed in place, as by an adapter that was laid on it."""
        self._tell("loaded")

    def probe_precisions(self) -> Job:
        """Find the precisions of the loaded model that pay here; the job's result is their names."""
        return self._memory.probe_precisions()

    def set_precision(self, name: str, sample: Callable[[], Sample]) -> Job:
        """Hold the loaded model's weights as `name`, and measure on a sample what that costs."""
        return self._memory.set_precision(name, sample)

    def warm_torch(self) -> None:
        """Import torch in the background, after the first paint."""
        self._memory.warm_torch()

    # --- the window --------------------------------------------------------------------------------------------

    def focus(self, page: str, thing: object = None) -> None:
        """Wish that a page comes forward and shows `thing`."""
        self.focus_requested.emit(page, thing)

    def _talk_ready(self, run: str, step: int) -> None:
        self.focus("chat", (run, step))

    def close(self, limit: int = 15_000) -> bool:
        """Stop everything, save what waits, wait up to `limit` milliseconds; False when a thread still computes."""
        self._runs.stop_all()
        quiet = self.endpoint.close(min(limit, 5_000))
        quiet = self._runs.queue.close(limit) and quiet
        quiet = self.jobs.close(min(limit, 5_000)) and quiet
        if quiet:
            self._leave()
        return quiet

    # --- inside ------------------------------------------------------------------------------------------------

    def _enter(self, project: Project) -> None:
        former = self.project
        if former is not None and self._lock is not None and former.path == project.path:
            return
        lock = project.lock()
        self._leave()
        self.project, self._lock = project, lock
        self._draft.open(project)
        self._runs.fill(project)
        self.chats.take_up()
        self._tell("project", "texts", "datasets", "draft", "runs", "chats")

    def _leave(self) -> None:
        try:
            self._draft.open(None)
        except StudioError as error:
            self.notices.post_error(error)
        self.looking.forget()
        self.endpoint.stop()
        self.chats.leave()
        self._runs.clear()
        self.project = None
        self._memory.unload()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _refuse_while_running(self) -> None:
        if self.running is not None or self.queued:
            raise StudioError(tr("A run is still going on in this project."), tr("Stop it first, then go on."))

    def _here(self) -> Project:
        if self.project is None:
            raise StudioError(tr("No project is open."), tr("Open or create one on the Home page."))
        return self.project

    def _tell(self, *what: str) -> None:
        self.changed.emit(frozenset(what))

    def _tell_early(self) -> None:
        for sentence in self._early:
            self.notices.post("warning", sentence)
        self._early.clear()

    def _job_failed(self, job: Job) -> None:
        if job.error is not None:
            self.notices.post_error(job.error)
