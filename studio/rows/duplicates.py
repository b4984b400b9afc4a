"""Rows that say the same: equal texts, nearly equal ones, and held-back rows that are among the trained ones.

Near means that two texts share most of their word shingles: MinHash and banding propose pairs, the exact Jaccard
similarity decides. Among tens of thousands of half-alike rows a few pairs may stay unproposed.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt

from studio.rows.shingles import (
    PERMUTATIONS,
    Hashes,
    KeepGoing,
    Numbers,
    Progress,
    ShingleSets,
    Signatures,
    Steps,
    mixed,
    shingle_sets,
)

Groups = list[tuple[int, ...]]
Pairs = tuple[Numbers, Numbers]

_MISSED = 0.001  # the share of pairs at the threshold that banding may overlook
_NEIGHBOURS = 16  # pairs that a row of one bucket is proposed in, beside the one with the bucket's first
_DOUBT = 0.16  # a signature's estimate of a similarity is off by more than this once in some thousand pairs
_AT_ONCE = 1 << 15  # pairs whose signatures are compared at once
_OFTEN = 4_096  # rows between two looks at whether the search is still wanted


class Seen:
    """Exact duplicates in a stream: sixteen bytes of digest a text, whatever its length."""

    def __init__(self) -> None:
        self._digests: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._digests)

    def again(self, text: str) -> bool:
        """Whether this very text came before; from now on it did."""
        before = len(self._digests)
        self._digests.add(digest(text))
        return len(self._digests) == before


def exact_groups(texts: Iterable[str], *, keep_going: KeepGoing | None = None) -> Groups:
    """The row numbers of equal texts, two or more in a group, in the order of their first rows."""
    steps = Steps(None, keep_going)
    rows: dict[bytes, list[int]] = {}
    for number, text in enumerate(texts):
        if number % _OFTEN == 0:
            steps.tell(0)
        rows.setdefault(digest(text), []).append(number)
    return [tuple(group) for group in rows.values() if len(group) > 1]


def near_groups(
    texts: Iterable[str],
    threshold: float = 0.8,
    shingle: int = 3,
    *,
    progress: Progress | None = None,
    keep_going: KeepGoing | None = None,
) -> Groups:
    """The row numbers of texts that hang together by pairs of at least `threshold` Jaccard similarity.

    In the order of their first rows; equal texts belong to it, texts without words do not. Progress in hundredths.
    """
    steps = Steps(progress, keep_going)
    every = shingle_sets(texts, shingle, steps)
    sets, kind = every.different()
    label = np.arange(len(sets.rows))
    for left, right, _ in _similar(sets, threshold, steps, lambda one, other: label[one] != label[other]):
        _join(label, left, right)
    steps.tell(100)
    return grouped(every.rows, label[kind])


def leaks(
    train: Iterable[str],
    held_back: Iterable[str],
    threshold: float = 0.8,
    shingle: int = 3,
    *,
    progress: Progress | None = None,
    keep_going: KeepGoing | None = None,
) -> list[tuple[int, int]]:
    """Held-back rows that are trained on too, equal or nearly: (most alike row of `train`, row of `held_back`)."""
    steps = Steps(progress, keep_going)
    trained, held = list(train), list(held_back)
    border = len(trained)
    every = shingle_sets([*trained, *held], shingle, steps)
    sets, kind = every.different(border)
    inner = sets.rows < border
    best: dict[int, tuple[float, int]] = {}
    for left, right, alike in _similar(sets, threshold, steps, lambda one, other: inner[one] != inner[other]):
        both = zip(np.minimum(left, right).tolist(), np.maximum(left, right).tolist(), alike.tolist(), strict=True)
        for one, other, similarity in both:
            best[other] = max(best.get(other, (0.0, 0)), (similarity, -int(sets.rows[one])))
    steps.tell(100)
    asked = np.flatnonzero(every.rows >= border)
    of_kind = zip(kind[asked].tolist(), (every.rows[asked] - border).tolist(), strict=True)
    return [(-best[place][1], row) for place, row in of_kind if place in best]


def digest(text: str, size: int = 16) -> bytes:
    """What stands for a text: equal for equal ones, and only for them as far as anybody will ever see."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()


def _similar(
    sets: ShingleSets, threshold: float, steps: Steps, wanted: Callable[[Numbers, Numbers], npt.NDArray[np.bool_]]
) -> Iterator[tuple[Numbers, Numbers, npt.NDArray[np.float64]]]:
    """Pairs of different sets whose Jaccard similarity is at least `threshold`, and how much it is."""
    signatures = sets.signatures(steps)
    for left, right in _portions(_proposed(signatures, threshold, steps)):
        chosen = wanted(left, right)
        left, right = left[chosen], right[chosen]
        likely = (signatures[left] == signatures[right]).mean(1) >= threshold - _DOUBT
        left, right = left[likely], right[likely]
        alike = sets.jaccard(left, right)
        sure = alike >= threshold
        if sure.any():
            yield left[sure], right[sure], alike[sure]


def _portions(pairs: Iterator[Pairs]) -> Iterator[Pairs]:
    for left, right in pairs:
        for start in range(0, len(left), _AT_ONCE):
            yield left[start : start + _AT_ONCE], right[start : start + _AT_ONCE]


def _proposed(signatures: Signatures, threshold: float, steps: Steps) -> Iterator[Pairs]:
    """Pairs that share a whole band; in a crowded bucket only neighbours, after further bands have ordered it."""
    keys = _band_keys(signatures, threshold)
    places = np.arange(len(signatures))
    for band, key in enumerate(keys):
        steps.tell(70 + 30 * band // len(keys))
        order = np.lexsort((keys[(band + 2) % len(keys)], keys[(band + 1) % len(keys)], key))
        ordered = key[order]
        fresh = np.concatenate([np.ones(min(1, len(order)), np.bool_), ordered[1:] != ordered[:-1]])
        leader = np.maximum.accumulate(np.where(fresh, places, 0))
        for step in range(1, _NEIGHBOURS + 1):
            near = np.flatnonzero(leader[step:] == leader[:-step])
            if not len(near):
                break
            yield order[near], order[near + step]
        far = np.flatnonzero(places - leader > _NEIGHBOURS)
        yield order[leader[far]], order[far]


def _band_keys(signatures: Signatures, threshold: float) -> list[Hashes]:
    """A key for each band of each signature, (bands)(sets,); bands are as long as hardly overlooks a pair."""
    fits = [size for size in range(1, 17) if (1 - threshold**size) ** (PERMUTATIONS // size) <= _MISSED]
    size = max(fits, default=1)
    weights = mixed(np.arange(1, size + 1, dtype=np.uint64)) | np.uint64(1)
    bands = [signatures[:, start : start + size] for start in range(0, PERMUTATIONS - size + 1, size)]
    return [(band * weights).sum(1, dtype=np.uint64) for band in bands]


def _join(label: Numbers, left: Numbers, right: Numbers) -> None:
    """Give both sets of each pair, and all that hang on them, the smallest label among them."""
    while (label[left] != label[right]).any():
        least = np.minimum(label[left], label[right])
        np.minimum.at(label, label[left], least)
        np.minimum.at(label, label[right], least)
        while (label[label] != label).any():
            label[:] = label[label]


def grouped(rows: Numbers, label: Numbers) -> Groups:
    """Rows of equal labels together where there are at least two; labels ascend with first rows."""
    order = np.argsort(label, kind="stable")
    ordered = rows[order]
    ends = np.flatnonzero(np.diff(label[order])) + 1
    return [tuple(part.tolist()) for part in np.split(ordered, ends) if len(part) > 1]
