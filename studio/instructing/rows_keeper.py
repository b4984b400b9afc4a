"""Keeps what is known of a draft's rows fresh: single ones at once, all of them a moment later, on worker threads."""

from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.instructing.rows_seen import (
    Batch,
    PaintedRow,
    RowsSeen,
    Source,
    first_batch,
    look_at_rows,
    open_source,
    paint_rows,
)
from studio.live.jobs import Job
from studio.live.session import Session


class RowsKeeper(QObject):
    """`follow` a draft; `changed` says that more is known. `trouble` is why rows cannot be learned from."""

    changed = Signal()
    painted = Signal(object)  # list[PaintedRow], in answer to `paint`
    batch_ready = Signal(object)  # Batch
    looking = Signal(object)  # the Job that reads all rows

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._key: object = None
        self._whole, self._size = True, 1
        self._wanted: list[int] = []
        self.source: Source | None = None
        self.seen: RowsSeen | None = None
        self.trouble: StudioError | None = None
        self.job: Job | None = None

    def follow(self, config: RunConfig, whole: bool = True) -> None:
        """Open what `config` reads, unless that is open already; all rows are only read where they are `whole`."""
        project = self._session.project
        part = (config.data, config.instruct, config.start_from, config.model.context_length)
        self._size = config.training.batch_size
        key = (project and project.path, config.objective, part, config.compute.seed, whole)
        if key == self._key:
            return
        self._whole = whole
        self._key, self.source, self.seen, self.trouble = key, None, None, None
        for lane in ("source", "rows", "paint", "batch"):
            self._session.jobs.cancel_lane(f"instruct.{lane}")
        if project is None or not config.data.dataset:
            self.changed.emit()
            return
        job = self._session.jobs.start(open_source, project, config, lane="instruct.source")
        job.succeeded.connect(self._opened)
        job.failed.connect(self._failed)

    def forget(self) -> None:
        """Look again at the next `follow`, as after a template was changed."""
        self._key = None

    def paint(self, numbers: list[int]) -> None:
        """Paint these rows as soon as they can be."""
        self._wanted = numbers
        if self.source is not None and numbers:
            job = self._session.jobs.start(paint_rows, self.source, numbers, lane="instruct.paint")
            job.succeeded.connect(self._painted)
            job.failed.connect(self._failed)

    def want_batch(self, index: int) -> None:
        """Make a batch of the run, once all rows are read."""
        if self.seen is not None and self.seen.found is not None:
            job = self._session.jobs.start(first_batch, self.seen, self._size, index, lane="instruct.batch")
            job.succeeded.connect(self._batched)
            job.failed.connect(self._failed)

    def _opened(self, source: Source) -> None:
        self.source = source
        if self._whole:
            title = tr("Reading the rows")
            self.job = self._session.jobs.start(look_at_rows, source, lane="instruct.rows", title=title)
            self.job.succeeded.connect(self._looked)
            self.job.failed.connect(self._failed)
            self.looking.emit(self.job)
        self.paint(self._wanted)
        self.changed.emit()

    def _looked(self, seen: RowsSeen) -> None:
        self.seen, self.job = seen, None
        self.changed.emit()

    def _painted(self, rows: list[PaintedRow]) -> None:
        self.painted.emit(rows)

    def _batched(self, batch: Batch) -> None:
        self.batch_ready.emit(batch)

    def _failed(self, error: Any) -> None:
        self.trouble, self.job = error, None
        self.changed.emit()
