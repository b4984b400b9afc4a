"""Rows in files of one's own: each format read back by somebody else's reader, complete or not there."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.rows import Values
from studio.rows.kinds import Reading
from studio.store.row_export import require_writable, write_rows

ROWS: list[Values] = [
    {"label": "ham", "text": 'Grüße, "🦊"\nzwei\tZeilen'},
    {"label": 1, "text": ""},
    {"text": [1, None], "label": None},
]
COLUMNS = ("label", "text")
READING = Reading("labelled", {"text": "text", "label": "label"})


def written(folder: Path, name: str, rows: list[Values] | None = None) -> str:
    path = folder / name
    assert write_rows(path, ROWS if rows is None else rows, COLUMNS, READING) == len(ROWS if rows is None else rows)
    assert [entry.name for entry in folder.iterdir() if entry.name.startswith(".")] == []
    return path.read_bytes().decode("utf-8")


def test_json_keeps_every_value(tmp_path: Path) -> None:
    assert [json.loads(line) for line in written(tmp_path, "a.jsonl").splitlines()] == ROWS
    assert json.loads(written(tmp_path, "a.json")) == ROWS
    assert json.loads(written(tmp_path, "b.json", [])) == []
    assert json.loads(written(tmp_path, "c.json", ROWS[:1])) == ROWS[:1]


@pytest.mark.parametrize(("name", "delimiter"), [("a.csv", ","), ("a.TSV", "\t")])
def test_tables_have_a_header_and_quote_what_needs_it(tmp_path: Path, name: str, delimiter: str) -> None:
    written(tmp_path, name)
    with open(tmp_path / name, encoding="utf-8", newline="") as file:
        found = list(csv.reader(file, delimiter=delimiter))
    assert found == [["label", "text"], ["ham", ROWS[0]["text"]], ["1", ""], ["", "[1, null]"]]


def test_a_text_holds_what_a_model_reads(tmp_path: Path) -> None:
    assert written(tmp_path, "a.txt") == ROWS[0]["text"] + "\n\n[1, null]\n"
    assert written(tmp_path, "b.txt", []) == ""


@pytest.mark.parametrize("name", ["a.parquet", "a", "a.xlsx"])
def test_a_format_that_is_not_written_is_refused_before_the_work(tmp_path: Path, name: str) -> None:
    with pytest.raises(StudioError, match="cannot be written"):
        require_writable(tmp_path / name)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="no folder"):
        require_writable(tmp_path / "no" / "a.csv")


def test_an_older_file_stays_when_the_rows_break_off_or_the_disk_is_full(
    tmp_path: Path, full_disk: Callable[[], None]
) -> None:
    def broken() -> Iterator[Values]:
        yield ROWS[0]
        raise StudioError("stopped")

    (tmp_path / "a.csv").write_text("old")
    with pytest.raises(StudioError, match="stopped"):
        write_rows(tmp_path / "a.csv", broken(), COLUMNS, READING)
    full_disk()
    with pytest.raises(StudioError, match="disk is full"):
        write_rows(tmp_path / "a.csv", ROWS, COLUMNS, READING)
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir() if entry.is_file()] == [("a.csv", "old")]
