"""SentencePiece's byte pairs list no merges: a piece is joined from any two pieces that it can be cut into.

All places of all pieces are looked at together, by numbers that stand for their halves; one by one, in Python, a list
of 256,000 pieces takes several seconds.
"""

import secrets
from collections.abc import Sequence
from itertools import repeat
from operator import getitem
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studio.core.errors import StudioError
from studio.gate.names import visible
from studio.gate.sentencepiece_files import NORMAL, SentencePieces

if TYPE_CHECKING:
    import numpy.typing as npt

MOST_MERGES = 620_000  # Gemma's are about 581,000
_KNOWN_BITS = 24  # of a number that stands for a spelling: at most 300,000 of 16 million are taken
_MISTAKEN = 100_000  # likely cuts that are none; of 2.5 million places there are about half as many at the most
_FACTOR = secrets.randbits(64) | 1  # so that no file can be written whose spellings have the same numbers


def merges_of(path: Path, found: SentencePieces) -> list[tuple[str, str]]:
    """Every pair of pieces that form a piece; the higher the score of what they form, the earlier it is joined."""
    normal = np.asarray(found.of_kind(NORMAL), np.int64)
    pieces = list(map(found.pieces.__getitem__, normal.tolist()))
    if not pieces:
        return []
    made, sizes = _likely_cuts(pieces)
    if len(made) > MOST_MERGES + _MISTAKEN:
        raise _too_many(path)
    whole, cuts = made.tolist(), sizes.tolist()
    places = dict(zip(pieces, range(len(pieces)), strict=True))
    halves = (map(slice, repeat(0), cuts), map(slice, cuts, repeat(None)))
    left, right = (_places(places, map(getitem, map(pieces.__getitem__, whole), half), len(whole)) for half in halves)
    both = (left >= 0) & (right >= 0)
    if both.sum() > MOST_MERGES:
        raise _too_many(path)
    left, right, scores = left[both], right[both], np.asarray(found.scores)[normal[made[both]]]
    order = np.lexsort((right, left, -scores))
    return list(zip(*(map(pieces.__getitem__, half[order].tolist()) for half in (left, right)), strict=True))


def _too_many(path: Path) -> StudioError:
    return StudioError(
        f"The tokenizer in “{visible(path.name)}” was not read: "
        f"its pieces are joined in more than {MOST_MERGES:,} ways.",
        "Get the file again from where the model comes from.",
    )


def _places(places: dict[str, int], spellings: "map[str]", count: int) -> "npt.NDArray[np.int64]":
    return np.fromiter(map(places.get, spellings, repeat(-1)), np.int64, count)


def _likely_cuts(pieces: Sequence[str]) -> tuple["npt.NDArray[np.int64]", "npt.NDArray[np.int64]"]:
    """Which piece, and behind how many characters, wherever both halves have the number of a piece: (cuts,) each."""
    lengths = np.fromiter(map(len, pieces), np.int64, len(pieces))
    ends = np.cumsum(lengths)
    starts = ends - lengths
    sums, back = _sums("".join(pieces))
    known = np.zeros(1 << _KNOWN_BITS, np.bool_)
    known[_number(sums, back, starts, ends)] = True
    piece = np.repeat(np.arange(len(pieces)), lengths)
    cut = np.arange(ends[-1])
    inside = cut > starts[piece]
    piece, cut = piece[inside], cut[inside]
    likely = known[_number(sums, back, starts[piece], cut)]
    piece, cut = piece[likely], cut[likely]
    likely = known[_number(sums, back, cut, ends[piece])]
    return piece[likely], (cut - starts[piece])[likely]


def _sums(text: str) -> tuple["npt.NDArray[np.uint64]", "npt.NDArray[np.uint64]"]:
    """Sums of all characters before a place, each times a power of the factor, and the inverse powers; modulo 2^64."""
    letters = np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.uint64) + np.uint64(1)
    powers, back = (np.full(len(letters) + 1, one, np.uint64) for one in (_FACTOR, pow(_FACTOR, -1, 1 << 64)))
    powers[0] = back[0] = 1
    sums = np.zeros(len(letters) + 1, np.uint64)
    np.cumsum(letters * np.cumprod(powers)[:-1], out=sums[1:])
    return sums, np.cumprod(back)


def _number(
    sums: "npt.NDArray[np.uint64]",
    back: "npt.NDArray[np.uint64]",
    starts: "npt.NDArray[np.int64]",
    ends: "npt.NDArray[np.int64]",
) -> "npt.NDArray[np.int64]":
    """A number for what stands between two places, wherever it stands; few different spellings share one."""
    spelled = (sums[ends] - sums[starts]) * back[starts] * np.uint64(_FACTOR)
    return (spelled >> np.uint64(64 - _KNOWN_BITS)).astype(np.int64)
