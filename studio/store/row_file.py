"""Rows on disk: one JSON object a line, and beside it where each line begins, so that any page is read at once."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TypedDict

from studio.core.errors import StudioError
from studio.rows import Values

ROWS, INDEX = "rows.jsonl", "rows.index"
_WIDTH = 8  # bytes of one place in the index, unsigned and the lowest byte first
_ASK = 512  # rows between two questions whether to go on
_encoded = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode

Progress = Callable[[int, int], None]
KeepGoing = Callable[[], bool]


class Watching(TypedDict, total=False):
    """How somebody watches long work, and calls it off."""

    progress: Progress | None
    keep_going: KeepGoing | None


class TooManyColumnsError(ValueError):
    """A row names more columns than are kept."""


class RowWriter:
    """Writes rows into a new folder, counting them; used as a context, so that the files are closed.

    With `most_columns` no row brings a new column beyond so many.
    """

    def __init__(self, folder: Path, most_columns: int = 0) -> None:
        self.rows = 0
        self.bytes = 0
        self.columns: dict[str, None] = {}  # in the order in which they came
        self._most_columns = most_columns
        self._digest = hashlib.sha256()
        self._rows = open(folder / ROWS, "wb")  # noqa: SIM115
        self._index = open(folder / INDEX, "wb")  # noqa: SIM115

    def __enter__(self) -> "RowWriter":
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        self._rows.close()
        self._index.close()

    def write(self, values: Values) -> None:
        """Add one row; a `ValueError` when it holds what JSON or UTF-8 cannot, or one new column too many."""
        new = [] if values.keys() <= self.columns.keys() else [name for name in values if name not in self.columns]
        if new and 0 < self._most_columns < len(self.columns) + len(new):
            raise TooManyColumnsError
        line = _encoded(values).encode("utf-8") + b"\n"
        self._index.write(self.bytes.to_bytes(_WIDTH, "little"))
        self._rows.write(line)
        self._digest.update(line)
        self.rows += 1
        self.bytes += len(line)
        self.columns.update(dict.fromkeys(new))

    @property
    def sha256(self) -> str:
        """Of all that was written, in hexadecimal."""
        return self._digest.hexdigest()


def is_whole(folder: Path, rows: int, size: int) -> bool:
    """Whether both files have the sizes that so many rows in so many bytes need."""
    try:
        return (folder / ROWS).stat().st_size == size and (folder / INDEX).stat().st_size == rows * _WIDTH
    except OSError:
        return False


def read_page(folder: Path, start: int, count: int) -> list[Values]:
    """`count` rows from row `start` on, as far as there are some; nothing else is read."""
    if start < 0 or count <= 0:
        return []
    with _opened(folder / ROWS) as rows, _opened(folder / INDEX) as index:
        index.seek(start * _WIDTH)
        first = index.read(_WIDTH)
        if not first:
            return []
        rows.seek(int.from_bytes(first, "little"))
        lines = (rows.readline() for _ in range(count))
        return [_values(folder, start + number, line) for number, line in enumerate(lines) if line]


class RowReader:
    """Rows in any order, from files that stay open; used as a context."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows = _opened(folder / ROWS)
        self._index = _opened(folder / INDEX)

    def __enter__(self) -> "RowReader":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        self._rows.close()
        self._index.close()

    def row(self, number: int) -> Values:
        """One row; an unknown number is an `IndexError`."""
        self._index.seek(max(0, number) * _WIDTH)
        place = self._index.read(_WIDTH)
        if number < 0 or not place:
            raise IndexError(number)
        self._rows.seek(int.from_bytes(place, "little"))
        return _values(self._folder, number, self._rows.readline())


def read_rows(folder: Path, numbers: Sequence[int]) -> list[Values]:
    """The rows with these numbers, in this order; an unknown number is an `IndexError`."""
    with RowReader(folder) as reader:
        return [reader.row(number) for number in numbers]


def stream_rows(folder: Path, keep_going: KeepGoing | None = None) -> Iterator[Values]:
    """Every row, one after the other; a `StudioError` when it is called off."""
    with _opened(folder / ROWS) as rows:
        for number, line in enumerate(rows):
            if keep_going is not None and number % _ASK == 0:
                require_going(keep_going)
            yield _values(folder, number, line)


def require_going(keep_going: KeepGoing | None) -> None:
    """A `StudioError` that says so when the work is not wanted any more."""
    if keep_going is not None and not keep_going():
        raise StudioError("Reading the rows was stopped before it was finished.", "Nothing was changed.")


def _opened(path: Path) -> Any:
    try:
        return open(path, "rb")
    except OSError as error:
        raise StudioError(
            f"“{path}” could not be read: {error.strerror or error}.", "Is its drive connected?"
        ) from error


def _values(folder: Path, number: int, line: bytes) -> Values:
    try:
        values = json.loads(str(line, "utf-8"))
    except (ValueError, RecursionError) as error:
        raise _damaged(folder, number) from error
    if not isinstance(values, dict):
        raise _damaged(folder, number)
    return values


def _damaged(folder: Path, number: int) -> StudioError:
    where = f"“{folder.parent.name}”, version {folder.name.lstrip('v')}"
    return StudioError(f"Row {number:,} of {where} is damaged.", "Import the dataset again, or open another version.")
