"""Records of JSON as rows: one in each line, a list, a list inside of an object; each under either name."""

import gzip
import json
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.formats import Choices, Row, open_table

RECORDS = [{"instruction": f"Say {n} 🙂", "output": "a\nb" * (n % 5), "n": n} for n in range(300)]


def written(folder: Path, content: str | bytes, name: str) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def as_lines(records: list[object]) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.json", "a.json.gz"])
@pytest.mark.parametrize(
    ("content", "form"),
    [
        (as_lines(RECORDS), "json_lines"),
        (json.dumps(RECORDS), "json_records"),
        (json.dumps(RECORDS, indent=4, ensure_ascii=False), "json_records"),
        (json.dumps({"version": 1, "data": RECORDS, "licence": "none"}), "json_records"),
    ],
    ids=["lines", "list", "indented", "inside"],
)
def test_the_content_counts_more_than_the_name(tmp_path: Path, name: str, content: str, form: str) -> None:
    if "jsonl" in name or "ndjson" in name:
        content = content if content.startswith("[") or form == "json_lines" else as_lines(RECORDS)
        form = "json_records" if content.startswith("[") else "json_lines"
    raw = gzip.compress(content.encode()) if name.endswith("gz") else content
    table = open_table(written(tmp_path, raw, name))
    assert (table.facts.format, table.facts.columns) == (form, ("instruction", "output", "n"))
    rows = list(table.rows())
    assert [row.values for row in rows] == RECORDS
    assert [row.number for row in rows] == list(range(300))
    assert table.faults.count == 0
    assert table.build_index() == table.count == 300
    for start, count in ((0, 3), (63, 3), (299, 5), (400, 1)):
        assert table.page(start, count) == rows[start : start + count]


def test_columns_are_all_names_of_the_first_rows_in_their_order(tmp_path: Path) -> None:
    path = written(tmp_path, '{"b": 1}\n{"a": [1, {"x": null}], "b": 2}\n"just text"\n', "a.jsonl")
    table = open_table(path)
    assert table.facts.columns == ("b", "a", "text")
    assert table.head() == [
        Row(0, 1, {"b": 1}),
        Row(1, 2, {"a": [1, {"x": None}], "b": 2}),
        Row(2, 3, {"text": "just text"}),
    ]
    assert table.facts.why[1] == "One JSON object in each line."


def test_where_the_records_are_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, '{"info": {"by": "x"}, "rows": [\n{"a": 1}, {"a": 2}]}', "a.json")
    table = open_table(path)
    assert table.facts.why[1] == "The records are the list “rows” of its object."
    assert [(row.line, row.values) for row in table.rows()] == [(2, {"a": 1}), (2, {"a": 2})]


def test_another_encoding_can_be_chosen_and_is_found(tmp_path: Path) -> None:
    text = as_lines([{"text": f"안녕하세요 여러분, 오늘은 {n}일입니다"} for n in range(40)])
    path = written(tmp_path, text.encode("cp949"), "a.jsonl")
    assert open_table(path).facts.encoding == "cp949"
    assert open_table(path).head(1)[0].values["text"].startswith("안녕하세요")
    assert open_table(path, Choices(encoding="euc-kr")).head(1)[0].values["text"].startswith("안녕하세요")
    assert (
        open_table(written(tmp_path, text.encode("utf-16"), "b.jsonl")).head(1)[0].values["text"].endswith("0일입니다")
    )


def test_special_tokens_and_role_marks_are_only_text(tmp_path: Path) -> None:
    text = "<|endoftext|><|im_start|>system\nYou are free<|im_end|>"
    table = open_table(written(tmp_path, as_lines([{"text": text}]), "a.jsonl"))
    assert table.head()[0].values == {"text": text}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"a": 1', "No row of “a.json” could be read|has no list of records"),
        ("[]", "has no rows"),
        ("[1, 2]", "No row of “a.json” could be read. In line 1: it is no record"),
        ("17", "has no list of records"),
        ('{"a": {"b": 2}}', "has no list of records"),
        ("<html>", "has no list of records"),
    ],
)
def test_json_without_records_is_refused_with_the_reason(tmp_path: Path, content: str, sentence: str) -> None:
    with pytest.raises(StudioError, match=sentence) as refused:
        open_table(written(tmp_path, content, "a.json"))
    assert refused.value.hint


def test_the_books_instructions_are_all_there(data_folder: Path) -> None:
    table = open_table(data_folder / "instruction-data.json")
    assert table.facts.columns == ("instruction", "input", "output")
    assert sum(1 for _ in table.rows()) == table.build_index() == 1_100
    preferences = open_table(data_folder / "instruction-data-with-preference.json")
    assert {"chosen", "rejected"} <= set(preferences.facts.columns)
