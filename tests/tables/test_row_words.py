"""A value as a cell, in full, and back from what a person typed."""

from typing import Any

import pytest

from studio.tables.row_words import LONGEST, cell, counted_rows, editable, edited_text, in_full, shown_row, value_of


def test_a_cell_is_one_line_whatever_stands_in_the_value() -> None:
    assert cell("first\n\n  second\tthird ").text == "first second third"
    assert cell("<b>bold</b>").text == "<b>bold</b>"


def test_of_a_long_value_only_the_beginning_is_kept() -> None:
    shown = cell("word " * 100_000)
    assert len(shown.text) <= LONGEST
    assert shown.text.endswith("…")


@pytest.mark.parametrize(
    ("value", "text", "tone"),
    [(None, "–", "missing"), (3.5, "3.5", "number"), (True, "true", ""), ({"a": [1]}, '{"a": [1]}', ""), ("", "", "")],
)
def test_every_json_value_has_its_words(value: Any, text: str, tone: str) -> None:
    assert (cell(value).text, cell(value).tone) == (text, tone)


def test_a_conversation_is_told_turn_by_turn() -> None:
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello\nyou"}]
    assert in_full(turns) == "user: Hi\nassistant: Hello\nyou"
    assert in_full([{"from": "human", "value": "Hi"}]) == "human: Hi"
    assert in_full([{"role": "user", "content": 3}]) == '[{"role": "user", "content": 3}]'


@pytest.mark.parametrize("value", ["plain", 3, 2.5, True, None, ["a", 1], {"key": "ü"}, ""])
def test_what_stands_in_an_editor_gives_the_value_back(value: Any) -> None:
    assert value_of(edited_text(value), value) == value


@pytest.mark.parametrize(
    ("typed", "before", "after"),
    [("7", 5, 7), ("7.5", 5, 7.5), ("7", "5", "7"), ("spam", None, "spam"), ("7", None, 7), ("true", 5, "true"),
     ("[", [1], "["), ("[" * 5_000, [1], "[" * 5_000)],
)  # fmt: skip
def test_a_typed_value_keeps_the_type_that_stood_there(typed: str, before: Any, after: Any) -> None:
    assert value_of(typed, before) == after


def test_only_short_plain_values_are_edited_in_their_cell() -> None:
    assert editable("ham")
    assert editable(None)
    assert not editable("two\nlines")
    assert not editable("x" * 2_000)
    assert not editable([1])


def test_a_row_too_large_to_keep_has_cells_but_no_values() -> None:
    small, large = shown_row(3, {"a": "x"}, ("a", "b")), shown_row(4, {"a": "x" * 50_000}, ("a",))
    assert small.values == {"a": "x"}
    assert [item.text for item in small.cells] == ["x", "–"]
    assert large.values is None
    assert large.cells[0].text.startswith("xxx")
    assert shown_row(5, {"a": [{"content": "x" * 50_000}]}, ("a",)).values is None


def test_rows_are_counted_in_words() -> None:
    assert counted_rows(1) == "1 row"
    assert counted_rows(5_572) == "5,572 rows"
