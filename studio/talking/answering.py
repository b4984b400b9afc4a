"""Answers that are being written, one for each column: tokens as they come, their facts at the end, stopped at once."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.jobs import Job
from studio.live.session import Session
from studio.talking.answer import Said, packed
from studio.talking.replying import Question, Step, answer
from studio.talking.voices import Speaker


@dataclass(frozen=True)
class Writer:
    """Who writes into which message, and the column in which that stands."""

    said: Said
    speaker: Speaker
    column: int


@dataclass
class _Growing:
    """One answer."""

    said: Said
    speaker: Speaker
    column: int
    begun: float
    first: float = 0.0  # seconds to the first token


class Answering(QObject):
    """`reply` stands in for the engine in tests. After `stop` nothing more arrives, whatever a model is in."""

    grew = Signal(int, object)  # column, tuple of AnswerToken
    ended = Signal()
    busy_changed = Signal()
    failed = Signal(object)  # StudioError

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.reply: Callable[..., Any] | None = None
        self._job: Job | None = None
        self._growing: list[_Growing] = []

    @property
    def busy(self) -> bool:
        """Whether tokens may still arrive."""
        return self._job is not None

    def start(self, questions: Sequence[Question], writers: Sequence[Writer]) -> None:
        """Let every model write into its answer, which is on the disk already."""
        now = time.perf_counter()
        self._growing = [_Growing(writer.said, writer.speaker, writer.column, now) for writer in writers]
        more = {"reply": self.reply} if self.reply is not None else {}
        self._job = job = self._session.jobs.start(answer, questions, title=tr("Answering"), lane="chat write", **more)
        job.items.connect(self._take)
        job.failed.connect(self._broke)
        job.ended.connect(self._job_ended)
        self.busy_changed.emit()

    def stop(self) -> bool:
        """Nothing more is written from this moment; False when nothing was."""
        job, self._job = self._job, None
        if job is None:
            return False
        job.cancel()
        for growing in self._growing:
            if growing.said.growing:
                self._finish(growing, {})
        self._end()
        return True

    def _take(self, steps: list[Step]) -> None:
        """Everything that came since the last frame, each column's at once."""
        for place, growing in enumerate(self._growing):
            mine = [step for step in steps if step.column == place]
            tokens = tuple(token for step in mine for token in step.tokens)
            if tokens:
                growing.first = growing.first or time.perf_counter() - growing.begun
                growing.said.text += "".join(token.text for token in tokens)
                growing.said.tokens.extend(tokens)
                self.grew.emit(growing.column, tokens)
                self._session.chats.grow(growing.said.id, growing.said.text)
            for step in mine:
                if step.facts:
                    self._finish(growing, step.facts)

    def _finish(self, growing: _Growing, facts: dict[str, Any]) -> None:
        """Keep what there is; without `facts` it was stopped, and the thread's own account would come too late."""
        said = growing.said
        said.growing, said.complete = False, True
        said.facts = {"voice": growing.speaker.title, "note": growing.speaker.note, **(facts or _stopped(growing))}
        kept = {**said.facts, "tokens": packed(said.tokens)}
        self._session.chats.finish(said.id, said.text, kept).failed.connect(self.failed)

    def _broke(self, error: StudioError) -> None:
        for growing in self._growing:
            if growing.said.growing:
                self._finish(growing, {"done": "failed"})
        self.failed.emit(error)

    def _job_ended(self) -> None:
        if self._job is not None and self._job.state not in ("waiting", "running"):
            self._job = None
            self._end()

    def _end(self) -> None:
        self._growing = []
        self.ended.emit()
        self.busy_changed.emit()


def _stopped(growing: _Growing) -> dict[str, Any]:
    """How far an answer came that was stopped."""
    told = [token for token in growing.said.tokens if token.id >= 0]
    seconds = time.perf_counter() - growing.begun
    facts: dict[str, Any] = {"done": "stopped", "count": len(told), "first": growing.first, "seconds": seconds}
    if len(told) > 1 and seconds > growing.first > 0:
        facts["rate"] = (len(told) - 1) / (seconds - growing.first)
        facts["surprise"] = sum(token.surprise for token in told) / len(told)
    return facts
