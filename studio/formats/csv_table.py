"""Tables of text, .csv and .tsv: values between commas, semicolons, tabs or bars, quoted where they need it."""

import csv
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.formats import TableFormat
from studio.gate.compressed import plain_suffix
from studio.readers.delimiters import DELIMITERS, find_delimiter, find_header, unique_names
from studio.readers.json_values import NOT_UTF8, ZERO
from studio.readers.record_table import KeepGoing, RecordTable, described, require_going, require_width
from studio.readers.records import LONGEST, Batch, QuotedRows, Report, split
from studio.readers.source import Source
from studio.readers.tables import Choices, Faults, Table, TableFacts

SUFFIXES = (".csv", ".tsv")
FEWER = "it has fewer values than there are columns"
MORE = "it has more values than there are columns"
LONE_RETURN = "it has a carriage return outside of quotation marks"
_LOOKED_AT = 300  # rows that decide
_TOGETHER = 256  # records that are read at once


class _CsvRecords:
    """Rows of quoted values; each must have as many as there are columns."""

    def __init__(self, delimiter: str, columns: tuple[str, ...] = ()) -> None:
        self._delimiter = delimiter
        self._splitter = QuotedRows(delimiter)
        self._columns = columns

    def batches(self, blocks: Iterator[bytes], base: int, line: int, report: Report) -> Iterator[Batch]:
        """The records of a stream."""
        return split(blocks, self._splitter, base, line, report)

    def values(self, batch: Batch, report: Report) -> Iterator[dict[str, Any] | None]:
        """A dict of texts for each record."""
        columns, width = self._columns, len(self._columns)
        for line, row in zip(batch.lines.tolist(), self.rows(batch, report), strict=True):
            if row is not None and len(row) != width:
                report(line, FEWER if len(row) < width else MORE)
                row = None
            yield None if row is None else dict(zip(columns, row, strict=True))

    def rows(self, batch: Batch, report: Report) -> Iterator[list[str] | None]:
        """The values of each record as a list."""
        csv.field_size_limit(LONGEST)
        starts, ends, lines = batch.starts.tolist(), batch.ends.tolist(), batch.lines.tolist()
        for first in range(0, len(starts), _TOGETHER):
            last = min(first + _TOGETHER, len(starts))
            raw = [batch.data[starts[place] : ends[place]] for place in range(first, last)]
            try:
                if b"\0" in batch.data[starts[first] : ends[last - 1]]:
                    raise ValueError
                yield from list(csv.reader([record.decode("utf-8") for record in raw], delimiter=self._delimiter))
            except (ValueError, csv.Error):  # something is wrong with one of them
                yield from self._one_by_one(raw, lines[first:last], report)

    def _one_by_one(self, raw: list[bytes], lines: list[int], report: Report) -> Iterator[list[str] | None]:
        for record, line in zip(raw, lines, strict=True):
            row, reason = None, ZERO if b"\0" in record else ""
            try:
                row = next(csv.reader([record.decode("utf-8")], delimiter=self._delimiter))
            except UnicodeDecodeError:
                reason = reason or NOT_UTF8
            except csv.Error:
                reason = reason or LONE_RETURN
            if reason:
                report(line, reason)
            yield None if reason else row


def recognises(path: Path) -> bool:
    """Whether the suffix is one of a table of text."""
    return plain_suffix(path) in SUFFIXES and not path.is_dir()


def open_table(path: Path, choices: Choices, keep_going: KeepGoing = None) -> Table:
    """Look at the beginning, decide what was not chosen, and say why."""
    require_going(keep_going)
    source = Source(path, choices.encoding)
    usual = "\t" if plain_suffix(path) == ".tsv" else ","
    delimiter, delimiter_why = _delimiter(source, choices.delimiter, usual)
    records = _CsvRecords(delimiter)
    faults, first = Faults(), (0, 1)
    batch = next(records.batches(source.stream(), 0, 1, faults.add), None)
    rows = [] if batch is None else list(islice(records.rows(batch, faults.add), _LOOKED_AT))
    good = [row for row in rows if row is not None]
    require_width(_width(good), source)
    header, header_why = _header(good, choices.header) if rows and rows[0] is not None else (False, "")
    if header and batch is not None:
        end = int(batch.ends[0])
        lines = batch.data.count(b"\n", int(batch.starts[0]), end) + 1
        first = (batch.base + end + 1, int(batch.lines[0]) + lines)
    names = _names(good, header)
    facts = TableFacts(
        format="csv_table", columns=described(names, source, faults), encoding=source.encoding.codec,
        delimiter=delimiter, header=header, why=(source.encoding.why, delimiter_why, header_why), bytes=source.size,
        guessed=source.encoding.guessed,
    )  # fmt: skip
    if header and len(good) == 1 and source.whole:
        raise StudioError(f"“{path.name}” has names of columns but no rows.", "Choose a file that has rows in it.")
    return RecordTable(source, _CsvRecords(delimiter, facts.columns), facts, first)


def _delimiter(source: Source, chosen: str, usual: str) -> tuple[str, str]:
    if chosen:
        if len(chosen) != 1 or chosen in '"\r\n' or (not " " <= chosen <= "~" and chosen != "\t"):
            raise StudioError("A delimiter is one character, such as a comma.", "Choose comma, semicolon, tab or bar.")
        return chosen, f"Values are separated by {DELIMITERS.get(chosen, f'“{chosen}”')}, as you chose."
    samples = {delimiter: _sample(source, delimiter) for delimiter in DELIMITERS}
    decision = find_delimiter({delimiter: rows for delimiter, rows in samples.items() if rows}, usual)
    return decision.value, decision.why


def _sample(source: Source, delimiter: str) -> list[list[str]]:
    """The first rows under a delimiter; the last one may be cut off, and is not counted."""
    records = _CsvRecords(delimiter)
    batch = next(records.batches(iter([source.sample]), 0, 1, _ignore), None)
    found = [] if batch is None else list(islice(records.rows(batch, _ignore), _LOOKED_AT))
    return [row for row in found if row is not None]


def _header(rows: list[list[str]], chosen: bool | None) -> tuple[bool, str]:
    if chosen is None:
        return find_header(rows)
    return (
        chosen,
        "The first row names the columns, as you chose." if chosen else "The first row is data, as you chose.",
    )


def _names(rows: list[list[str]], header: bool) -> tuple[str, ...]:
    """The names of the columns: those of the first row, else numbers for as many as most rows have."""
    if not rows:
        return ()
    if header:
        return unique_names(rows[0])
    return tuple(f"column {place}" for place in range(1, _width(rows) + 1))


def _width(rows: list[list[str]]) -> int:
    """How many values most rows have."""
    return Counter(map(len, rows)).most_common(1)[0][0] if rows else 0


def _ignore(line: int, reason: str) -> None:
    """What is wrong is said when the rows are read."""


FORMAT = TableFormat(
    name="csv_table",
    label="table of text (.csv, .tsv)",
    suffixes=SUFFIXES,
    recognises=recognises,
    open=open_table,
)
