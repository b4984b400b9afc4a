"""JSON as a table: which columns it has, and what is said where it is none."""

from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.readers.json_table import json_table
from studio.readers.source import Source
from studio.readers.tables import Table


def table(folder: Path, content: str, lines: bool = False) -> Table:
    path = folder / "records.json"
    path.write_text(content, "utf-8")
    return json_table(Source(path), lines)


def test_columns_are_those_of_the_first_rows_in_the_order_in_which_they_come(tmp_path: Path) -> None:
    found = table(tmp_path, '[{"b": 1, "a": 2}, {"c": 3, "b": 4}]')
    assert found.facts.columns == ("b", "a", "c")
    assert [row.values for row in found.head()] == [{"b": 1, "a": 2}, {"c": 3, "b": 4}]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('[{"a": 1}]', "The records are a list at its top."),
        ('{"version": 1, "data": [{"a": 1}]}', "The records are the list “data” of its object."),
        ('{"a": 1}\n{"a": 2}\n', "One JSON object in each line."),
    ],
)
def test_where_the_records_were_found_is_said(tmp_path: Path, content: str, why: str) -> None:
    assert table(tmp_path, content).facts.why[1] == why


@pytest.mark.parametrize("content", ['"just words"', "12", '{"a": 1, "b": "no list"}'])
def test_a_file_without_records_is_refused_by_name(tmp_path: Path, content: str) -> None:
    with pytest.raises(StudioError, match=r"“records\.json” has no list of records") as refused:
        table(tmp_path, content)
    assert "one object in each line" in refused.value.hint


def test_lines_that_are_no_objects_are_counted_and_the_others_stay(tmp_path: Path) -> None:
    found = table(tmp_path, '{"a": 1}\nnonsense\n{"a": 2}\n[3]\n', lines=True)
    assert [row.values for row in found.rows()] == [{"a": 1}, {"a": 2}]
    assert sum(found.faults.by_reason.values()) == 2
    assert [fault.line for fault in found.faults.first] == [2, 4]
