"""What separates values and whether names stand above them: every decision with the evidence that was found."""

import time

import pytest

from studio.readers.delimiters import find_delimiter, find_header, unique_names

LETTERS = ["I have not heard from you since the ships came home.", "The harbour is quiet, and the nets are dry."]


def rows_under(lines: list[str]) -> dict[str, list[list[str]]]:
    return {mark: [line.split(mark) for line in lines] for mark in ",;\t|"}


@pytest.mark.parametrize(
    ("lines", "usual", "found", "why"),
    [
        (["a,b", "c,d"], ",", ",", "commas: 2 of the first 2 rows have 2 values"),
        (["a;1,5", "c;2,5"], ",", ",", "commas"),
        (["a;b;1,5", "c;d;2,5"], ",", ";", "semicolons: 2 of the first 2 rows have 3 values"),
        (["a|b", "c|d"], ",", "|", "bars"),
        (["ham\tone, two", "ham\tone", "spam\tone, two, three"], ",", "\t", "tabs: 3 of the first 3 rows"),
        (["one", "two"], ",", ",", "One value in each row"),
        (["one", "two"], "\t", "\t", "One value in each row"),
        (["a,b", "a,b,c", "a,b,c,d", "a,b,c,d,e"], ",", ",", "as its name says; rows differ in length"),
    ],
)
def test_the_delimiter_is_the_one_under_which_rows_are_alike(
    lines: list[str], usual: str, found: str, why: str
) -> None:
    decision = find_delimiter(rows_under(lines), usual)
    assert decision.value == found
    assert why in decision.why


def test_one_row_in_ten_may_be_broken() -> None:
    assert find_delimiter(rows_under(["a;b"] * 9 + ["a"]), ",").value == ";"
    assert find_delimiter(rows_under(["a;b"] * 7 + ["a"] * 3), ",").value == ","


@pytest.mark.parametrize(
    ("rows", "header", "why"),
    [
        ([["id", "word"], ["1", "a"], ["2", "b"]], True, "“id” stands above numbers"),
        ([["Label", "Text"], ["ham", LETTERS[0]]], True, "“Label” is a usual name"),
        ([["kind", "letter"], ["a", LETTERS[0]], ["b", LETTERS[1]]], True, "short words above long texts"),
        ([["farbe", "form"], ["rot", "rund"], ["rot", "eckig"], ["rot", "rund"]], True, "words that no other row has"),
        ([["ham", LETTERS[0]], ["ham", LETTERS[1]]], False, "“ham” stands in the same column again"),
        ([["1", "a"], ["2", "b"]], False, "a number stands in it"),
        ([["1,5", "a"], ["2,5", "b"]], False, "a number stands in it"),
        ([["a", ""], ["b", "c"]], False, "a cell in it is empty, long or there twice"),
        ([["a", "a"], ["b", "c"]], False, "a cell in it is empty, long or there twice"),
        ([["x" * 65, "a"], ["b", "c"]], False, "a cell in it is empty, long or there twice"),
        ([["rot", "rund"], ["blau", "eckig"]], False, "nothing in it looks like names"),
        ([["rot", "rund"]], False, "nothing in it looks like names"),
    ],
)
def test_names_are_told_from_data_and_the_reason_is_given(rows: list[list[str]], header: bool, why: str) -> None:
    found, reason = find_header(rows)
    assert found is header
    assert why in reason


def test_names_of_columns_are_never_empty_nor_twice() -> None:
    assert unique_names(["a", "", "a", "a 2", "  b\n c "]) == ("a", "column 2", "a 2", "a 2 2", "b c")
    assert len(unique_names(["x" * 500])[0]) == 100


def test_many_names_are_made_unique_in_a_moment() -> None:
    start = time.process_time()
    assert len(set(unique_names([f"a{place}" for place in range(20_000)]))) == 20_000
    assert time.process_time() - start < 1  # 10 s where each name is looked for in a list
