"""Tables of text: what separates values, what names columns, and rows that streams, pages and Python agree on."""

import csv
import gzip
import io
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.formats import Choices, Row, Table, csv_table, is_table, open_table
from studio.formats.csv_table import FEWER, MORE

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"), max_size=8)


def table(folder: Path, content: str | bytes, name: str = "a.csv", **choices: object) -> Table:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return open_table(path, Choices(**choices))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "name", "delimiter", "header", "columns"),
    [
        ("label,text\nham,hello there\nspam,buy, buy\n", "a.csv", ",", True, ("label", "text")),
        ("label;text\nham;hello, you\nspam;1,5 €\n", "a.csv", ";", True, ("label", "text")),
        ("label\ttext\nham\thello, you\nspam\tyes; no\n", "a.csv", "\t", True, ("label", "text")),
        ("id|text\n1|a\n2|b\n", "a.csv", "|", True, ("id", "text")),
        ("ham\tGo until jurong\nham\tOk lar\nspam\tFree entry\n", "a.tsv", "\t", False, ("column 1", "column 2")),
        ("text\nfirst, a sentence\nsecond\nthird, with, commas\n", "a.tsv", "\t", True, ("text",)),
        ("1,2\n3,4\n", "a.csv", ",", False, ("column 1", "column 2")),
        ("Größe,Anzahl\nklein,1\ngroß,22\n", "a.csv", ",", True, ("Größe", "Anzahl")),
        ("a,,b\n1,2,3\n", "a.csv", ",", True, ("a", "column 2", "b")),
        ("a,a,a 2\n1,2,3\n", "a.csv", ",", True, ("a", "a 2", "a 2 2")),
        ("only,one,row\n", "a.csv", ",", False, ("column 1", "column 2", "column 3")),
    ],
)
def test_what_a_table_is_made_of_is_found(
    tmp_path: Path, content: str, name: str, delimiter: str, header: bool, columns: tuple[str, ...]
) -> None:
    chosen = None if all(cell for cell in columns) and columns[:1] != ("a",) else True
    found = table(tmp_path, content, name, header=chosen).facts
    assert (found.delimiter, found.header, found.columns) == (delimiter, header, columns)
    assert len(found.why) == 3
    assert all(sentence.endswith(".") for sentence in found.why)


def test_every_decision_can_be_changed(tmp_path: Path) -> None:
    content = "label,text\nham,hello\n"
    assert table(tmp_path, content).facts.header
    changed = table(tmp_path, content, header=False)
    assert [row.values for row in changed.head()] == [
        {"column 1": "label", "column 2": "text"},
        {"column 1": "ham", "column 2": "hello"},
    ]
    assert "as you chose" in changed.facts.why[2]
    whole = table(tmp_path, content, delimiter=";", header=False)
    assert [row.values for row in whole.head()] == [{"column 1": "label,text"}, {"column 1": "ham,hello"}]
    for wrong in ("ab", '"', "\n", "é"):
        with pytest.raises(StudioError, match="A delimiter is one character"):
            table(tmp_path, content, delimiter=wrong)


def test_rows_know_their_number_and_their_line(tmp_path: Path) -> None:
    found = table(tmp_path, 'id,text\n\n1,"two\nlines"\n2,b\n')
    assert found.head() == [
        Row(0, 3, {"id": "1", "text": "two\nlines"}),
        Row(1, 5, {"id": "2", "text": "b"}),
    ]
    assert list(found.rows()) == found.head()


def test_a_faulty_row_keeps_its_number_and_is_told(tmp_path: Path) -> None:
    found = table(tmp_path, "id,text\n1,a\n2\n3,c,c\n4,d\n")
    assert [(row.number, row.values["id"]) for row in found.rows()] == [(0, "1"), (3, "4")]
    assert [(fault.line, fault.reason) for fault in found.faults.first] == [(3, FEWER), (4, MORE)]
    assert found.faults.by_reason == {FEWER: 1, MORE: 1}
    assert found.build_index() == found.count == 4
    assert [row.number for row in found.page(1, 3)] == [3]


