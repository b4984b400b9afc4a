"""What a table is: what is known of it, its rows, and what was left out of it."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a person decided about a table; an empty value, or None, is found by looking at the file."""

    encoding: str = ""
    delimiter: str = ""
    header: bool | None = None


@dataclass(frozen=True, kw_only=True)
class TableFacts:
    """What is known of a table from its first rows; `why` has a sentence for everything that was decided."""

    format: str
    columns: tuple[str, ...]
    encoding: str  # Python's name; empty where the format has none
    delimiter: str
    header: bool
    why: tuple[str, ...]
    bytes: int  # on disk
    guessed: bool  # whether the encoding is not certain


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number from 0, the line it begins in from 1 (0 where there are no lines), JSON values by column.

    A row that could not be read keeps its number and is missing.
    """

    number: int
    line: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row was left out; `line` is its row's number from 1 in a format without lines, 0 for the whole file."""

    line: int
    reason: str


class Faults:
    """What was left out: all of it counted by reason, the first thousand kept."""

    KEPT = 1_000
    REASONS = 100  # different ones; a hostile file must not make a table of its own here

    def __init__(self) -> None:
        self.count = 0
        self.by_reason: dict[str, int] = Counter()
        self.first: list[Fault] = []

    def add(self, line: int, reason: str) -> None:
        """One more row was left out."""
        self.count += 1
        known = reason in self.by_reason or len(self.by_reason) < self.REASONS
        self.by_reason[reason if known else "something else"] += 1
        if len(self.first) < self.KEPT:
            self.first.append(Fault(line, reason))

    def located(self, reason: str, place: str = "line") -> dict[str, int]:
        """All of it counted, this reason apart for each line, or other `place`, so that it can be looked up there."""
        told = min(self.REASONS, self.by_reason.get(reason, 0))
        lines = [fault.line for fault in self.first if fault.reason == reason][:told]
        counts = Counter(f"{reason}, in {place} {line:,}" for line in lines) + Counter(self.by_reason)
        counts[reason] -= len(lines)
        return {name: count for name, count in counts.items() if count}


class Table(Protocol):
    """A file, or a folder of them, read as rows, a few megabytes in memory whatever its size.

    What cannot be read is left out and told in `faults`, which belong to the last `head` or `rows`.
    """

    facts: TableFacts
    faults: Faults

    def head(self, count: int = 100) -> list[Row]:
        """The first rows, without reading more of the file than they need."""

    def rows(
        self, *, watch: Callable[[int], None] | None = None, keep_going: Callable[[], bool] | None = None
    ) -> Iterator[Row]:
        """All rows as a stream; `watch` hears how many more bytes of the file were read."""

    def build_index(
        self, *, progress: Callable[[int, int], None] | None = None, keep_going: Callable[[], bool] | None = None
    ) -> int:
        """Find every row once, so that `count` and `page` are exact; returns how many there are.

        `progress` hears bytes done and of the whole file.
        """

    @property
    def count(self) -> int | None:
        """How many rows there are; None before the index is built, where it is needed."""

    def page(self, start: int, count: int) -> list[Row]:
        """Rows with the numbers from `start` on, as many as are there."""
