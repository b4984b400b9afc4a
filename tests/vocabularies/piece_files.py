"""Tiny `tokenizer.model` files, written field by field as protocol buffers are."""

import struct
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path

BYTES = tuple((f"<0x{value:02X}>", 0.0, 6) for value in range(256))
CONTROLS = (("<unk>", 0.0, 2), ("<s>", 0.0, 3), ("</s>", 0.0, 3))
_JOINED = (
    "▁t",
    "he",
    "▁a",
    "in",
    "▁the",
    "er",
    "an",
    "▁c",
    "at",
    "▁s",
    "▁cat",
    "th",
    "ing",
    "▁▁",
    "▁c a".replace(" ", ""),
)
PAIRS = tuple((piece, -float(place), 1) for place, piece in enumerate(_JOINED))
LETTERS = tuple((letter, -100.0 - place, 1) for place, letter in enumerate("▁etaoinshrdlucmfgypwbvkxjqzTH.,:\né"))
LIKELY = tuple(
    (piece, -1.5 - 0.37 * place, 1)
    for place, piece in enumerate(
        [*"▁etaoinshrdlucmfgypwbvkxjqz.,:\n", "▁the", "▁cat", "ing", "▁s", "at", "he", "the", "▁c"]
    )
)


def number(value: int) -> bytes:
    """A whole number in groups of seven bits."""
    raw = bytearray()
    value &= (1 << 64) - 1
    while value > 0x7F:
        raw.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*raw, value])


def part(field: int, raw: bytes) -> bytes:
    """A field of bytes."""
    return number(field << 3 | 2) + number(len(raw)) + raw


def flag(field: int, value: int) -> bytes:
    """A field of a number."""
    return number(field << 3) + number(value)


def piece_file(
    path: Path,
    pieces: Iterable[tuple[str, float, int]],
    model: int = 2,
    falls_back: bool = True,
    blank_before: bool = True,
    single_blanks: bool = False,
    table: bytes = b"",
    marks_blanks: bool = True,
    blanks_behind: bool = False,
) -> Path:
    """Write such a file; `model` 1 is Unigram, 2 byte pairs."""
    listed = b"".join(
        part(1, part(1, piece.encode()) + number(2 << 3 | 5) + struct.pack("<f", score) + flag(3, kind))
        for piece, score, kind in pieces
    )
    training = (
        flag(3, model)
        + flag(24, blanks_behind)
        + flag(35, falls_back)
        + flag(40, 0)
        + flag(41, 1)
        + flag(42, 2)
        + flag(43, -1)
    )
    preparation = part(1, b"identity") + part(2, table) + flag(3, blank_before) + flag(4, single_blanks)
    path.write_bytes(listed + part(2, training) + part(3, preparation + flag(5, marks_blanks)))
    return path


def table_of(entries: Mapping[str, str], spelled_in: str = "utf-8") -> bytes:
    """A table that rewrites texts, as the library darts-clone lays it out: every place is the first that is free."""
    texts, begins = b"", dict[bytes, int]()
    for entry, becomes in entries.items():
        begins[entry.encode(spelled_in)] = len(texts)
        texts += becomes.encode() + b"\0"
    units, bases = {0: 0}, {0}
    waiting = [(0, b"")]
    while waiting:
        node, key = waiting.pop()
        after = sorted({entry[len(key)] for entry in begins if entry.startswith(key) and len(entry) > len(key)})
        taken = [*after, *([0] if key in begins else [])]
        base = next(
            place for place in count(1) if place not in bases and not any(place ^ label in units for label in taken)
        )
        bases.add(base)
        units[node] |= (key in begins) << 8 | (node ^ base) << 10
        units |= {base ^ label: label for label in after}
        if key in begins:
            units[base] = 1 << 31 | begins[key]
        waiting += [(base ^ label, key + bytes([label])) for label in after]
    numbers = [units.get(place, 0) for place in range(256 * (1 + max(units) // 256))]  # whole kilobytes
    return struct.pack(f"<{len(numbers) + 1}I", 4 * len(numbers), *numbers) + texts
