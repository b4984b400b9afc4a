"""The datasets of a project: rows that are kept in versions, each with what it was made of and how."""

import dataclasses
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Unpack

from studio.core.errors import StudioError
from studio.gate.names import safe_name
from studio.rows import Values
from studio.rows.kinds import Reading, reading_from_json, reading_to_json
from studio.store.disk import explained, require_space
from studio.store.files import read_json, remove_folder, rename_folder, sync_file, sync_folder, write_json
from studio.store.row_file import (
    INDEX,
    ROWS,
    KeepGoing,
    Progress,
    RowWriter,
    Watching,
    is_whole,
    read_page,
    read_rows,
    require_going,
    stream_rows,
)

VERSION = 1


@dataclass(frozen=True)
class Dataset:
    """One version of a dataset; `folder` is that of the version and never changes once it is there."""

    name: str
    version: int
    folder: Path
    rows: int
    columns: tuple[str, ...]
    reading: Reading
    bytes: int
    sha256: str  # of its rows
    sources: tuple[str, ...]
    made: str  # ISO time, UTC
    parent: int | None = None  # the version that it was made of
    steps: tuple[dict[str, Any], ...] = ()  # the cleaning that made it
    changed: str = ""  # a sentence on what is different from its parent
    faults: Mapping[str, int] = dataclasses.field(default_factory=dict)  # why rows were left out, and how many
    why: tuple[str, ...] = ()  # how its format was found
    notes: tuple[str, ...] = ()  # what to tell the person about this import

    @property
    def title(self) -> str:
        """How it is named in a configuration and on the screen."""
        return f"{self.name}@{self.version}"

    def page(self, start: int, count: int) -> list[Values]:
        """Rows from number `start` on, as far as there are some; as quick in the middle of a million as at the top."""
        return read_page(self.folder, start, count)

    def rows_at(self, numbers: Sequence[int]) -> list[Values]:
        """The rows with these numbers, in this order."""
        return read_rows(self.folder, numbers)

    def stream(self, keep_going: KeepGoing | None = None) -> Iterator[Values]:
        """Every row, one in memory at a time."""
        return stream_rows(self.folder, keep_going)


_FIELDS = ("rows", "bytes", "sha256", "made", "parent", "changed")
_LISTS = ("columns", "sources", "steps", "why")


def open_dataset(folder: Path) -> Dataset | None:
    """The version in `folder`; None when its description is damaged or newer, or its files are not whole."""
    try:
        data = read_json(folder / "dataset.json")
        if data["version"] > VERSION or not is_whole(folder, data["rows"], data["bytes"]):
            return None
        plain = {name: data[name] for name in _FIELDS} | {name: tuple(data[name]) for name in _LISTS}
        reading = reading_from_json(data["reading"])
        number = int(folder.name.removeprefix("v"))
        return Dataset(folder.parent.name, number, folder, reading=reading, faults=dict(data["faults"]), **plain)
    except (StudioError, KeyError, TypeError, ValueError):
        return None


def dataset_versions(datasets: Path, name: str) -> list[Dataset]:
    """Every version of one dataset that is whole, the first one first."""
    folder = datasets / name
    if not folder.is_dir():
        return []
    places = [place for place in folder.glob("v*") if place.name[1:].isdecimal()]
    found = [open_dataset(place) for place in places]
    return sorted((item for item in found if item is not None), key=lambda item: item.version)


def newest_datasets(datasets: Path) -> list[Dataset]:
    """The newest version of each dataset, by name."""
    names = [place.name for place in datasets.iterdir() if not place.name.startswith(".")] if datasets.is_dir() else []
    versions = [dataset_versions(datasets, name) for name in sorted(names, key=str.casefold)]
    return [found[-1] for found in versions if found]


def find_dataset(datasets: Path, title: str) -> Dataset:
    """The dataset that "NAME" (its newest version) or "NAME@2" means; an unknown one is a `StudioError`."""
    name, mark, number = title.rpartition("@")
    if mark and number.isdecimal():
        for item in dataset_versions(datasets, safe_name(name)):
            if item.version == int(number) and item.name == name:
                return item
    for item in newest_datasets(datasets):
        if item.name == title:
            return item
    known = ", ".join(f"“{item.title}”" for item in newest_datasets(datasets)) or "none yet"
    raise StudioError(f"There is no dataset “{title}” in this project.", f"Its datasets: {known}.")


