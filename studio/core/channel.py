"""The two ends between a run and its watchers: wishes go in, events come out, neither side waits for the other."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from studio.core.events import RunEvent


@dataclass(frozen=True, slots=True)
class Ask:
    """One wish during a run: `kind` is "sample", "probe", "save" or "learning_rate"; the rest is its argument."""

    kind: str
    text: str = ""
    number: float = 0.0


class RunControl:
    """Stop, pause and wishes, set by direct calls from any thread and read by the engine between steps."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._stopping = False
        self._saving = True
        self._paused = False
        self._asks: list[Ask] = []

    @property
    def stopping(self) -> bool:
        """Whether somebody asked the run to end."""
        return self._stopping

    @property
    def paused(self) -> bool:
        """Whether the run should wait; a stop ends the waiting."""
        return self._paused and not self._stopping

    @property
    def saving(self) -> bool:
        """Whether a stopped run should save before it ends."""
        return self._saving

    def stop(self, save: bool = True) -> None:
        """End after the step in progress, saving first unless told otherwise."""
        with self._changed:
            self._stopping = True
            self._saving = save
            self._changed.notify_all()

    def pause(self) -> None:
        """Wait at the next step boundary."""
        with self._changed:
            self._paused = True
            self._changed.notify_all()

    def proceed(self) -> None:
        """Go on after a pause."""
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    def ask(self, ask: Ask) -> None:
        """Leave a wish for the next step boundary; it is granted during a pause too."""
        with self._changed:
            self._asks.append(ask)
            self._changed.notify_all()

    def asks(self) -> list[Ask]:
        """Take the wishes that have come in."""
        with self._changed:
            taken, self._asks = self._asks, []
        return taken

    def keep_going(self) -> bool:
        """False once the run should end; during a pause this call waits."""
        if not self._paused and not self._stopping:
            return True
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or not self._paused)
        return not self._stopping

    def wait_for_change(self) -> None:
        """During a pause: return when it ends, when a stop comes, or when there is a wish to grant."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or not self._paused or bool(self._asks))


class Mailbox:
    """Events between two threads: any number may be put, the reader takes them all at its own pace."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[RunEvent] = []

    def put(self, event: RunEvent) -> None:
        """Leave one event."""
        with self._lock:
            self._events.append(event)

    def extend(self, events: Iterable[RunEvent]) -> None:
        """Leave several events at once."""
        with self._lock:
            self._events.extend(events)

    def drain(self) -> list[RunEvent]:
        """Take everything that has come in, oldest first."""
        with self._lock:
            taken, self._events = self._events, []
        return taken
