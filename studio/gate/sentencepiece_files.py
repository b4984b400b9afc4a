"""SentencePiece's `tokenizer.model`, read as the data it is: a list of pieces with scores, and how a text is prepared.

The file is a message of protocol buffers (github.com/google/sentencepiece, sentencepiece_model.proto). Only the fields
that decide about ids are taken; nothing of the file is handed to a library before it was judged.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from studio.core.errors import StudioError
from studio.gate.names import visible
from studio.gate.tokenizer_files import Limits

UNIGRAM, BYTE_PAIRS = 1, 2
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)
LISTED = Limits(file_bytes=8 << 20, tokens=300_000, token_characters=128)  # the largest in use has 262,144 pieces
MOST_CHARACTERS = 2_500_000  # of all pieces together: each is cut at every place to find what it is joined from
_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5  # the wire types in use
_MOST_FIELDS = 1_000  # beyond the pieces; the form has about sixty
Value = int | bytes


@dataclass
class SentencePieces:
    """What the file says; the place of a piece is its id. `table`: a table rewrites texts, as for nmt_nfkc."""

    pieces: list[str] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    model: int = UNIGRAM
    byte_fallback: bool = False
    begin: int = 1
    end: int = 2
    table: bool = False
    blank_before: bool = True
    single_blanks: bool = True
    marks_blanks: bool = True
    blanks_behind: bool = False

    def of_kind(self, kind: int) -> list[int]:
        """The ids of one kind."""
        return [number for number, one in enumerate(self.kinds) if one == kind]


def read_sentence_pieces(path: Path) -> SentencePieces:
    """The pieces of a `tokenizer.model`; what is damaged, too large or of another kind is a `StudioError`."""
    try:
        if path.stat().st_size > LISTED.file_bytes:
            _refuse(path, f"it has {path.stat().st_size:,} bytes; at most {LISTED.file_bytes:,} are read")
        raw = path.read_bytes()
    except OSError as error:
        raise StudioError(f"“{path.name}” could not be read: {error.strerror or error}.") from error
    found = SentencePieces()
    try:
        for number, value in _fields(raw, LISTED.tokens + _MOST_FIELDS):
            if number == 1:
                _take_piece(path, found, _bytes(value))
            elif number == 2:
                _take_training(found, _bytes(value))
            elif number == 3:
                _take_preparation(found, _bytes(value))
    except (ValueError, IndexError, struct.error) as error:
        _refuse(path, "it is not the list of pieces that it should be", error)
    _check(path, found)
    return found


def _take_piece(path: Path, found: SentencePieces, raw: bytes) -> None:
    piece, score, kind = "", 0.0, NORMAL
    for number, value in _fields(raw):
        if number == 1:
            piece = _bytes(value).decode("utf-8")
        elif number == 2:
            score = struct.unpack("<f", _bytes(value))[0]
        elif number == 3:
            kind = _count(value)
    if len(found.pieces) >= LISTED.tokens:
        _refuse(path, f"it lists more than {LISTED.tokens:,} pieces")
    found.pieces.append(piece)
    found.scores.append(score)
    found.kinds.append(kind)


def _take_training(found: SentencePieces, raw: bytes) -> None:
    for number, value in _fields(raw):
        if number == 3:
            found.model = _count(value)
        elif number == 24:
            found.blanks_behind = bool(_count(value))
        elif number == 35:
            found.byte_fallback = bool(_count(value))
        elif number == 41:
            found.begin = _count(value)
        elif number == 42:
            found.end = _count(value)


def _take_preparation(found: SentencePieces, raw: bytes) -> None:
    for number, value in _fields(raw):
        if number == 2:
            found.table = len(_bytes(value)) > 0
        elif number == 3:
            found.blank_before = bool(_count(value))
        elif number == 4:
            found.single_blanks = bool(_count(value))
        elif number == 5:
            found.marks_blanks = bool(_count(value))


def _check(path: Path, found: SentencePieces) -> None:
    if found.model not in (UNIGRAM, BYTE_PAIRS):
        _refuse(path, "it cuts texts into whole words or characters; Atelier reads byte pairs and Unigram")
    if not found.pieces:
        _refuse(path, "it has no pieces")
    if len(set(found.pieces)) != len(found.pieces):
        _refuse(path, "a piece stands in it twice")
    for piece, score, kind in zip(found.pieces, found.scores, found.kinds, strict=True):
        if not 0 < len(piece) <= LISTED.token_characters or not NORMAL <= kind <= BYTE:
            _refuse(path, f"the piece “{visible(piece, 40)}” is damaged")
        if not (math.isfinite(score) and abs(score) <= 1e6):
            _refuse(path, f"the piece “{visible(piece, 40)}” has a score that is no number")
    if sum(map(len, found.pieces)) > MOST_CHARACTERS:
        _refuse(path, f"its pieces have more than {MOST_CHARACTERS:,} characters together")
    if len(found.of_kind(UNKNOWN)) != 1:
        _refuse(path, "it has no single piece for what is unknown")
    bytes_ = {found.pieces[number] for number in found.of_kind(BYTE)}
    if found.byte_fallback and len(bytes_) != 256:
        _refuse(path, "it falls back to bytes and does not have all of them")
    if bytes_ and (not found.byte_fallback or bytes_ != {f"<0x{value:02X}>" for value in range(256)}):
        _refuse(path, "its pieces for bytes are no bytes")


# --- protocol buffers -------------------------------------------------------------------------------------------------


def _fields(raw: bytes, most: int = _MOST_FIELDS) -> Iterator[tuple[int, Value]]:
    """Number and value of every field: a whole number, or the bytes of anything else."""
    at, size, count = 0, len(raw), 0
    while at < size:
        count += 1
        if count > most:
            raise ValueError("more fields than there are")
        key, at = _varint(raw, at)
        wire = key & 7
        if wire == _VARINT:
            value, at = _varint(raw, at)
            yield key >> 3, value
            continue
        if wire == _BYTES:
            length, at = _varint(raw, at)
        elif wire in (_FOUR, _EIGHT):
            length = 4 if wire == _FOUR else 8
        else:
            raise ValueError("a group, which such files do not have")
        if at + length > size:
            raise ValueError("a field ends behind the file")
        yield key >> 3, raw[at : at + length]
        at += length


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first, and where the next field begins."""
    value, shift = 0, 0
    while shift < 70:
        byte = raw[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError("a number of more than 64 bits")


def _bytes(value: Value) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number where bytes belong")
    return value


def _count(value: Value) -> int:
    """A number; negative ones, which mean “none”, come as their complement."""
    if not isinstance(value, int):
        raise ValueError("bytes where a number belongs")
    return value - (1 << 64) if value >= 1 << 63 else value


def _refuse(path: Path, reason: str, error: Exception | None = None) -> NoReturn:
    raise StudioError(
        f"The tokenizer in “{path.name}” was not read: {reason}.",
        "Get the file again from where the model comes from.",
    ) from error
