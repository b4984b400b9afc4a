"""What DuckDB is asked for rows of a Parquet file: first how much room each one takes, then the values of some."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from studio.readers.records import LONGEST

OWN_NUMBER = "file_row_number"  # the column that DuckDB adds
_LONGEST_LIST = 100_000
_ENTRY = 8  # bytes that a number, or an entry of a list, counts for
_FIXED = ("boolean", "tinyint", "smallint", "integer", "bigint", "hugeint", "utinyint", "usmallint", "uinteger",
          "ubigint", "uhugeint", "float", "double", "decimal", "uuid", "enum", "date", "time", "interval")  # fmt: skip


@dataclass(frozen=True)
class Queries:
    """Both ask for path, first row and the row behind the last one.

    `sizes` gives whether a row is too long, and bytes of its values; `values` gives the number and the values of every
    other row.
    """

    sizes: str
    values: str


def queries(names: Sequence[str], kinds: Sequence[Any]) -> Queries:
    """For columns with these names and DuckDB's types; no value of a row over 16 MB is ever built."""
    sizes, too_long, shown = [str(_ENTRY * len(names))], [], []
    for name, kind in zip(names, kinds, strict=True):
        quoted = _quoted(name, '"')
        if size := _size(quoted, kind):
            sizes.append(size)
        if kind.id == "list":
            too_long.append(f"coalesce(len({quoted}) > {_LONGEST_LIST}, false)")
        # Python would need a library of time zones.
        shown.append(f"CAST({quoted} AS VARCHAR)" if "WITH TIME ZONE" in str(kind) else quoted)
    total = " + ".join(sizes)
    long = " OR ".join([f"({total}) > {LONGEST}", *too_long])
    rows = f"FROM read_parquet(?, {OWN_NUMBER} = true) WHERE {OWN_NUMBER} >= ? AND {OWN_NUMBER} < ?"
    return Queries(
        f"SELECT {long}, {total} {rows}",
        f"SELECT {OWN_NUMBER}, {', '.join(shown)} {rows} AND NOT ({long})",
    )


def _size(value: str, kind: Any, depth: int = 0) -> str:
    """SQL for the bytes of a value beyond its own entry; empty where its type has none."""
    if kind.id.startswith(_FIXED):
        return ""
    if kind.id in ("list", "array"):
        return _size_of_list(value, kind.children[0][1], depth)
    if kind.id == "map":
        (_, keys), (_, values) = kind.children
        parts = [_size_of_list(f"map_keys({value})", keys, depth), _size_of_list(f"map_values({value})", values, depth)]
    elif kind.id == "struct":
        named = [(f"struct_extract({value}, {_quoted(name, chr(39))})", inner) for name, inner in kind.children]
        parts = [str(_ENTRY * len(named)), *(_size(inner_value, inner, depth) for inner_value, inner in named)]
    else:
        whole = {"varchar": value, "blob": value}.get(kind.id, f"CAST({value} AS VARCHAR)")
        return f"coalesce({'octet_length' if kind.id == 'blob' else 'strlen'}({whole}), 0)"
    return " + ".join(part for part in parts if part)


def _size_of_list(value: str, kind: Any, depth: int) -> str:
    entry = f"x{depth}"
    inner = _size(entry, kind, depth + 1)
    entries = f"coalesce(len({value}) * {_ENTRY}, 0)"
    return f"{entries} + coalesce(list_sum([{inner} for {entry} in {value}]), 0)" if inner else entries


def _quoted(name: str, mark: str) -> str:
    return mark + name.replace(mark, 2 * mark) + mark
