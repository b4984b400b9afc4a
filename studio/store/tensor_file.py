"""Writing a safetensors file tensor by tensor, so that a large model is never whole in memory."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.gate.tensor_files import BITS


@dataclass(frozen=True)
class Entry:
    """One tensor to be written: its name, its element type by the format's name, its shape."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def bytes(self) -> int:
        """What it takes in the file."""
        return math.prod(self.shape) * BITS[self.dtype] // 8


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Wider elements first, so that every tensor of a file starts at a multiple of its element's size."""
    return sorted(entries, key=lambda entry: -BITS[entry.dtype])


def write_tensors(
    path: Path, entries: Sequence[Entry], data: Iterable[memoryview], metadata: Mapping[str, str] | None = None
) -> None:
    """Write `entries` and, in the same order, their bytes from `data`; a wrong number of bytes is a bug and raises."""
    header: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    at = 0
    for entry in entries:
        header[entry.name] = {
            "dtype": entry.dtype, "shape": list(entry.shape), "data_offsets": [at, at + entry.bytes],
        }  # fmt: skip
        at += entry.bytes
    raw = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    raw += b" " * (-len(raw) % 8)
    with open(path, "wb") as file:
        file.write(len(raw).to_bytes(8, "little") + raw)
        for entry, piece in zip(entries, data, strict=True):
            if len(piece) != entry.bytes:
                raise ValueError(f"{entry.name} has {len(piece)} bytes instead of {entry.bytes}")
            file.write(piece)
