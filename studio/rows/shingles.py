"""Texts as sets of word shingles: cut, compared exactly, and drawn together into MinHash signatures."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError
from studio.rows.pieces import pieces

Progress = Callable[[int, int], None]
KeepGoing = Callable[[], bool]
Numbers = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Signatures = npt.NDArray[np.uint32]  # (sets, PERMUTATIONS)

MOST_ROWS = 1 << 24  # a row's number shares 64 bits with a shingle's hash
PERMUTATIONS = 126
_HASH_BITS = 40
_TEXTS, _SHINGLES = 4_096, 1 << 15  # worked on at once

# Scripts without blanks between words: each of their characters counts as a word.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")


@dataclass(frozen=True)
class Steps:
    """Tells how far a search is, in hundredths, and ends it when it is not wanted."""

    progress: Progress | None = None
    keep_going: KeepGoing | None = None

    def tell(self, hundredths: int) -> None:
        """So far it is done; a `StudioError` when nobody wants the rest."""
        if self.keep_going is not None and not self.keep_going():
            raise StudioError("The search for duplicates was stopped before it was finished.", "Nothing was changed.")
        if self.progress is not None:
            self.progress(hundredths, 100)


@dataclass(frozen=True)
class ShingleSets:
    """The set of shingles of every text that has words: `hashes[starts[i]:starts[i] + sizes[i]]`, ascending."""

    rows: Numbers  # (sets,): the text's number, ascending
    starts: Numbers
    sizes: Numbers
    hashes: Hashes  # (shingles,), 40 bits each

    def different(self, border: int = 0) -> tuple["ShingleSets", Numbers]:
        """One of each kind of equal sets, the first, and for every set here the place of its kind there.

        Sets on the two sides of row `border` are never of one kind.
        """
        if not len(self.rows):
            return self, np.zeros(0, np.int64)
        mark = np.add.reduceat(mixed(self.hashes), self.starts) + (self.rows >= border).astype(np.uint64)
        _, first, kind = np.unique(mark, return_index=True, return_inverse=True)
        order = np.argsort(first)
        return self._only(first[order]), np.argsort(order)[kind]

    def _only(self, chosen: Numbers) -> "ShingleSets":
        sizes = self.sizes[chosen]
        return ShingleSets(
            self.rows[chosen], np.cumsum(sizes) - sizes, sizes, self.hashes[_spread(self.starts[chosen], sizes)]
        )

    def jaccard(self, left: Numbers, right: Numbers) -> npt.NDArray[np.float64]:
        """Shared shingles over all shingles of each pair of sets."""
        swap = self.sizes[left] > self.sizes[right]
        small, large = np.where(swap, right, left), np.where(swap, left, right)
        shared = np.zeros(len(left), np.int64)
        for start, stop in _stretches(np.cumsum(self.sizes[small]), 8 * _SHINGLES):
            asked, sizes = small[start:stop], self.sizes[small[start:stop]]
            pair = np.repeat(np.arange(stop - start), sizes)
            wanted = self.hashes[_spread(self.starts[asked], sizes)] | _row_bits(large[start:stop])[pair]
            place = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
            shared[start:stop] = np.bincount(pair[self._keys[place] == wanted], minlength=stop - start)
        return shared / (self.sizes[left] + self.sizes[right] - shared)

    @cached_property
    def _keys(self) -> Hashes:
        """All shingles in one ascending list, told apart by their set."""
        return self.hashes | np.repeat(_row_bits(np.arange(len(self.rows))), self.sizes)

    def signatures(self, steps: Steps) -> Signatures:
        """The smallest hash of each set under many permutations (Broder 1997): equal in as many places as sets share.

        The permutations are the same on every machine and in every run.
        """
        random = np.random.default_rng(20250705)
        factors = random.integers(1, 1 << 63, PERMUTATIONS, np.uint64) * np.uint64(2) + np.uint64(1)
        offsets = random.integers(0, 1 << 63, PERMUTATIONS, np.uint64)
        found = np.empty((len(self.rows), PERMUTATIONS), np.uint32)
        for start, stop in _stretches(np.cumsum(self.sizes), _SHINGLES):
            begins = self.starts[start:stop] - self.starts[start]
            hashes = self.hashes[self.starts[start] : self.starts[stop - 1] + self.sizes[stop - 1]]
            for place in range(PERMUTATIONS):
                permuted = (hashes * factors[place] + offsets[place]) >> np.uint64(32)
                found[start:stop, place] = np.minimum.reduceat(permuted, begins)
            steps.tell(40 + 30 * stop // len(self.rows))
        return found


def shingle_sets(texts: Iterable[str], shingle: int, steps: Steps) -> ShingleSets:
    """Cut every text into overlapping runs of `shingle` words; a shorter text is one run of what it has.

    Capitals and punctuation do not count, texts without words have no set.
    """
    numbers: dict[str, int] = defaultdict(count(1).__next__)
    total = len(texts) if isinstance(texts, Sequence) else 0
    parts: list[Hashes] = []
    words: list[int] = []
    lengths: list[int] = []
    done = 0
    for done, text in enumerate(texts, 1):
        found = [numbers[word] for _, piece in pieces(text) for word in _WORD.findall(piece.casefold())]
        words += found + [0] * (shingle - len(found) if found else 0)
        lengths.append(max(len(found), shingle) if found else 0)
        if len(words) >= _SHINGLES or len(lengths) >= _TEXTS:
            parts.append(_cut(words, lengths, shingle, done - len(lengths)))
            words, lengths = [], []
            steps.tell(40 * done // total if total else 0)
    parts.append(_cut(words, lengths, shingle, done - len(lengths)))
    if done > MOST_ROWS:
        raise StudioError(f"{done:,} rows are too many to be searched for near-duplicates.",
                          f"Search at most {MOST_ROWS:,} at once.")  # fmt: skip
    keys = np.concatenate(parts)
    rows, starts, sizes = np.unique(keys >> np.uint64(_HASH_BITS), return_index=True, return_counts=True)
    return ShingleSets(rows.astype(np.int64), starts, sizes, keys & np.uint64((1 << _HASH_BITS) - 1))


def mixed(values: Hashes) -> Hashes:
    """Spread numbers over all 64 bits (the finalizer of splitmix64)."""
    values = (values + np.uint64(0x9E3779B97F4A7C15)) * np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _cut(words: list[int], lengths: list[int], shingle: int, first: int) -> Hashes:
    """The different shingles of some texts, each with the number of its text above its hash, ascending."""
    spread, sizes = mixed(np.asarray(words, np.uint64)), np.asarray(lengths, np.int64)
    begins = np.ones(len(spread), np.bool_)
    for back in range(1, shingle):  # the last words of a text begin no shingle
        begins[np.cumsum(sizes)[sizes > 0] - back] = False
    places = np.flatnonzero(begins)
    hashes = np.zeros(len(places), np.uint64)
    for step in range(shingle):
        hashes = mixed(hashes + spread[places + step])
    rows = np.repeat(np.arange(first, first + len(sizes)), sizes)[places]
    return np.unique(_row_bits(rows) | hashes >> np.uint64(64 - _HASH_BITS))


def _row_bits(rows: Numbers) -> Hashes:
    return rows.astype(np.uint64) << np.uint64(_HASH_BITS)


def _spread(starts: Numbers, sizes: Numbers) -> Numbers:
    """The places of several stretches, one after the other."""
    before = np.cumsum(sizes) - sizes
    places: Numbers = np.arange(int(sizes.sum())) + np.repeat(starts - before, sizes)
    return places


def _stretches(ends: Numbers, most: int) -> Iterator[tuple[int, int]]:
    """Cut a list of running totals so that each part holds about `most`, and at least one item."""
    start, done = 0, 0
    while start < len(ends):
        stop = max(start + 1, int(np.searchsorted(ends, done + most, "right")))
        yield start, stop
        start, done = stop, int(ends[stop - 1])
