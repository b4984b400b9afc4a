"""The child's end of a run: JSON lines on standard input become calls on its control, its events become lines."""

import json
import os
import threading
from typing import IO

from studio.core.channel import Ask, RunControl
from studio.core.events import RunEnded, RunEvent, event_to_line
from studio.live.stream import ENGINE, Engine, stream
from studio.store.runs import RunRecord


def serve(record: RunRecord, resume: int | None, out: IO[bytes], engine: Engine = ENGINE) -> RunEnded:
    """Compute a run for a window: events to `out`, commands from standard input; returns how it ended.

    When the window is gone the run saves and ends; nothing is raised.
    """
    control, heard = RunControl(), True
    pipe = ControlPipe(control).start()
    ended = RunEnded(reason="failed", step=0)
    for event in stream(record.config, control, record, resume, engine):
        if heard and not _say(event, out):
            heard = False
            control.stop()
        if isinstance(event, RunEnded):
            ended = event
    pipe.join()
    return ended


def _say(event: RunEvent, out: IO[bytes]) -> bool:
    """Write one line; False when nobody reads any more."""
    try:
        out.write(event_to_line(event).encode("utf-8", "backslashreplace") + b"\n")
        out.flush()
    except (OSError, ValueError):
        return False
    return True


def command_line(do: str, **fields: object) -> bytes:
    """One command as a line.

    {"do": "pause"}, {"do": "proceed"}, {"do": "stop", "save"} or {"do": "ask", "kind", "text", "number"}.
    """
    return json.dumps({"do": do, **fields}).encode("utf-8") + b"\n"


def obey(line: bytes, control: RunControl) -> None:
    """Carry out one line; what is not understood is left alone, for it may come from a newer window."""
    try:
        command = json.loads(line)
        match command:
            case {"do": "stop"}:
                control.stop(bool(command.get("save", True)))
            case {"do": "pause"}:
                control.pause()
            case {"do": "proceed"}:
                control.proceed()
            case {"do": "ask", "kind": str(kind)}:
                control.ask(Ask(kind, str(command.get("text", "")), float(command.get("number", 0.0))))
    except (ValueError, TypeError):
        return


class ControlPipe:
    """Listens in a thread of its own; when the pipe closes because the window is gone, the run stops and saves.

    It reads the descriptor itself: a thread that waits inside `sys.stdin` would abort the interpreter at its end.
    """

    def __init__(self, control: RunControl, descriptor: int = 0) -> None:
        self._control = control
        self._descriptor = descriptor
        self._thread = threading.Thread(target=self._listen, name="control pipe", daemon=True)

    def start(self) -> "ControlPipe":
        """Begin to listen."""
        self._thread.start()
        return self

    def join(self, limit: float = 2.0) -> bool:
        """Wait for the window to close the pipe, at most `limit` seconds, which it does on reading the last event."""
        self._thread.join(limit)
        return not self._thread.is_alive()

    def _listen(self) -> None:
        rest = b""
        while True:
            try:
                block = os.read(self._descriptor, 65_536)
            except OSError:
                block = b""
            if not block:
                self._control.stop()
                return
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                obey(line, self._control)
