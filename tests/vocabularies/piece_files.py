"""Tiny `tokenizer.model` files, written field by field as protocol buffers are."""

import struct
from collections.abc import Iterable
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
) -> Path:
    """Write such a file; `model` 1 is Unigram, 2 byte pairs."""
    listed = b"".join(
        part(1, part(1, piece.encode()) + number(2 << 3 | 5) + struct.pack("<f", score) + flag(3, kind))
        for piece, score, kind in pieces
    )
    training = flag(3, model) + flag(35, falls_back) + flag(40, 0) + flag(41, 1) + flag(42, 2) + flag(43, -1)
    preparation = part(1, b"identity") + part(2, table) + flag(3, blank_before) + flag(4, single_blanks) + flag(5, 1)
    path.write_bytes(listed + part(2, training) + part(3, preparation))
    return path
