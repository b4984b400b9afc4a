"""A dataset written out as a text to pretrain on, one at a time."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from studio.live.jobs import Job
from studio.live.session import Session

if TYPE_CHECKING:
    from studio.store.datasets import Dataset


class WritingOut(QObject):
    """`changed` says that it has begun or ended; `written` brings the text."""

    changed = Signal()
    written = Signal(object)  # Text
    refused = Signal(object)  # StudioError

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._job: Job | None = None

    @property
    def busy(self) -> bool:
        """Whether one is being written."""
        return self._job is not None

    def write(self, dataset: "Dataset") -> None:
        """Make a text of it."""
        self._job = job = self._session.datasets.write_out(dataset)
        job.succeeded.connect(self.written)
        job.failed.connect(self.refused)
        job.ended.connect(self._ended)
        self.changed.emit()

    def _ended(self) -> None:
        self._job = None
        self.changed.emit()
