"""Parquet tables, read by DuckDB with little memory and no way to anything but the file."""

import base64
import math
import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.errors import StudioError
from studio.formats import TableFormat
from studio.gate.compressed import blocks, is_compressed, plain_suffix, unpacked_copy
from studio.gate.names import visible
from studio.gate.parquet_files import ParquetFacts, check_parquet
from studio.readers.parquet_query import OWN_NUMBER, queries
from studio.readers.record_table import KeepGoing, require_going
from studio.readers.records import TOO_LONG
from studio.readers.tables import Choices, Faults, Row, Table, TableFacts

if TYPE_CHECKING:
    import duckdb

SUFFIXES = (".parquet",)
DAMAGED = "this part of the file is damaged"
TOO_LARGE = "this part of the file needs more memory than it may have"
_MEMORY = "512MB"
_AT_ONCE = 64  # rows that become Python's at once
_ASKED = 100_000  # rows that one query asks for at least
_VECTOR = 2_048  # rows whose values DuckDB builds together, each with a text of its own though the file has but one
_ROOM = 128 << 20  # bytes of values that it may build together
_PORTION = 32 << 20  # bytes that a query asks for where those are more
_HEAD = 64 << 20  # bytes of the first rows
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
        names, kinds = _columns_of(path, shown)
        self._plain = [str(kind) in _PLAIN for kind in kinds]
        self._all_plain = all(self._plain)
        self._queries = queries(names, kinds)
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
        """The first rows, fewer of them where they are long."""
        self.faults = Faults()
        return list(self._rows(0, min(count, self._known.rows), self.faults, within=_HEAD))

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

    def _rows(
        self, first: int, last: int, faults: Faults, keep_going: KeepGoing = None, within: int | None = None
    ) -> Iterator[Row]:
        """Rows of a range, or those of its first `within` bytes; what is damaged ends it, with a fault."""
        import duckdb

        number = first - 1
        with _connection(self._path) as connection:
            try:
                sizes = self._sizes(connection.cursor(), first, last, keep_going)
                for start, end in self._runs(sizes, first, faults, within):
                    number = start - 1
                    rows = connection.execute(self._queries.values, [str(self._path), start, end])
                    while found := rows.fetchmany(_AT_ONCE):
                        require_going(keep_going)
                        for number, *values in found:
                            yield Row(number, 0, self._values(values))
            except duckdb.OutOfMemoryException:
                faults.add(number + 2, TOO_LARGE)
            except duckdb.Error:
                faults.add(number + 2, DAMAGED)

    def _sizes(
        self, cursor: "duckdb.DuckDBPyConnection", first: int, last: int, keep_going: KeepGoing
    ) -> Iterator[list[tuple[bool, int]]]:
        """Whether each row of a range is too long, and its bytes; many rows at a time."""
        with cursor:
            cursor.execute(self._queries.sizes, [str(self._path), first, last])
            while found := cursor.fetchmany(_VECTOR):
                require_going(keep_going)
                yield found

    def _runs(
        self, sizes: Iterator[list[tuple[bool, int]]], first: int, faults: Faults, within: int | None
    ) -> Iterator[tuple[int, int]]:
        """Borders of ranges that one query may build; rows that are too long are told, and weigh nothing."""
        import duckdb

        start = place = first
        weight = total = 0
        try:
            for found in sizes:
                room = sum(size for long, size in found if not long)
                if total + room > _GENEROUS and total + room > _SWELLING * self._bytes:
                    raise _swells(self._path)
                for long, size in found:
                    if long:
                        faults.add(place + 1, TOO_LONG)
                        size = 0
                    if within is not None and total and total + size > within:
                        yield start, place
                        return
                    if room > _ROOM and weight + size > _PORTION and place > start:
                        yield start, place
                        start, weight = place, 0
                    place, weight, total = place + 1, weight + size, total + size
        except duckdb.Error:  # what came before the damage is good
            yield start, place
            raise
        yield start, place

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


def open_table(path: Path, choices: Choices, keep_going: KeepGoing = None) -> Table:
    """Judge the footer, then let DuckDB read; one that is compressed once more is unpacked to a temporary file."""
    if not is_compressed(path):
        return _Parquet(path, path, _checked(path))
    copy = unpacked_copy(blocks(path), keep_going)
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


def _columns_of(path: Path, shown: Path) -> tuple[tuple[str, ...], list[Any]]:
    """Names and types of the columns, as DuckDB sees them."""
    import duckdb

    name = visible(shown.name)
    try:
        with _connection(path) as connection:
            found = connection.sql("SELECT * FROM read_parquet(?)", params=[str(path)])
            names, kinds = tuple(found.columns), list(found.types)
    except duckdb.Error as error:
        raise StudioError(
            f"“{name}” could not be opened as Parquet.", "It is damaged, or of a kind that is not read."
        ) from error
    if OWN_NUMBER in map(str.lower, names):
        raise StudioError(
            f"“{name}” has a column “{OWN_NUMBER}”, a name that is kept for the numbers of its rows.",
            "Give that column another name, or leave it out.",
        )
    return names, kinds


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


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
