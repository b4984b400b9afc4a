"""Which run computes and which waits: one per device, the next one starts by itself when the former has ended."""

import time
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.channel import Ask, RunControl
from studio.core.events import RunEvent, StepDone
from studio.live.run_model import RunModel
from studio.live.run_worker import Order, RunHandle

_TICK = 33  # milliseconds between two looks into the mailboxes
_STEPS = 0.1  # seconds between two showings of mere steps: drawing curves thirty times a second costs small models dear
_SILENCE = 15.0  # seconds after a stop in which a child says nothing before its process is ended


@dataclass
class _Living:
    """A run whose thread exists, and when it was last heard of (monotonic seconds)."""

    model: RunModel
    handle: RunHandle
    heard: float
    stop_asked: bool = False
    held: list[RunEvent] = field(default_factory=list)  # steps that are not shown yet
    shown: float = 0.0  # when something was shown last


@dataclass
class _Waiting:
    """A run that waits for its device, and the state to go back to if it is called off."""

    model: RunModel
    order: Order
    former_state: str


class RunQueue(QObject):
    """Owns every run thread; its timer runs only while a run lives."""

    changed = Signal()  # who computes or waits
    ended = Signal(object)  # RunModel

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._living: list[_Living] = []
        self._waiting: list[_Waiting] = []
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK)
        self._timer.timeout.connect(self._tick)

    @property
    def running(self) -> tuple[RunModel, ...]:
        """Runs that compute or are paused, oldest first."""
        return tuple(living.model for living in self._living)

    @property
    def waiting(self) -> tuple[RunModel, ...]:
        """Runs that wait for their turn, the next one first."""
        return tuple(waiting.model for waiting in self._waiting)

    def add(self, model: RunModel, order: Order, former_state: str = "new") -> None:
        """Start the run now, or as soon as its device is free."""
        self._waiting.append(_Waiting(model, order, former_state))
        model.set_state("queued")
        self._begin_waiting()

    def pause(self, model: RunModel) -> None:
        """Ask for a pause at the next step."""
        if control := self._control(model):
            control.pause()
            model.set_wish("pause")

    def proceed(self, model: RunModel) -> None:
        """End the pause."""
        if control := self._control(model):
            control.proceed()
            model.set_wish("")

    def ask(self, model: RunModel, ask: Ask) -> None:
        """Pass a wish on to the run."""
        if control := self._control(model):
            control.ask(ask)

    def stop(self, model: RunModel, save: bool = True) -> None:
        """Ask a living run to end, saving first or not; a waiting one is called off."""
        for waiting in [waiting for waiting in self._waiting if waiting.model is model]:
            self._waiting.remove(waiting)
            model.set_state(waiting.former_state)
            self.changed.emit()
        for living in self._living:
            if living.model is model:
                living.handle.order.control.stop(save)
                living.stop_asked, living.heard = True, time.monotonic()
                model.set_wish("stop")

    def stop_all(self) -> None:
        """Call off what waits and stop what lives; returns at once."""
        for model in (*self.waiting, *self.running):
            self.stop(model)

    def close(self, limit: int) -> bool:
        """Stop everything and wait up to `limit` milliseconds; False when a thread still computes."""
        self.stop_all()
        end = time.monotonic() + limit / 1000
        for living in list(self._living):
            left = max(0, int((end - time.monotonic()) * 1000))
            if living.handle.leave(left) or (living.handle.worker.kill() and living.handle.leave(2_000)):
                self._conclude(living)
        return not self._living

    def worker_finished(self) -> None:
        """A worker has ended; the queued connection brought the news to the GUI thread."""
        for living in [living for living in self._living if living.handle.worker.over]:
            living.handle.leave(10_000)
            self._conclude(living)
        self._begin_waiting()

    def _control(self, model: RunModel) -> RunControl | None:
        orders = [living.handle.order for living in self._living if living.model is model]
        orders += [waiting.order for waiting in self._waiting if waiting.model is model]
        return orders[0].control if orders else None

    def _begin_waiting(self) -> None:
        for waiting in list(self._waiting):
            device = waiting.model.config.compute.device
            if any(_same_device(device, living.model.config.compute.device) for living in self._living):
                continue
            self._waiting.remove(waiting)
            handle = RunHandle(waiting.order)
            self._living.append(_Living(waiting.model, handle, time.monotonic()))
            waiting.model.set_state("starting")
            handle.start(self)
            self._timer.start()
        self.changed.emit()

    def _tick(self) -> None:
        for living in list(self._living):
            self._take(living)
            silent = time.monotonic() - living.heard > _SILENCE
            if living.stop_asked and silent:
                living.handle.worker.kill()

    def _take(self, living: _Living, last: bool = False) -> None:
        """Show what has come in: steps ten times a second, anything else at once, and with it the steps before it."""
        events, now = living.handle.order.mailbox.drain(), time.monotonic()
        if events:
            living.heard = now
            living.held += events
        due = last or now - living.shown >= _STEPS or any(type(event) is not StepDone for event in events)
        if living.held and due:
            held, living.held, living.shown = living.held, [], now
            living.model.apply(held)

    def _conclude(self, living: _Living) -> None:
        """The thread has ended: take its last events and let go of it."""
        self._take(living, last=True)
        self._living.remove(living)
        if not self._living:
            self._timer.stop()
        self.changed.emit()
        self.ended.emit(living.model)


def _same_device(one: str, other: str) -> bool:
    """Whether two runs would get in each other's way; nobody knows yet what "auto" will choose."""
    return one == other or "auto" in (one, other)
