"""Sharing rows out: what is learned from, what is chosen by, and what is looked at once, at the very end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError
from studio.core.language import tr

Numbers = npt.NDArray[np.int64]
NAMES = {  # what a column “split” may say
    "train": "training", "training": "training", "validation": "validation", "valid": "validation", "val": "validation",
    "dev": "validation", "test": "test", "testing": "test",
}  # fmt: skip


@dataclass(frozen=True)
class Split:
    """Row numbers of the three sides; no row is on two of them."""

    training: Numbers
    validation: Numbers
    test: Numbers

    def of(self, side: str) -> Numbers:
        """The rows of "training", "validation" or "test"."""
        found: Numbers = getattr(self, side)
        return found


def split_rows(
    count: int,
    shares: tuple[float, float],
    seed: int,
    how: str = "stratified",
    labels: Sequence[Any] | None = None,
    copies: Sequence[Any] | None = None,
) -> Split:
    """`count` rows by `shares` of (validation, test).

    "stratified" takes the shares of each of `labels` alike; rows of which `copies` is the same never come apart.
    "in_order" cuts them as they stand: first those to learn from, then the test's, then validation's, as chapter 7 of
    the book. "book" is `book_split` and needs labels. What a column says goes through `given_split`.
    """
    if how == "book":
        return book_split([str(label) for label in labels or []])
    if how == "in_order":
        training, test = int(count * (1 - sum(shares))), int(count * shares[1])
        rows = np.arange(count)
        return Split(rows[:training], rows[training + test :], rows[training : training + test])
    return _drawn(count, shares, np.random.default_rng(seed), labels if how == "stratified" else None, copies)


def _drawn(
    count: int,
    shares: tuple[float, float],
    random: np.random.Generator,
    labels: Sequence[Any] | None,
    copies: Sequence[Any] | None,
) -> Split:
    """Groups of equal rows in an order drawn at random, handed to whichever side lacks most of their class."""
    groups: dict[Any, list[int]] = {}
    for row in range(count):
        groups.setdefault(row if copies is None else ("", copies[row]), []).append(row)
    listed = list(groups.values())
    classes: dict[Any, list[list[int]]] = {}
    for place in random.permutation(len(listed)):
        rows = listed[int(place)]
        classes.setdefault(None if labels is None else labels[rows[0]], []).append(rows)
    sides: tuple[list[int], list[int], list[int]] = ([], [], [])
    owed = [0.0, 0.0]
    for members in classes.values():
        owed = _share_out(members, shares, sides, owed)
    training, validation, test = (random.permutation(np.asarray(side, dtype=np.int64)) for side in sides)
    return Split(training, validation, test)


def _share_out(
    groups: list[list[int]], shares: tuple[float, float], sides: tuple[list[int], ...], owed: list[float]
) -> list[float]:
    """Fill validation and test up to their shares of these rows; what is left is learned from, at least one group.

    `owed` are the parts of a row that classes before these were too small for; the answer is what is owed now.
    """
    size = sum(map(len, groups))
    exact = [size * share + rest for share, rest in zip(shares, owed, strict=True)]
    wanted = [max(0, round(rows)) for rows in exact]
    before = len(sides[0])
    for number, rows in enumerate(groups):
        last = number == len(groups) - 1 and len(sides[0]) == before
        side = next((place for place, room in enumerate(wanted) if room >= len(rows) and not last), -1)
        if side >= 0:
            wanted[side] -= len(rows)
            exact[side] -= len(rows)
        sides[side + 1].extend(rows)
    return [min(0.5, max(-0.5, rows)) for rows in exact]


def given_split(said: Sequence[str | None]) -> Split:
    """The sides that a column “split” names, row by row; another word is a `StudioError` with the row."""
    sides: dict[str, list[int]] = {"training": [], "validation": [], "test": []}
    for row, name in enumerate(said):
        side = NAMES.get(str(name or "").strip().casefold())
        if side is None:
            raise StudioError(
                tr("The column “split” of row {row:,} says “{name}”.", row=row + 1, name=name),
                tr("It may say train, validation or test. Correct the row, or choose another way to split."),
            )
        sides[side].append(row)
    return Split(*(np.asarray(rows, dtype=np.int64) for rows in sides.values()))


def book_split(labels: Sequence[str], seed: int = 123) -> Split:
    """The rows of the book's chapter 6, one for one: the larger class drawn down, shuffled, cut at 70 and 80 percent.

    pandas' `sample` with a whole number as its state draws from numpy's `RandomState`; two classes are needed, and the
    rarer one stands behind the other before they are shuffled.
    """
    names, counts = np.unique(np.asarray(labels, dtype=object).astype(str), return_counts=True)
    if len(names) != 2:
        raise StudioError(
            tr("The book's split is made for two classes; here are {count}.", count=len(names)),
            tr("Choose the split “each class alike”."),
        )
    rare, common = (names[place] for place in np.argsort(counts, kind="stable"))
    found = np.asarray(labels, dtype=object).astype(str)
    many, few = np.flatnonzero(found == common), np.flatnonzero(found == rare)
    drawn = many[np.random.RandomState(seed).choice(len(many), size=len(few), replace=False)]
    rows = np.concatenate([drawn, few])
    rows = rows[np.random.RandomState(seed).choice(len(rows), size=len(rows), replace=False)].astype(np.int64)
    first, second = int(len(rows) * 0.7), int(len(rows) * 0.7) + int(len(rows) * 0.1)
    return Split(rows[:first], rows[first:second], rows[second:])


def balanced(rows: Numbers, labels: npt.NDArray[np.int64], how: str, seed: int) -> Numbers:
    """`rows` with classes of one size: "undersample" draws the larger ones down, "oversample" repeats the smaller ones.

    `labels` (rows,) are the class of each of `rows`; anything else leaves them as they are.
    """
    if how not in ("undersample", "oversample") or not len(rows):
        return rows
    random = np.random.default_rng(seed)
    classes = [rows[labels == label] for label in np.unique(labels)]
    size = (min if how == "undersample" else max)(map(len, classes))
    drawn = [
        random.permutation(members)[:size] if how == "undersample" else np.resize(random.permutation(members), size)
        for members in classes
    ]
    return random.permutation(np.concatenate(drawn))
