"""Tables become datasets: row by row, what cannot be kept counted, and nothing there until all of it is."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from studio.core.errors import StudioError
from studio.gate.names import safe_name
from studio.readers.records import TOO_LONG
from studio.rows.kinds import Reading, recognise
from studio.store.datasets import Dataset, counted, described, making, newest_datasets, opened, seal
from studio.store.files import free_name, rename_folder, sync_folder
from studio.store.row_file import RowWriter, TooManyColumnsError, Watching, require_going

MOST_COLUMNS = 1_000  # that are kept; a table that begins with more is kept as it is

if TYPE_CHECKING:
    from studio.formats import Choices, Table


def import_dataset(
    datasets: Path,
    table: "Table",
    reading: Reading,
    name: str = "",
    *,
    sources: Sequence[str] = (),
    **watching: Unpack[Watching],
) -> Dataset:
    """Take in a table as version 1 of a new dataset; `progress` is told bytes of the file.

    Rows that cannot be kept are counted by reason. What is already there with the same rows and roles is returned
    instead, with a note. Stopped early, nothing stays.
    """
    progress, keep_going = watching.get("progress"), watching.get("keep_going")
    total, done = table.facts.bytes, 0

    def watch(more: int) -> None:
        nonlocal done
        require_going(keep_going)
        done += more
        if progress is not None:
            progress(min(done, total), total)

    with making(datasets, total, "The dataset") as temporary:
        (temporary / "v1").mkdir()
        with RowWriter(temporary / "v1", MOST_COLUMNS) as writer:
            writer.columns.update(dict.fromkeys(table.facts.columns))
            for row in table.rows(watch=watch, keep_going=keep_going):
                try:
                    writer.write(row.values)
                except TooManyColumnsError:
                    table.faults.add(row.line, f"brings a column beyond the {MOST_COLUMNS:,} that are kept")
                except (ValueError, TypeError, RecursionError):
                    table.faults.add(row.line, "holds a value that cannot be kept")
            require_going(keep_going)
        if not writer.rows:
            raise StudioError("There are no rows that could be read.", _skipped(_faults(table)))
        if unknown := [column for column in reading.roles.values() if column not in writer.columns]:
            raise StudioError(f"The table has no column named “{unknown[0]}”.", "Choose the roles among its columns.")
        known = [item for item in newest_datasets(datasets) if item.sha256 == writer.sha256]
        known = [item for item in known if dict(item.reading.roles) == dict(reading.roles)]
        if known:
            note = f"These are the rows of “{known[0].title}”, which is here already; nothing was copied."
            return dataclasses.replace(known[0], notes=(note,))
        faults = _faults(table)
        fresh = described(writer, reading, sources=tuple(sources), faults=faults, why=table.facts.why)
        seal(temporary / "v1", fresh)
        final = datasets / free_name(datasets, safe_name(name or "rows"))
        rename_folder(temporary, final)
        sync_folder(datasets)
    notes = (*table.facts.why, *([_skipped(faults)] if faults else []))
    return dataclasses.replace(opened(final / "v1"), notes=notes)


def add_dataset(
    datasets: Path, path: Path, choices: "Choices | None" = None, reading: Reading | None = None, **more: Any
) -> Dataset:
    """Import a file or a folder of tables; what was not chosen is found by looking."""
    from studio.formats import Choices, open_table

    table = open_table(path, choices or Choices(), more.get("keep_going"))
    reading = reading or recognise(table.facts.columns, [row.values for row in table.head()])
    more["name"] = more.get("name") or path.name.split(".")[0]
    return import_dataset(datasets, table, reading, sources=(str(path),), **more)


def _faults(table: "Table") -> dict[str, int]:
    """What was left out by reason; of a single file also where the rows are that are too long."""
    kind = table.facts.format
    if kind == "table_folder":
        return dict(table.faults.by_reason)
    return table.faults.located(TOO_LONG, "row" if kind == "parquet" else "line")


def _skipped(faults: Mapping[str, int]) -> str:
    """A sentence on what was left out."""
    count = sum(faults.values())
    reasons = "; ".join(f"{reason}: {number:,}" for reason, number in faults.items())
    return f"{counted(count, 'left out')} ({reasons})." if count else "Choose a file that has rows in it."
