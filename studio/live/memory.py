"""What was brought into memory in the background: PyTorch, and at most one trained model."""

import gc
import importlib
import sys
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.jobs import Job, Jobs
from studio.store.checkpoints import choose
from studio.store.runs import RunRecord

OPEN_MODEL = "studio.engine.loaded:open_model"
_LANE = "load model"


def import_torch() -> None:
    """Import PyTorch without looking for garbage meanwhile, for that holds every thread, the GUI's too.

    The objects it brings stay for good, so later searches leave them out: 50 ms each on a quiet machine, 300 on a busy.
    """
    before = "torch" in sys.modules
    gc.disable()
    try:
        importlib.import_module("torch")
    finally:
        gc.enable()
    if not before and "torch" in sys.modules:
        gc.freeze()


class Memory(QObject):
    """Loads by name on a job's thread; `loaded` is opaque here, a `LoadedModel` of the engine or None."""

    changed = Signal(object)  # frozenset of {"loaded", "torch"}

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.loaded: Any = None
        self.torch_state = "waiting"  # "waiting", "loading", "ready", "failed"
        self._jobs = jobs

    def load(self, record: RunRecord, step: int | None) -> Job:
        """Bring a checkpoint into memory: the one at `step`, else the best, else the last."""
        folder = choose(record, "best" if step is None else step).folder
        job = self._jobs.start(OPEN_MODEL, folder, title=tr("Loading {name}", name=record.name), lane=_LANE)
        job.succeeded.connect(self._model_loaded)
        return job

    def unload(self) -> None:
        """Free the loaded model's memory, and call off one that is being loaded."""
        self._jobs.cancel_lane(_LANE)
        if self.loaded is not None:
            loaded, self.loaded = self.loaded, None
            loaded.unload()
            self.changed.emit(frozenset({"loaded"}))

    def warm_torch(self) -> None:
        """Import torch in the background; once is enough."""
        if self.torch_state in ("waiting", "failed"):
            self._set_torch("loading")
            job = self._jobs.start(import_torch, title=tr("Loading PyTorch"), lane="torch")
            job.succeeded.connect(self._torch_imported)
            job.failed.connect(self._torch_missing)

    def _model_loaded(self, model: Any) -> None:
        if self.loaded is not None:
            self.loaded.unload()
        self.loaded = model
        self._set_torch("ready")
        self.changed.emit(frozenset({"loaded"}))

    def _torch_imported(self, _module: object) -> None:
        self._set_torch("ready")

    def _torch_missing(self, _error: StudioError) -> None:
        self._set_torch("failed")

    def _set_torch(self, state: str) -> None:
        if state != self.torch_state:
            self.torch_state = state
            self.changed.emit(frozenset({"torch"}))
