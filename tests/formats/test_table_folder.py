"""A folder of tables as one table."""

import gzip
from pathlib import Path

import duckdb
import pytest

from studio.core.errors import StudioError
from studio.formats import Choices, is_table, open_table, parquet
from studio.formats.table_folder import OTHER_COLUMNS


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    folder = tmp_path / "shards"
    (folder / "below").mkdir(parents=True)
    (folder / "part-2.csv").write_text("id,text\n2,two\n3,three\n")
    (folder / "part-10.csv").write_text("text,id\nten,10\n")
    (folder / "below" / "part-1.csv.gz").write_bytes(gzip.compress(b"id,text\n1,one\nbroken\n"))
    (folder / "README.md").write_text("About these.")
    (folder / ".hidden.txt").write_text("no")
    return folder


def test_the_tables_follow_one_another_in_the_order_of_their_numbers(shards: Path) -> None:
    assert is_table(shards)
    table = open_table(shards)
    assert table.facts.columns == ("id", "text")
    assert "A folder of 3 files" in table.facts.why[0]
    rows = list(table.rows())
    assert [row.values["id"] for row in rows] == ["1", "2", "3", "10"]
    assert [row.number for row in rows] == [0, 2, 3, 4]  # the broken one keeps its number
    assert [(fault.line, fault.reason) for fault in table.faults.first] == [
        (3, "it has fewer values than there are columns")
    ]
    assert table.build_index() == table.count == 5
    assert table.page(2, 2) == rows[1:3]
    assert table.page(4, 9) == rows[3:]
    assert [row.values for row in table.head(2)] == [row.values for row in rows[:2]]


def test_the_first_rows_are_numbered_through_all_files(tmp_path: Path) -> None:
    for part in range(2):
        (tmp_path / f"part-{part}.csv").write_text(f"text,label\na {part},x\nb {part},y\n", "utf-8")
    assert [(row.number, row.values["text"]) for row in open_table(tmp_path).head(3)] == [
        (0, "a 0"),
        (1, "b 0"),
        (2, "a 1"),
    ]


def test_a_page_is_there_without_an_index(shards: Path) -> None:
    assert [row.values["id"] for row in open_table(shards).page(3, 5)] == ["3", "10"]


def test_a_file_with_other_columns_or_none_is_left_out_by_name(shards: Path) -> None:
    (shards / "part-5.csv").write_text("other,columns\n1,2\n")
    (shards / "part-6.csv").write_text("")
    table = open_table(shards)
    assert [row.values["id"] for row in table.rows()] == ["1", "2", "3", "10"]
    reasons = [fault.reason for fault in table.faults.first if fault.line == 0]
    assert reasons == [f"“part-5.csv”: {OTHER_COLUMNS}", "the file could not be opened: “part-6.csv” is empty."]


def test_a_folder_with_something_else_in_it_is_no_table(shards: Path) -> None:
    (shards / "photo.png").write_bytes(b"x")
    assert not is_table(shards)
    with pytest.raises(StudioError, match="is not a folder of tables"):
        open_table(shards)


def test_choices_count_for_every_file(shards: Path) -> None:
    table = open_table(shards, Choices(header=False, delimiter=","))
    assert table.head(1)[0].values == {"column 1": "id", "column 2": "text"}


def test_progress_goes_over_all_files_and_can_be_stopped(shards: Path) -> None:
    table = open_table(shards)
    told: list[tuple[int, int]] = []
    table.build_index(progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] == table.facts.bytes
    with pytest.raises(StudioError, match="was stopped"):
        table.build_index(keep_going=lambda: False)


def test_tables_of_a_folder_stay_open_without_their_beginnings(shards: Path) -> None:
    table = open_table(shards)
    list(table.rows())
    assert [kept._source.sample for kept in table._open.values()] == [b""] * 3  # a quarter of a megabyte each


def test_no_database_stays_open_behind_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = "COPY (SELECT i AS id FROM range(3) t(i)) TO '{}' (FORMAT parquet)"
    for part in range(2):
        duckdb.connect().execute(written.format(tmp_path / f"part-{part}.parquet"))
    opened: list[duckdb.DuckDBPyConnection] = []
    connect = parquet._connection
    monkeypatch.setattr(parquet, "_connection", lambda path: opened.append(connect(path)) or opened[-1])
    table = open_table(tmp_path)
    assert len(list(table.rows())) == 6
    next(table.rows())  # one that is left in the middle
    assert len(opened) >= 4
    for connection in opened:
        with pytest.raises(duckdb.ConnectionException, match="closed"):
            connection.execute("SELECT 1")
