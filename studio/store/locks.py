"""Who may write: a lock the operating system takes back the moment its holder dies."""

import errno
import json
import os
import platform
import sys
import time
from pathlib import Path
from types import TracebackType

from studio.core.errors import StudioError
from studio.store.disk import explained

# Windows locks bytes, not files: this one lies far behind the readable words about the holder.
_BYTE = 1 << 30
_BUSY = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}
_UNSUPPORTED = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS}


class FileLock:
    """An exclusive lock on one file, held until `release` or the process's end; the file itself stays."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def acquire(self, what: str) -> None:
        """Take the lock at once or raise a `StudioError` that names `what` and its holder."""
        if self.held:
            return
        with explained(what, self.path.parent):
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        # Somebody who merely looks holds the lock for microseconds, so one refusal proves nothing.
        for wait in (0.0, 0.01, 0.03, 0.1):
            time.sleep(wait)
            if _take(descriptor, exclusive=True):
                break
        else:
            os.close(descriptor)
            raise StudioError(
                f"{what} is already open for writing{_holder(self.path)}.",
                "Close it there, then try again. Nothing was changed.",
            )
        self._descriptor = descriptor
        _introduce(descriptor)

    def release(self) -> None:
        """Let go; harmless when nothing is held."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            _give(descriptor)
            os.close(descriptor)

    def __enter__(self) -> "FileLock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def is_held(path: Path) -> bool:
    """Whether a living process, this one included, holds the lock on `path`."""
    try:
        descriptor = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    except OSError:
        return False
    try:
        if _take(descriptor, exclusive=False):
            _give(descriptor)
            return False
        return True
    finally:
        os.close(descriptor)


def _introduce(descriptor: int) -> None:
    """Write who holds the lock, for the other one's sentence; not being able to costs nothing."""
    words = json.dumps({"process": os.getpid(), "computer": platform.node()}).encode("utf-8")
    try:
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, words)
    except OSError:
        return


def _holder(path: Path) -> str:
    try:
        words = json.loads(path.read_text("utf-8"))
        number, computer = int(words["process"]), str(words["computer"])
    except (OSError, ValueError, KeyError, TypeError):
        return " by another Atelier"
    if computer != platform.node():
        return f" on the computer “{computer}”"
    return " in this window" if number == os.getpid() else f" by another Atelier (process {number})"


if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int, *, exclusive: bool) -> bool:
        os.lseek(descriptor, _BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno in _BUSY:
                return False
            raise
        return True

    def _give(descriptor: int) -> None:
        os.lseek(descriptor, _BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(descriptor: int, *, exclusive: bool) -> bool:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _BUSY:
                return False
            if error.errno in _UNSUPPORTED:
                return True  # a network drive without locks: better unguarded than unusable
            raise
        return True

    def _give(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
