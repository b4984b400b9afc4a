"""Reading a run's past back from disk into its model: at once when it is short, in the background when it is long."""

from collections.abc import Iterator
from itertools import islice

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.core.events import RunEvent
from studio.core.language import tr
from studio.live.jobs import Jobs
from studio.live.run_model import RunModel
from studio.store.runs import RunRecord

_SHORT = 300_000  # bytes that are read in about a frame
_CHUNK = 4_000  # events handed over at once


def chunks(record: RunRecord) -> Iterator[list[RunEvent]]:
    """The record's events, some thousands at a time."""
    events = record.events()
    while chunk := list(islice(events, _CHUNK)):
        yield chunk


class Replay(QObject):
    """One past being read in the background."""

    ended = Signal(object, object)  # this, StudioError or None

    def __init__(self, model: RunModel, jobs: Jobs, parent: QObject) -> None:
        super().__init__(parent)
        self.model = model
        title = tr("Reading {name}", name=model.name)
        self._job = jobs.start(chunks, model.record, title=title)
        self._job.items.connect(self._take)
        self._job.succeeded.connect(self._complete)
        self._job.failed.connect(self._fail)

    def cancel(self) -> None:
        """Leave it; what was folded in so far stays."""
        self._job.cancel()

    def _take(self, batch: list[list[RunEvent]]) -> None:
        for chunk in batch:
            self.model.recall(chunk)

    def _complete(self, _result: object) -> None:
        self.ended.emit(self, None)

    def _fail(self, error: StudioError) -> None:
        self.ended.emit(self, error)


class Replays(QObject):
    """Sees to it that a past is read once, and before anything new is folded in."""

    ready = Signal(object)  # RunModel whose past is complete
    failed = Signal(object, object)  # RunModel, StudioError

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._going_on: dict[str, Replay] = {}

    def start(self, model: RunModel) -> None:
        """Have the model's past read; `ready` follows, at once if there is little or nothing to read."""
        if model.name in self._going_on:
            return
        path = model.record.folder / "events.jsonl"
        if not model.replayed and path.exists() and path.stat().st_size > _SHORT:
            replay = Replay(model, self._jobs, self)
            replay.ended.connect(self._ended)
            self._going_on[model.name] = replay
            return
        if not model.replayed:
            for chunk in chunks(model.record):
                model.recall(chunk)
            model.finish_recall()
        self.ready.emit(model)

    def forget(self, model: RunModel) -> None:
        """Stop reading, for the model goes away."""
        replay = self._going_on.pop(model.name, None)
        if replay is not None:
            replay.cancel()
            replay.deleteLater()

    def _ended(self, replay: Replay, error: StudioError | None) -> None:
        self._going_on.pop(replay.model.name, None)
        replay.deleteLater()
        if error is None:
            replay.model.finish_recall()
            self.ready.emit(replay.model)
        else:
            self.failed.emit(replay.model, error)
