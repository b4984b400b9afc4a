"""A run's `events.jsonl`: cheap to append to, whole after a kill, cut back cleanly when a run resumes."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from studio.core.errors import StudioError
from studio.core.events import PhaseChanged, RunEvent, StepDone, event_from_line, event_to_line
from studio.store.disk import explained
from studio.store.files import replace, sync_folder

FLUSH_SECONDS = 1.0
LONGEST_WAIT = 64 << 20  # bytes kept in memory while the disk takes nothing
_TAIL = 1 << 16


class Journal:
    """The writing end of one events file; lines wait in memory for at most a second of appending."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._waiting = bytearray()
        self._flushed = time.monotonic()
        self._phase = ""
        self.trouble: StudioError | None = None  # why lines are still waiting
        with explained("The run's history", path.parent):
            repair(path)
            self._file = open(path, "ab", buffering=0)  # noqa: SIM115 - closed by `close`

    def append(self, event: RunEvent) -> bool:
        """Add one event; True when the lines went to the operating system (after a second, or at once if it matters).

        Progress inside one phase is for the screen only: the file keeps the first event of each phase. While the
        disk takes nothing, lines wait in memory and `trouble` says why, so that a run may pause instead of dying.
        """
        if isinstance(event, PhaseChanged):
            if event.phase == self._phase:
                return False
            self._phase = event.phase
        self._waiting += event_to_line(event).encode("utf-8", "backslashreplace") + b"\n"
        if not _matters(event) and time.monotonic() - self._flushed < FLUSH_SECONDS:
            return False
        try:
            self.flush()
        except StudioError:
            self._flushed = time.monotonic()
            if len(self._waiting) > LONGEST_WAIT:
                raise
            return False
        return True

    def flush(self) -> None:
        """Hand the waiting lines over; after a failure the rest waits for the next time, no line is doubled."""
        try:
            with explained("The run's history", self.path.parent, len(self._waiting)):
                while self._waiting:
                    written = self._file.write(bytes(self._waiting)) or 0
                    del self._waiting[:written]
        except StudioError as error:
            self.trouble = error
            raise
        self.trouble = None
        self._flushed = time.monotonic()

    def close(self) -> None:
        """Flush, sync and close."""
        if self._file.closed:
            return
        try:
            self.flush()
            with explained("The run's history", self.path.parent):
                os.fsync(self._file.fileno())
        finally:
            self._file.close()


def _matters(event: RunEvent) -> bool:
    """Everything but the flood; and the start of a save, so that no checkpoint is newer than the written history."""
    if isinstance(event, PhaseChanged):
        return event.phase == "saving"
    return not isinstance(event, StepDone)


def repair(path: Path) -> None:
    """Cut off a last line that a kill or a power loss left unfinished; a whole one only gets its line end."""
    if not path.exists():
        return
    with open(path, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        while size:
            start, line = _last_line(file.fileno(), size)
            if _readable(line):
                if not line.endswith(b"\n"):
                    file.seek(size)
                    file.write(b"\n")
                break
            size = start
            file.truncate(size)


def _last_line(descriptor: int, size: int) -> tuple[int, bytes]:
    """Where the last line of the first `size` bytes begins, and the line with its end."""
    length = _TAIL
    while True:
        start = max(0, size - length)
        os.lseek(descriptor, start, os.SEEK_SET)
        tail = os.read(descriptor, size - start)
        cut = tail.rfind(b"\n", 0, len(tail) - 1)
        if cut >= 0:
            return start + cut + 1, tail[cut + 1 :]
        if start == 0:
            return 0, tail
        length *= 4


def _readable(line: bytes) -> bool:
    return _read(line) is not None


def _read(line: bytes) -> RunEvent | None:
    try:
        return event_from_line(line.decode("utf-8"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def read_events(path: Path) -> Iterator[RunEvent]:
    """The events in order, read line by line; a line that cannot be read is passed over."""
    if not path.exists():
        return
    with open(path, "rb") as file:
        for line in file:
            event = _read(line)
            if event is not None:
                yield event


def truncate(path: Path, step: int) -> None:
    """Rewrite the file without what happened after `step`, so that a resumed run says no step twice; 0 empties it."""
    if not path.exists():
        return
    temporary = path.with_name(f".{path.name}.tmp")
    with explained("The run's history", path.parent, path.stat().st_size):
        try:
            with open(path, "rb") as old, open(temporary, "wb") as new:
                new.writelines(_kept(old, step))
                new.flush()
                os.fsync(new.fileno())
            replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def _kept(lines: Iterator[bytes], step: int) -> Iterator[bytes]:
    done, past = 0, False
    for line in lines if step > 0 else ():
        event = _read(line)
        if event is None:
            continue
        at = getattr(event, "step", None)
        past = past or (at is not None and at > step)
        if at is None and past:
            continue  # a phase that belongs to what is cut off
        if at is not None and at > step:
            continue
        if isinstance(event, StepDone):
            if event.step <= done:
                continue
            done = event.step
        yield line if line.endswith(b"\n") else line + b"\n"