def next_version(
    parent: Dataset,
    rows: Iterable[Values],
    changed: str | Callable[[], str],
    *,
    steps: Sequence[dict[str, Any]] = (),
    reading: Reading | None = None,
    **watching: Unpack[Watching],
) -> Dataset:
    """Keep `rows` as the version after the newest one, made of `parent`; `changed` says in a sentence what is new.

    It may be a function, which is asked after the last row. `progress` is told rows, of as many as the parent has.
    Rows that are all as they were are a `StudioError`.
    """
    progress, keep_going = watching.get("progress"), watching.get("keep_going")
    folder = parent.folder.parent
    reading = reading or parent.reading
    with making(folder.parent, parent.bytes, f"The next version of “{parent.name}”") as temporary:
        with RowWriter(temporary) as writer:
            for values in rows:
                if writer.rows % 256 == 0:
                    require_going(keep_going)
                    if progress is not None:
                        progress(min(writer.rows, parent.rows), parent.rows)
                _keep(writer, values)
        if not writer.rows:
            raise StudioError("No row would be left.", "Nothing was changed. Loosen or leave out a step.")
        if writer.sha256 == parent.sha256 and reading == parent.reading:
            raise StudioError(f"Every row would be as it is in “{parent.title}”.", "There is nothing to keep.")
        writer.columns = dict.fromkeys([*(name for name in parent.columns if name in writer.columns), *writer.columns])
        more = {"parent": parent.version, "steps": tuple(steps), "sources": parent.sources}
        more["changed"] = changed if isinstance(changed, str) else changed()
        seal(temporary, described(writer, reading, why=parent.why, **more))
        number = next_number(parent)
        rename_folder(temporary, folder / f"v{number}")
        sync_folder(folder)
    return opened(folder / f"v{number}")


def next_number(dataset: Dataset) -> int:
    """The version that a change of `dataset` would be."""
    return free_number(dataset.folder.parent)


def free_number(folder: Path) -> int:
    """The number after those of all versions in a dataset's folder, whether they can be read or not."""
    return max((int(place.name[1:]) for place in folder.glob("v*") if place.name[1:].isdecimal()), default=0) + 1


def edited(
    parent: Dataset,
    edits: Mapping[int, Values | None],
    *,
    reading: Reading | None = None,
    progress: Progress | None = None,
    keep_going: KeepGoing | None = None,
) -> Dataset:
    """The next version, in which the rows with these numbers have other values, or are gone where there is None."""
    gone = sum(values is None for values in edits.values())
    parts = [counted(len(edits) - gone, "changed"), counted(gone, "deleted")]
    sentence = ", ".join(filter(None, parts)) or "Other roles of the columns"
    rows = (edits.get(number, values) for number, values in enumerate(parent.stream(keep_going)))
    kept = (values for values in rows if values is not None)
    return next_version(parent, kept, f"{sentence}.", reading=reading, progress=progress, keep_going=keep_going)


def counted(count: int, word: str) -> str:
    """So many rows and what was done to them; empty for none."""
    return f"{count:,} row{'' if count == 1 else 's'} {word}" if count else ""


def _keep(writer: RowWriter, values: Values) -> None:
    try:
        writer.write(values)
    except (ValueError, TypeError, RecursionError) as error:
        sentence = f"Row {writer.rows:,} holds a value that cannot be kept."
        raise StudioError(sentence, "Use text, numbers, true, false, lists and fields.") from error


def described(writer: RowWriter, reading: Reading, **more: Any) -> dict[str, Any]:
    """What `dataset.json` says of rows that were written."""
    counts = {"rows": writer.rows, "bytes": writer.bytes, "sha256": writer.sha256, "columns": tuple(writer.columns)}
    made = datetime.now(UTC).isoformat(timespec="seconds")
    blank: dict[str, Any] = {"parent": None, "steps": (), "changed": "", "faults": {}}
    return {"version": VERSION, **counts, "reading": reading_to_json(reading), "made": made, **blank, **more}


@contextmanager
def making(datasets: Path, size: int, what: str) -> Iterator[Path]:
    """A folder to fill and rename; whatever goes wrong, it does not stay."""
    temporary = datasets / f".making-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    with explained(what, datasets, size):
        require_space(datasets, size, what[:1].lower() + what[1:])
        temporary.mkdir(parents=True)
        try:
            yield temporary
        finally:
            if temporary.exists():
                remove_folder(temporary)


def seal(folder: Path, description: dict[str, Any]) -> None:
    """Write the description and have everything on the disk."""
    write_json(folder / "dataset.json", description)
    for name in (ROWS, INDEX):
        sync_file(folder / name)
    sync_folder(folder)


def opened(folder: Path) -> Dataset:
    """The version that was just made."""
    dataset = open_dataset(folder)
    if dataset is None:
        raise StudioError(
            f"The dataset “{folder.parent.name}” could not be read back.", "Check the disk, then try again."
        )
    return dataset
