"""Byte pairs by their ranks: the files in which they come along, and a text joined into them in Python."""

import base64
import hashlib
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from studio.core.errors import StudioError

_WORDS = 1 << 16  # different words whose pairs are remembered
_LONGEST = 200  # bytes of one word: the time to join it grows with their square
_DEAR = 8  # characters that are found again in the time in which a byte is joined
_DISPUTED = frozenset("\u0295")  # small in Unicode 16, which tiktoken goes by, and neither small nor large in 17


class JoinedPairs:
    """As exact as tiktoken's encoder and several times slower, but there as soon as the ranks are read.

    `work` is what was done so far, in characters of ordinary text.
    """

    def __init__(self, pattern: str, ranks: Mapping[bytes, int]) -> None:
        import regex

        self._words = regex.compile(pattern)
        self._ranks = ranks
        self.work = 0
        self._ids = lru_cache(_WORDS)(self._joined)

    def encode(self, text: str, most: int = 1 << 62) -> list[int] | None:
        """The ids of a text; None for more work than `most`, a word too long, or a letter that Unicode disputes."""
        if not text.isascii() and any(map(_disputed, set(text))):
            return None
        end = self.work + most
        self.work += len(text)
        found: list[int] = []
        for match in self._words.finditer(text):
            ids = self._ids(match[0])
            if ids is None or self.work > end:
                return None
            found += ids
        return found

    def _joined(self, word: str) -> tuple[int, ...] | None:
        """A word that is no piece as a whole: the pair of the lowest rank is joined until no pair is a piece."""
        spelled = word.encode("utf-8")
        if spelled in self._ranks:
            return (self._ranks[spelled],)
        if len(spelled) > _LONGEST:
            return None
        self.work += _DEAR * len(spelled)
        none = len(self._ranks)
        pieces = [spelled[place : place + 1] for place in range(len(spelled))]
        pairs = [self._ranks.get(left + right, none) for left, right in pairwise(pieces)]
        while pairs and (best := min(pairs)) != none:
            place = pairs.index(best)
            pieces[place : place + 2] = [pieces[place] + pieces[place + 1]]
            del pairs[place]
            for near in range(max(place - 1, 0), min(place + 1, len(pairs))):
                pairs[near] = self._ranks.get(pieces[near] + pieces[near + 1], none)
        return tuple(self._ranks[piece] for piece in pieces)


def _disputed(character: str) -> bool:
    """Whether the kind of a character depends on whom one asks, as of one that tomorrow's Unicode brings."""
    return character in _DISPUTED or unicodedata.category(character) == "Cn"


def read_ranks(path: Path, sha256: str, owner: str) -> dict[bytes, int]:
    """Bytes to rank, in the order of their ranks, from a file of `resources/tokenizers`; a changed one is refused."""
    repair = f"It is part of Atelier: take the file resources/tokenizers/{path.stem}/{path.name} from a fresh copy."
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise StudioError(f"{owner} vocabulary could not be read from {path}: {error.strerror}.", repair) from error
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise StudioError(f"{owner} vocabulary in {path} has been changed.", repair)
    pairs = (line.split() for line in raw.splitlines())
    return {base64.b64decode(token): int(rank) for token, rank in pairs}
