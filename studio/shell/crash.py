"""What nobody expected: every hook leads to the rotating log, and to one dialog for each distinct failure."""

import faulthandler
import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Signal, qInstallMessageHandler

from studio.core.errors import StudioError

log = logging.getLogger("atelier")
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG, QtMsgType.QtInfoMsg: logging.INFO, QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR, QtMsgType.QtFatalMsg: logging.CRITICAL,
}  # fmt: skip
UNABLE = "This plugin does not support"
LOG_BYTES, LOG_FILES = 1_000_000, 3


def start_log(folder: Path) -> logging.Handler:
    """Write everything from "info" up to `atelier.log`, three files of a megabyte at most; returns the handler."""
    from logging.handlers import RotatingFileHandler

    folder.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(
        folder / "atelier.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES - 1, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    return handler


class CrashWatch(QObject):
    """Catches what nobody caught, in every thread; `crashed` carries the traceback as text, each one only once.

    The exception itself is dropped: a kept traceback would keep every tensor of its frames alive.
    """

    crashed = Signal(str)
    refused = Signal(object)  # a StudioError that reached nobody: a sentence for a person, not a crash

    def __init__(self, logs: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._logs = logs
        self._seen: set[str] = set()
        self._handler: logging.Handler | None = None
        self._before: tuple[Any, Any, Any] | None = None
        self._qt_before: Callable[..., object] | None = None
        self._fault_file: IO[str] | None = None

    def install(self) -> None:
        """Take over Python's three hooks and Qt's message handler."""
        self._before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception
        sys.unraisablehook = self._on_unraisable
        self._qt_before = qInstallMessageHandler(self._on_qt_message)

    def write_log(self) -> None:
        """Begin to write the log's file; waits for the first paint or the first failure, whichever comes first."""
        if self._handler is None:
            self._handler = start_log(self._logs)

    def uninstall(self) -> None:
        """Give the hooks and the files back."""
        if self._before is not None:
            sys.excepthook, threading.excepthook, sys.unraisablehook = self._before
            qInstallMessageHandler(self._qt_before)
            self._before = None
        if self._handler is not None:
            log.removeHandler(self._handler)
            self._handler.close()
            self._handler = None
        self._close_fault_file()

    def watch_faults(self) -> str:
        """Let a crash of the interpreter itself leave its stack in a file; returns what an earlier process left."""
        left = leftover_faults(self._logs)
        path = self._logs / f"fault-{os.getpid()}.txt"
        self._fault_file = path.open("w", encoding="utf-8")
        faulthandler.enable(self._fault_file)
        return left

    def _close_fault_file(self) -> None:
        if self._fault_file is None:
            return
        faulthandler.disable()
        self._fault_file.close()
        path = Path(self._fault_file.name)
        if path.exists() and not path.stat().st_size:
            path.unlink()
        self._fault_file = None

    def report(self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        """Log one failure and announce it if it is new."""
        self.write_log()
        if isinstance(error, StudioError):
            log.warning("refused: %s", error)
            self.refused.emit(StudioError(error.message, error.hint))
            return
        text = "".join(traceback.format_exception(kind, error, trace))
        log.error("unexpected failure\n%s", text)
        mark = fingerprint(kind, trace)
        if mark not in self._seen:
            self._seen.add(mark)
            self.crashed.emit(text)

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return  # the window's own signal watch closes it in order
        self.report(kind, error, trace)

    def _on_thread_exception(self, facts: threading.ExceptHookArgs) -> None:
        if facts.exc_type is not SystemExit:
            self.report(facts.exc_type, facts.exc_value, facts.exc_traceback)

    def _on_unraisable(self, facts: "sys.UnraisableHookArgs") -> None:
        self.report(facts.exc_type, facts.exc_value, facts.exc_traceback)

    def _on_qt_message(self, kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        level = _LEVELS.get(kind, logging.WARNING)
        if message.startswith(UNABLE):
            level = logging.DEBUG  # the offscreen platform says this of every window
        log.log(level, "Qt: %s", message)


def fingerprint(kind: type[BaseException], trace: TracebackType | None) -> str:
    """The same for two failures of one kind at one place, whatever their words are."""
    import hashlib

    places = [f"{frame.filename}:{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(trace)]
    return hashlib.sha256("\n".join([kind.__qualname__, *places]).encode()).hexdigest()


def leftover_faults(folder: Path) -> str:
    """Stacks that dead processes left behind; their files are taken away, those of living ones stay."""
    import psutil

    found: list[str] = []
    for path in sorted(folder.glob("fault-*.txt")):
        number = path.stem.removeprefix("fault-")
        if number.isdecimal() and int(number) != os.getpid() and psutil.pid_exists(int(number)):
            continue
        text = path.read_text(encoding="utf-8", errors="replace").strip()
        path.unlink(missing_ok=True)
        if text:
            found.append(text)
    return "\n\n".join(found)
