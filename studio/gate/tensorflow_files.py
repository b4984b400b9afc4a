"""The index of a TensorFlow checkpoint: a sorted table of LevelDB's form, whose values are two small protocol buffers.

tensorflow/core/util/tensor_bundle, tensorflow/core/lib/io/table_format.txt and protobuf/tensor_bundle.proto.
"""

import math
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from studio.core.errors import StudioError
from studio.gate.checksums import crc32c
from studio.gate.names import visible

MAGIC = 0xDB4775248B80FB57
MOST_INDEX = 16 << 20  # bytes
MOST_TENSORS = 100_000
LONGEST_NAME = 512
MOST_DIMENSIONS = 8
FLOAT = 1  # types.proto, DT_FLOAT
_FOOTER = 48
_TRAILER = 5  # a byte that says how the block is packed, and its checksum


@dataclass(frozen=True)
class BundleTensor:
    """One fp32 tensor of the data file: its shape, its first byte, its masked checksum."""

    shape: tuple[int, ...]
    start: int
    checksum: int

    @property
    def bytes(self) -> int:
        """What it takes in the data file."""
        return 4 * math.prod(self.shape)


def read_index(path: Path, data: Path) -> dict[str, BundleTensor]:
    """Every tensor of a `.index` file, after all were found inside the one data file; a `StudioError` says why not."""
    try:
        if path.stat().st_size > MOST_INDEX:
            refuse(path, f"it has more than {MOST_INDEX:,} bytes")
        raw = path.read_bytes()
        size = data.stat().st_size
    except OSError as error:
        raise StudioError(
            f"“{Path(str(error.filename)).name}” could not be read: {error.strerror or error}.",
            "A checkpoint of TensorFlow consists of a “.index” and a “.data-00000-of-00001” file.",
        ) from error
    try:
        entries = dict(_table(path, raw))
        header = _fields(entries.pop(b"", b""))
        if header.get(1, 0) != 1 or header.get(2, 0) != 0:
            refuse(path, "it consists of several data files, or of the other byte order")
        if len(entries) > MOST_TENSORS:
            refuse(path, f"it lists {len(entries):,} tensors; at most {MOST_TENSORS:,} are read")
        found = {_name(path, key): _tensor(path, value) for key, value in entries.items()}
    except (ValueError, IndexError, struct.error, RecursionError):
        refuse(path, "it is damaged or cut off")
    _check_places(path, found, size)
    return found


def refuse(path: Path, reason: str) -> NoReturn:
    """The one form in which a file of a checkpoint is turned away."""
    raise StudioError(
        f"“{path.name}” was not opened: {reason}.",
        "It is damaged or not a checkpoint of TensorFlow. Get it again from its source.",
    )


# --- the table --------------------------------------------------------------------------------------------------------


