"""A table whose records lie one after the other in a source: streamed, and jumped in once it was gone through."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, Protocol

import numpy as np

from studio.core.errors import StudioError
from studio.gate.names import visible
from studio.readers.records import Batch, Report
from studio.readers.source import Source
from studio.readers.tables import Faults, Row, TableFacts

_EVERY = 64  # records from one known place to the next
_WIDEST = 1_000  # columns
_HEAD = 64 << 20  # bytes read at most for the first rows

KeepGoing = Callable[[], bool] | None


class Records(Protocol):
    """How one format finds its records and reads them."""

    def batches(self, blocks: Iterator[bytes], base: int, line: int, report: Report) -> Iterator[Batch]:
        """The records of a stream that begins at a record."""

    def values(self, batch: Batch, report: Report) -> Iterator[dict[str, Any] | None]:
        """The values of each record of a batch; None, and a report, where it cannot be read."""


class RecordTable:
    """A `Table` over a source; `first` is the offset and the line of its first record."""

    def __init__(self, source: Source, records: Records, facts: TableFacts, first: tuple[int, int]) -> None:
        self.facts = facts
        self.faults = Faults()
        self._source = source
        source.forget_sample()  # thousands of tables of a folder are kept
        self._records = records
        self._places = np.array([first], np.int64)  # offset and line of every 64th record
        self._count: int | None = None

    @property
    def count(self) -> int | None:
        """How many records there are; None before all of them were seen once."""
        return self._count

    def head(self, count: int = 100) -> list[Row]:
        """The first rows that can be read, from the first megabytes."""
        self.faults = Faults()
        read = 0

        def watch(more: int) -> None:
            nonlocal read
            read += more

        found: list[Row] = []
        with suppress(StoppedError):
            found.extend(islice(self._rows(0, self.faults, watch, lambda: read <= _HEAD), count))
        return found

    def rows(self, *, watch: Callable[[int], None] | None = None, keep_going: KeepGoing = None) -> Iterator[Row]:
        """All rows as a stream; a `StudioError` when it is stopped."""
        self.faults = Faults()
        yield from self._rows(0, self.faults, watch, keep_going)

    def build_index(self, *, progress: Callable[[int, int], None] | None = None, keep_going: KeepGoing = None) -> int:
        """Find every record; a file that has to be unpacked for that is, into a temporary one."""
        passes = 2 if self._source.derived else 1
        total, done = self._source.size * passes, 0

        def watch(more: int) -> None:
            nonlocal done
            done += more
            if progress is not None:
                progress(min(done, total), total)

        self._source.make_jumpable(watch, keep_going)
        count, known = 0, []
        offset, line = map(int, self._places[0])
        blocks = _while_going(self._source.stream(offset, watch), keep_going)
        for batch in self._records.batches(blocks, offset, line, lambda *_: None):
            chosen = slice(-count % _EVERY, None, _EVERY)
            known.append(np.stack([batch.starts[chosen] + batch.base, batch.lines[chosen]], axis=1))
            count += len(batch.starts)
        self._places = np.concatenate(known) if known else self._places
        self._count = count
        watch(total)
        return count

    def page(self, start: int, count: int) -> list[Row]:
        """Rows by their numbers; quick once the index is built."""
        self._source.require_unchanged()
        known = min(max(start, 0) // _EVERY, len(self._places) - 1)
        found = []
        for row in self._rows(known * _EVERY, Faults(), None, None):
            if row.number >= start + count:
                break
            if row.number >= start:
                found.append(row)
        return found

    def _rows(
        self, number: int, faults: Faults, watch: Callable[[int], None] | None, keep_going: KeepGoing
    ) -> Iterator[Row]:
        """Rows from the known place of record `number` on."""
        offset, line = map(int, self._places[number // _EVERY])
        blocks = _while_going(self._source.stream(offset, watch), keep_going)
        for batch in self._records.batches(blocks, offset, line, faults.add):
            for line, values in zip(batch.lines.tolist(), self._records.values(batch, faults.add), strict=True):
                if values is not None:
                    yield Row(number, line, values)
                number += 1
                if not number % _EVERY:
                    require_going(keep_going)
        self._count = number
        if self._source.damage:
            faults.add(line, self._source.damage)


class StoppedError(StudioError):
    """Reading is not wanted any more."""


def require_going(keep_going: KeepGoing) -> None:
    """End what is not wanted any more."""
    if keep_going is not None and not keep_going():
        raise StoppedError("Reading was stopped before it was finished.", "Nothing was changed.")


def _while_going(blocks: Iterator[bytes], keep_going: KeepGoing) -> Iterator[bytes]:
    for block in blocks:
        require_going(keep_going)
        yield block


def require_width(columns: int, source: Source) -> None:
    """Refuse more columns than anyone reads, before anything is done with each of them."""
    if columns > _WIDEST:
        raise StudioError(
            f"“{visible(source.path.name)}” has {columns:,} columns; at most {_WIDEST:,} are read.",
            "Choose another file.",
        )


def described(columns: dict[str, None] | tuple[str, ...], source: Source, faults: Faults) -> tuple[str, ...]:
    """The columns of the first rows, when there are some; else a `StudioError` that says why not."""
    require_width(len(columns), source)
    if columns:
        return tuple(columns)
    name = visible(source.path.name)
    if faults.first:
        line, reason = faults.first[0].line, faults.first[0].reason
        raise StudioError(
            f"No row of “{name}” could be read. In line {line:,}: {reason}.", "Mend it, or choose another."
        )
    raise StudioError(f"“{name}” has no rows.", "Choose a file that has rows in it.")
