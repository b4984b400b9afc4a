"""Parquet tables: their values as JSON can hold them, jumps, and parts that are damaged."""

import datetime
import gzip
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from studio.core.errors import StudioError
from studio.formats import Table, is_table, open_table
from studio.formats import parquet as reader
from studio.formats.parquet import DAMAGED, TOO_LARGE, as_json
from studio.readers import parquet_query
from studio.readers.records import TOO_LONG
from studio.store.dataset_import import add_dataset


def written(folder: Path, query: str, name: str = "a.parquet", options: str = "") -> Path:
    path = folder / name
    quoted = str(path).replace("'", "''")
    duckdb.connect(config={"threads": "1"}).execute(f"COPY ({query}) TO '{quoted}' (FORMAT parquet {options})")
    return path


def many(folder: Path, options: str = ", ROW_GROUP_SIZE 2048, COMPRESSION uncompressed") -> Path:
    return written(folder, "SELECT i AS id, 'row ' || i AS text FROM range(5000) t(i)", options=options)


def test_rows_pages_and_first_rows_agree(tmp_path: Path) -> None:
    path = many(tmp_path)
    assert is_table(path)
    table = open_table(path)
    assert table.facts.columns == ("id", "text")
    assert table.facts.why == ("Parquet: 5,000 rows in 3 parts; the file itself names its columns.",)
    told: list[int] = []
    rows = list(table.rows(watch=told.append))
    assert sum(told) == path.stat().st_size
    assert [row.values for row in rows] == [{"id": n, "text": f"row {n}"} for n in range(5_000)]
    assert [(row.number, row.line) for row in rows] == [(n, 0) for n in range(5_000)]
    assert table.head() == rows[:100]
    assert table.build_index() == table.count == 5_000
    for start, count in ((0, 3), (2_047, 3), (4_999, 9), (6_000, 1)):
        assert table.page(start, count) == rows[start : start + count]
    with pytest.raises(StudioError, match="was stopped"):
        list(table.rows(keep_going=lambda: False))


def test_values_of_every_type_become_json(tmp_path: Path) -> None:
    query = (
        "SELECT 1.5::DECIMAL(9,2) d, DATE '2020-01-02' t, [1, NULL] l, {'a': 1, 'b': 'x'} s, 'nan'::DOUBLE n, true f, "
        "'inf'::DOUBLE i, '\\xFF'::BLOB b, 'text'::BLOB c, MAP {'k': 1} m, NULL e, "
        "TIMESTAMPTZ '2020-01-02 03:04:05+00' z"
    )
    values = open_table(written(tmp_path, query)).head()[0].values
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert values.pop("z").startswith("2020-01-02")
    assert values == {
        "d": 1.5, "t": "2020-01-02", "l": [1, None], "s": {"a": 1, "b": "x"}, "n": None, "f": True, "i": None,
        "b": "/w==", "c": "text", "m": {"k": 1}, "e": None,
    }  # fmt: skip
    assert as_json([Decimal("0.1"), datetime.timedelta(days=1)]) == [0.1, "1 day, 0:00:00"]


@pytest.mark.parametrize("name", ["a*[1]?.parquet", "it's.parquet", "a.parquet"])
def test_a_name_is_only_a_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "b").mkdir()
    many(tmp_path / "b").rename(tmp_path / name)
    assert len(open_table(tmp_path / name).head(3)) == 3


def test_nothing_but_the_file_can_be_reached(tmp_path: Path) -> None:
    other = written(tmp_path, "SELECT 1 AS a", "other.parquet")
    connection = reader._connection(many(tmp_path))
    with pytest.raises(duckdb.Error):
        connection.execute(f"SELECT * FROM read_parquet('{other}')")
    with pytest.raises(duckdb.Error):
        connection.execute("SET enable_external_access = true")


def test_one_that_is_compressed_once_more_is_unpacked_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "b.parquet.gz"
    path.write_bytes(gzip.compress(many(tmp_path).read_bytes()))
    (tmp_path / "aside").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "aside"))
    table: Table = open_table(path)
    assert table.facts.bytes == path.stat().st_size
    assert len(list(table.rows())) == 5_000
    del table
    path.write_bytes(gzip.compress(b"PAR1, no more"))
    with pytest.raises(StudioError, match="cut off, or no Parquet file"):
        open_table(path)
    assert not list((tmp_path / "aside").iterdir())


