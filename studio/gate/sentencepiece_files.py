"""SentencePiece's `tokenizer.model`, read as the data it is: a list of pieces with scores, and how a text is prepared.

The file is a message of protocol buffers (github.com/google/sentencepiece, sentencepiece_model.proto). Only the fields
that decide about ids are taken; nothing of the file is handed to a library before it was judged.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from studio.core.errors import StudioError
from studio.gate.names import visible
from studio.gate.rewriting_tables import RewritingTable
from studio.gate.tokenizer_files import Limits

if TYPE_CHECKING:
    import numpy.typing as npt

UNIGRAM, BYTE_PAIRS = 1, 2
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)
LISTED = Limits(file_bytes=8 << 20, tokens=300_000, token_characters=128)  # the largest in use has 262,144 pieces
MOST_CHARACTERS = 2_500_000  # of all pieces together: each is cut at every place to find what it is joined from
MOST_BRANCHES = 1_600_000  # of Unigram's tree of bytes, which takes about 340 bytes of memory for each
_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5  # the wire types in use
_MOST_FIELDS = 1_000  # beyond the pieces; the form has about sixty
_MOST_UNUSUAL = 50_000  # pieces that are written in a way of their own, each of which is read by itself
_OF_A_PIECE = 4  # fields: spelling, score, kind, and one that is not known here
_PIECE = _SPELLING = 1 << 3 | _BYTES  # how these fields begin
_NO_TEXT = 0xFF  # a byte that UTF-8 never has
Value = int | bytes


@dataclass
class SentencePieces:
    """What the file says; the place of a piece is its id. `table`: how texts are rewritten, as for nmt_nfkc."""

    pieces: list[str] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    model: int = UNIGRAM
    byte_fallback: bool = False
    begin: int = 1
    end: int = 2
    table: RewritingTable | None = None
    blank_before: bool = True
    single_blanks: bool = True
    marks_blanks: bool = True
    blanks_behind: bool = False

    def of_kind(self, kind: int) -> list[int]:
        """The ids of one kind, once all pieces are there."""
        found: list[int] = np.flatnonzero(self._kinds == kind).tolist()
        return found

    @cached_property
    def _kinds(self) -> "npt.NDArray[np.int64]":
        return np.asarray(self.kinds, np.int64)


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
        rest = _take_pieces(raw, found)
        for number, value in _fields(raw, _MOST_UNUSUAL, rest):
            if number == 1:
                _add_piece(found, *_any_piece(_bytes(value)))
            elif number == 2:
                _take_training(found, _bytes(value))
            elif number == 3:
                _take_preparation(path, found, _bytes(value))
    except (ValueError, IndexError, struct.error) as error:
        _refuse(path, "it is not the list of pieces that it should be", error)
    _check(path, found)
    return found


def _take_pieces(raw: bytes, found: SentencePieces) -> int:
    """Read the pieces that the file begins with, as many as possible at once; where they end."""
    at, size, unusual = 0, len(raw), 0
    while at < size and raw[at] == _PIECE and len(found.pieces) <= LISTED.tokens:
        usual = _usual_pieces()[0].match(raw, at)
        if usual is not None and usual.end() > at:
            _take_usual(raw[at : usual.end()], found)
            at = usual.end()
            continue
        length, at = _varint(raw, at + 1)
        unusual += 1
        if at + length > size or unusual > _MOST_UNUSUAL:
            raise ValueError("a piece ends behind the file, or many are written as no program does")
        _add_piece(found, *_any_piece(raw[at : at + length]))
        at += length
    return at


@cache
def _usual_pieces() -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Pieces as nearly all programs write them, any number of them and one: spelling, score, kind if not NORMAL."""
    forms = [
        re.escape(bytes([length + more])) + re.escape(bytes([_SPELLING, length])) + b".{%d}" % length + rest
        for length in range(1, 0x80 - 9)
        for more, rest in ((7, b"\x15.{4}"), (9, b"\x15.{4}\x18[\1-\x7f]"))
    ]
    one = b"\n(?:" + b"|".join(forms) + b")"
    return re.compile(b"(?:" + one + b")*+", re.DOTALL), re.compile(one, re.DOTALL)


def _take_usual(raw: bytes, found: SentencePieces) -> None:
    """Cut such pieces all at once: Python's own loops take several seconds for a list like Gemma's."""
    sizes = np.fromiter(map(len, _usual_pieces()[1].findall(raw)), np.int64)
    ends = np.cumsum(sizes)
    values = np.frombuffer(raw, np.uint8)
    starts = ends - sizes
    lengths = values[starts + 3].astype(np.int64)
    scored = starts + 5 + lengths
    scores = values[scored[:, None] + np.arange(4)].view("<f4")[:, 0]  # (pieces, 4) bytes to (pieces,)
    kinds = np.where(ends - scored > 4, values[ends - 1], NORMAL)
    text = values.copy()
    kept = np.repeat(starts + 4, lengths + 1) + _counted(lengths + 1)
    text[starts + 4 + lengths] = _NO_TEXT  # in place of the score's mark
    found.pieces += map(bytes.decode, text[kept].tobytes().split(bytes([_NO_TEXT]))[:-1])
    found.scores += scores.tolist()
    found.kinds += kinds.tolist()


