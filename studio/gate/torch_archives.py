"""The outside of a PyTorch file: a plain zip of stored parts, judged before anything in it is looked at."""

import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from studio.core.errors import StudioError
from studio.gate.names import visible

MOST_PARTS = 100_000
MOST_LISTING = 32 << 20  # bytes of the zip's own list of parts
MOST_PICKLE = 16 << 20  # bytes; the weights themselves lie outside of it
_PART = re.compile(r"data\.pkl|version|byteorder|\.format_version|\.storage_alignment|\.data/serialization_id|data/\d+")
_LEGACY_MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # the number with which PyTorch before 1.6 began, pickled


@dataclass(frozen=True)
class Archive:
    """The parts of a file that was found in order: the pickle, and name to bytes of every storage."""

    pickle: bytes
    storages: Mapping[str, int]


def check_archive(path: Path) -> Archive:
    """Read the pickle and the sizes of what lies beside it; a `StudioError` names what is not as `torch.save` writes.

    Refused: other kinds of files, packed parts (so that nothing can inflate), links, names that leave their folder,
    doubled or overlapping parts, TorchScript, and parts whose checksum is wrong.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            refuse(path, "it is not a regular file")
        size = path.stat().st_size
        with open(path, "rb") as file:
            start = file.read(512)
            if not start.startswith(b"PK\x03\x04"):
                refuse_other(path, start)
            _check_listing(path, file.seek(0, os.SEEK_END), _ending(path))
        with zipfile.ZipFile(path) as archive:
            parts = _parts(path, archive.infolist(), size)
            _check_sums(path, archive, parts)
            pickle = archive.read(parts["data.pkl"])
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, struct.error):
        refuse(path, "its list of parts is damaged or cut off")
    except OSError as error:
        raise StudioError(f"“{path.name}” could not be read: {error.strerror or error}.") from error
    return Archive(pickle, {name[5:]: part.file_size for name, part in parts.items() if name.startswith("data/")})


def refuse(path: Path, reason: str) -> NoReturn:
    """The one form in which a file of PyTorch is turned away."""
    raise StudioError(
        f"“{path.name}” was not opened: {reason}.",
        "Nothing in it was run. Ask for the model as safetensors, or choose another file.",
    )


def refuse_other(path: Path, start: bytes) -> NoReturn:
    """Say what a file is that does not begin like a zip."""
    if not start:
        refuse(path, "it is empty")
    if _LEGACY_MAGIC in start[:64]:
        raise StudioError(
            f"“{path.name}” was not opened: it has the form that PyTorch used before version 1.6 (2020).",
            "Whoever made it can load it with a newer PyTorch and save it as safetensors.",
        )
    if start[257:262] == b"ustar":
        refuse(path, "it is a tar archive, a form that PyTorch gave up long ago")
    if start[:1] == b"\x80" or start[:1] in b"(c]}":
        refuse(path, "it is a bare pickle, which could run code when it is loaded")
    if start[8:9] == b"{":
        refuse(path, "it looks like a safetensors file under another name")
    if start.lstrip()[:1] == b"<":
        refuse(path, "it is a web page, perhaps a login page that was saved in its place")
    if start.startswith(b"version https://git-lfs"):
        refuse(path, "it is only the pointer that Git LFS leaves where the weights should be")
    refuse(path, "it does not begin like a file of PyTorch")


def _ending(path: Path) -> bytes:
    """The last bytes, in which a zip says how long its list of parts is."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 65_557))
        return file.read()


def _check_listing(path: Path, size: int, ending: bytes) -> None:
    """Refuse an endless list of parts before the library reads it (APPNOTE.TXT 4.3.14 to 4.3.16)."""
    at = ending.rfind(b"PK\x05\x06")
    if at < 0 or len(ending) < at + 22:
        refuse(path, "its end is missing, so it was cut off")
    count, length = struct.unpack("<HI", ending[at + 10 : at + 16])
    large = ending.rfind(b"PK\x06\x06", 0, at)
    if large >= 0 and at - large >= 56:
        count, length = struct.unpack("<QQ", ending[large + 32 : large + 48])
    if count > MOST_PARTS or length > min(MOST_LISTING, size):
        refuse(path, f"it lists {count:,} parts; at most {MOST_PARTS:,} are read")


def _parts(path: Path, listed: list[zipfile.ZipInfo], size: int) -> dict[str, zipfile.ZipInfo]:
    """Every part by its name inside the archive's one folder."""
    found: dict[str, zipfile.ZipInfo] = {}
    tops = {part.filename.partition("/")[0] for part in listed}
    if any(name.partition("/")[2] in ("constants.pkl", "code") or "/code/" in name for name in _names(listed)):
        refuse(path, "it is a TorchScript program, which is code and not only weights")
    if len(tops) > 1:
        refuse(path, "its parts lie in several folders")
    for part in sorted(listed, key=lambda part: part.header_offset):
        name = part.filename.partition("/")[2]
        shown = visible(part.orig_filename)
        if not _PART.fullmatch(name) or part.orig_filename != part.filename:
            refuse(path, f"it has a part “{shown}” that a file of weights does not have")
        if name in found:
            refuse(path, f"its part “{shown}” is there twice")
        if part.flag_bits & 1 or part.compress_type != zipfile.ZIP_STORED or part.compress_size != part.file_size:
            refuse(path, f"its part “{shown}” is packed or locked, and could grow without end")
        if stat.S_IFMT(part.external_attr >> 16) not in (0, stat.S_IFREG):
            refuse(path, f"its part “{shown}” is a link or a folder")
        found[name] = part
    if "data.pkl" not in found:
        refuse(path, "it is a zip, but has no weights of PyTorch in it")
    if found["data.pkl"].file_size > MOST_PICKLE:
        refuse(path, f"its table of contents has more than {MOST_PICKLE:,} bytes")
    _check_places(path, list(found.values()), size)
    return found


def _names(listed: list[zipfile.ZipInfo]) -> list[str]:
    return [part.filename for part in listed]


def _check_places(path: Path, parts: list[zipfile.ZipInfo], size: int) -> None:
    """The parts follow one another: each header names its part, and no part reaches into the next one."""
    with open(path, "rb") as file:
        end = 0
        for part in parts:
            file.seek(part.header_offset)
            header = file.read(30)
            if len(header) < 30 or header[:4] != b"PK\x03\x04" or part.header_offset < end:
                refuse(path, f"its part “{visible(part.filename)}” overlaps another one or lies outside of the file")
            name, extra = struct.unpack("<HH", header[26:30])
            if file.read(name) != part.orig_filename.encode("utf-8"):
                refuse(path, f"its part “{visible(part.filename)}” has another name where it begins")
            end = part.header_offset + 30 + name + extra + part.file_size
            if end > size:
                refuse(path, f"its part “{visible(part.filename)}” ends after the file does")


def _check_sums(path: Path, archive: zipfile.ZipFile, parts: Mapping[str, zipfile.ZipInfo]) -> None:
    for name, part in parts.items():
        try:
            with archive.open(part) as inside:
                first = inside.read(16)
                while inside.read(1 << 20):
                    pass
        except zipfile.BadZipFile:
            refuse(path, f"its part “{visible(part.filename)}” does not match its checksum")
        if name == "byteorder" and first != b"little":
            refuse(path, "it was written on a machine with the other byte order")
