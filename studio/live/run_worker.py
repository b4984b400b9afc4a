"""The run's own thread: it draws the events out of the engine or the child process and leaves them in a mailbox."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, QObject, Qt, QThread, Signal

import studio
from studio.core.channel import Mailbox, RunControl
from studio.core.events import RunEvent
from studio.live.child_process import ChildProcess, PipedControl
from studio.live.stream import ENGINE, NEWEST, Engine, failure_event, stream
from studio.store.runs import RunRecord

_STACK = 16 * 1024 * 1024  # macOS gives a thread half a megabyte, too little for some matrix libraries


def child_command(record: RunRecord, resume: int | None) -> list[str]:
    """The command line that computes this run, its project's folder being two above the run's."""
    main = Path(studio.__file__).resolve().parent.parent / "main.py"
    command = [sys.executable, str(main), "run"]
    if resume is None:
        command += [str(record.folder / "config.json"), "--name", record.name]
    else:
        command += ["--resume", record.name if resume == NEWEST else f"{record.name}@{resume}"]
    return [*command, "--project", str(record.folder.parent.parent), "--json", "--control"]


@dataclass
class Order:
    """What is to be computed and how to talk to it; `command` set means in a child process."""

    record: RunRecord
    control: RunControl
    resume: int | None = None
    engine: Engine = ENGINE
    command: list[str] | None = None
    mailbox: Mailbox = field(default_factory=Mailbox)


def order_for(record: RunRecord, resume: int | None = None, engine: Engine = ENGINE) -> Order:
    """The order for a run, in the host that its configuration names."""
    if record.config.compute.host == "child":
        return Order(record, PipedControl(), resume, command=child_command(record, resume))
    return Order(record, RunControl(), resume, engine)


class RunWorker(QObject):
    """Both hosts behind one contract. Holds no widget; stop and pause are direct calls on the order's control."""

    finished = Signal()  # the only signal; events go through the mailbox

    def __init__(self, order: Order) -> None:
        super().__init__()
        self.over = False
        self._order = order
        self._child: ChildProcess | None = None

    def run(self) -> None:
        """Runs in the thread until the run has ended; nothing is raised."""
        mailbox = self._order.mailbox
        try:
            for event in self._events():
                mailbox.put(event)
        except BaseException as error:  # a child that could not be started; the stream itself never raises
            mailbox.put(failure_event(error, 0))
        finally:
            self.over = True
            self.finished.emit()

    def kill(self) -> bool:
        """End a child process at once; False in a thread, which cannot be ended from outside."""
        if self._child is None:
            return False
        self._child.kill()
        return True

    def _events(self) -> Iterator[RunEvent]:
        order = self._order
        if order.command is None:
            return stream(order.record.config, order.control, order.record, order.resume, order.engine)
        return self._child_events(order.command)

    def _child_events(self, command: list[str]) -> Iterator[RunEvent]:
        control, record = self._order.control, self._order.record
        assert isinstance(control, PipedControl)
        self._child = ChildProcess(command, record.folder, control)
        for event in self._child.events():
            if event is self._child.own_ending:
                with suppress(Exception):  # the disk may be what the child died of
                    record.append(event)
            yield event


class RunHandle:
    """A living run: its order, its worker and its thread, referenced until the thread has ended."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.worker = RunWorker(order)
        self._thread = QThread()
        self._thread.setObjectName(f"run {order.record.name}")
        self._thread.setStackSize(_STACK)
        self.worker.moveToThread(self._thread)
        self._thread.started.connect(self.worker.run)

    def start(self, listener: QObject) -> None:
        """Start the thread; `listener.worker_finished` is called on its own thread when the run is over."""
        self.worker.finished.connect(listener.worker_finished, Qt.ConnectionType.QueuedConnection)  # type: ignore[attr-defined]
        self._thread.start()

    def leave(self, limit: int) -> bool:
        """Let the thread end and wait for it, at most `limit` milliseconds; False when it still computes."""
        self._thread.quit()
        return bool(self._thread.wait(QDeadlineTimer(limit)))
