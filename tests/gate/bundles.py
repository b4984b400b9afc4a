"""TensorFlow checkpoints built by hand: a table of sorted keys, its blocks and its footer."""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from studio.gate.tensorflow_files import MAGIC

FLOAT = np.dtype("<f4")


def slow_crc32c(data: bytes) -> int:
    """The checksum bit by bit, as its definition says."""
    state = 0xFFFFFFFF
    for byte in data:
        state ^= byte
        for _ in range(8):
            state = state >> 1 ^ (0x82F63B78 if state & 1 else 0)
    return state ^ 0xFFFFFFFF


def masked(data: bytes) -> int:
    checksum = slow_crc32c(data)
    return ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF


def number(value: int) -> bytes:
    found = b""
    while value > 127:
        found, value = found + bytes([value & 127 | 128]), value >> 7
    return found + bytes([value])


def field(place: int, value: int | bytes) -> bytes:
    if isinstance(value, bytes):
        return number(place << 3 | 2) + number(len(value)) + value
    return number(place << 3) + number(value)


def entry(shape: tuple[int, ...], offset: int, raw: bytes, **changes: Any) -> bytes:
    """A BundleEntryProto."""
    said = {"kind": 1, "size": len(raw), "checksum": masked(raw), "more": b"", "shard": 0} | changes
    dimensions = b"".join(field(2, field(1, size)) for size in shape)
    return (
        field(1, said["kind"]) + field(2, dimensions) + (field(3, said["shard"]) if said["shard"] else b"")
        + field(4, offset) + field(5, said["size"]) + number(6 << 3 | 5) + struct.pack("<I", said["checksum"])
        + said["more"]
    )  # fmt: skip


def block(pairs: list[tuple[bytes, bytes]], every: int = 16) -> bytes:
    """Keys that say only what they add to the one before; every sixteenth is whole."""
    content, restarts, before = b"", [], b""
    for place, (key, value) in enumerate(pairs):
        if place % every == 0:
            restarts.append(len(content))
            before = b""
        shared = 0
        while shared < min(len(key), len(before)) and key[shared] == before[shared]:
            shared += 1
        content += number(shared) + number(len(key) - shared) + number(len(value)) + key[shared:] + value
        before = key
    return content + struct.pack(f"<{len(restarts)}I", *restarts) + struct.pack("<I", len(restarts))


def table(pairs: list[tuple[bytes, bytes]], in_block: int = 7) -> bytes:
    """The whole file: data blocks, an empty one, the index of the blocks, the footer."""
    raw, handles = b"", []

    def add(content: bytes) -> bytes:
        nonlocal raw
        handle = number(len(raw)) + number(len(content))
        raw += content + b"\0" + struct.pack("<I", masked(content + b"\0"))
        return handle

    for start in range(0, len(pairs), in_block):
        part = pairs[start : start + in_block]
        handles.append((part[-1][0], add(block(part))))
    empty = add(block([]))
    index = add(block(handles, 1))
    return raw + (empty + index).ljust(40, b"\0") + struct.pack("<Q", MAGIC)


HEADER = field(1, 1) + field(3, field(1, 1))


def put(folder: Path, tensors: Mapping[str, Any], name: str = "model.ckpt") -> tuple[Path, Path]:
    """Index and data of some fp32 arrays; the paths of both."""
    data, pairs = b"", [(b"", HEADER)]
    for key in sorted(tensors):
        raw = np.ascontiguousarray(tensors[key], dtype=FLOAT).tobytes()
        pairs.append((key.encode(), entry(tensors[key].shape, len(data), raw)))
        data += raw
    index, values = folder / f"{name}.index", folder / f"{name}.data-00000-of-00001"
    index.write_bytes(table(pairs))
    values.write_bytes(data)
    return index, values
