"""Parquet tables, read by DuckDB with little memory and no way to anything but the file."""

import base64
import math
import weakref
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.errors import StudioError
from studio.formats import TableFormat
from studio.gate.compressed import blocks, is_compressed, plain_suffix, unpacked_copy
from studio.gate.names import visible
from studio.gate.parquet_files import ParquetFacts, check_parquet
from studio.readers.record_table import KeepGoing, require_going
from studio.readers.records import LONGEST, TOO_LONG
from studio.readers.tables import Choices, Faults, Row, Table, TableFacts

if TYPE_CHECKING:
    import duckdb

SUFFIXES = (".parquet",)
DAMAGED = "this part of the file is damaged"
_MEMORY = "256MB"
_AT_ONCE = 64  # rows that become Python's at once
_ASKED = 100_000  # rows that one query asks for at least
_LONGEST_LIST = 100_000
_PLAIN = frozenset(
    {"VARCHAR", "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
)
_GENEROUS = 1 << 30  # bytes of values that every file may have
_SWELLING = 1_000  # and bytes of values per byte of the file beyond that


class _Parquet:
    """A `Table` over one Parquet file whose footer was found in order."""

    def __init__(self, path: Path, shown: Path, known: ParquetFacts) -> None:
        self._path = path
        self._known = known
        self._bytes = shown.stat().st_size
        self._connection = _connection(path)
        names, kinds = _columns_of(self._connection, path)
        self._plain = [kind in _PLAIN for kind in kinds]
        self._all_plain = all(self._plain)
        self._query = _query(names, kinds)
        self.faults = Faults()
        parts = f"{len(known.parts):,} part{'' if len(known.parts) == 1 else 's'}"
        why = f"Parquet: {known.rows:,} rows in {parts}; the file itself names its columns."
        self.facts = TableFacts(
            format="parquet", columns=names, encoding="", delimiter="", header=True, why=(why,), bytes=self._bytes,
            guessed=False,
        )  # fmt: skip

    @property
    def count(self) -> int | None:
        """How many rows there are, as the footer says."""
        return self._known.rows

    def head(self, count: int = 100) -> list[Row]:
        """The first rows."""
        self.faults = Faults()
        return list(islice(self._rows(0, min(count, self._known.rows), self.faults), count))

    def rows(self, *, watch: Callable[[int], None] | None = None, keep_going: KeepGoing = None) -> Iterator[Row]:
        """All rows as a stream, part by part: a damaged part is left out."""
        self.faults = Faults()
        first = 0
        for last in self._borders():
            yield from self._rows(first, last, self.faults, keep_going)
            if watch is not None:
                watch(self._bytes * last // self._known.rows - self._bytes * first // self._known.rows)
            first = last

    def build_index(self, *, progress: Callable[[int, int], None] | None = None, keep_going: KeepGoing = None) -> int:
        """Nothing is to be done: the file has one."""
        if progress is not None:
            progress(self._bytes, self._bytes)
        return self._known.rows

    def page(self, start: int, count: int) -> list[Row]:
        """Rows by their numbers."""
        start = max(start, 0)
        return list(self._rows(start, min(start + count, self._known.rows), Faults()))

    def _borders(self) -> Iterator[int]:
        """Where queries end: at borders of parts, small parts together."""
        asked = total = 0
        for rows in self._known.parts:
            total += rows
            if total - asked >= _ASKED:
                asked = total
                yield total
        if total > asked:
            yield total

    def _rows(self, first: int, last: int, faults: Faults, keep_going: KeepGoing = None) -> Iterator[Row]:
        import duckdb

        number, weight = first, 0
        cursor = self._connection.cursor()
        try:
            cursor.execute(self._query, [str(self._path), first, last])
            while found := cursor.fetchmany(_AT_ONCE):
                require_going(keep_going)
                weight += len(found) * sum(map(_weight, found[0]))
                if weight > _GENEROUS and weight > _SWELLING * self._bytes:
                    raise _swells(self._path)
                for number, long, *values in found:
                    if long:
                        faults.add(number + 1, TOO_LONG)
                    else:
                        yield Row(number, 0, self._values(values))
        except duckdb.Error:
            faults.add(number + 1, DAMAGED)
        finally:
            cursor.close()

    def _values(self, values: Sequence[Any]) -> dict[str, Any]:
        if self._all_plain:
            return dict(zip(self.facts.columns, values, strict=True))
        return {
            name: value if plain else as_json(value)
            for name, value, plain in zip(self.facts.columns, values, self._plain, strict=True)
        }


def as_json(value: Any) -> Any:
    """What JSON can hold: dates as ISO text, bytes as text or base64, what is no finite number as nothing."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, dict):
        return {str(key): as_json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(inner) for inner in value]
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return base64.b64encode(value).decode("ascii")
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "__float__"):
        return float(value) if math.isfinite(value) else None
    return str(value)


def recognises(path: Path) -> bool:
    """Whether the suffix is that of Parquet."""
    return plain_suffix(path) in SUFFIXES and not path.is_dir()


def open_table(path: Path, choices: Choices) -> Table:
    """Judge the footer, then let DuckDB read; one that is compressed once more is unpacked to a temporary file."""
    if not is_compressed(path):
        return _Parquet(path, path, _checked(path))
    copy = unpacked_copy(blocks(path))
    try:
        table = _Parquet(copy, path, _checked(copy))
    except BaseException:
        copy.unlink(missing_ok=True)
        raise
    weakref.finalize(table, copy.unlink, missing_ok=True)
    return table


def _checked(path: Path) -> ParquetFacts:
    known = check_parquet(path)
    if not known.rows:
        raise StudioError(f"“{visible(path.name)}” has no rows.", "Choose a file that has rows in it.")
    return known


def _connection(path: Path) -> "duckdb.DuckDBPyConnection":
    """A database in memory that may read this one file and nothing else, for good."""
    import duckdb

    connection = duckdb.connect(":memory:", config={
        "threads": "1", "memory_limit": _MEMORY, "max_temp_directory_size": "0B",
        "autoinstall_known_extensions": "false", "autoload_known_extensions": "false",
    })  # fmt: skip
    connection.execute(f"SET allowed_paths = [{_text(str(path))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _columns_of(connection: "duckdb.DuckDBPyConnection", path: Path) -> tuple[tuple[str, ...], list[str]]:
    """Names and types of the columns, as DuckDB sees them."""
    import duckdb

    try:
        found = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
    except duckdb.Error as error:
        raise StudioError(
            f"“{visible(path.name)}” could not be opened as Parquet.", "It is damaged, or of a kind that is not read."
        ) from error
    return tuple(row[0] for row in found), [str(row[1]) for row in found]


def _query(names: Sequence[str], kinds: Sequence[str]) -> str:
    """Rows of a range with their numbers, and whether a value is too long; such a one does not reach Python."""
    long, shown = [], []
    for name, kind in zip(names, kinds, strict=True):
        quoted = '"' + name.replace('"', '""') + '"'
        size = {"VARCHAR": f"strlen({quoted}) > {LONGEST}", "BLOB": f"octet_length({quoted}) > {LONGEST}"}.get(kind, "")
        if kind.endswith("[]"):
            size = f"len({quoted}) > {_LONGEST_LIST}"
        if size:
            long.append(f"coalesce({size}, false)")
        if "WITH TIME ZONE" in kind:  # Python would need a library of time zones
            quoted = f"CAST({quoted} AS VARCHAR)"
        shown.append(f"CASE WHEN {size} THEN NULL ELSE {quoted} END" if size else quoted)
    return (
        f"SELECT file_row_number, {' OR '.join(long) or 'false'}, {', '.join(shown)} "
        "FROM read_parquet(?, file_row_number = true) WHERE file_row_number >= ? AND file_row_number < ?"
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _weight(value: Any) -> int:
    return len(value) if isinstance(value, str | bytes | list | dict) else 8


def _swells(path: Path) -> StudioError:
    return StudioError(
        f"“{visible(path.name)}” was not read: its values need more than {_SWELLING:,} times the room of the file.",
        "It is built to fill a disk. Choose another file.",
    )


FORMAT = TableFormat(
    name="parquet",
    label="Parquet (.parquet)",
    suffixes=SUFFIXES,
    recognises=recognises,
    open=open_table,
)
