"""A run in a process of its own, seen from the window: commands go in, events come out, a death costs only the run."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from studio.core.channel import Ask, RunControl
from studio.core.events import RunEnded, RunEvent, event_from_line
from studio.core.language import tr
from studio.live.control_pipe import command_line

_TAIL = 4_000  # bytes of the error output that are kept with a failure


class PipedControl(RunControl):
    """A control whose calls are also written to a child's standard input; earlier ones are sent on attaching."""

    def __init__(self) -> None:
        super().__init__()
        self._pipe: IO[bytes] | None = None

    def attach(self, pipe: IO[bytes]) -> None:
        """Send what was asked so far, then every call as it comes."""
        with self._changed:
            self._pipe = pipe
        for ask in self.asks():
            self._send(command_line("ask", kind=ask.kind, text=ask.text, number=ask.number))
        if self._paused:
            self._send(command_line("pause"))
        if self._stopping:
            self._send(command_line("stop", save=self.saving))

    def detach(self) -> None:
        """Close the pipe; later calls change nothing any more."""
        with self._changed:
            pipe, self._pipe = self._pipe, None
        if pipe is not None:
            try:
                pipe.close()
            except OSError:
                return

    def stop(self, save: bool = True) -> None:
        """End after the step in progress, saving first unless told otherwise."""
        super().stop(save)
        self._send(command_line("stop", save=save))

    def pause(self) -> None:
        """Wait at the next step boundary."""
        super().pause()
        self._send(command_line("pause"))

    def proceed(self) -> None:
        """Go on after a pause."""
        super().proceed()
        self._send(command_line("proceed"))

    def ask(self, ask: Ask) -> None:
        """Leave a wish for the next step boundary."""
        if self._pipe is None:
            super().ask(ask)
        else:
            self._send(command_line("ask", kind=ask.kind, text=ask.text, number=ask.number))

    def _send(self, line: bytes) -> None:
        with self._changed:
            if self._pipe is None:
                return
            try:
                self._pipe.write(line)
                self._pipe.flush()
            except (OSError, ValueError):
                self._pipe = None  # the child is gone; its end is told by the reader


class ChildProcess:
    """Starts `command`, passes on the events it prints, and says in one last event how it ended if it did not."""

    def __init__(self, command: Sequence[str], folder: Path, control: PipedControl) -> None:
        self._command = list(command)
        self._errors = folder / "stderr.log"
        self._control = control
        self._process: subprocess.Popen[bytes] | None = None
        self._killed = False
        self.own_ending: RunEnded | None = None  # set when the child died without recording its end

    def kill(self) -> None:
        """End the process at once; its last checkpoint stands."""
        self._killed = True
        if self._process is not None:
            self._process.kill()

    def events(self) -> Iterator[RunEvent]:
        """Every event of the child, oldest first, and always a `RunEnded` as the last one."""
        step, ended = 0, False
        with open(self._errors, "wb") as errors:
            self._process = _start(self._command, errors)
        try:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._control.attach(self._process.stdin)
            if self._killed:
                self._process.kill()
            for line in self._process.stdout:
                event = _read(line)
                if event is None:
                    continue
                step = getattr(event, "step", step)
                ended = isinstance(event, RunEnded)
                yield event
                if ended:
                    break
        finally:
            self._control.detach()
            code = _leave(self._process)
        if not ended:
            self.own_ending = self._ending(code, step)
            yield self.own_ending

    def _ending(self, code: int, step: int) -> RunEnded:
        """What a process that fell silent must have met, judged by its exit code."""
        words = _tail(self._errors)
        details = words or tr("exit code {code}", code=code)  # what has details was no refusal, which is forgotten
        reason, hint = "failed", tr("What was saved is safe: resume the run from its last checkpoint.")
        if self._killed:
            reason = "stopped"
            message = tr("The run did not answer any more, so its process was ended without saving.")
        elif code == -getattr(signal, "SIGKILL", 9):
            message = tr("The run was killed by the system, likely because memory ran out.")
            hint = tr("What was saved is safe. Resume it, with a smaller batch if it happens again.")
        elif code < 0:
            message = tr("The run's process crashed ({what}).", what=_signal_name(-code))
        elif code == 1 and words.strip():
            message = words.strip().rpartition("\n")[2]
        else:
            message = tr("The run's process ended with code {code} before the run did.", code=code)
        return RunEnded(reason=reason, step=step, message=message, hint=hint, details=details, time=time.time())


def _start(command: list[str], errors: IO[bytes]) -> subprocess.Popen[bytes]:
    """Its own session, so that Ctrl+C in the window's terminal reaches the window only, which then stops the run."""
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
    own: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        own = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=environment, **own
    )


def _leave(process: subprocess.Popen[bytes]) -> int:
    """Wait for a child that has said its last word, or whose reader has gone; then close what is open."""
    try:
        code = process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    if process.stdout is not None:
        process.stdout.close()
    return code


def _read(line: bytes) -> RunEvent | None:
    """One event; a line that is none (a library that prints) is skipped."""
    try:
        return event_from_line(line.decode("utf-8"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _tail(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return tr("signal {number}", number=number)
