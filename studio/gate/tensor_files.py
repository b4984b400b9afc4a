"""The header of a safetensors file, judged before any library reads the file."""

import json
import math
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from studio.core.errors import StudioError

# Bits of one element, by the format's name (github.com/huggingface/safetensors, README, "Format").
BITS: Mapping[str, int] = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "F64": 64, "I64": 64, "U64": 64,
}  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """What a header may ask of us at most."""

    header_bytes: int = 16 << 20
    tensors: int = 100_000
    name_characters: int = 512
    dimensions: int = 8
    metadata_entries: int = 1_000


@dataclass(frozen=True)
class TensorInfo:
    """One tensor of a file: its element type, its shape, and its first and past-the-last byte in the data part."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


def check_header(path: Path, limits: Limits | None = None) -> dict[str, TensorInfo]:
    """Name to facts of every tensor, after all of them were found consistent; a `StudioError` says what is wrong.

    Refused: oversize or damaged headers, unknown types, duplicate names, shapes that do not fit their bytes, and
    ranges that overlap, leave holes, or end before or after the file does.
    """
    limits = limits or Limits()
    size, raw = _header(path, limits)
    entries = _parse(path, raw)
    entries.pop("__metadata__", None)
    if len(entries) > limits.tensors:
        _refuse(path, f"it lists {len(entries):,} tensors; at most {limits.tensors:,} are read")
    infos = {name: _info(path, name, entry, limits) for name, entry in entries.items()}
    _check_ranges(path, infos, size - 8 - len(raw))
    return infos


class TensorFile:
    """A safetensors file whose header was found consistent; its tensors are read one by one, as bytes.

    `data` is where the first of them begins.
    """

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        self.path = path
        self.infos = check_header(path, limits)
        with open(path, "rb") as file:
            self.data = 8 + int.from_bytes(file.read(8), "little")

    def read_into(self, name: str, buffer: memoryview) -> None:
        """Fill `buffer`, which has exactly the tensor's size; a file that became shorter meanwhile is refused."""
        info = self.infos[name]
        with open(self.path, "rb", buffering=0) as file:
            file.seek(self.data + info.start)
            done = 0
            while done < len(buffer):
                count = file.readinto(buffer[done:])
                if not count:
                    _refuse(self.path, f"it ends inside “{name}”")
                done += count


def _header(path: Path, limits: Limits) -> tuple[int, bytes]:
    """Size of the file and the bytes of its header."""
    try:
        if stat.S_ISFIFO(path.stat().st_mode):
            _refuse(path, "it is a pipe")  # opening it would wait for its other end
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                _refuse(path, "it is not a regular file")
            length_bytes = file.read(8)
            length = int.from_bytes(length_bytes, "little")
            if len(length_bytes) < 8 or length < 2 or 8 + length > status.st_size:
                _refuse(path, "its beginning does not fit its size, so it is cut off or something else")
            if length > limits.header_bytes:
                _refuse(path, f"its header has {length:,} bytes; at most {limits.header_bytes:,} are read")
            raw = file.read(length)
    except OSError as error:
        raise StudioError(f"“{path.name}” could not be read: {error.strerror or error}.") from error
    if len(raw) < length or not raw.startswith(b"{"):
        _refuse(path, "it has no safetensors header")
    return status.st_size, raw


def _parse(path: Path, raw: bytes) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a name appears twice")
        return found

    try:
        entries = json.loads(raw.decode("utf-8"), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        twice = "a name appears twice in its header" if str(error) == "a name appears twice" else ""
        _refuse(path, twice or "its header is not the JSON it should be")
    if not isinstance(entries, dict):
        _refuse(path, "its header is not a table of tensors")
    return entries


def _info(path: Path, name: str, entry: Any, limits: Limits) -> TensorInfo:
    if not name or len(name) > limits.name_characters or not name.isprintable():
        _refuse(path, "a tensor's name is empty, too long or has marks that cannot be seen")
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        _refuse(path, f"the entry of “{name}” is not complete")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in BITS:
        _refuse(path, f"“{name}” has a number format that is not known")
    if not _counts(shape) or len(shape) > limits.dimensions:
        _refuse(path, f"the shape of “{name}” is not usable")
    if not _counts(offsets) or len(offsets) != 2:
        _refuse(path, f"the place of “{name}” in the file is not usable")
    start, end = offsets
    if math.prod(shape) * BITS[dtype] != (end - start) * 8:
        _refuse(path, f"the shape of “{name}” does not fit its {end - start:,} bytes")
    return TensorInfo(dtype, tuple(shape), start, end)


def _counts(values: Any) -> bool:
    """Whether this is a list of whole numbers from 0 up to 2^63."""
    return isinstance(values, list) and all(type(value) is int and 0 <= value < 1 << 63 for value in values)


def _check_ranges(path: Path, infos: Mapping[str, TensorInfo], data_bytes: int) -> None:
    """The ranges in order cover the data part exactly once."""
    at = 0
    for name, info in sorted(infos.items(), key=lambda item: (item[1].start, item[1].end)):
        if info.start != at:
            _refuse(
                path, f"“{name}” overlaps another tensor" if info.start < at else f"there is a hole before “{name}”"
            )
        at = info.end
    if at != data_bytes:
        _refuse(path, f"its tensors need {at:,} bytes, but {data_bytes:,} are there")


def _refuse(path: Path, reason: str) -> NoReturn:
    raise StudioError(
        f"“{path.name}” was not opened: {reason}.",
        "It is damaged or not a safetensors file. Get it again, or choose another one.",
    )
