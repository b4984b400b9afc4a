"""Tables that are broken or mean harm: what is wrong is named by line and reason, and the rest is still there."""

import gzip
import os
import sys
import threading
import time
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.formats import open_table
from studio.formats.csv_table import FEWER, LONE_RETURN, MORE
from studio.gate import compressed
from studio.readers.json_records import MORE_FOLLOWS, NEVER_ENDS, NO_RECORD
from studio.readers.json_values import (
    CUT_OFF,
    HALF_CHARACTER,
    HUGE_NUMBER,
    NO_NUMBER,
    NOT_JSON,
    NOT_UTF8,
    TOO_DEEP,
    TWICE,
    ZERO,
)
from studio.readers.records import LONGEST, NEVER_CLOSED, TOO_LONG


@dataclass(frozen=True)
class Case:
    """A file, the lines whose rows can still be read, and what is said about the others."""

    what: str
    name: str
    content: bytes
    lines: list[int]
    faults: list[tuple[int, str]]


HEAD = b"id,text\n"
LONG = b"x" * (LONGEST + 1)


def lines_around(bad: bytes) -> bytes:
    return b'{"id": 1}\n' + bad + b'\n{"id": 3}\n'


def list_around(bad: bytes) -> bytes:
    return b'[{"id": 1},\n' + bad + b',\n{"id": 3}]'


