"""Byte pairs with scores, as SentencePiece makes them for Llama 2 and llama2.c writes them into its `tokenizer.bin`."""

import heapq
import math
import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.core.text_stream import without_halves
from studio.tokenizers import SpelledTokenizer, TokenizerKind

UNKNOWN, BEGIN, END = "<unk>", "<s>", "</s>"
MOST_TOKENS = 1_000_000
LONGEST = 2_000  # bytes of one token
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_FRAMED = {"\n<s>\n": BEGIN, "\n</s>\n": END}  # how llama2.c's exporter spells the two


class ScoredTokenizer(SpelledTokenizer):
    """Pieces with scores: of all neighbours that form a piece, the pair with the highest score is joined first.

    A character without a piece becomes its bytes, `<0x00>` to `<0xFF>`. With `blank`, one is put before every text.
    """

    name = "llama2c"

    def __init__(
        self, pieces: Sequence[str], scores: Sequence[float], control: Sequence[int] = (0, 1, 2), blank: bool = True
    ) -> None:
        _check(pieces, scores, control)
        self.pieces, self.scores = tuple(pieces), tuple(scores)
        self.vocab_size = len(pieces)
        self.special: Mapping[str, int] = {pieces[token]: token for token in control}
        self.prefix = (self.special[BEGIN],) if BEGIN in self.special else ()
        self._values = {
            int(match[1], 16): token for token, piece in enumerate(pieces) if (match := _BYTE.fullmatch(piece))
        }
        not_text = {*control, *self._values.values()}
        self._ids = {piece: token for token, piece in enumerate(pieces) if token not in not_text}
        self.blank = blank and " " in self._ids
        self._bytes = {token: bytes([value]) for value, token in self._values.items()}

    @property
    def end_of_text(self) -> int | None:
        """The id that ends a text, where there is one."""
        return self.special.get(END)

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """The ids of a text, without the token that begins one."""
        text = without_halves(text)
        if not special or not self.special:
            return self._text_ids(text)
        marks = "|".join(re.escape(spelling) for spelling in sorted(self.special, key=len, reverse=True))
        found: list[int] = []
        for part in re.split(f"({marks})", text):
            found += [self.special[part]] if part in self.special else self._text_ids(part)
        return found

    def _text_ids(self, text: str) -> list[int]:
        if not text:
            return []
        ids: list[int] = []
        for character in f" {text}" if self.blank else text:
            ids += [self._ids[character]] if character in self._ids else self._fallback(character)
        return self._joined(ids)

    def _fallback(self, character: str) -> list[int]:
        """The bytes of a character that has no piece, or the unknown token where there are no bytes."""
        raw = character.encode()
        if all(value in self._values for value in raw):
            return [self._values[value] for value in raw]
        if UNKNOWN in self.special:
            return [self.special[UNKNOWN]]
        raise StudioError(f"The character “{character}” is not in this vocabulary.", "Leave it out.")

    def _joined(self, ids: list[int]) -> list[int]:
        """Join the best pair until none is left; of equal ones the first. Joined places are chained by `after`."""
        before, after = list(range(-1, len(ids) - 1)), [*range(1, len(ids)), -1]
        waiting: list[tuple[float, int, int, int, int]] = []

        def offer(left: int, right: int) -> None:
            joined = self._ids.get(self.pieces[ids[left]] + self.pieces[ids[right]])
            if joined is not None:
                heapq.heappush(waiting, (-self.scores[joined], left, joined, ids[left], ids[right]))

        for left in range(len(ids) - 1):
            offer(left, left + 1)
        while waiting:
            _, left, joined, first, second = heapq.heappop(waiting)
            right = after[left]
            if right < 0 or ids[left] != first or ids[right] != second:
                continue  # one of the two was joined with another one meanwhile
            ids[left], ids[right], after[left] = joined, -1, after[right]
            if after[right] >= 0:
                before[after[right]] = left
                offer(left, after[right])
            if before[left] >= 0:
                offer(before[left], left)
        return [token for token in ids if token >= 0]

    def token_bytes(self, token: int) -> bytes:
        """The bytes of one token, possibly only a part of a character."""
        token = self._known(token)
        return self._bytes.get(token) or self.pieces[token].encode()

    def spell(self, token: int, first: bool) -> bytes:
        """The blank that is put before every text is taken away again."""
        spelled = self.token_bytes(token)
        return spelled[1:] if first and spelled.startswith(b" ") and self.blank else spelled

    def to_json(self) -> dict[str, Any]:
        """Pieces, scores, and which of them are not text."""
        return {
            "version": 1, "name": self.name, "pieces": list(self.pieces), "scores": list(self.scores),
            "control": sorted(self.special.values()), "blank": self.blank,
        }  # fmt: skip


def _check(pieces: Sequence[Any], scores: Sequence[Any], control: Sequence[Any]) -> None:
    good = (
        0 < len(pieces) == len(scores) <= MOST_TOKENS
        and all(isinstance(piece, str) and len(piece) <= LONGEST for piece in pieces)
        and all(isinstance(score, int | float) and math.isfinite(score) for score in scores)
        and all(type(token) is int and 0 <= token < len(pieces) for token in control)
    )
    if not good:
        raise StudioError("The pieces of this tokenizer are damaged.", "Get its file again from its source.")


def read_bin(path: Path, vocab_size: int) -> ScoredTokenizer:
    """llama2.c's `tokenizer.bin`: the longest token, then for each one its score, its length and its bytes."""
    try:
        with open(path, "rb") as file:
            raw = file.read(vocab_size * (LONGEST + 8) + 5 if vocab_size <= MOST_TOKENS else 0)
    except OSError as error:
        raise StudioError(f"“{path.name}” could not be read: {error.strerror or error}.") from error
    pieces: list[str] = []
    scores: list[float] = []
    at = 4
    try:
        for _ in range(vocab_size):
            score, length = struct.unpack_from("<fi", raw, at)
            if not 0 <= length <= LONGEST or at + 8 + length > len(raw):
                raise ValueError
            piece = raw[at + 8 : at + 8 + length].decode("utf-8")
            pieces.append(_FRAMED.get(piece, piece))
            scores.append(score)
            at += 8 + length
        if at != len(raw):
            raise ValueError
    except (ValueError, struct.error) as error:
        raise StudioError(
            f"“{path.name}” is not llama2.c's tokenizer for {vocab_size:,} tokens.",
            "It is damaged, or belongs to another model.",
        ) from error
    return ScoredTokenizer(pieces, scores, tuple(range(min(3, vocab_size))))


def make(chunks: Iterable[str] | None = None) -> ScoredTokenizer:
    """The smallest one: the three special tokens, the bytes, and the blank."""
    pieces = [UNKNOWN, BEGIN, END, *(f"<0x{value:02X}>" for value in range(256)), " "]
    return ScoredTokenizer(pieces, [0.0] * len(pieces))


def from_json(data: Mapping[str, Any]) -> ScoredTokenizer:
    """Read a saved one back; damaged data is a `StudioError`."""
    pieces, scores, control = data.get("pieces"), data.get("scores"), data.get("control")
    if not isinstance(pieces, list) or not isinstance(scores, list) or not isinstance(control, list):
        raise StudioError("The pieces of this tokenizer are damaged.", "Get its file again from its source.")
    return ScoredTokenizer(pieces, scores, control, blank=data.get("blank") is not False)


TOKENIZER = TokenizerKind(
    name="llama2c",
    label="Pieces with scores",
    about="The pieces of a Llama 2 model, as llama2.c and GGUF files list them.",
    needs_text=False,
    make=make,
    from_json=from_json,
    comes_with_models=True,
)
