"""What was brought into memory in the background: PyTorch, and at most one trained model."""

import gc
import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.jobs import Job, Jobs
from studio.store.checkpoints import choose
from studio.store.runs import RunRecord

OPEN_MODEL = "studio.engine.loaded:open_model"
_LANE = "load model"
_PRECISION = "precision"


@dataclass(frozen=True)
class Sample:
    """A text on which the cost of a change is measured, and where it comes from; an empty one measures nothing."""

    text: str = ""
    source: str = ""  # "held back", "page" or ""


@dataclass(frozen=True)
class PrecisionChange:
    """What a change of precision brought; `quality` is the engine's, before and after, or empty without a sample."""

    before: str
    after: str
    bytes: tuple[int, int]  # of the weights, before and after
    sample: Sample
    quality: tuple[Any, ...] = ()


@dataclass(frozen=True)
class _Asking:
    """What the engine asks between two layers, answered by the job that it runs in."""

    keep_going: Callable[[], bool]


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
        return self.load_folder(choose(record, "best" if step is None else step).folder, record.name)

    def load_folder(self, folder: Path, title: str) -> Job:
        """Bring the model in a folder into memory; a change of precision of the former one is called off."""
        self._jobs.cancel_lane(_PRECISION)
        job = self._jobs.start(OPEN_MODEL, folder, title=tr("Loading {name}", name=title), lane=_LANE)
        job.succeeded.connect(self._model_loaded)
        return job

    def unload(self) -> None:
        """Free the loaded model's memory, and call off one that is being loaded."""
        self._jobs.cancel_lane(_LANE)
        self._jobs.cancel_lane(_PRECISION)
        if self.loaded is not None:
            loaded, self.loaded = self.loaded, None
            loaded.unload()
            self.changed.emit(frozenset({"loaded"}))

    def probe_precisions(self) -> Job:
        """Find the precisions that pay for the loaded model here; the result is their names, fp32 among them."""
        return self._jobs.start(_probe, self._present(), title=tr("Measuring what is faster here"), lane=_PRECISION)

    def set_precision(self, name: str, sample: Callable[[], Sample]) -> Job:
        """Hold the loaded model's weights as `name`; `sample` is asked in the thread, the result a `PrecisionChange`.

        Called off, the model stays as it was, unless it was changed already and only the measuring went on.
        """
        model = self._present()
        title = tr("Changing {name} to {precision}", name=model.title, precision=name)
        job = self._jobs.start(_hold_as, model, name, sample, title=title, lane=_PRECISION)
        job.ended.connect(partial(self._precision_set, model))
        return job

    def warm_torch(self) -> None:
        """Import torch in the background; once is enough."""
        if self.torch_state in ("waiting", "failed"):
            self._set_torch("loading")
            job = self._jobs.start(import_torch, title=tr("Loading PyTorch"), lane="torch")
            job.succeeded.connect(self._torch_imported)
            job.failed.connect(self._torch_missing)

    def _present(self) -> Any:
        if self.loaded is None:
            raise StudioError(tr("No model is in memory."), tr("Load one first."))
        return self.loaded

    def _precision_set(self, model: Any) -> None:
        if model is self.loaded:
            self.changed.emit(frozenset({"loaded"}))

    def _model_loaded(self, model: Any) -> None:
        self._jobs.cancel_lane(_PRECISION)
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


def _probe(model: Any) -> tuple[str, ...]:
    found: tuple[str, ...] = model.precisions()
    return found


def _hold_as(
    model: Any,
    name: str,
    sample: Callable[[], Sample],
    progress: Callable[[int, int], None],
    keep_going: Callable[[], bool],
) -> PrecisionChange:
    """The change and what it cost; for a worker thread."""
    before, size, found = model.precision, model.bytes, sample()
    quality: list[Any] = []
    for told in model.set_precision(name, _Asking(keep_going), found.text):
        if hasattr(told, "total"):
            progress(told.done, told.total)
        else:
            quality.append(told)
    return PrecisionChange(before, name, (size, model.bytes), found, tuple(quality))
