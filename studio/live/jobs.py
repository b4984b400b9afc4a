"""Short work off the GUI thread, by name: the result or the error comes back as a signal on the GUI thread."""

import inspect
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QDeadlineTimer, QMetaMethod, QObject, Qt, QThread, QTimer, Signal

from studio.core.errors import StudioError
from studio.core.shelf import resolve
from studio.live.failure import explain

Target = str | Callable[..., Any]

_TICK = 33  # milliseconds between two looks at what the threads have left


def callable_of(target: Target) -> Callable[..., Any]:
    """The function itself; a name such as `studio.engine.train:train` imports its module, so call it off the GUI."""
    found: Callable[..., Any] = resolve(target) if isinstance(target, str) else target
    return found


def _parameters(function: Callable[..., Any]) -> set[str]:
    try:
        return set(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # some functions written in C do not tell
        return set()


@dataclass
class Tray:
    """What a job's thread leaves for the GUI thread; everything under one lock."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    items: list[Any] = field(default_factory=list)
    progress: tuple[int, int] | None = None
    result: Any = None
    error: StudioError | None = None

    def take(self) -> tuple[list[Any], tuple[int, int] | None]:
        """Values and the newest progress since the last call."""
        with self.lock:
            items, self.items = self.items, []
            progress, self.progress = self.progress, None
        return items, progress


class JobWorker(QObject):
    """Runs one target inside the thread it was moved to."""

    finished = Signal()

    def __init__(self, target: Target, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        super().__init__()
        self.tray = Tray()
        self.over = False
        self._target, self._args, self._kwargs = target, args, kwargs
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Ask the target to end; a direct call from any thread."""
        self._cancelled.set()

    def keep_going(self) -> bool:
        """What a target that accepts `keep_going` asks."""
        return not self._cancelled.is_set()

    def progress(self, done: int, total: int) -> None:
        """What a target that accepts `progress` calls; only the newest is shown."""
        with self.tray.lock:
            self.tray.progress = (done, total)

    def run(self) -> None:
        """Call the target; a generator's values are passed on one by one, its return value is the result."""
        try:
            if self.keep_going():
                self.tray.result = self._call()
        except BaseException as error:  # Rust extensions raise panics that are no Exception
            self.tray.error = explain(error)
        finally:
            self._target, self._args, self._kwargs = str, (), {}  # lets go of what the work held
            self.over = True
            self.finished.emit()

    def _call(self) -> Any:
        function = callable_of(self._target)
        accepted = _parameters(function)
        extra: dict[str, Any] = {"progress": self.progress, "keep_going": self.keep_going}
        kwargs = {name: value for name, value in extra.items() if name in accepted} | self._kwargs
        result = function(*self._args, **kwargs)
        return self._iterate(result) if isinstance(result, Iterator) else result

    def _iterate(self, iterator: Iterator[Any]) -> Any:
        try:
            while self.keep_going():
                value = next(iterator)
                with self.tray.lock:
                    self.tray.items.append(value)
        except StopIteration as end:
            return end.value
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                close()
        return None


class Job(QObject):
    """One piece of work. `state` is "waiting", "running", "done", "failed" or "cancelled".

    Exactly one of `succeeded` and `failed` comes, then `ended`; a cancelled or silenced job only says `ended`.
    """

    succeeded = Signal(object)  # the result; what a generator returned
    failed = Signal(object)  # StudioError
    items = Signal(list)  # a generator's values, several at once
    progressed = Signal(object, object)  # done, total (0: unknown); Python integers of any size
    ended = Signal()

    def __init__(self, title: str, lane: str, worker: JobWorker, parent: QObject) -> None:
        super().__init__(parent)
        self.title = title  # shown in the jobs dock; "" keeps it out of there
        self.lane = lane
        self.state = "waiting"
        self.done, self.total = 0, 0
        self._worker = worker

    @property
    def cancelled(self) -> bool:
        """Whether its result is no longer wanted."""
        return self.state == "cancelled"

    def cancel(self) -> None:
        """Ask it to end and drop what it brings; returns at once."""
        if self.state in ("waiting", "running"):
            self.state = "cancelled"
            self._worker.cancel()

    def deliver(self) -> None:
        """Pass on what the thread has left so far; called on the GUI thread."""
        items, progress = self._worker.tray.take()
        if self.cancelled:
            return
        if progress is not None:
            self.done, self.total = progress
            self.progressed.emit(*progress)
        if items:
            self.items.emit(items)

    def conclude(self) -> bool:
        """Announce the outcome after the thread's end; False when it failed and nobody listens to that."""
        self.deliver()
        heard, tray = True, self._worker.tray
        if self.cancelled:
            pass
        elif tray.error is not None:
            self.state = "failed"
            heard = self.isSignalConnected(QMetaMethod.fromSignal(self.failed))
            self.failed.emit(tray.error)
        else:
            self.state = "done"
            self.succeeded.emit(tray.result)
        tray.result = None  # whoever keeps the job must not keep a whole model with it
        self.ended.emit()
        return heard

    @property
    def error(self) -> StudioError | None:
        """Why it failed."""
        return self._worker.tray.error


@dataclass
class _Seat:
    """A job with its thread; the thread is referenced until it has ended, or the process would abort."""

    job: Job
    worker: JobWorker
    thread: QThread


class Jobs(QObject):
    """All short work of the window. Jobs of one lane run one after the other, and only the newest one counts."""

    job_added = Signal(object)
    job_removed = Signal(object)
    job_failed = Signal(object)  # a job whose failure nobody else listens to

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: list[_Seat] = []
        self._running: list[_Seat] = []
        self._closed = False
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK)
        self._timer.timeout.connect(self._tick)

    @property
    def jobs(self) -> list[Job]:
        """Those that run, then those that wait for their lane."""
        return [seat.job for seat in self._running + self._waiting]

    def start(self, target: Target, *args: Any, title: str = "", lane: str = "", **kwargs: Any) -> Job:
        """Run `target(*args, **kwargs)` in a thread of its own.

        A target that accepts `progress` gets a function (done, total), one that accepts `keep_going` a question.
        A newer job on the same `lane` cancels the older ones and starts when the running one has ended.
        """
        worker = JobWorker(target, args, kwargs)
        job = Job(title, lane, worker, self)
        thread = QThread()
        thread.setObjectName(f"job {title or lane or target}")
        worker.moveToThread(thread)
        thread.started.connect(worker.run)
        worker.finished.connect(self._some_finished, Qt.ConnectionType.QueuedConnection)
        seat = _Seat(job, worker, thread)
        if lane:
            self._silence(lane)
        self._waiting.append(seat)
        self.job_added.emit(job)
        self._begin_waiting()
        return job

    def cancel_lane(self, lane: str) -> None:
        """Ask whatever runs or waits on this lane to end."""
        self._silence(lane)

    def close(self, limit: int) -> bool:
        """Cancel everything and wait up to `limit` milliseconds; False when a thread is still busy."""
        self._closed = True
        for job in self.jobs:
            job.cancel()
        deadline = QDeadlineTimer(limit)
        for seat in list(self._running):
            seat.thread.quit()
            if seat.thread.wait(deadline):
                self._leave(seat)
        self._begin_waiting()
        return not self._running

    def _silence(self, lane: str) -> None:
        for seat in self._running + self._waiting:
            if seat.job.lane == lane:
                seat.job.cancel()
        self._begin_waiting()

    def _begin_waiting(self) -> None:
        """Start what may start, and let go of what was cancelled before its turn."""
        for seat in list(self._waiting):
            if seat.job.cancelled or self._closed:
                self._waiting.remove(seat)
                seat.job.cancel()
                self._farewell(seat)
            elif not seat.job.lane or all(other.job.lane != seat.job.lane for other in self._running):
                self._waiting.remove(seat)
                self._running.append(seat)
                seat.job.state = "running"
                seat.thread.start()
                self._timer.start()

    def _tick(self) -> None:
        for seat in list(self._running):
            seat.job.deliver()

    def _some_finished(self) -> None:
        """A worker has ended; the queued connection brought the news to the GUI thread."""
        for seat in list(self._running):
            if seat.worker.over:
                seat.thread.quit()
                seat.thread.wait()
                self._leave(seat)
        self._begin_waiting()

    def _leave(self, seat: _Seat) -> None:
        self._running.remove(seat)
        if not self._running:
            self._timer.stop()
        self._farewell(seat)

    def _farewell(self, seat: _Seat) -> None:
        if not seat.job.conclude():
            self.job_failed.emit(seat.job)
        self.job_removed.emit(seat.job)
        seat.job.deleteLater()
