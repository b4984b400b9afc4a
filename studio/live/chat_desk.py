"""Errands to the chats of one project: done one after the other on a thread of the jobs, and none is ever dropped."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMetaMethod, QObject, Signal

from studio.core.errors import StudioError
from studio.live.failure import explain
from studio.live.jobs import Job, Jobs
from studio.live.notices import Notices
from studio.store.project import Project

if TYPE_CHECKING:
    from studio.store.chats import Chats

LANE = "chats"
Act = Callable[["Chats"], Any]


class Errand(QObject):
    """One thing to be done on the disk; exactly one of its signals comes, unless the project is closed before."""

    succeeded = Signal(object)
    failed = Signal(object)  # StudioError

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.chat = 0  # the chat that it changes, where that is known before

    def deliver(self, result: Any) -> bool:
        """Tell the outcome; False when it failed and nobody listens to that."""
        if not isinstance(result, StudioError):
            self.succeeded.emit(result)
            return True
        heard = self.isSignalConnected(QMetaMethod.fromSignal(self.failed))
        self.failed.emit(result)
        return heard


@dataclass(frozen=True)
class _Task:
    errand: Errand
    act: Act
    writes: bool


class Room:
    """The chats of one project with what is still to be done there; the file is opened by the first errand."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.notes: list[str] = []  # what opening the file had to tell
        self._tasks: deque[_Task] = deque()
        self._guard = threading.Lock()  # held while something is done
        self._store: Chats | None = None
        self._left = False

    def put(self, task: _Task) -> None:
        """To be done after all that came before."""
        self._tasks.append(task)

    @property
    def waiting(self) -> bool:
        """Whether something is still to be done."""
        return bool(self._tasks)

    def work(self) -> Iterator[tuple[Errand, Any]]:
        """Do what waits, each with its outcome; for a thread of the jobs."""
        while True:
            with self._guard:
                if self._left or not self._tasks:
                    return
                task = self._tasks.popleft()
                outcome = task.errand, self._done(task.act)
            yield outcome

    def leave(self) -> list[StudioError]:
        """Write at once what still waits to be written, and close the file; what failed."""
        with self._guard:
            self._left = True
            results = [self._done(task.act) for task in self._tasks if task.writes]
            self._tasks.clear()
            if self._store is not None:
                self._store.close()
        return [result for result in results if isinstance(result, StudioError)]

    def _done(self, act: Act) -> Any:
        from studio.store.chats import FILE, Chats

        try:
            if self._store is None:
                self._store = Chats(self.project.path / FILE)
                self.notes += self._store.notes
            return act(self._store)
        except Exception as error:
            return explain(error)


class ChatDesk(QObject):
    """Takes errands on the GUI thread and gives their outcomes back there."""

    def __init__(self, jobs: Jobs, notices: Notices, here: Callable[[], Project], parent: QObject) -> None:
        super().__init__(parent)
        self._jobs, self._notices, self._here = jobs, notices, here
        self._room: Room | None = None
        self._job: Job | None = None

    def ask(self, act: Act, writes: bool = True) -> Errand:
        """Have something done in the open project; without one a `StudioError` at once."""
        if self._room is None:
            self._room = Room(self._here())
        errand = Errand(self)
        self._room.put(_Task(errand, act, writes))
        self._begin()
        return errand

    def leave(self) -> None:
        """The project is being closed: nothing that was to be written is lost."""
        room, self._room = self._room, None
        if self._job is not None:
            self._job.cancel()
            self._job = None
        for errand in self.findChildren(Errand):
            errand.deleteLater()
        for error in room.leave() if room is not None else ():
            self._notices.post_error(error)

    def _begin(self) -> None:
        if self._job is None and self._room is not None and self._room.waiting:
            self._job = self._jobs.start(self._room.work, lane=LANE)
            self._job.items.connect(self._deliver)
            self._job.ended.connect(self._ended)

    def _deliver(self, outcomes: list[tuple[Errand, Any]]) -> None:
        if self._room is not None:
            for note in self._room.notes:
                self._notices.post("warning", note)
            self._room.notes.clear()
        for errand, result in outcomes:
            if not errand.deliver(result):
                self._notices.post_error(result)
            errand.deleteLater()

    def _ended(self) -> None:
        if self.sender() is self._job:
            self._job = None
            self._begin()
