"""A cleaning tried out before it is done: what every step would drop and change, and in which words."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice
from typing import Any

from studio.rows import Values
from studio.rows.cleaning import Change, Tally, preview
from studio.rows.kinds import Reading, spoken, text_of
from studio.store.corpus import Text
from studio.store.dataset_texts import reading_of, rows_of
from studio.store.datasets import Dataset, next_number
from studio.store.row_file import require_going

MOST_ROWS = 20_000  # that are tried while a person edits the steps
MOST_CHARACTERS = 8_000_000
SAME, GONE, NEW = "same", "gone", "new"

_SHOWN = 300  # characters of a row
_AROUND = 40  # characters of what stays the same, before and after what does not
_COMPARED = 100  # pieces of a text, from the first that differs: the comparison takes their square, at worst their cube
_LONG_WORD = 100  # characters; a longer one may be cut
_PIECES = re.compile(r"\s|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Shown:
    """One row that something happened to: stretches of its text, each the same, gone or new."""

    number: int
    step_index: int
    dropped: bool
    stretches: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Trial:
    """What the steps would do; `whole` says whether all rows were tried or only the first."""

    rows: int
    tallies: tuple[Tally, ...]
    shown: tuple[Shown, ...]
    whole: bool
    version: int = 0  # that would be made of a dataset

    @property
    def dropped(self) -> int:
        """Rows that would go."""
        return sum(tally.dropped for tally in self.tallies)

    @property
    def changes(self) -> bool:
        """Whether anything would be different."""
        return any(tally.dropped or tally.changed for tally in self.tallies)


def try_out(
    source: Text | Dataset, steps: Sequence[Any], limit: int = 100, *, keep_going: Callable[[], bool] | None = None
) -> Trial:
    """Run the steps over the first rows without keeping anything; the first `limit` rows of each step are shown."""
    reading = reading_of(source)
    portion = _Portion(rows_of(source, keep_going))
    tallies: list[Tally] = []
    columns = source.columns if isinstance(source, Dataset) else ("text",)
    changes = preview(portion, steps, reading, limit, tallies=tallies, columns=columns, keep_going=keep_going)
    version = next_number(source) if isinstance(source, Dataset) else 0
    found = tuple(_shown(changes, reading, keep_going))
    return Trial(portion.rows, tuple(tallies), found, portion.whole, version)


def _shown(changes: Sequence[Change], reading: Reading, keep_going: Callable[[], bool] | None) -> Iterator[Shown]:
    for change in changes:
        require_going(keep_going)
        yield shown(change, reading)


def shown(change: Change, reading: Reading) -> Shown:
    """A change in the stretches that are worth looking at."""
    if change.after is None:
        text = text_of(reading, change.before) or ", ".join(map(spoken, change.before.values()))
        cut = text[:_SHOWN] + ("…" if len(text) > _SHOWN else "")
        return Shown(change.number, change.step_index, True, ((SAME, cut),))
    stretches: list[tuple[str, str]] = []
    for name, value in change.before.items():
        if value != change.after.get(name):
            stretches += [(SAME, "   ")] if stretches else []
            if sum(len(text) for kind, text in stretches if kind != SAME) >= _SHOWN:
                break
            stretches += difference(spoken(value), spoken(change.after.get(name)))
    return Shown(change.number, change.step_index, False, tuple(_trimmed(stretches)))


def difference(before: str, after: str) -> list[tuple[str, str]]:
    """Two texts as one, word by word: stretches that are the same, gone or new; what is too long ends with a “…”."""
    head = _head(before, after)
    tail = _tail(before, after, head)
    middles = before[head : len(before) - tail], after[head : len(after) - tail]
    old, new = ([piece[0] for piece in islice(_PIECES.finditer(text), _COMPARED)] for text in middles)
    whole = all(sum(map(len, pieces)) == len(text) for pieces, text in zip((old, new), middles, strict=True))
    found = [(SAME, before[:head])] if head else []
    for kind, start, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append((SAME, "".join(old[start:end])))
            continue
        found += [(GONE, "".join(old[start:end]))] if end > start else []
        found += [(NEW, "".join(new[first:last]))] if last > first else []
    if whole:
        return [*found, (SAME, before[len(before) - tail :])] if tail else found
    last_same = max((place for place, (kind, _) in enumerate(found) if kind == SAME and place), default=len(found))
    return [*found[: last_same + 1], (SAME, "…")]  # what follows may only look different, as the rest is missing


def _head(one: str, other: str) -> int:
    """Characters of whole words with which both texts begin."""
    size = _alike(one, other)
    inside = any(_wordly(text[size : size + 1]) for text in (one, other))
    return _word_start(one, size) if inside else size


def _tail(one: str, other: str, head: int) -> int:
    """Characters of whole words with which both texts end, after the head that they share."""
    size = _alike(one[head:][::-1], other[head:][::-1])
    inside = any(_wordly(text[len(text) - size - 1 : len(text) - size]) for text in (one, other) if len(text) > size)
    start = len(one) - size
    end = start
    while inside and end < min(len(one), start + _LONG_WORD) and _wordly(one[end]):
        end += 1
    return len(one) - end


def _alike(one: str, other: str) -> int:
    """With how many equal characters two texts begin; half of what is left is compared at a time."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low


def _word_start(text: str, place: int) -> int:
    """Where the word before `place` begins."""
    start = place
    while start > max(0, place - _LONG_WORD) and _wordly(text[start - 1]):
        start -= 1
    return start


def _wordly(character: str) -> bool:
    return character.isalnum() or character == "_"


def _trimmed(stretches: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Long stretches without a change shortened to whole words, and no more in all than is shown."""
    room = _SHOWN
    for place, (kind, text) in enumerate(stretches):
        if kind == SAME and len(text) > 2 * _AROUND:
            head = text[:_AROUND].rsplit(" ", 1)[0] + " " if place else ""
            tail = " " + text[-_AROUND:].split(" ", 1)[-1] if place < len(stretches) - 1 else ""
            text = f"{head}…{tail}"
        if room <= 0:
            yield SAME, "…"
            return
        yield kind, text[:room]
        room -= len(text)


class _Portion:
    """The first rows of a source; `whole` after they were read, when there were no more."""

    def __init__(self, rows: Iterator[Values]) -> None:
        self.rows = 0
        self.whole = False
        self._source = rows

    def __iter__(self) -> Iterator[Values]:
        characters = 0
        for values in self._source:
            if self.rows >= MOST_ROWS or characters >= MOST_CHARACTERS:
                return
            self.rows += 1
            characters += sum(len(value) for value in values.values() if isinstance(value, str))
            yield values
        self.whole = True
