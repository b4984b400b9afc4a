"""Bytes of a file, plain or compressed, as a stream; what is no regular file, or swells beyond reason, is refused."""

import os
import shutil
import stat
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from studio.core.errors import StudioError
from studio.gate.names import visible

SUFFIXES = (".gz", ".zst")
BLOCK = 1 << 20
_MARKS = {".gz": b"\x1f\x8b", ".zst": b"\x28\xb5\x2f\xfd"}
_WINDOW = 128 << 20  # bytes that a .zst may ask to keep in memory; what its own program writes at most by default
_SIP = 2_048
_LEFT_FREE = 1 << 30  # bytes of the disk that no unpacked copy takes
_ROOM_EVERY = 64 << 20  # bytes written between two looks at the room


@dataclass(frozen=True)
class Limits:
    """How far a compressed file may swell: `ratio` counts from `free` bytes on, `total` always."""

    ratio: int = 200
    free: int = 64 << 20
    total: int = 1 << 40


class DamagedError(StudioError):
    """A compressed file that ends early or is not in order; what came before it is good."""


def plain_suffix(path: Path) -> str:
    """The suffix in small letters, that of the file inside where it is a compressed one."""
    if path.suffix.lower() in SUFFIXES:
        return Path(path.stem).suffix.lower()
    return path.suffix.lower()


def is_compressed(path: Path) -> bool:
    """Whether its name says so."""
    return path.suffix.lower() in SUFFIXES


def require_regular(path: Path) -> os.stat_result:
    """Its status; a pipe, a device or a folder is refused before anything is opened, since it may never end."""
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise StudioError(f"“{visible(path.name)}” is not there.", "Choose it again.") from error
    except OSError as error:
        raise unreadable(path, error) from error
    if not stat.S_ISREG(status.st_mode):
        what = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
        raise StudioError(f"“{visible(path.name)}” is {what}.", "Choose a file.")
    return status


def unreadable(path: Path, error: OSError) -> StudioError:
    """The sentence for a file that the system does not give out."""
    name = visible(path.name)
    if isinstance(error, PermissionError):
        return StudioError(f"You are not allowed to read “{name}”.", "Change its permissions, or choose a copy.")
    return StudioError(f"“{name}” could not be read: {error.strerror or error}.", "Try again, or choose a copy.")


def blocks(
    path: Path,
    *,
    start: int = 0,
    size: int | None = None,
    limits: Limits | None = None,
    watch: Callable[[int], None] | None = None,
) -> Iterator[bytes]:
    """The content in blocks of about a megabyte; `watch` hears how many bytes of the file each one took.

    Of a file that grows only `size` bytes are read, or what it had at the beginning; `start` skips in a plain one.
    """
    there = require_regular(path).st_size
    size = there if size is None else min(size, there)
    if is_compressed(path):
        yield from _unpacked(path, size, limits or Limits(), watch)
        return
    left = size - start
    try:
        with path.open("rb") as file:
            file.seek(start)
            while left > 0 and (block := file.read(min(BLOCK, left))):
                left -= len(block)
                if watch is not None:
                    watch(len(block))
                yield block
    except OSError as error:
        raise unreadable(path, error) from error


def unpacked_copy(pieces: Iterator[bytes], keep_going: Callable[[], bool] | None = None) -> Path:
    """Write `pieces` to a temporary file, which the caller deletes; stopped early or without room, nothing stays."""
    handle, name = tempfile.mkstemp(prefix="atelier-", suffix=".rows")
    path, unchecked = Path(name), _ROOM_EVERY
    try:
        with open(handle, "wb") as file:
            for piece in pieces:
                if keep_going is not None and not keep_going():
                    raise StudioError("Reading was stopped before it was finished.", "Nothing was changed.")
                unchecked += len(piece)
                if unchecked >= _ROOM_EVERY:
                    _require_room(path.parent)
                    unchecked = 0
                file.write(piece)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise StudioError(
            f"There is no room to unpack it: {error.strerror or error}.", "Free some space, or unpack it yourself."
        ) from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _require_room(folder: Path) -> None:
    """Refuse to fill the disk of the temporary files, which everything else on the computer writes to as well."""
    free = shutil.disk_usage(folder).free
    if free < _LEFT_FREE + _ROOM_EVERY:
        raise StudioError(
            f"There is no room to unpack it: {free >> 20:,} MB are free in “{folder}”, and {_LEFT_FREE >> 20:,} MB "
            "are left to everything else.",
            "Free some space, or unpack it yourself.",
        )


def _unpacked(path: Path, size: int, limits: Limits, watch: Callable[[int], None] | None) -> Iterator[bytes]:
    taken = given = 0
    unpack = _gzip if path.suffix.lower() == ".gz" else _zstandard

    def raw() -> Iterator[bytes]:
        nonlocal taken
        with path.open("rb") as file:
            while taken < size and (block := file.read(min(1 << 16, size - taken))):
                if not taken and not block.startswith(_MARKS[path.suffix.lower()]):
                    _refuse(path, "its content is not compressed in the way its name says")
                taken += len(block)
                if watch is not None:
                    watch(len(block))
                yield block

    try:
        for piece in unpack(path, raw()):
            given += len(piece)
            if given > limits.total or (given > limits.free and given > limits.ratio * taken):
                _refuse(path, f"it swells to more than {given / max(taken, 1):,.0f} times its size")
            for place in range(0, len(piece), BLOCK):
                yield piece[place : place + BLOCK]
    except OSError as error:
        raise unreadable(path, error) from error


def _gzip(path: Path, raw: Iterator[bytes]) -> Iterator[bytes]:
    """The members of a .gz one after the other; zero bytes may follow the last."""
    engine = zlib.decompressobj(wbits=31)
    whole = True  # nothing of a member is open
    for block in raw:
        while block:
            if engine.eof:
                block = block.lstrip(b"\0") if whole else block
                engine = zlib.decompressobj(wbits=31)
                continue
            try:
                piece = engine.decompress(block, BLOCK)
            except zlib.error as error:
                raise _damaged(path) from error
            whole = engine.eof
            block = engine.unused_data if engine.eof else engine.unconsumed_tail
            if piece:
                yield piece
    if not whole:
        raise _damaged(path)


def _zstandard(path: Path, raw: Iterator[bytes]) -> Iterator[bytes]:
    """The frames of a .zst, a few bytes at a time: four of them can become 128 KB."""
    import zstandard

    unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    engine = unpacker.decompressobj()
    whole = True
    try:
        for block in raw:
            for place in range(0, len(block), _SIP):
                sip = block[place : place + _SIP]
                while sip:
                    if engine.eof:
                        engine = unpacker.decompressobj()
                    if piece := engine.decompress(sip):
                        yield piece
                    whole = engine.eof
                    sip = engine.unused_data if engine.eof else b""
    except zstandard.ZstdError as error:
        raise _damaged(path) from error
    if not whole:
        raise _damaged(path)


def _damaged(path: Path) -> DamagedError:
    return DamagedError(
        f"“{visible(path.name)}” is damaged or ends before it should.", "Get it again, or use what came before."
    )


def _refuse(path: Path, reason: str) -> NoReturn:
    raise StudioError(f"“{visible(path.name)}” was not read: {reason}.", "Get it again, or choose another file.")
