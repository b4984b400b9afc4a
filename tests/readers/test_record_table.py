"""Streams, pages and first rows over one source, whatever its records are."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.readers import record_table
from studio.readers.record_table import RecordTable, StoppedError, described
from studio.readers.records import Batch, Lines, Report, split
from studio.readers.source import Source
from studio.readers.tables import Faults, TableFacts

FACTS = TableFacts(
    format="lines", columns=("line",), encoding="utf-8", delimiter="", header=False, why=(), bytes=0, guessed=False
)


class PlainLines:
    """Each line is a value; one that says “bad” cannot be read."""

    def batches(self, blocks: Iterator[bytes], base: int, line: int, report: Report) -> Iterator[Batch]:
        return split(blocks, Lines(), base, line, report)

    def values(self, batch: Batch, report: Report) -> Iterator[dict[str, Any] | None]:
        for start, end, line in zip(batch.starts, batch.ends, batch.lines, strict=True):
            value = batch.data[start:end].decode()
            if value == "bad":
                report(int(line), "it is bad")
            yield None if value == "bad" else {"line": value}


def table_of(folder: Path, lines: list[str], first: tuple[int, int] = (0, 1)) -> RecordTable:
    path = folder / "lines.txt"
    path.write_text("\n".join(lines), "utf-8")
    return RecordTable(Source(path), PlainLines(), FACTS, first)


def test_numbers_lines_and_places_agree_everywhere(tmp_path: Path) -> None:
    lines = [str(number) if number % 10 else "" if number % 20 else "bad" for number in range(500)]
    table = table_of(tmp_path, lines)
    assert table.count is None
    rows = list(table.rows())
    assert [lines[row.line - 1] for row in rows] == [row.values["line"] for row in rows]
    assert table.faults.by_reason == {"it is bad": 25}
    assert table.count == table.build_index() == 475  # blank lines are no rows, bad ones are
    for start in (0, 1, 63, 64, 65, 474, 475):
        assert table.page(start, 3) == [row for row in rows if start <= row.number < start + 3]
    assert table.page(-5, 7) == rows[:1]


def test_a_table_may_begin_behind_its_header(tmp_path: Path) -> None:
    table = table_of(tmp_path, ["header", "a", "b"], first=(7, 2))
    assert [(row.number, row.line, row.values["line"]) for row in table.rows()] == [(0, 2, "a"), (1, 3, "b")]
    assert table.build_index() == 2
    assert table.page(1, 1)[0].values == {"line": "b"}


def test_a_page_is_read_without_the_rows_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = table_of(tmp_path, [str(number) for number in range(10_000)])
    table.build_index()
    offsets: list[int] = []
    stream = table._source.stream
    monkeypatch.setattr(table._source, "stream", lambda offset, watch: offsets.append(offset) or stream(offset, watch))
    assert table.page(9_990, 2)[0].values == {"line": "9990"}
    assert offsets[0] > 48_000  # of 48,889 bytes


def test_progress_counts_bytes_of_the_packed_file_also_where_its_copy_is_read(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt.gz"
    path.write_bytes(gzip.compress(b"some words of a line\n" * 60_000))
    table = RecordTable(Source(path), PlainLines(), FACTS, (0, 1))
    told: list[tuple[int, int]] = []
    assert table.build_index(progress=lambda *more: told.append(more)) == 60_000
    size = path.stat().st_size
    assert {total for _, total in told} == {2 * size}
    assert [done for done, _ in told if size < done < 2 * size]  # the copy is 200 times as long
    read: list[int] = []
    assert sum(1 for _ in table.rows(watch=read.append)) == 60_000
    assert sum(read) == size


def test_stopping_ends_every_kind_of_reading_and_the_first_rows_have_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = table_of(tmp_path, ["x" * 100] * 50_000)
    with pytest.raises(StoppedError):
        next(table.rows(keep_going=lambda: False))
    with pytest.raises(StoppedError):
        table.build_index(keep_going=lambda: False)
    monkeypatch.setattr(record_table, "_HEAD", 2 << 20)
    assert 10_000 < len(table.head(50_000)) < 30_000


def test_a_table_without_columns_says_why(tmp_path: Path) -> None:
    source = Source(table_of(tmp_path, ["a"])._source.path)
    faults = Faults()
    with pytest.raises(StudioError, match="has no rows"):
        described((), source, faults)
    faults.add(3, "it is bad")
    with pytest.raises(StudioError, match=r"No row of “lines\.txt” could be read. In line 3: it is bad"):
        described((), source, faults)
    with pytest.raises(StudioError, match="has 1,001 columns; at most 1,000 are read"):
        described(tuple(map(str, range(1_001))), source, faults)
    assert described({"b": None, "a": None}, source, faults) == ("b", "a")
