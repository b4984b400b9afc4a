"""A cleaning tried out before it is done: what every step would drop and change, and in which words."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from studio.rows import Values
from studio.rows.cleaning import Change, Tally, preview
from studio.rows.kinds import Reading, spoken, text_of
from studio.store.corpus import Text
from studio.store.dataset_texts import reading_of, rows_of
from studio.store.datasets import Dataset, next_number

MOST_ROWS = 20_000  # that are tried while a person edits the steps
MOST_CHARACTERS = 8_000_000
SAME, GONE, NEW = "same", "gone", "new"

_SHOWN = 300  # characters of a row
_AROUND = 40  # characters of what stays the same, before and after what does not
_WORDS = 600  # of a text that are compared: the comparison takes the product of both
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
    found = tuple(shown(change, reading) for change in changes)
    return Trial(portion.rows, tuple(tallies), found, portion.whole, version)


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
            stretches += difference(spoken(value), spoken(change.after.get(name)))
    return Shown(change.number, change.step_index, False, tuple(_trimmed(stretches)))


def difference(before: str, after: str) -> list[tuple[str, str]]:
    """Two texts as one, word by word: stretches that are the same, gone or new."""
    old, new = (_PIECES.findall(text)[:_WORDS] for text in (before, after))
    found: list[tuple[str, str]] = []
    for kind, start, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append((SAME, "".join(old[start:end])))
            continue
        found += [(GONE, "".join(old[start:end]))] if end > start else []
        found += [(NEW, "".join(new[first:last]))] if last > first else []
    return found


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