BROKEN_VALUES = [
    ("no JSON", b"{id: 1}", NOT_JSON),
    ("a page of a web site", b"<html>", NOT_JSON),
    ("a list", b"[1]", NO_RECORD),
    ("a number", b"17", NO_RECORD),
    ("NaN", b'{"id": NaN}', NO_NUMBER),
    ("1e400", b'{"id": 1e400}', HUGE_NUMBER),
    ("a number of 10,000 digits", b'{"id": ' + b"1" * 10_000 + b"}", HUGE_NUMBER),
    ("the same name twice", b'{"id": 1, "id": 2}', TWICE),
    ("a lone surrogate", b'{"id": "\\ud800"}', HALF_CHARACTER),
    ("200,000 deep", b"[" * 200_000 + b"]" * 200_000, TOO_DEEP),
    ("a zero character", b'{"id": "\\u0000"}', ZERO),
    ("invalid UTF-8", b'{"id": "\xc3\x28"}', NOT_UTF8),
    ("50 MB in one row", b'{"id": "' + b"x" * (50 << 20) + b'"}', TOO_LONG),
]
CASES = [
    *[Case(what, "a.jsonl", lines_around(bad), [1, 3], [(2, reason)]) for what, bad, reason in BROKEN_VALUES],
    *[Case(what, "a.json", list_around(bad), [1, 3], [(2, reason)]) for what, bad, reason in BROKEN_VALUES[:-1]],
    Case("a row over the limit", "a.json", list_around(b'"' + LONG + b'"'), [1, 3], [(2, TOO_LONG)]),
    Case("cut last line", "a.jsonl", b'{"id": 1}\n{"id": 2}\n{"id": "thr', [1, 2], [(3, CUT_OFF)]),
    Case("cut list", "a.json", b'[{"id": 1},\n{"id": 2},\n{"id": "thr', [1, 2], [(3, NEVER_ENDS)]),
    Case("one bracket too many", "a.json", b'[{"id": 1}],\n{"id": 2}]', [1], [(1, MORE_FOLLOWS)]),
    Case("a line of zeros", "a.jsonl", lines_around(b"\0\0\0"), [1, 3], [(2, ZERO)]),
    Case("too few values", "a.csv", HEAD + b"1,a\n2\n3,c\n", [2, 4], [(3, FEWER)]),
    Case("too many values", "a.csv", HEAD + b"1,a\n2,b,b\n3,c\n", [2, 4], [(3, MORE)]),
    Case("a quote never closed", "a.csv", HEAD + b'1,a\n2,"b\n3,c\n4,d\n', [2, 4, 5], [(3, NEVER_CLOSED)]),
    Case("a bare carriage return", "a.csv", HEAD + b"1,a\n2,b\rc\n3,c\n", [2, 4], [(3, LONE_RETURN)]),
    Case("a zero byte", "a.csv", HEAD + b"1,a\n2,b\0\n3,c\n", [2, 4], [(3, ZERO)]),
    Case(
        "invalid UTF-8", "a.csv", HEAD + "1,grün\n".encode() + b"2,\xff\n" + "3,süß\n".encode(), [2, 4], [(3, NOT_UTF8)]
    ),
    Case("a row over the limit", "a.csv", HEAD + b"1,a\n2," + LONG + b"\n3,c\n", [2, 4], [(3, TOO_LONG)]),
    Case(
        "an endless quote",
        "a.csv",
        HEAD + b'1,a\n2,"b\n' + (b"3," + b"c" * 2_000 + b"\n") * (LONGEST // 2_000),
        [2, 4],
        [(3, NEVER_CLOSED)],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name.rpartition('.')[2]}-{case.what}")
def test_what_is_wrong_is_named_and_the_rest_is_there(tmp_path: Path, case: Case) -> None:
    path = tmp_path / case.name
    path.write_bytes(case.content)
    table = open_table(path)
    rows = [row.line for row in islice(table.rows(), 9)]
    assert rows[: len(case.lines)] == case.lines
    assert len(rows) == len(case.lines) or case.what == "an endless quote"
    assert [(fault.line, fault.reason) for fault in table.faults.first] == case.faults
    assert table.faults.count == len(case.faults) == sum(table.faults.by_reason.values())


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_a_packed_table_that_breaks_off_gives_the_rows_before(tmp_path: Path, suffix: str) -> None:
    content = HEAD + b"".join(b"%d,%s\n" % (n, os.urandom(60).hex().encode()) for n in range(6_000))
    whole = gzip.compress(content) if suffix == "gz" else zstandard.compress(content)
    path = tmp_path / f"a.csv.{suffix}"
    path.write_bytes(whole[: len(whole) // 2])
    table = open_table(path)
    rows = list(table.rows())
    assert 1_500 < len(rows) < 4_500
    assert table.faults.first[-1].reason.endswith("is damaged or ends before it should.")
    assert table.build_index() >= len(rows)
    assert table.page(1_000, 1) == [rows[1_000]]
    assert list(table.rows()) == rows  # from the copy, which is whole
    assert table.faults.first[-1].reason.endswith("is damaged or ends before it should.")


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_a_packed_bomb_is_refused_while_it_swells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    monkeypatch.setattr(compressed, "Limits", partial(compressed.Limits, free=4 << 20))
    content = HEAD + b"1,a\n" * (2 << 20)
    path = tmp_path / f"a.csv.{suffix}"
    path.write_bytes(gzip.compress(content, 9) if suffix == "gz" else zstandard.compress(content, 3))
    with pytest.raises(StudioError, match="swells to more than"):  # where its first bytes are the bomb, at once
        open_table(path).build_index()


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(StudioError, match="not a folder of tables"):
        open_table(tmp_path / "x.csv")
    if not hasattr(os, "mkfifo"):
        return
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    (tmp_path / "zero.parquet").symlink_to("/dev/zero")
    for name in ("pipe.jsonl", "zero.csv", "zero.parquet"):
        with pytest.raises(StudioError, match="is not a regular file"):
            open_table(tmp_path / name)


@pytest.mark.skipif(sys.platform != "linux", reason="a file full of holes")
def test_a_file_of_a_terabyte_of_nothing_does_not_hold_anything_up(tmp_path: Path) -> None:
    start = time.process_time()
    for name in ("a.csv", "a.jsonl", "a.json", "a.parquet"):
        path = tmp_path / name
        path.touch()
        os.truncate(path, 1 << 40)
        with pytest.raises(StudioError, match=r"full of control bytes|no Parquet file"):
            open_table(path)
        path.unlink()
    path = tmp_path / "b.csv"
    path.write_bytes(HEAD + b"1,a\n" * 100_000)
    os.truncate(path, 1 << 40)
    table = open_table(path)
    assert len(table.head()) == 100
    with pytest.raises(StudioError, match="was stopped"):
        table.build_index(keep_going=iter([True, False]).__next__)
    assert time.process_time() - start < 20


@pytest.mark.slow
def test_the_first_rows_are_not_looked_for_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"id": 1}\n' + b"x" * (80 << 20) + b'\n{"id": 2}')
    table = open_table(path)
    assert [row.values["id"] for row in table.head()] == [1]
    assert [row.values["id"] for row in table.rows()] == [1, 2]
    assert table.faults.by_reason == {TOO_LONG: 1}


def test_a_file_that_grows_is_read_as_it_was_and_one_that_shrinks_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(HEAD + (b"1," + b"text " * 24 + b"\n") * 30_000)
    table = open_table(path)
    assert table.build_index() == 30_000
    rows = table.rows()
    next(rows)
    with path.open("ab") as file:
        file.write(b"2,more\n" * 1_000)
    assert table.page(29_999, 5)[-1].number == 29_999
    os.truncate(path, 2 << 20)
    assert 10_000 < sum(1 for _ in rows) < 20_000
    assert table.faults.first[-1].reason == "the file became shorter while it was read"
    with pytest.raises(StudioError, match="was changed since it was opened"):
        table.page(0, 5)


def test_cells_that_other_programs_would_run_are_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(HEAD + b"1,=cmd|' /C calc'!A0\n2,@SUM(A1)\n3,<script>alert(1)</script>\n")
    assert [row.values["text"] for row in open_table(path).rows()] == [
        "=cmd|' /C calc'!A0", "@SUM(A1)", "<script>alert(1)</script>",
    ]  # fmt: skip


def test_a_value_of_a_megabyte_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(HEAD + b'1,"' + b"long, " * 200_000 + b'"\n2,b\n')
    assert [len(row.values["text"]) for row in open_table(path).rows()] == [1_200_000, 1]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.json", "a.parquet", "a.csv.gz", "a.json.zst"])
def test_names_in_messages_cannot_deceive(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"\u202egpj{name}"
    path.write_bytes(b"")
    with pytest.raises(StudioError) as refused:
        open_table(path)
    assert "\u202e" not in refused.value.message
    assert refused.value.hint


@settings(max_examples=40)
@given(
    st.sampled_from(["a.csv", "a.jsonl", "a.json", "a.tsv"]),
    st.lists(st.sampled_from([b'"', b"{", b"}", b"[", b"]", b",", b"\n", b"\r", b"\\", b"\0", b"a", b"1", b":", b"\xff",
                              b'{"a": 1}', b"\xef\xbb\xbf", b"\\u0000", b"a,b\n1,2\n", b"\xb0\xa1"]), max_size=40),
)  # fmt: skip
def test_whatever_the_bytes_are_there_are_rows_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, name: str, parts: list[bytes]
) -> None:
    path = tmp_path_factory.mktemp("any") / name
    path.write_bytes(b"".join(parts))
    try:
        table = open_table(path)
    except StudioError as error:
        assert error.hint  # noqa: PT017 - either is good
        return
    rows = list(table.rows())
    assert table.build_index() >= len(rows)
    assert table.page(0, 1_000) == rows


def test_a_table_is_read_on_another_thread_than_it_was_opened_on(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(HEAD + b"1,a\n2,b\n")
    table, found = open_table(path), []
    worker = threading.Thread(target=lambda: found.extend(table.rows()))
    worker.start()
    worker.join(10)
    assert [row.values["id"] for row in found] == ["1", "2"]
