"""One thing that a view wants to know of a scene: asked once, answered in the background, never by an older answer."""

from collections.abc import Hashable
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.live.jobs import Job
from studio.live.looking import Looking
from studio.seeing.view import SceneView


class Question(QObject):
    """`answer` belongs to `key`; while a new one is computed the former stays, and `waiting` says that it is old."""

    answered = Signal()  # an answer, more of one, or an error came

    def __init__(self, looking: Looking, lane: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._looking, self._lane = looking, lane
        self._job: Job | None = None
        self.key: Hashable = None
        self.answer: Any = None
        self.items: list[Any] = []  # of a generator, as far as they have come
        self.error: StudioError | None = None

    @property
    def waiting(self) -> bool:
        """Whether the answer to the last question is still being computed."""
        return self._job is not None

    @property
    def current(self) -> Any:
        """The answer to the last question; None while it is computed, and where it failed or was called off."""
        return self.answer if self._job is None and self.key is not None else None

    def ask(self, key: Hashable, target: str, *args: Any, title: str = "", **kwargs: Any) -> bool:
        """Ask unless exactly this was asked last; False when there was no need."""
        if key == self.key and not (self._job is not None and self._job.cancelled):
            return False
        self.key, self.error, self.items = key, None, []
        self._job = job = self._looking.ask(target, *args, lane=self._lane, title=title, **kwargs)
        job.succeeded.connect(self._succeeded)
        job.items.connect(self._came)
        job.failed.connect(self._failed)
        job.ended.connect(self._ended)
        return True

    def forget(self) -> None:
        """Nothing is asked any more, nothing is known."""
        job, self._job = self._job, None
        if job is not None:
            job.cancel()
        self.key = self.answer = self.error = None
        self.items = []

    def stop(self) -> None:
        """Compute no further; what has come stays, and the same question can be asked again."""
        job, self._job = self._job, None
        if job is not None:
            job.cancel()
            self.key = None
            self.answered.emit()

    def _succeeded(self, answer: Any) -> None:
        if self.sender() is self._job:
            self.answer = answer

    def _came(self, items: list[Any]) -> None:
        if self.sender() is self._job:
            self.items += items
            self.answered.emit()

    def _failed(self, error: StudioError) -> None:
        if self.sender() is self._job:
            self.error, self.answer = error, None

    def _ended(self) -> None:
        job = self._job
        if job is not None and self.sender() is job:
            self._job = None
            if job.cancelled:  # together with the scene: it may be asked again
                self.key = None
            self.answered.emit()


class AskingView(SceneView):
    """A view that holds a scene only while it can be seen: the memory of a model that nobody looks at is free again."""

    def let_go(self) -> None:
        """Forget the scene and what was asked of it; it is asked again when the view is seen again."""

    def _news(self, what: frozenset[str]) -> None:
        super()._news(what)
        if not self.isVisible() and what & {"scene", "other"}:
            self.let_go()
