"""What the disk can still take, and its errors as sentences: what happened, what is safe, what to do."""

import errno
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.core.errors import StudioError

RESERVE = 64 * 1024 * 1024  # left free for everything else that writes to the same disk

START_RESERVE = 1_000_000_000

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_FORBIDDEN = {errno.EACCES, errno.EPERM}


def size_text(count: float) -> str:
    """Bytes as people read them: 950 bytes, 1.2 MB, 3.4 GB (powers of 1000, as disks are sold)."""
    if count < 1_000:
        return f"{int(count)} bytes"
    for unit in ("kB", "MB", "GB"):
        count /= 1_000
        if count < 999.95:
            return f"{count:.1f} {unit}"
    return f"{count / 1_000:.1f} TB"


def free_bytes(folder: Path) -> int:
    """Free space on the volume that `folder` lies on or would lie on."""
    return shutil.disk_usage(_existing(folder)).free


def require_space(folder: Path, needed: int, what: str) -> None:
    """Refuse with figures when the volume of `folder` has not `needed` bytes and the reserve left for `what`."""
    free = free_bytes(folder)
    if free < needed + RESERVE:
        raise StudioError(
            f"There is too little space on the disk for {what}: {size_text(needed + RESERVE)} needed, "
            f"{size_text(free)} free in “{_existing(folder)}”.",
            "Nothing was changed. Free some space or choose another disk, then try again.",
        )


def require_start_space(folder: Path, checkpoint_bytes: int) -> None:
    """Before a run: room for two checkpoints, the old one beside the new, and a gigabyte for everything else."""
    needed = 2 * checkpoint_bytes + START_RESERVE
    free = free_bytes(folder)
    if free < needed:
        raise StudioError(
            f"This run needs {size_text(needed)} on the disk of “{_existing(folder)}” "
            f"(two checkpoints of {size_text(checkpoint_bytes)} and 1 GB); {size_text(free)} are free.",
            "Free some space, choose a smaller model, or make the project on another disk.",
        )


def probe(folder: Path) -> None:
    """Find out by really doing it whether `folder` can be written: create, sync, rename and remove a small file."""
    with explained("A test file", folder):
        folder.mkdir(parents=True, exist_ok=True)
        first = folder / f".probe-{os.urandom(4).hex()}"
        second = first.with_name(first.name + "-renamed")
        try:
            with open(first, "wb") as file:
                file.write(b"probe")
                file.flush()
                os.fsync(file.fileno())
            os.replace(first, second)
        finally:
            for path in (first, second):
                path.unlink(missing_ok=True)


@contextmanager
def explained(what: str, path: Path, needed: int = 0) -> Iterator[None]:
    """Turn an `OSError` raised inside into a `StudioError` about `what`, which was to be saved in or near `path`."""
    try:
        yield
    except OSError as error:
        raise explain(error, what, path, needed) from error
    except StudioError:
        raise
    except Exception as error:
        hidden = _hidden(error)
        if hidden is None:
            raise
        raise explain(hidden, what, path, needed) from error


def _hidden(error: Exception) -> OSError | None:
    """The system's error inside a Rust library's text, such as safetensors' "… (os error 28)"."""
    found = re.search(r"\(os error (\d+)\)", str(error))
    if found is None:
        return None
    number = int(found[1])
    if sys.platform == "win32":
        return OSError(0, str(error), None, number)
    return OSError(number, os.strerror(number))


def explain(error: OSError, what: str, path: Path, needed: int = 0) -> StudioError:
    """The sentence for one failed write; the old state is untouched wherever this room writes."""
    if error.errno in _FULL or getattr(error, "winerror", None) in (39, 112):
        return StudioError(
            f"The disk is full: {what[:1].lower() + what[1:]} could not be saved{_figures(path, needed)}.",
            "What was saved before is untouched. Free some space, then try again.",
        )
    if error.errno in _FORBIDDEN:
        return StudioError(
            f"{what} could not be saved: no permission to write to “{path}”.",
            "What was saved before is untouched. Allow writing there or choose another folder, then try again.",
        )
    if error.errno == errno.EROFS:
        return StudioError(
            f"{what} could not be saved: the disk of “{path}” is read-only.",
            "What was saved before is untouched. Choose a folder on another disk, then try again.",
        )
    if error.errno == errno.ENOENT:
        return StudioError(
            f"{what} could not be saved: “{path}” is not there any more.",
            "Is its drive still connected? Bring it back or choose another folder, then try again.",
        )
    if error.errno == errno.ENAMETOOLONG:
        return StudioError(f"{what} could not be saved: its path is too long.", "Choose a shorter name or folder.")
    return StudioError(
        f"{what} could not be saved in “{path}”: {error.strerror or error}.",
        "What was saved before is untouched. Check the disk, then try again.",
    )


def _figures(path: Path, needed: int) -> str:
    try:
        free = size_text(free_bytes(path))
    except OSError:
        return ""
    return f": {size_text(needed)} needed, {free} free" if needed else f", {free} free"


def _existing(folder: Path) -> Path:
    """The nearest folder above `folder`, itself included, that exists."""
    folder = Path(os.path.abspath(folder))
    while not folder.exists() and folder.parent != folder:
        folder = folder.parent
    return folder
