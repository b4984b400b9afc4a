"""A folder of tables with the same columns, read one after the other."""

import dataclasses
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from studio.core.errors import StudioError
from studio.formats import TableFormat, csv_table, json_lines, json_records, open_table, parquet
from studio.formats.folder import in_order_of_names
from studio.gate.names import visible
from studio.readers.record_table import KeepGoing, require_going
from studio.readers.tables import Choices, Faults, Row, Table

OTHER_COLUMNS = "the file has other columns than the first one"
NOT_OPENED = "the file could not be opened"
_ASIDE = ("readme", "license", "licence")  # files that say something about the others
_MOST = 10_000  # files


class _Folder:
    """A `Table` over the tables of a folder; the columns are those of the first one."""

    def __init__(self, path: Path, files: tuple[Path, ...], choices: Choices, keep_going: KeepGoing) -> None:
        self._name = visible(path.name)
        self._files = files
        self._choices = choices
        self._open: dict[Path, Table] = {}
        self.faults = Faults()
        first = self._tables(Faults(), keep_going, stop_at_first=True)
        facts = next(first).facts
        count = f"{len(files):,} file{'' if len(files) == 1 else 's'}, one after the other"
        self.facts = dataclasses.replace(
            facts, format="table_folder", why=(f"A folder of {count}. The first one:", *facts.why),
            bytes=sum(file.stat().st_size for file in files),
        )  # fmt: skip

    @property
    def count(self) -> int | None:
        """How many rows all of them have; None before the index is built."""
        counts = [table.count for table in self._tables(Faults())]
        return None if None in counts else sum(count for count in counts if count is not None)

    def head(self, count: int = 100) -> list[Row]:
        """The first rows, of as many files as that takes."""
        self.faults = Faults()
        found: list[Row] = []
        for table in self._tables(self.faults):
            more = table.head(count - len(found))
            found += [dataclasses.replace(row, number=number) for number, row in enumerate(more, len(found))]
            self._take_over(table)
            if len(found) >= count:
                break
        return found

    def rows(self, *, watch: Callable[[int], None] | None = None, keep_going: KeepGoing = None) -> Iterator[Row]:
        """All rows of all files."""
        self.faults = Faults()
        before = 0
        for table in self._tables(self.faults, keep_going):
            for row in table.rows(watch=watch, keep_going=keep_going):
                yield dataclasses.replace(row, number=before + row.number)
            before += table.count or 0
            self._take_over(table)

    def build_index(self, *, progress: Callable[[int, int], None] | None = None, keep_going: KeepGoing = None) -> int:
        """Find the rows of every file."""
        before, total = 0, self.facts.bytes
        for table in self._tables(Faults(), keep_going):
            require_going(keep_going)
            share = table.facts.bytes

            def tell(done: int, of: int, before: int = before, share: int = share) -> None:
                if progress is not None:
                    progress(before + share * done // max(of, 1), total)

            table.build_index(progress=tell, keep_going=keep_going)
            before += share
        if progress is not None:
            progress(total, total)
        return self.count or 0

    def page(self, start: int, count: int) -> list[Row]:
        """Rows by their numbers over all files; files before them must have been gone through once."""
        found: list[Row] = []
        before, end = 0, start + count
        for table in self._tables(Faults()):
            rows = table.page(max(0, start - before), end - max(start, before))
            found += [dataclasses.replace(row, number=before + row.number) for row in rows]
            before += table.count if table.count is not None else table.build_index()
            if before >= end:
                break
        return found

    def _tables(self, faults: Faults, keep_going: KeepGoing = None, stop_at_first: bool = False) -> Iterator[Table]:
        """Every file that can be opened and has the columns of the first; the others are told."""
        for file in self._files:
            try:
                table = self._open.get(file) or open_table(file, self._choices, keep_going)
            except StudioError as error:
                require_going(keep_going)
                if stop_at_first:
                    raise
                faults.add(0, f"{NOT_OPENED}: {error.message}")
                continue
            self._open[file] = table
            if stop_at_first or set(table.facts.columns) == set(self.facts.columns):
                yield table
            else:
                faults.add(0, f"“{visible(file.name)}”: {OTHER_COLUMNS}")

    def _take_over(self, table: Table) -> None:
        for fault in table.faults.first:
            self.faults.add(fault.line, fault.reason)
        for reason, count in table.faults.by_reason.items():
            more = count - sum(fault.reason == reason for fault in table.faults.first)
            self.faults.count += more
            self.faults.by_reason[reason] = self.faults.by_reason.get(reason, 0) + more


def recognises(path: Path) -> bool:
    """Whether it is a folder with nothing but tables in it and below."""
    try:
        return path.is_dir() and bool(_files(path))
    except OSError:
        return False


def open_folder(path: Path, choices: Choices, keep_going: KeepGoing = None) -> Table:
    """All of its tables as one."""
    try:
        files = _files(path)
    except OSError as error:
        raise StudioError(
            f"The folder “{visible(path.name)}” could not be read: {error.strerror}.",
            "Change its permissions, or choose single files.",
        ) from error
    if not files:
        raise StudioError(
            f"“{visible(path.name)}” is not a folder of tables: some file in it is none, or there is none in it.",
            "Choose single files, or move what is no table out of the folder.",
        )
    return _Folder(path, files, choices, keep_going)


def _files(path: Path) -> tuple[Path, ...]:
    """The tables in it; none as soon as there is something else."""
    found: list[Path] = []
    for place, folders, names in os.walk(path, onerror=_refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            file = Path(place, name)
            if name.startswith(".") or name.lower().startswith(_ASIDE) or file.is_symlink():
                continue
            if not any(kind.FORMAT.recognises(file) for kind in (csv_table, json_lines, json_records, parquet)):
                return ()
            found.append(file)
            if len(found) > _MOST:
                return ()
    return tuple(sorted(found, key=in_order_of_names))


def _refuse(error: OSError) -> None:
    raise error


FORMAT = TableFormat(
    name="table_folder",
    label="folder of tables",
    suffixes=(),
    recognises=recognises,
    open=open_folder,
)
