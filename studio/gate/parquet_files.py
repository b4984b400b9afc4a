"""The footer of a Parquet file, judged before any library reads the file (github.com/apache/parquet-format)."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from studio.core.errors import StudioError
from studio.gate.compressed import require_regular, unreadable
from studio.gate.names import visible

_MAGIC, _ENCRYPTED = b"PAR1", b"PARE"


@dataclass(frozen=True)
class Limits:
    """What a footer may ask of us at most."""

    footer_bytes: int = 16 << 20
    values: int = 2_000_000  # single entries of the footer
    columns: int = 2_000
    depth: int = 32  # groups of columns in one another
    parts: int = 100_000  # row groups
    ratio: int = 200  # bytes unpacked per byte of the file, from `free` on
    free: int = 64 << 20


@dataclass(frozen=True)
class ParquetFacts:
    """Rows, how many stand in each part (row group), and columns at the lowest level."""

    rows: int
    parts: tuple[int, ...]
    columns: int


def check_parquet(path: Path, limits: Limits | None = None) -> ParquetFacts:
    """Its facts, after the footer was found consistent; a `StudioError` says what is wrong."""
    limits = limits or Limits()
    size = require_regular(path).st_size
    try:
        footer = _Compact(_footer(path, size, limits), limits.values).struct()
    except (IndexError, struct.error, RecursionError) as error:
        raise _refusal(path, "its footer is damaged") from error
    except ValueError as error:
        raise _refusal(path, str(error)) from error
    columns = _columns(path, footer.get(2), limits)
    parts = footer.get(4, [])
    rows = footer.get(3)
    if not isinstance(rows, int) or rows < 0 or not isinstance(parts, list) or len(parts) > limits.parts:
        _refuse(path, "its footer does not say how many rows there are")
    counts = tuple(_part(path, part, size, columns) for part in parts)
    if sum(counts) != rows:
        _refuse(path, f"its parts have {sum(counts):,} rows, but its footer says {rows:,}")
    unpacked = sum(_number(part.get(2)) for part in parts)
    if unpacked > limits.free and unpacked > limits.ratio * size:
        _refuse(path, f"it swells to more than {unpacked // max(size, 1):,} times its size")
    return ParquetFacts(rows, counts, columns)


def _footer(path: Path, size: int, limits: Limits) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(4)
            file.seek(max(0, size - 8))
            tail = file.read(8)
            if _ENCRYPTED in (head, tail[4:]):
                _refuse(path, "it is encrypted")
            if head != _MAGIC or tail[4:] != _MAGIC:
                _refuse(path, "it is cut off, or no Parquet file")
            length = int.from_bytes(tail[:4], "little")
            if length > limits.footer_bytes:
                _refuse(path, f"its footer has {length:,} bytes; at most {limits.footer_bytes:,} are read")
            if length + 12 > size:
                _refuse(path, "its footer does not fit its size")
            file.seek(size - 8 - length)
            return file.read(length)
    except OSError as error:
        raise unreadable(path, error) from error


def _columns(path: Path, schema: Any, limits: Limits) -> int:
    """How many columns at the lowest level; the groups are given in one list, each with its number of children."""
    if not isinstance(schema, list) or not schema or not all(isinstance(item, dict) for item in schema):
        _refuse(path, "it has no columns")
    open_groups: list[int] = []
    leaves = 0
    for place, item in enumerate(schema):
        while open_groups and not open_groups[-1]:
            open_groups.pop()
        if place and not open_groups:
            _refuse(path, "its columns are not in order")
        if open_groups:
            open_groups[-1] -= 1
        children = item.get(5, 0)
        if not isinstance(children, int) or not 0 <= children <= len(schema):
            _refuse(path, "its columns are not in order")
        if children:
            open_groups.append(children)
        else:
            leaves += 1
        if len(open_groups) > limits.depth:
            _refuse(path, f"its columns are nested more than {limits.depth} deep")
        if leaves > limits.columns:
            _refuse(path, f"it has more than {limits.columns:,} columns")
    if any(open_groups):
        _refuse(path, "its columns are not in order")
    return leaves


def _part(path: Path, part: Any, size: int, columns: int) -> int:
    """How many rows a part has, after the places of its columns were found inside of the file."""
    chunks = part.get(1) if isinstance(part, dict) else None
    if not isinstance(chunks, list) or len(chunks) != columns:
        _refuse(path, "a part of it does not have all of the columns")
    for chunk in chunks:
        facts = chunk.get(3) if isinstance(chunk, dict) else None
        if not isinstance(facts, dict):
            _refuse(path, "it does not say where its columns lie")
        if chunk.get(1):
            _refuse(path, "it keeps its values in another file")
        if not 0 <= _number(facts.get(7)) <= size or not 0 <= _number(facts.get(9)) <= size:
            _refuse(path, "a column lies outside of the file")
    rows = _number(part.get(3))
    if rows < 0:
        _refuse(path, "a part of it has less than no rows")
    return rows


def _number(value: Any) -> int:
    return value if isinstance(value, int) else -1


class _Compact:
    """Thrift's compact protocol, read into dicts by field number; texts and bytes stay bytes."""

    def __init__(self, data: bytes, values: int) -> None:
        self._data = data
        self._place = 0
        self._left = values
        self._depth = 0

    def struct(self) -> dict[int, Any]:
        """One struct."""
        self._depth += 1
        if self._depth > 32:
            raise ValueError("its footer is nested too deep")
        found: dict[int, Any] = {}
        field = 0
        while head := self._byte():
            kind = head & 15
            field = field + (head >> 4) if head >> 4 else self._zigzag()
            found[field] = kind == 1 if kind in (1, 2) else self._value(kind)
        self._depth -= 1
        return found

    def _value(self, kind: int) -> Any:
        self._left -= 1
        if self._left < 0:
            raise ValueError("its footer has too many entries")
        if kind in (1, 2):  # inside of a list
            return self._byte() == 1
        if kind == 3:
            return self._byte()
        if kind in (4, 5, 6):
            return self._zigzag()
        if kind == 7:
            return struct.unpack("<d", self._bytes(8))[0]
        if kind == 8:
            return self._bytes(self._varint())
        if kind in (9, 10):
            return self._list()
        if kind == 12:
            return self.struct()
        raise ValueError("its footer is damaged")

    def _list(self) -> list[Any]:
        head = self._byte()
        count = head >> 4 if head >> 4 < 15 else self._varint()
        if count > len(self._data) - self._place:
            raise ValueError("its footer is damaged")
        return [self._value(head & 15) for _ in range(count)]

    def _byte(self) -> int:
        self._place += 1
        return self._data[self._place - 1]

    def _bytes(self, count: int) -> bytes:
        if count > len(self._data) - self._place:
            raise ValueError("its footer is damaged")
        self._place += count
        return self._data[self._place - count : self._place]

    def _varint(self) -> int:
        value = shift = 0
        while shift < 70:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
        raise ValueError("its footer is damaged")

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)


def _refusal(path: Path, reason: str) -> StudioError:
    return StudioError(f"“{visible(path.name)}” was not opened: {reason}.", "Get it again, or choose another file.")


def _refuse(path: Path, reason: str) -> NoReturn:
    raise _refusal(path, reason)
