"""Rows written to a file of one's own: .jsonl, .json, .csv, .tsv or .txt, complete or not there at all."""

import csv
import json
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from studio.core.errors import StudioError
from studio.rows import Values
from studio.rows.kinds import Reading, spoken, text_of
from studio.store.disk import explained
from studio.store.files import replace

Put = Callable[[IO[str], Iterable[Values], Sequence[str], Reading], None]


def write_rows(path: Path, rows: Iterable[Values], columns: Sequence[str], reading: Reading) -> int:
    """Write rows in the format that the suffix names, in one rename at the end; returns how many there were.

    A .txt holds what a model reads of each row, with an empty line between two.
    """
    require_writable(path)
    temporary = path.with_name(f".{path.name[:80]}.{uuid.uuid4().hex[:8]}.tmp")
    counted = _Counted(rows)
    with explained(f"“{path.name}”", path.parent):
        try:
            with open(temporary, "w", encoding="utf-8", newline="") as file:
                _FORMATS[path.suffix.lower()](file, counted, columns, reading)
                file.flush()
                os.fsync(file.fileno())
            replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    return counted.count


def require_writable(path: Path) -> None:
    """A `StudioError` now, before the work, where `write_rows` would refuse the name."""
    if path.suffix.lower() not in _FORMATS:
        raise StudioError(f"Rows cannot be written as “{path.name}”.", f"Use one of {', '.join(_FORMATS)}.")
    if not path.parent.is_dir():
        raise StudioError(f"There is no folder {path.parent} for “{path.name}”.", "Make it, or choose another one.")


class _Counted:
    """Rows on their way, counted."""

    def __init__(self, rows: Iterable[Values]) -> None:
        self.count = 0
        self._rows = rows

    def __iter__(self) -> Iterator[Values]:
        for values in self._rows:
            yield values
            self.count += 1


def _json_lines(file: IO[str], rows: Iterable[Values], _columns: Sequence[str], _reading: Reading) -> None:
    for values in rows:
        file.write(json.dumps(values, ensure_ascii=False) + "\n")


def _json_list(file: IO[str], rows: Iterable[Values], _columns: Sequence[str], _reading: Reading) -> None:
    between = "[\n"
    for values in rows:
        file.write(between + json.dumps(values, ensure_ascii=False))
        between = ",\n"
    file.write("\n]\n" if between == ",\n" else "[]\n")


def _separated(delimiter: str) -> Put:
    def put(file: IO[str], rows: Iterable[Values], columns: Sequence[str], _reading: Reading) -> None:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([spoken(values.get(column)) for column in columns] for values in rows)

    return put


def _text(file: IO[str], rows: Iterable[Values], _columns: Sequence[str], reading: Reading) -> None:
    between = ""
    for text in filter(str.strip, (text_of(reading, values) for values in rows)):
        file.write(between + text)
        between = "\n\n"
    file.write("\n" if between else "")


_FORMATS: dict[str, Put] = {
    ".jsonl": _json_lines,
    ".json": _json_list,
    ".csv": _separated(","),
    ".tsv": _separated("\t"),
    ".txt": _text,
}