def _counted(lengths: "npt.NDArray[np.int64]") -> "npt.NDArray[np.int64]":
    """0, 1, … once for every length, one after the other."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)


def _add_piece(found: SentencePieces, piece: str, score: float, kind: int) -> None:
    found.pieces.append(piece)
    found.scores.append(score)
    found.kinds.append(kind)


def _any_piece(raw: bytes) -> tuple[str, float, int]:
    piece, score, kind = "", 0.0, NORMAL
    for number, value in _fields(raw, _OF_A_PIECE):
        if number == 1:
            piece = _bytes(value).decode("utf-8")
        elif number == 2:
            [score] = struct.unpack("<f", _bytes(value))
        elif number == 3:
            kind = _count(value)
    return piece, score, kind


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


def _take_preparation(path: Path, found: SentencePieces, raw: bytes) -> None:
    for number, value in _fields(raw):
        if number == 2:
            found.table = _table(path, _bytes(value))
        elif number == 3:
            found.blank_before = bool(_count(value))
        elif number == 4:
            found.single_blanks = bool(_count(value))
        elif number == 5:
            found.marks_blanks = bool(_count(value))


def _table(path: Path, raw: bytes) -> RewritingTable | None:
    try:
        return RewritingTable(raw) if raw else None
    except ValueError as error:
        _refuse(path, f"its table that rewrites texts {error}", error)


def _check(path: Path, found: SentencePieces) -> None:
    if len(found.pieces) > LISTED.tokens:
        _refuse(path, f"it lists more than {LISTED.tokens:,} pieces")
    if found.model not in (UNIGRAM, BYTE_PAIRS):
        _refuse(path, "it cuts texts into whole words or characters; Atelier reads byte pairs and Unigram")
    if not found.pieces:
        _refuse(path, "it has no pieces")
    if len(set(found.pieces)) != len(found.pieces):
        _refuse(path, "a piece stands in it twice")
    lengths, kinds = np.fromiter(map(len, found.pieces), np.int64), np.asarray(found.kinds, np.int64)
    for number in np.flatnonzero(
        (lengths < 1) | (lengths > LISTED.token_characters) | (kinds < NORMAL) | (kinds > BYTE)
    ):
        _refuse(path, f"the piece “{visible(found.pieces[number], 40)}” is damaged")
    for number in np.flatnonzero(~(np.abs(found.scores) <= 1e6)):
        _refuse(path, f"the piece “{visible(found.pieces[number], 40)}” has a score that is no number")
    if lengths.sum() > MOST_CHARACTERS:
        _refuse(path, f"its pieces have more than {MOST_CHARACTERS:,} characters together")
    if found.model == UNIGRAM and _branches(found.pieces) > MOST_BRANCHES:
        _refuse(path, f"a tree of its pieces has more than {MOST_BRANCHES:,} branches")
    if len(found.of_kind(UNKNOWN)) != 1:
        _refuse(path, "it has no single piece for what is unknown")
    bytes_ = {found.pieces[number] for number in found.of_kind(BYTE)}
    if found.byte_fallback and len(bytes_) != 256:
        _refuse(path, "it falls back to bytes and does not have all of them")
    if bytes_ and (not found.byte_fallback or bytes_ != {f"<0x{value:02X}>" for value in range(256)}):
        _refuse(path, "its pieces for bytes are no bytes")


def _branches(pieces: list[str]) -> int:
    """Bytes of all pieces, those counted once that several begin with alike."""
    spelled = sorted(piece.encode("utf-8") for piece in pieces)
    count = sum(map(len, spelled))
    if count <= MOST_BRANCHES:
        return count
    for before, piece in pairwise(spelled):
        for one, other in zip(before, piece, strict=False):
            if one != other:
                break
            count -= 1
    return count


# --- protocol buffers -------------------------------------------------------------------------------------------------


def _fields(raw: bytes, most: int = _MOST_FIELDS, at: int = 0) -> Iterator[tuple[int, Value]]:
    """Number and value of every field from `at` on: a whole number, or the bytes of anything else."""
    size, count = len(raw), 0
    while at < size:
        count += 1
        if count > most:
            raise ValueError("more fields than there are")
        key, at = (raw[at], at + 1) if raw[at] < 0x80 else _varint(raw, at)
        wire = key & 7
        if wire == _VARINT:
            value, at = _varint(raw, at)
            yield key >> 3, value
            continue
        if wire == _BYTES:
            length, at = (raw[at], at + 1) if raw[at] < 0x80 else _varint(raw, at)
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
