"""How much room rows of Parquet take, found in the database before any value is built."""

from pathlib import Path

import duckdb
import pytest

from studio.readers import parquet_query
from studio.readers.parquet_query import queries


def asked(folder: Path, query: str) -> tuple[list[tuple[bool, int]], list[int]]:
    """What is said of each row, and which of them have values."""
    path, connection = str(folder / "a.parquet"), duckdb.connect(config={"threads": "1"})
    connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    rows = connection.sql("SELECT * FROM read_parquet(?)", params=[path])
    found = queries(rows.columns, rows.types)
    sizes = connection.execute(found.sizes, [path, 0, 100]).fetchall()
    return sizes, [number for number, *_ in connection.execute(found.values, [path, 0, 100]).fetchall()]


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("17", 8),
        ("DATE '2020-01-02'", 8),
        ("1.5::DECIMAL(9,2)", 8),
        ("TIMESTAMPTZ '2020-01-02 03:04:05+00'", 8),
        ("'grün'", 8 + 5),
        ("'\\xFF\\xFE'::BLOB", 8 + 2),
        ("NULL::VARCHAR", 8),
        ("[1, 2, NULL]", 8 + 3 * 8),
        ("[]::VARCHAR[]", 8),
        ("['ab', NULL, 'c']", 8 + 3 * 8 + 3),
        ("[['ab', 'c'], NULL, ['d']]", 8 + 3 * 8 + 3 * 8 + 4),
        ("{'a': 1, 'it''s \"b\"': 'xyz'}", 8 + 2 * 8 + 3),
        ("[{'a': ['xy']}]", 8 + 8 + 8 + 8 + 2),
        ("MAP {'key': ['x', 'y']}", 8 + 8 + 3 + 8 + 2 * 8 + 2),
        ("'{\"a\": 1}'::JSON", 8 + 8),
    ],
)
def test_every_type_weighs_its_texts_and_entries(tmp_path: Path, value: str, size: int) -> None:
    assert asked(tmp_path, f'SELECT {value} AS "a ""name"""') == ([(False, size)], [0])


def test_texts_of_all_columns_count_together_and_a_row_over_the_limit_has_no_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_query, "LONGEST", 100)
    sizes, numbers = asked(tmp_path, "SELECT repeat('a', i * 20) AS a, [repeat('b', i * 20)] AS b FROM range(4) t(i)")
    assert sizes == [(False, 24), (False, 64), (True, 104), (True, 144)]
    assert numbers == [0, 1]


def test_a_list_may_not_have_too_many_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_query, "_LONGEST_LIST", 3)
    assert asked(tmp_path, "SELECT range(i + 2) AS a FROM range(3) t(i)")[1] == [0, 1]
