"""Rows on disk: written once, found again by number, damage named instead of misread."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.rows import Values
from studio.store.row_file import (
    INDEX,
    ROWS,
    RowReader,
    RowWriter,
    TooManyColumnsError,
    is_whole,
    read_page,
    read_rows,
    stream_rows,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


def written(folder: Path, rows: list[Values]) -> RowWriter:
    folder.mkdir(parents=True, exist_ok=True)
    with RowWriter(folder) as writer:
        for values in rows:
            writer.write(values)
    return writer


@settings(max_examples=12)
@given(rows=st.lists(st.dictionaries(st.text("abc", max_size=3), VALUES, max_size=4), max_size=8))
def test_whatever_json_can_hold_comes_back_as_it_was(tmp_path_factory: Any, rows: list[Values]) -> None:
    folder = tmp_path_factory.mktemp("rows")
    writer = written(folder, rows)
    assert list(stream_rows(folder)) == rows
    assert read_page(folder, 0, 99) == read_rows(folder, range(len(rows))) == rows
    assert is_whole(folder, writer.rows, writer.bytes)


def test_the_index_holds_where_each_line_begins(tmp_path: Path) -> None:
    writer = written(tmp_path, [{"a": "é"}, {"b": 2}, {"a": None}])
    raw = (tmp_path / ROWS).read_bytes()
    starts = [0, *(place + 1 for place, byte in enumerate(raw) if byte == 10)][:-1]
    assert (tmp_path / INDEX).read_bytes() == b"".join(start.to_bytes(8, "little") for start in starts)
    assert (writer.rows, writer.bytes, list(writer.columns)) == (3, len(raw), ["a", "b"])
    assert [json.loads(line) for line in raw.splitlines()] == [{"a": "é"}, {"b": 2}, {"a": None}]


def test_rows_are_read_in_any_order_from_files_that_stay_open(tmp_path: Path) -> None:
    written(tmp_path, [{"n": number} for number in range(5)])
    with RowReader(tmp_path) as reader:
        assert [reader.row(number)["n"] for number in (4, 0, 2, 4)] == [4, 0, 2, 4]
        for number in (5, -1):
            with pytest.raises(IndexError):
                reader.row(number)
    assert read_rows(tmp_path, []) == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", b"x", {1, 2}, Path("x")])
def test_what_json_or_utf8_cannot_hold_is_refused_and_leaves_no_trace(tmp_path: Path, value: Any) -> None:
    with RowWriter(tmp_path) as writer:
        with pytest.raises((ValueError, TypeError)):
            writer.write({"a": value})
        writer.write({"b": 1})
    assert (writer.rows, list(writer.columns)) == (1, ["b"])
    assert list(stream_rows(tmp_path)) == [{"b": 1}]


@pytest.mark.parametrize("line", [b"{\n", b"[1]\n", b'{"a": "\xff"}\n', b"[" * 5_000 + b"\n"])
def test_a_damaged_line_is_named_by_its_row(tmp_path: Path, line: bytes) -> None:
    folder = tmp_path / "sms" / "v3"
    written(folder, [{"a": 1}])
    (folder / ROWS).write_bytes(b'{"a": 1}\n' + line)
    with pytest.raises(StudioError, match="Row 1 of “sms”, version 3 is damaged"):
        list(stream_rows(folder))


def test_files_that_are_gone_or_cut_are_known(tmp_path: Path) -> None:
    writer = written(tmp_path, [{"a": 1}, {"a": 2}])
    assert not is_whole(tmp_path, 3, writer.bytes)
    assert not is_whole(tmp_path, 2, writer.bytes - 1)
    (tmp_path / INDEX).unlink()
    assert not is_whole(tmp_path, 2, writer.bytes)
    with pytest.raises(StudioError, match="could not be read"):
        read_page(tmp_path, 0, 1)


def test_a_stream_asks_whether_to_go_on(tmp_path: Path) -> None:
    written(tmp_path, [{"n": number} for number in range(1_100)])
    asked = iter([True, True, False])
    seen: list[Values] = []
    with pytest.raises(StudioError, match="stopped"):
        seen.extend(stream_rows(tmp_path, lambda: next(asked)))
    assert list(asked) == []


def test_a_row_that_brings_a_column_too_many_is_refused_and_leaves_no_trace(tmp_path: Path) -> None:
    with RowWriter(tmp_path, most_columns=2) as writer:
        writer.write({"a": 1, "b": 2})
        with pytest.raises(TooManyColumnsError):
            writer.write({"a": 1, "c": 3})
        writer.write({"b": 2})
    assert (writer.rows, list(writer.columns)) == (2, ["a", "b"])
    assert list(stream_rows(tmp_path)) == [{"a": 1, "b": 2}, {"b": 2}]


def test_a_narrow_row_is_not_compared_with_every_column_there_is(tmp_path: Path) -> None:
    with RowWriter(tmp_path) as writer:
        writer.columns.update(dict.fromkeys(f"c{number}" for number in range(50_000)))
        began = time.process_time()
        for _ in range(1_000):
            writer.write({"c1": 1})
        assert time.process_time() - began < 0.5  # seconds where all columns are walked for each row
