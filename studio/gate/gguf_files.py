"""The header of a GGUF file (ggml/docs/gguf.md), judged before a single number of its weights is touched."""

import math
import mmap
import os
import stat
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from studio.core.errors import StudioError
from studio.gate.gguf_blocks import KINDS, UNREAD

MOST_HEADER = 256 << 20  # bytes
MOST_ENTRIES = 10_000
MOST_TENSORS = 100_000
MOST_STRINGS = 2_000_000  # in all arrays together; a large vocabulary with its merges has about one million
LONGEST_STRING = 4 << 20  # bytes
LONGEST_NAME = 64  # bytes of a tensor's name, as ggml has it (GGML_MAX_NAME)
LONGEST_KEY = 512
MOST_DIMENSIONS = 4  # as ggml has it (GGML_MAX_DIMS)
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 10: "Q", 11: "q", 12: "d"}
_BOOL, _STRING, _ARRAY = 7, 8, 9
_NAMES = {kind.number: name for name, kind in KINDS.items()}


@dataclass(frozen=True)
class GgufTensor:
    """One tensor: its element type, its shape with the fastest axis last, its first byte in the file, and its bytes."""

    kind: str
    shape: tuple[int, ...]
    start: int
    bytes: int


@dataclass(frozen=True)
class GgufHeader:
    """What a file says about its model, and where its tensors lie. Arrays of numbers are numpy's, of words lists."""

    metadata: Mapping[str, Any]
    tensors: Mapping[str, GgufTensor]


def read_header(path: Path) -> GgufHeader:
    """Read and judge the header; a `StudioError` names the file and what does not hold.

    Refused: other versions and byte orders, counts and lengths beyond the limits, double names, unknown element types,
    and tensors that overlap, are not aligned, or reach past the end of the file.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            refuse(path, "it is not a regular file")
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size < 24:
                refuse(path, "it is too short to have a header")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
                return _Header(path, raw, size).read()
    except OSError as error:
        raise StudioError(f"“{path.name}” could not be read: {error.strerror or error}.") from error


def refuse(path: Path, reason: str) -> NoReturn:
    """The one form in which a GGUF file is turned away."""
    raise StudioError(
        f"“{path.name}” was not opened: {reason}.",
        "It is damaged or not a GGUF file. Get it again, or choose another one.",
    )


class _Header:
    """A place in the file that moves on as values are read, never past the end of the header's limit."""

    def __init__(self, path: Path, raw: mmap.mmap, size: int) -> None:
        self._path = path
        self._raw = raw
        self._size = size
        self._end = min(size, MOST_HEADER)
        self._at = 0
        self._strings = 0

    def read(self) -> GgufHeader:
        """Everything up to the data, in the order of the file."""
        if self._bytes(4) != b"GGUF":
            refuse(self._path, "it does not begin with GGUF's mark")
        version = self._number("I")
        if version not in (2, 3):
            other = "of the other byte order" if version >> 16 else "that is not read here (2 and 3 are)"
            refuse(self._path, f"it has version {version:,}, {other}")
        tensors, entries = self._number("Q"), self._number("Q")
        if tensors > MOST_TENSORS or entries > MOST_ENTRIES:
            refuse(self._path, f"it announces {tensors:,} tensors and {entries:,} entries, more than any model has")
        metadata: dict[str, Any] = {}
        for _ in range(entries):
            key = self._string(LONGEST_KEY, "a key")
            if key in metadata:
                refuse(self._path, "one of its keys is there twice")
            metadata[key] = self._value(self._number("I"))
        alignment = metadata.get("general.alignment", 32)
        if type(alignment) is not int or not 8 <= alignment <= 1 << 16 or alignment % 8:
            refuse(self._path, "its alignment is not usable")
        found: dict[str, GgufTensor] = {}
        for _ in range(tensors):
            name, tensor = self._tensor(alignment)
            if name in found:
                refuse(self._path, f"the tensor “{name}” is there twice")
            found[name] = tensor
        return GgufHeader(metadata, self._placed(found, -(-self._at // alignment) * alignment))

    def _bytes(self, count: int) -> bytes:
        if count > self._end - self._at:
            refuse(self._path, "its header ends too early, or is longer than any model needs")
        self._at += count
        return self._raw[self._at - count : self._at]

    def _number(self, letter: str) -> Any:
        return struct.unpack(f"<{letter}", self._bytes(struct.calcsize(f"<{letter}")))[0]

    def _string(self, longest: int, what: str) -> str:
        length = self._number("Q")
        if length > longest:
            refuse(self._path, f"{what} has {length:,} bytes; at most {longest:,} are read")
        return self._bytes(length).decode("utf-8", "replace")

    def _value(self, kind: int) -> Any:
        if kind in _NUMBERS:
            return self._number(_NUMBERS[kind])
        if kind == _BOOL:
            return self._number("B") != 0
        if kind == _STRING:
            return self._string(LONGEST_STRING, "a text")
        if kind == _ARRAY:
            return self._array(self._number("I"), self._number("Q"))
        refuse(self._path, f"a value has the type {kind}, which GGUF does not have")

    def _array(self, kind: int, count: int) -> Any:
        if kind == _STRING:
            self._strings += count
            if self._strings > MOST_STRINGS:
                refuse(self._path, f"its lists have more than {MOST_STRINGS:,} words")
            return [self._string(LONGEST_STRING, "a word") for _ in range(count)]
        letter = "?" if kind == _BOOL else _NUMBERS.get(kind)
        if letter is None:
            refuse(self._path, "it has a list of something that is neither numbers nor words")
        dtype = np.dtype(letter if letter == "?" else f"<{letter}")
        if count > self._end // dtype.itemsize:
            refuse(self._path, f"a list announces {count:,} numbers, more than the file can hold")
        return np.frombuffer(self._bytes(count * dtype.itemsize), dtype=dtype)

    def _tensor(self, alignment: int) -> tuple[str, GgufTensor]:
        name = self._string(LONGEST_NAME, "a tensor's name")
        if not name or not name.isprintable():
            refuse(self._path, "a tensor's name is empty or has marks that cannot be seen")
        dimensions = self._number("I")
        if not 1 <= dimensions <= MOST_DIMENSIONS:
            refuse(self._path, f"“{name}” has {dimensions:,} dimensions; 1 to {MOST_DIMENSIONS} are read")
        shape = tuple(self._number("Q") for _ in range(dimensions))[::-1]
        number, offset = self._number("I"), self._number("Q")
        if number not in _NAMES:
            what = UNREAD.get(number, f"type {number}")
            refuse(self._path, f"“{name}” is stored as {what}; Atelier reads {', '.join(KINDS)}")
        kind = KINDS[_NAMES[number]]
        if math.prod(shape) == 0 or shape[-1] % kind.block or offset % alignment:
            refuse(self._path, f"the shape or place of “{name}” is not usable")
        return name, GgufTensor(_NAMES[number], shape, offset, math.prod(shape) // kind.block * kind.bytes)

    def _placed(self, tensors: Mapping[str, GgufTensor], start: int) -> dict[str, GgufTensor]:
        """The same tensors with places counted from the start of the file, all inside of it and beside one another."""
        end = start
        placed: dict[str, GgufTensor] = {}
        for name, tensor in sorted(tensors.items(), key=lambda item: item[1].start):
            at = start + tensor.start
            if at < end:
                refuse(self._path, f"“{name}” overlaps another tensor")
            end = at + tensor.bytes
            if end > self._size:
                refuse(self._path, f"“{name}” ends after the file does, so the file is cut off")
            placed[name] = GgufTensor(tensor.kind, tensor.shape, at, tensor.bytes)
        return placed