def _table(path: Path, raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Every key and value, in the order of the table."""
    if len(raw) < _FOOTER or struct.unpack("<Q", raw[-8:])[0] != MAGIC:
        refuse(path, "its end is not that of a TensorFlow index")
    footer = raw[-_FOOTER:]
    at = _number(footer, _number(footer, 0)[1])[1]  # past the place of a part that TensorFlow leaves empty
    seen = 0
    for _, handle in _entries(_block(path, raw, footer, at)):
        block = _block(path, raw, handle, 0)
        seen += len(block)
        if seen > len(raw):
            refuse(path, "its parts overlap")
        yield from _entries(block)


def _block(path: Path, raw: bytes, handle: bytes, at: int) -> bytes:
    """The content of a block, named by where it begins and how long it is."""
    offset, at = _number(handle, at)
    length, _ = _number(handle, at)
    end = offset + length
    if end + _TRAILER > len(raw):
        refuse(path, "one of its parts lies outside of the file")
    if raw[end] != 0:
        refuse(path, "its index is packed, which no checkpoint of OpenAI is")
    if masked(crc32c(raw[offset : end + 1])) != struct.unpack_from("<I", raw, end + 1)[0]:
        refuse(path, "the checksum of its index is wrong")
    return raw[offset:end]


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys are stored by what they add to the one before; a list of places to start from stands at the end."""
    restarts = struct.unpack("<I", block[-4:])[0]
    end = len(block) - 4 - 4 * restarts
    key, at = b"", 0
    if end < 0:
        raise ValueError
    while at < end:
        shared, at = _number(block, at)
        added, at = _number(block, at)
        length, at = _number(block, at)
        if shared > len(key) or at + added + length > end:
            raise ValueError
        key = key[:shared] + block[at : at + added]
        yield key, block[at + added : at + added + length]
        at += added + length


def _number(raw: bytes, at: int) -> tuple[int, int]:
    """A number in groups of seven bits, lowest first, and the place behind it."""
    value = 0
    for shift in range(0, 70, 7):
        byte = raw[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise ValueError


def masked(checksum: int) -> int:
    """Checksums that are stored among data that is summed up again are turned and moved (core/lib/hash/crc32c.h)."""
    return ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF


# --- the entries ------------------------------------------------------------------------------------------------------


def _fields(raw: bytes) -> dict[int, Any]:
    """The fields of a protocol buffer by number; those that may repeat come as lists (2, a dimension; 7, a slice)."""
    found: dict[int, Any] = {}
    at = 0
    while at < len(raw):
        tag, at = _number(raw, at)
        number, kind = tag >> 3, tag & 7
        value: Any
        if kind == 0:
            value, at = _number(raw, at)
        elif kind == 2:
            length, at = _number(raw, at)
            if at + length > len(raw):
                raise ValueError
            value, at = raw[at : at + length], at + length
            found.setdefault(number, []).append(value)
            continue
        elif kind == 5:
            value, at = struct.unpack_from("<I", raw, at)[0], at + 4
        else:
            raise ValueError
        found[number] = value
    return found


def _name(path: Path, key: bytes) -> str:
    name = key.decode("utf-8", "replace")
    if not name.isprintable() or len(name) > LONGEST_NAME:
        refuse(path, f"“{visible(name, 60)}” is no usable name of a tensor")
    return name


def _tensor(path: Path, raw: bytes) -> BundleTensor:
    """BundleEntryProto: 1 type, 2 shape, 3 data file, 4 offset, 5 size, 6 checksum, 7 slices."""
    entry = _fields(raw)
    if entry.get(1) != FLOAT or 7 in entry or entry.get(3, 0) != 0:
        refuse(path, "one of its tensors is not stored as fp32 in one piece")
    dimensions = [_fields(part).get(1, 0) for part in _fields(entry.get(2, [b""])[0]).get(2, [])]
    size = entry.get(5, 0)
    if len(dimensions) > MOST_DIMENSIONS or 4 * math.prod(dimensions) != size or not size:
        refuse(path, "the shape of one of its tensors does not fit its bytes")
    return BundleTensor(tuple(dimensions), entry.get(4, 0), entry.get(6, 0))


def _check_places(path: Path, tensors: Mapping[str, BundleTensor], size: int) -> None:
    end = 0
    for name, tensor in sorted(tensors.items(), key=lambda item: item[1].start):
        if tensor.start < end:
            refuse(path, f"the tensor “{name}” overlaps another one")
        end = tensor.start + tensor.bytes
        if end > size:
            refuse(path, f"the tensor “{name}” ends after its data file does, so that file is cut off")


def read_tensor(data: Path, name: str, tensor: BundleTensor) -> bytearray:
    """The bytes of one tensor, after its checksum was found right."""
    raw = bytearray(tensor.bytes)
    with open(data, "rb", buffering=0) as file:
        file.seek(tensor.start, os.SEEK_SET)
        if file.readinto(raw) != len(raw):
            refuse(data, f"it ends inside “{name}”")
    if masked(crc32c(raw)) != tensor.checksum:
        refuse(data, f"the checksum of “{name}” is wrong")
    return raw
