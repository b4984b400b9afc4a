"""The two things Chat asks of the loaded model in the background: go on writing, and say what could come next."""

import dataclasses
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from studio.chat.writing import write
from studio.core.config import Sampling
from studio.core.errors import StudioError
from studio.live.jobs import Job
from studio.live.session import Session

_PAUSE_MS = 300  # without a key before the model is asked what it expects


class Pen(QObject):
    """Writes one text at a time. After `stop` nothing more arrives, whatever the model is in the middle of."""

    wrote = Signal(list)  # of Written
    failed = Signal(object)  # StudioError
    ended = Signal()

    def __init__(self, session: Session, title: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._title = session, title
        self._job: Job | None = None
        self.model: Any = None  # whose words the newest are

    @property
    def writing(self) -> bool:
        """Whether tokens may still arrive."""
        return self._job is not None

    def start(self, text: str, sampling: Sampling) -> None:
        """Let the loaded model go on from `text`."""
        self.stop()
        self.model = self._session.loaded
        asked = dataclasses.replace(sampling, prompt=text)
        job = self._session.jobs.start(write, self.model, asked, title=self._title, lane="chat write")
        self._job = job
        job.items.connect(self.wrote)
        job.failed.connect(self.failed)
        job.ended.connect(self._job_ended)

    def stop(self) -> bool:
        """Put the pen down at once; False when nothing was being written."""
        job, self._job = self._job, None
        if job is None:
            return False
        job.cancel()
        self.ended.emit()
        return True

    def _job_ended(self) -> None:
        """A stopped job says so late, when a newer one may be writing already."""
        if self._job is not None and self._job.state not in ("waiting", "running"):
            self._job = None
            self.ended.emit()


class Foresight(QObject):
    """One forward pass for each text that stands still for a moment; the newest question counts."""

    ready = Signal(object, object, str)  # model, Logits, the text they follow
    failed = Signal(object)  # StudioError

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._text = ""
        self._asked: tuple[Any, str] | None = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_PAUSE_MS)
        self._later.timeout.connect(self._ask_now)

    def ask(self, text: str) -> None:
        """Ask soon: what could come after `text`?"""
        self._text = text
        self._later.start()

    def ask_at_once(self, text: str) -> None:
        """The same without waiting for more keys."""
        self._text = text
        self._later.stop()
        self._ask_now()

    def forget(self) -> None:
        """The next question counts even if it is the same again."""
        self._asked = None
        self._later.stop()

    def _ask_now(self) -> None:
        model = self._session.loaded
        if model is None or self._asked == (model, self._text):
            return
        self._asked = (model, self._text)
        job = self._session.jobs.start(_logits, model, self._text, lane="chat bars")
        job.succeeded.connect(self._take)
        job.failed.connect(self._fail)

    def _take(self, answer: tuple[Any, Any, str]) -> None:
        model, logits, text = answer
        if model is self._session.loaded and logits is not None:
            self.ready.emit(model, logits, text)

    def _fail(self, error: StudioError) -> None:
        self._asked = None
        self.failed.emit(error)


def _logits(model: Any, text: str, keep_going: Callable[[], bool]) -> tuple[Any, Any, str]:
    """One forward pass, with what it was asked for; for a worker thread."""
    return model, model.next_logits(text, keep_going), text
