"""The adapters of the model in memory as wishes: laid on, switched, turned up and down, taken off, written."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.jobs import Job
from studio.live.session import Session
from studio.store.checkpoints import choose

TAKE_OFF = "studio.engine.worn:take_off"
WRITE = "studio.engine.worn:write_adapter"
_LANE = "wear adapter"


class Wearing(QObject):
    """Everything that touches the network is a job; `failed` carries the reason, and nothing was changed then."""

    changed = Signal()
    failed = Signal(object)  # StudioError
    written = Signal(object)  # Path

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session

    @property
    def names(self) -> tuple[str, ...]:
        """The adapters that lie on the model in memory."""
        loaded = self._session.loaded
        return tuple(loaded.adapters()) if loaded is not None else ()

    @property
    def worn(self) -> str | None:
        """The one that counts."""
        loaded = self._session.loaded
        found: str | None = loaded.adapter if loaded is not None else None
        return found

    @property
    def strength(self) -> float:
        """How much it counts."""
        loaded = self._session.loaded
        return float(loaded.strength) if loaded is not None else 1.0

    def of_runs(self) -> list[str]:
        """Runs of the project that trained an adapter and saved it, the newest first."""
        runs = reversed(list(self._session.runs.values()))
        return [run.name for run in runs if run.config.adapter.kind != "none" and run.record.checkpoints()]

    def lay_run(self, name: str) -> None:
        """Lay on the best adapter of a run."""
        try:
            self.lay(choose(self._session.runs[name].record, "best").folder)
        except (KeyError, StudioError) as error:
            self.failed.emit(error if isinstance(error, StudioError) else StudioError(tr("The run is gone.")))

    def lay(self, folder: Path) -> None:
        """Lay on the adapter in a folder, ours or PEFT's, and use it."""
        if (loaded := self._session.loaded) is not None:
            title = tr("Laying on {name}", name=folder.name)
            self._follow(self._session.jobs.start(loaded.lay, folder, title=title, lane=_LANE))

    def take_off(self, name: str) -> None:
        """Take one away for good; its files, if it has any, stay."""
        if (loaded := self._session.loaded) is not None:
            self._follow(self._session.jobs.start(TAKE_OFF, loaded, name, lane=_LANE))

    def use(self, name: str | None, strength: float) -> None:
        """Let another one count, or with None the base alone, from the next token on."""
        if (loaded := self._session.loaded) is not None:
            self._follow(self._session.jobs.start(loaded.use, name, strength, lane=_LANE))

    def write(self, name: str, folder: Path, form: str) -> None:
        """Write one as a new folder, for Atelier or for `peft`."""
        if (loaded := self._session.loaded) is not None:
            title = tr("Writing {name}", name=folder.name)
            job = self._session.jobs.start(WRITE, loaded, name, folder, form, title=title)
            job.succeeded.connect(self.written)
            job.failed.connect(self.failed)

    def _follow(self, job: Job) -> None:
        job.succeeded.connect(partial(self._done, self._session.loaded))
        job.failed.connect(self.failed)

    def _done(self, loaded: object, _result: object) -> None:
        if loaded is self._session.loaded:
            self.changed.emit()
            self._session.loaded_changed()
