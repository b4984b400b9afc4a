"""Where records lie: compared with Python's own reader of CSV, whatever the text and wherever its blocks are cut."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.readers import records
from studio.readers.records import NEVER_CLOSED, TOO_LONG, Lines, QuotedRows, split

TEXTS = st.text(alphabet=st.sampled_from('ab,;" \n'), max_size=60)
REPORTS = list[tuple[int, str]]


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return iter([data[place : place + size] for place in range(0, len(data), size)])


def found(
    data: bytes, splitter: Lines | QuotedRows, size: int = 7
) -> tuple[list[tuple[int, int, bytes]], list[tuple[int, str]]]:
    """Offset, line and bytes of each record, and what was reported."""
    reports: REPORTS = []
    records = [
        (batch.base + start, line, batch.data[start:end])
        for batch in split(pieces(data, size), splitter, 0, 1, lambda line, reason: reports.append((line, reason)))
        for start, end, line in zip(batch.starts.tolist(), batch.ends.tolist(), batch.lines.tolist(), strict=True)
    ]
    return records, reports


@given(TEXTS, st.integers(1, 70))
def test_rows_are_cut_where_pythons_reader_cuts_them(text: str, size: int) -> None:
    rows = list(csv.reader(io.StringIO(text, newline="")))
    mine, reports = found(text.encode(), QuotedRows(","), size)
    if reports:  # Python takes all that follows an open quotation mark for one value
        assert {reason for _, reason in reports} == {NEVER_CLOSED}
        return
    assert [next(csv.reader([record.decode()])) for _, _, record in mine] == [row for row in rows if row]


@given(TEXTS, st.integers(1, 70))
def test_offsets_and_lines_of_rows_are_those_of_the_text(text: str, size: int) -> None:
    data = text.encode()
    for offset, line, record in found(data, QuotedRows(","), size)[0]:
        assert data[offset : offset + len(record)] == record
        assert line == 1 + data.count(b"\n", 0, offset)


@given(TEXTS, st.integers(1, 70))
def test_every_line_is_found_once(text: str, size: int) -> None:
    data = text.encode()
    mine, reports = found(data, Lines(), size)
    assert [record for _, _, record in mine] == [line for line in data.split(b"\n") if line]
    assert [line for _, line, _ in mine] == [n for n, line in enumerate(data.split(b"\n"), 1) if line]
    assert not reports


def test_a_stray_mark_inside_a_value_does_not_open_one() -> None:
    rows = [record for _, _, record in found(b'a,5" pipe\nb,"x\ny"\nc,6" pipe\n', QuotedRows(","))[0]]
    assert rows == [b'a,5" pipe', b'b,"x\ny"', b'c,6" pipe']


def test_a_mark_that_is_never_closed_costs_its_own_line_only() -> None:
    data = b'a,1\nb,"open\nc,3\nd,4\n'
    rows, reports = found(data, QuotedRows(","))
    assert [record for _, _, record in rows] == [b"a,1", b"c,3", b"d,4"]
    assert [line for _, line, _ in rows] == [1, 3, 4]
    assert reports == [(2, NEVER_CLOSED)]


@pytest.mark.parametrize("splitter", [Lines(), QuotedRows(",")])
def test_an_endless_line_is_left_out_and_the_next_one_is_read(
    monkeypatch: pytest.MonkeyPatch, splitter: Lines | QuotedRows
) -> None:
    monkeypatch.setattr(records, "LONGEST", 20)
    rows, reports = found(b"one\n" + b"x" * 100 + b"\ntwo\n" + b"y" * 21 + b"\nthree", splitter)
    assert [(line, record) for _, line, record in rows] == [(1, b"one"), (3, b"two"), (5, b"three")]
    assert reports == [(2, TOO_LONG), (4, TOO_LONG)]


def test_a_mark_that_stays_open_for_too_long_costs_its_own_line_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "LONGEST", 20)
    rows, reports = found(b'a,"open\n' + b"b,2\n" * 30, QuotedRows(","))
    assert reports == [(1, NEVER_CLOSED)]
    assert [line for _, line, _ in rows] == list(range(2, 32))


def test_rows_whose_marks_never_close_cost_a_few_lines_and_are_then_read_as_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data, splitter, scanned = b'a"b,"c\n' * 3_000, QuotedRows(","), [0]
    scan = QuotedRows.find

    def counted(self: QuotedRows, data: bytes, line: int) -> Any:
        scanned[0] += len(data)
        return scan(self, data, line)

    monkeypatch.setattr(QuotedRows, "find", counted)
    rows, reports = found(data, splitter, 1 << 20)
    assert reports == [(line, NEVER_CLOSED) for line in (1, 2, 3, 4)]
    assert [line for _, line, _ in rows] == list(range(5, 3_001))
    assert {record for _, _, record in rows} == {b'a"b,"c'}
    assert scanned[0] <= 5 * len(data)
    offset, line, _ = rows[640]  # a jump into the middle finds the same rows
    later = list(split(iter([data[offset:]]), splitter, offset, line, pytest.fail))
    assert sum(len(batch.starts) for batch in later) == len(rows) - 640


def test_a_stream_of_rows_that_never_close_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "LONGEST", 10_000)
    reports: REPORTS = []
    blocks = iter([b'a"b,"c\n' * 200] * 100)
    held = [len(batch.data) for batch in split(blocks, QuotedRows(","), 0, 1, lambda *fault: reports.append(fault))]
    assert len(reports) == 4
    assert max(held) < 20_000
    assert len(held) > 80


def test_where_most_rows_are_good_each_mark_that_never_closes_still_costs_its_line_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(records, "LONGEST", 100)
    data = (b'a,"b\nb"\n' * 300 + b'c,"open\n' + b"d,e\n" * 40) * 9
    splitter = QuotedRows(",")
    rows, reports = found(data, splitter, 50)
    assert len(reports) == 9
    assert {reason for _, reason in reports} == {NEVER_CLOSED}
    assert splitter.plain_from is None
    assert sum(record == b'a,"b\nb"' for _, _, record in rows) > 2_600


def test_blank_lines_are_no_records_but_count_as_lines() -> None:
    rows, _ = found(b"\n\r\na\r\n\n\nb", Lines())
    assert [(line, record) for _, line, record in rows] == [(3, b"a\r"), (6, b"b")]


def test_another_delimiter_opens_other_values() -> None:
    data = b'a;"x\ny"\nb,"c\n'
    assert [record for _, _, record in found(data, QuotedRows(";"))[0]] == [b'a;"x\ny"', b'b,"c']
