"""Finds the rows that hold some words, by a job that may be ended with what it has found so far."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.live.jobs import Job
from studio.live.session import Session

if TYPE_CHECKING:
    from studio.store.datasets import Dataset


class RowFinder(QObject):
    """One search at a time; `found` comes once at its end, also when it was stopped."""

    moved = Signal()  # more was found, or more was read
    found = Signal(str, object)  # the words, and numbers of rows
    refused = Signal(object)  # StudioError

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._job: Job | None = None
        self.words = ""
        self.numbers: list[int] = []
        self.share = 0.0

    @property
    def searching(self) -> bool:
        """Whether a search is under way."""
        return self._job is not None

    def find(self, dataset: "Dataset", words: str) -> None:
        """Look for words in every row."""
        self.forget()
        self.words, self.numbers, self.share = words, [], 0.0
        try:
            self._job = self._session.datasets.find(dataset, words)
        except StudioError as error:
            self.refused.emit(error)
            return
        self._job.items.connect(self._more)
        self._job.progressed.connect(self._progressed)
        self._job.succeeded.connect(self._done)
        self._job.failed.connect(self._failed)
        self.moved.emit()

    def stop(self) -> None:
        """Be content with what was found."""
        if self._job is not None:
            self.forget()
            self.found.emit(self.words, self.numbers)

    def forget(self) -> None:
        """Nobody wants it any more."""
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _more(self, numbers: list[int]) -> None:
        if self.sender() is self._job:
            self.numbers += numbers
            self.moved.emit()

    def _progressed(self, done: int, total: int) -> None:
        if self.sender() is self._job:
            self.share = done / total if total else 0.0
            self.moved.emit()

    def _done(self, _result: object) -> None:
        if self.sender() is self._job:
            self._job = None
            self.found.emit(self.words, self.numbers)

    def _failed(self, error: StudioError) -> None:
        if self.sender() is self._job:
            self._job = None
            self.refused.emit(error)
