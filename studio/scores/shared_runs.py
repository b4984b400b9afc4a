"""The longest run of tokens that an answer shares with what a model was trained on.

A suffix array: the places of the corpus in the order of what follows them. Whether a run occurs is a binary search in
which the tokens themselves are compared, so an answer is exact; hashes would only make it likely.
"""

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError
from studio.scores import Numbers

MOST_TOKENS = 1 << 24  # 8 bytes each are kept, some 60 are needed while the order is made
_BITS = 63  # of a sort key


@dataclass(frozen=True)
class Run:
    """Tokens that occur in both: where they begin in the answer and in the corpus. No tokens: length 0."""

    start: int
    place: int
    length: int


class SharedRuns:
    """A corpus of token ids in which any run is found within microseconds."""

    def __init__(self, ids: npt.ArrayLike) -> None:
        if np.size(ids) > MOST_TOKENS:
            raise StudioError(
                f"{np.size(ids):,} tokens are too many to be searched for copied runs.",
                f"Search at most {MOST_TOKENS:,} at once.",
            )
        given = _tokens(ids)
        self._order = _suffixes(given).astype(np.int32)
        self._text = given.astype(">u4").tobytes()  # bytes in this order compare as the tokens do

    def __len__(self) -> int:
        return len(self._order)

    def longest(self, answer_ids: npt.ArrayLike) -> Run:
        """The longest run of the answer that the corpus holds, the first of several."""
        answer = _tokens(answer_ids).astype(">u4").tobytes()
        count, best = len(answer) // 4, Run(0, 0, 0)
        start = 0
        while start + best.length < count:
            place = self._find(answer[4 * start : 4 * (start + best.length + 1)])
            if place is None:
                start += 1
            else:
                best = Run(start, place, self._grown(answer, start, place, best.length + 1))
        return best

    def _find(self, wanted: bytes) -> int | None:
        """A place of the corpus that begins with these bytes."""
        text, size = self._text, len(wanted)
        found = bisect_left(self._order, wanted, key=lambda place: text[4 * place : 4 * place + size])
        if found == len(self._order):
            return None
        place = int(self._order[found])
        return place if text[4 * place : 4 * place + size] == wanted else None

    def _grown(self, answer: bytes, start: int, place: int, length: int) -> int:
        """How far a run that is `length` tokens long goes on at this place."""
        text = self._text
        most = min(len(answer) // 4 - start, len(self._order) - place)
        while length < most:
            here, there = 4 * (place + length), 4 * (start + length)
            if text[here : here + 4] != answer[there : there + 4]:
                break
            length += 1
        return length


def _tokens(ids: npt.ArrayLike) -> Numbers:
    given = np.asarray(ids)
    if given.ndim != 1 or (len(given) and (not np.issubdtype(given.dtype, np.integer) or given.min() < 0)):
        raise StudioError("Token ids are whole numbers from 0 on.", "Give one list of ids.")
    if len(given) and given.max() >= 1 << 32:
        raise StudioError("No vocabulary has a token of that number.", "Give ids below 4,294,967,296.")
    return given.astype(np.int64)


def _suffixes(ids: Numbers) -> Numbers:
    """Places in the order of what follows them, by doubling (Manber and Myers 1993).

    Only places that are not told apart yet are sorted again (Larsson and Sadakane 2007).
    """
    count = len(ids)
    if not count:
        return np.zeros(0, np.int64)
    _, small = np.unique(ids, return_inverse=True)
    bits = int(small.max() + 1).bit_length()
    reach = _BITS // bits  # tokens that one key holds
    key = np.zeros(count, np.int64)
    for step in range(reach):
        key <<= bits
        key[: max(0, count - step)] |= small[step:] + 1
    rank = np.zeros(count, np.int64)
    order = np.argsort(key, kind="stable")
    rank[order] = _firsts(key[order])
    open_places = _together(rank, order)
    while len(open_places):
        following = np.zeros(len(open_places), np.int64)
        inner = open_places + reach < count
        following[inner] = rank[open_places[inner] + reach] + 1
        key = rank[open_places] * (count + 1) + following
        turned = np.argsort(key, kind="stable")
        open_places, key = open_places[turned], key[turned]
        group = rank[open_places]
        rank[open_places] = group + _firsts(key) - _firsts(group)
        open_places = _together(rank, open_places)
        reach *= 2
    order[rank] = np.arange(count)
    return order


def _firsts(ordered: Numbers) -> Numbers:
    """For each entry of an ascending list the place of the first equal one."""
    fresh = np.append(True, ordered[1:] != ordered[:-1])
    firsts: Numbers = np.maximum.accumulate(np.where(fresh, np.arange(len(ordered)), 0))
    return firsts


def _together(rank: Numbers, ordered: Numbers) -> Numbers:
    """Of places in the order of their ranks those that share theirs with another."""
    ranks = rank[ordered]
    same = ranks[1:] == ranks[:-1]
    shared: Numbers = ordered[np.append(same, False) | np.append(False, same)]
    return shared