def test_a_damaged_part_is_told_and_the_others_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_ASKED", 1)
    path = many(tmp_path, ", ROW_GROUP_SIZE 2048, COMPRESSION snappy")
    raw = bytearray(path.read_bytes())
    part = raw.index(b"row 2048") - 30
    raw[part : part + 60] = b"\xff" * 60
    path.write_bytes(raw)
    table = open_table(path)
    numbers = [row.number for row in table.rows()]
    assert numbers[:2_048] == list(range(2_048))
    assert numbers[-904:] == list(range(4_096, 5_000))
    assert len(numbers) < 5_000
    assert set(table.faults.by_reason) == {DAMAGED}


def test_a_value_that_is_too_long_never_reaches_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_query, "LONGEST", 1_000)
    path = written(tmp_path, "SELECT i AS id, repeat('x', 400 * i) AS text FROM range(5) t(i)")
    table = open_table(path)
    assert [row.number for row in table.rows()] == [0, 1, 2]
    assert [(fault.line, fault.reason) for fault in table.faults.first] == [(4, TOO_LONG), (5, TOO_LONG)]


def test_a_small_file_with_endless_values_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "SELECT repeat('x', 10000) AS text FROM range(8000)")
    assert path.stat().st_size < 8_000
    table = open_table(path)
    assert len(table.head()) == 100
    monkeypatch.setattr(reader, "_GENEROUS", 1 << 20)
    with pytest.raises(StudioError, match="more than 1,000 times the room of the file"):
        list(table.rows())


def test_a_table_without_rows_or_that_duckdb_cannot_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="has no rows"):
        open_table(written(tmp_path, "SELECT 1 AS a WHERE false"))


def test_rows_that_share_one_long_text_are_built_a_few_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(
        tmp_path, "SELECT CASE WHEN i % 64 = 0 THEN 'x' ELSE repeat('a', 10000) END AS t FROM range(130) t(i)"
    )
    monkeypatch.setattr(reader, "_ROOM", 100_000)
    monkeypatch.setattr(reader, "_PORTION", 50_000)
    table = open_table(path)
    asked: list[int] = []
    runs = table._runs

    def told(*more: object) -> Iterator[tuple[int, int]]:
        for start, end in runs(*more):
            asked.append(end - start)
            yield start, end

    monkeypatch.setattr(table, "_runs", told)
    rows = list(table.rows())
    assert [row.number for row in rows] == list(range(130))
    assert [len(row.values["t"]) for row in rows] == [10_000 if n % 64 else 1 for n in range(130)]
    assert sum(asked) == 130
    assert max(asked) == 5  # never 64 with the weight of the first one, which is light
    monkeypatch.setattr(reader, "_HEAD", 200_000)
    assert [row.number for row in table.head()] == list(range(20))
    monkeypatch.setattr(reader, "_GENEROUS", 1 << 20)
    monkeypatch.setattr(reader, "_SWELLING", 100)
    with pytest.raises(StudioError, match="more than 100 times the room of the file"):
        table.head(600)


def test_a_part_that_needs_too_much_memory_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_MEMORY", "2MB")
    options = ", COMPRESSION uncompressed"
    table = open_table(written(tmp_path, "SELECT md5(i::VARCHAR) AS a FROM range(120000) t(i)", options=options))
    assert len(list(table.rows())) < 120_000
    assert table.faults.by_reason == {TOO_LARGE: 1}


@pytest.mark.parametrize("name", ["file_row_number", "File_Row_Number"])
def test_a_column_with_the_name_of_the_row_numbers_is_refused_by_its_reason(tmp_path: Path, name: str) -> None:
    with pytest.raises(StudioError, match=r"“a\.parquet” has a column “file_row_number”, a name that is kept"):
        open_table(written(tmp_path, f"SELECT 1 AS {name}, 'x' AS text"))


def test_unpacking_can_be_called_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "aside").mkdir()
    path = tmp_path / "tables" / "b.parquet.gz"
    path.write_bytes(gzip.compress(many(tmp_path).read_bytes()))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "aside"))
    for wanted in (path, path.parent):
        with pytest.raises(StudioError, match="was stopped"):
            open_table(wanted, keep_going=lambda: False)
    (path.parent / "a.csv").write_text("id,text\n1,a\n")
    table = open_table(path.parent)  # what is called off is no file that could not be opened
    with pytest.raises(StudioError, match="was stopped"):
        list(table.rows(keep_going=iter([True, False, False]).__next__))
    assert not list((tmp_path / "aside").iterdir())


def test_an_import_is_called_off_while_it_unpacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "b.parquet.gz"
    path.write_bytes(gzip.compress(many(tmp_path).read_bytes()))
    monkeypatch.setattr(duckdb, "connect", lambda *_, **__: pytest.fail("it was unpacked and opened"))
    with pytest.raises(StudioError, match="stopped"):
        add_dataset(tmp_path / "datasets", path, keep_going=lambda: False)
    assert not list((tmp_path / "datasets").glob("*"))
