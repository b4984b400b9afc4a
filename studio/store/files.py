"""Files that are either old or new, never half: written beside, synced, renamed."""

import errno
import hashlib
import json
import os
import shutil
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.store.disk import explained

# An antivirus, an indexer or a cloud drive holds a file open for a moment: access denied, sharing, lock violation.
_HELD = (5, 32, 33)
# Some network and FUSE drives cannot sync a folder; the rename itself stands.
_CANNOT = (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS)
_WAITS = (0.05, 0.1, 0.2, 0.4, 0.75, 1.0)


def write_atomically(path: Path, data: bytes | str, *, durable: bool = True) -> None:
    """Replace `path` in one rename; on any failure the old file is untouched, a `StudioError` says why.

    `durable=False` leaves out the syncs: for files that can be rebuilt and are written often.
    """
    raw = data.encode("utf-8") if isinstance(data, str) else data
    temporary = path.with_name(f".{path.name[:80]}.{os.urandom(4).hex()}.tmp")
    with explained(f"“{path.name}”", path.parent, len(raw)):
        try:
            with open(temporary, "wb") as file:
                file.write(raw)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            replace(temporary, path)
        except BaseException:
            _forget(temporary)
            raise
        if durable:
            sync_folder(path.parent)


def read_json(path: Path) -> Any:
    """The value in a JSON file; a missing, unreadable or damaged one is a `StudioError` that names it."""
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise StudioError(f"“{path}” is missing.") from error
    except OSError as error:
        hint = "Change its permissions, or choose another one." if isinstance(error, PermissionError) else ""
        raise StudioError(f"“{path}” could not be read: {error.strerror or error}.", hint) from error
    except (ValueError, RecursionError) as error:
        hint = f"Line {error.lineno} cannot be read." if isinstance(error, json.JSONDecodeError) else ""
        raise StudioError(f"“{path}” is damaged: it is not the JSON it should be.", hint) from error


def write_json(path: Path, value: Any, *, durable: bool = True) -> None:
    """Write a value as readable JSON, atomically."""
    write_atomically(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n", durable=durable)


def replace(source: Path, target: Path) -> None:
    """Rename over `target`, patiently where Windows says that somebody holds the file (at most 2.5 s)."""
    _patiently(lambda: os.replace(source, target))


def rename_folder(source: Path, target: Path) -> None:
    """Rename a folder to a name that is free, with the same patience."""
    _patiently(lambda: os.rename(source, target))


def _patiently(act: Callable[[], None]) -> None:
    for wait in _WAITS:
        try:
            return act()
        except OSError as error:
            if getattr(error, "winerror", None) not in _HELD:
                raise
            time.sleep(wait)
    return act()


def sync_file(path: Path) -> None:
    """Have a finished file's bytes on the disk before going on."""
    # Windows flushes only handles that may write.
    descriptor = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Have a folder's entries on the disk before going on; Windows has no such call and needs none."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
    finally:
        os.close(descriptor)


def remove_folder(folder: Path) -> None:
    """Delete a folder as far as possible, read-only files included; what cannot go is left for the next sweep."""

    def allow(function: Callable[[str], object], path: str, _reason: object) -> None:
        try:
            if not os.path.islink(path):  # or the permissions of what it points to would change
                os.chmod(path, stat.S_IWRITE | stat.S_IREAD)
            function(path)
        except OSError:
            return

    if folder.is_symlink():
        _forget(folder)
    elif sys.version_info >= (3, 12):
        shutil.rmtree(folder, onexc=allow)
    else:
        shutil.rmtree(folder, onerror=allow)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hexadecimal, read in pieces."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def clear_stubs(folder: Path) -> None:
    """Remove the temporary files that a killed process left in `folder`; only for its one writer."""
    for path in (*folder.glob(".*.tmp"), *folder.glob(".probe-*")):
        if path.is_file():
            _forget(path)


def free_name(folder: Path, name: str) -> str:
    """`name`, or `name 2`, `name 3`, … whichever does not exist in `folder` yet (capitals do not count)."""
    taken = {entry.name.casefold() for entry in folder.iterdir()} if folder.is_dir() else set()
    candidate, number = name, 1
    while candidate.casefold() in taken:
        number += 1
        candidate = f"{name} {number}"
    return candidate


def _forget(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return
