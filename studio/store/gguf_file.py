"""Writing a GGUF file (ggml/docs/gguf.md): what is said about the model, where its tensors lie, then their bytes."""

import os
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from studio.gate.gguf_blocks import KINDS, Floats, packed, row_bytes

ALIGNMENT = 32


class U32(int):
    """A whole number that is written with 32 bits and no sign, as llama.cpp expects of counts."""


@dataclass(frozen=True)
class Planned:
    """A tensor to be written: its element type, its shape with the fastest axis last, and what reads its numbers."""

    kind: str
    shape: tuple[int, ...]
    read: Callable[[], Floats]

    @property
    def bytes(self) -> int:
        """What it takes in the file."""
        rows = int(np.prod(self.shape[:-1], dtype=np.int64))
        return rows * row_bytes(self.kind, self.shape[-1])


def write_gguf(path: Path, metadata: Mapping[str, Any], tensors: Mapping[str, Planned]) -> None:
    """Write version 3; one tensor is in memory at a time. Words, numbers, truth values and lists of them are known."""
    with open(path, "xb") as file:
        file.write(b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata)))
        for key, value in metadata.items():
            file.write(_text(key) + _value(value))
        offset = 0
        for name, tensor in tensors.items():
            shape = struct.pack(f"<I{len(tensor.shape)}Q", len(tensor.shape), *tensor.shape[::-1])
            file.write(_text(name) + shape + struct.pack("<IQ", KINDS[tensor.kind].number, offset))
            offset += -(-tensor.bytes // ALIGNMENT) * ALIGNMENT
        for tensor in tensors.values():
            file.write(bytes(-file.tell() % ALIGNMENT))
            file.write(packed(tensor.read(), tensor.kind).data)
        file.write(bytes(-file.tell() % ALIGNMENT))
        file.flush()
        os.fsync(file.fileno())


def _text(text: str) -> bytes:
    raw = text.encode("utf-8")
    return struct.pack("<Q", len(raw)) + raw


def _value(value: Any) -> bytes:
    """Its type's number, then itself."""
    if isinstance(value, list | tuple):
        return struct.pack("<IIQ", 9, _type(value[0]) if value else 8, len(value)) + b"".join(map(_bare, value))
    return struct.pack("<I", _type(value)) + _bare(value)


def _type(value: Any) -> int:
    if isinstance(value, bool):
        return 7
    if isinstance(value, U32):
        return 4
    return 5 if isinstance(value, int) else 6 if isinstance(value, float) else 8


def _bare(value: str | float | bool) -> bytes:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return struct.pack("<B", value)
    letter = "f" if isinstance(value, float) else "I" if isinstance(value, U32) else "i"
    return struct.pack(f"<{letter}", value)
