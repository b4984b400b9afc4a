"""The elements of a list, found in a stream: compared with Python's reader of JSON."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.readers import json_records
from studio.readers.json_records import (
    MORE_FOLLOWS,
    NEVER_ENDS,
    NO_RECORD,
    TOO_LONG,
    ElementsOfList,
    find_records,
    record_values,
)

TEXTS = st.text(alphabet=st.sampled_from('ab"\\[]{},: \nä'), max_size=8)
VALUES = st.recursive(
    st.none() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
RECORDS = st.lists(st.dictionaries(TEXTS, VALUES, max_size=2), min_size=1, max_size=4)


def elements(data: bytes, size: int = 9) -> tuple[list[tuple[int, int, Any]], list[tuple[int, str]]]:
    """Offset, line and value of each element of the list that `data` begins in, and what was reported."""
    reports: list[tuple[int, str]] = []

    def report(line: int, reason: str) -> None:
        reports.append((line, reason))

    blocks = iter([data[place : place + size] for place in range(0, len(data), size)])
    rows = [
        (batch.base + start, line, value)
        for batch in ElementsOfList().batches(blocks, 0, 1, report)
        for start, line, value in zip(
            batch.starts.tolist(), batch.lines.tolist(), record_values(batch, report), strict=True
        )
    ]
    return rows, reports


@settings(max_examples=20)
@given(RECORDS, st.integers(1, 60), st.booleans(), st.sampled_from([None, 1]))
def test_a_list_cut_anywhere_gives_the_records_that_are_in_it(
    wanted: list[Any], size: int, ascii_only: bool, indent: int | None
) -> None:
    text = json.dumps(wanted, ensure_ascii=ascii_only, indent=indent).encode()
    begun = find_records(text)
    assert begun.kind == "list"
    rows, reports = elements(text[begun.offset :], size)
    assert [value for _, _, value in rows] == wanted
    assert reports == []
    for offset, line, _ in rows:
        assert text[begun.offset + offset : begun.offset + offset + 1] == b"{"
        assert begun.line + line - 1 == 1 + text.count(b"\n", 0, begun.offset + offset)


@pytest.mark.parametrize(
    ("text", "kind", "rest", "name"),
    [
        ('[{"a": 1}]', "list", '{"a": 1}]', ""),
        ('\n\n [ {"a": 1}]', "list", ' {"a": 1}]', ""),
        ('{"version": "1, [2]", "data": [{"a": 1}]}', "list", '{"a": 1}]}', "data"),
        ('{"tags": ["x"], "rows": [\n{"a": [1]}]}', "list", '\n{"a": [1]}]}', "rows"),
        ('{"a": 1}\n{"a": 2}\n', "lines", "", ""),
        ('{"m": [{"r": 1}]}\n{"m": []}', "lines", "", ""),
        ('{"a": {"b": [1]}}', "nothing", "", ""),
        ("17", "nothing", "", ""),
    ],
)
def test_the_place_where_records_begin_is_found(text: str, kind: str, rest: str, name: str) -> None:
    found = find_records(text.encode())
    assert (found.kind, found.name) == (kind, name)
    if kind == "list":
        assert text[found.offset :] == rest


def test_a_broken_element_is_told_and_the_others_are_read() -> None:
    rows, reports = elements(b'{"a": 1},\n{"a": nope},\n"text",\n[1],\n{"a": 2}]')
    assert [value for _, _, value in rows if value is not None] == [{"a": 1}, {"text": "text"}, {"a": 2}]
    assert reports == [(2, "it is not valid JSON"), (4, NO_RECORD)]


def test_a_list_that_is_cut_off_keeps_what_was_whole() -> None:
    rows, reports = elements(b'{"a": 1},\n{"a": 2},\n{"a": ')
    assert [value for _, _, value in rows] == [{"a": 1}, {"a": 2}]
    assert reports == [(3, NEVER_ENDS)]


def test_what_follows_after_the_list_is_told() -> None:
    rows, reports = elements(b'{"a": 1}]\n, 5', 100)
    assert [value for _, _, value in rows] == [{"a": 1}]
    assert reports == [(1, MORE_FOLLOWS)]


def test_an_element_that_is_too_long_is_left_out_and_the_next_ones_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_records, "LONGEST", 30)
    long = json.dumps({"a": "x\n" * 40 + '\\"]}'}).encode()
    rows, reports = elements(b'{"a": 1},\n' + long + b',\n{"a": 2},{"a": "' + b"y" * 30 + b'"}, {"a": 3}]')
    assert [(line, value) for _, line, value in rows] == [(1, {"a": 1}), (3, {"a": 2}), (3, {"a": 3})]
    assert reports == [(2, TOO_LONG), (3, TOO_LONG)]