@settings(max_examples=20)
@given(st.lists(st.lists(WORDS, min_size=2, max_size=2), min_size=1, max_size=30), st.sampled_from(",;|\t"))
def test_any_table_that_python_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], delimiter: str
) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([["id", "text"], *rows])
    content = text.getvalue().encode()
    found = table(tmp_path_factory.mktemp("any"), content, delimiter=delimiter, header=True, encoding="utf-8")
    assert [list(row.values.values()) for row in found.rows()] == rows
    assert found.faults.count == 0


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.csv.zst"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_pages_streams_and_first_rows_agree_in_every_packing(tmp_path: Path, name: str, encoding: str) -> None:
    text = "id,text\n" + "".join(f'{n},"안녕, {n}\n하세요"\n' if n % 7 else "\n" * 3 for n in range(1_500))
    raw = text.encode(encoding)
    raw = gzip.compress(raw) if name.endswith("gz") else zstandard.compress(raw) if name.endswith("zst") else raw
    found = table(tmp_path, raw, name)
    rows = list(found.rows())
    told: list[tuple[int, int]] = []
    assert found.build_index(progress=lambda done, total: told.append((done, total))) == len(rows) == 1_285
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]
    assert found.head(5) == rows[:5]
    for start, count in ((0, 10), (1, 1), (63, 2), (64, 64), (700, 300), (1_284, 9), (9_999, 5)):
        assert found.page(start, count) == rows[start : start + count]


def test_the_copy_that_pages_need_is_deleted_with_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = table(tmp_path, gzip.compress(b"id,text\n1,a\n2,b\n"), "a.csv.gz")
    found.build_index()
    assert len(list(tmp_path.glob("atelier-*"))) == 1
    assert found.page(1, 1)[0].values == {"id": "2", "text": "b"}
    del found
    assert not list(tmp_path.glob("atelier-*"))


def test_reading_and_looking_through_can_be_stopped(tmp_path: Path) -> None:
    found = table(tmp_path, "id,text\n" + "1,a\n" * 20_000)
    for work in (
        lambda: list(found.rows(keep_going=lambda: False)),
        lambda: found.build_index(keep_going=lambda: False),
    ):
        with pytest.raises(StudioError, match="was stopped before it was finished"):
            work()
    told: list[int] = []
    assert sum(1 for _ in found.rows(watch=told.append)) == 20_000
    assert sum(told) == found.facts.bytes - len("id,text\n")


def test_the_messages_of_the_sms_collection_are_counted_as_the_book_counts_them(data_folder: Path) -> None:
    found = open_table(data_folder / "SMSSpamCollection.tsv")
    assert (found.facts.delimiter, found.facts.header, found.facts.encoding) == ("\t", False, "utf-8")
    assert "“ham” stands in the same column again" in found.facts.why[2]
    labels = [row.values["column 1"] for row in found.rows()]
    assert (len(labels), labels.count("ham"), labels.count("spam")) == (5_572, 4_825, 747)
    assert found.faults.count == 0
    assert found.build_index() == 5_572


def test_names_say_what_is_a_table(tmp_path: Path) -> None:
    assert is_table(tmp_path / "a.TSV.gz")
    assert not is_table(tmp_path / "a.txt")
    (tmp_path / "a.txt").write_text("a,b")
    with pytest.raises(StudioError, match=r"“a\.txt” is not a table that Atelier reads"):
        open_table(tmp_path / "a.txt")
    with pytest.raises(StudioError, match="There is no file or folder"):
        open_table(tmp_path / "b.csv")


def test_a_table_with_too_many_columns_is_refused_before_they_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_table, "unique_names", lambda cells: pytest.fail("named"))
    path = tmp_path / "a.csv"
    path.write_text(",".join(f"a{place}" for place in range(1_001)) + "\n" + ("1," * 1_000 + "1\n") * 3)
    with pytest.raises(StudioError, match=r"“a\.csv” has 1,001 columns; at most 1,000 are read"):
        open_table(path)
