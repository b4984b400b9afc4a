"""Looking at a table before it is taken in: its first rows, how they were read, and what cannot be. On threads."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from studio.core.shelf import FORMATS
from studio.formats import Choices, Fault, TableFacts, open_table
from studio.rows.kinds import Reading, recognise
from studio.tables.row_words import ShownRow, shown_row

HEAD = 100  # rows that are shown before anything is taken in
_WHOLE = 64_000_000  # bytes of a file that is read to its end before it is taken in, so that every fault is known


@dataclass(frozen=True)
class Looked:
    """The beginning of a table."""

    facts: TableFacts
    label: str  # of the format, for people
    rows: tuple[ShownRow, ...]
    reading: Reading
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Counted:
    """A table to its end; `read` when every row was looked at and not only counted."""

    rows: int
    faults: int
    reasons: dict[str, int]
    first: tuple[Fault, ...]
    read: bool


def look_at(path: Path, choices: Choices, *, keep_going: Callable[[], bool] | None = None) -> Looked:
    """Its first rows, and what they seem to be; a `StudioError` when it is no table, or when it was called off."""
    table = open_table(path, choices, keep_going)
    head = table.head(HEAD)
    reading = recognise(table.facts.columns, [row.values for row in head])
    # Counted as they will be in the project, where lines that cannot be read have no number.
    rows = tuple(shown_row(place, row.values, table.facts.columns) for place, row in enumerate(head))
    label = FORMATS.load(table.facts.format).label
    return Looked(table.facts, label, rows, reading, tuple(table.faults.first))


def count_rows(
    path: Path,
    choices: Choices,
    *,
    progress: Callable[[int, int], None] | None = None,
    keep_going: Callable[[], bool] | None = None,
) -> Counted:
    """How many rows there are; of a file that is not large also everything in it that cannot be read."""
    table = open_table(path, choices, keep_going)
    total = table.facts.bytes
    if total > _WHOLE:
        return Counted(table.build_index(progress=progress, keep_going=keep_going), 0, {}, (), False)

    done = 0

    def watch(more: int) -> None:
        nonlocal done
        done = min(done + more, total)
        if progress is not None:
            progress(done, total)

    rows = sum(1 for _ in table.rows(watch=watch, keep_going=keep_going))
    return Counted(rows, table.faults.count, dict(table.faults.by_reason), tuple(table.faults.first), True)
