"""The filter language: what it says about rows, what it refuses and where, and that nothing in it is ever run."""

import contextlib
import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.rows import filters
from studio.rows.filters import DEEPEST, LONGEST, read_filter
from studio.rows.kinds import Reading

COLUMNS = ["label", "message", "Column 3", "stars"]
READING = Reading("labelled", {"text": "message", "label": "label"})
ROW: dict[str, Any] = {"label": "ham", "message": "Hello, Free world", "Column 3": "3", "stars": 4}


def kept(expression: str, row: dict[str, Any] | None = None) -> bool:
    return read_filter(expression, COLUMNS, READING)(ROW if row is None else row)


@pytest.mark.parametrize(
    "expression",
    [
        'length(text) > 10 and label == "ham"',
        'length(text) == 17',
        "words(message) = 3",
        "label != 'spam'",
        'contains(message, "Free") and not contains(message, "free")',
        'contains(lower(message), "free")',
        '"Free" in text',
        'label in ["ham", "eggs"]',
        'label not in ["spam"]',
        'starts(text, "Hello") and ends(text, "world")',
        r'matches(text, "\bFree\b")',
        r'not matches(text, "^\d+$")',
        "stars >= 4 and stars < 4.5 and stars > -1",
        'column("Column 3") == 3',
        'column("Column 3") > 2',
        "STARS == 4",
        "false or (true and not false)",
        "not not true",
        "empty(column('Column 3')) == false",
        "label == none or stars == 4",
    ],
)  # fmt: skip
def test_a_row_that_fits_stays(expression: str) -> None:
    assert kept(expression)
    assert not kept(f"not ({expression})")


@pytest.mark.parametrize(
    ("expression", "row"),
    [
        ("stars > 3", {"stars": None}),
        ("stars < 3", {"stars": None}),
        ("stars > 3", {"stars": "many"}),
        ("stars == 4", {}),
        ('label == "1"', {"label": 2}),
        ("message", {"message": ""}),
        ('contains(message, "x")', {}),
    ],
)
def test_what_is_not_there_or_cannot_be_compared_does_not_fit(expression: str, row: dict[str, Any]) -> None:
    assert not kept(expression, row)


def test_labels_that_are_numbers_and_those_that_are_words_compare_alike() -> None:
    assert kept('label == "1"', {"label": 1})
    assert kept("label == 1", {"label": "1"})
    assert kept("label == 1", {"label": 1.0})
    assert kept('label == "true"', {"label": True})


def test_text_is_all_that_a_model_reads_where_no_column_is_named_so() -> None:
    reading = Reading("alpaca", {"instruction": "i", "output": "o"})
    assert read_filter("length(text) == 5", ["i", "o"], reading)({"i": "ab", "o": "cd"})
    assert read_filter('output == "cd"', ["i", "o"], reading)({"i": "ab", "o": "cd"})


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("length(text) > ", "at character 15: a value is missing"),
        ("length(text > 3", "is missing before"),
        ("label == 'ham' label", "“label” is too much here"),
        ("label == “ham”", "at character 10: ““ham”” means nothing"),
        ("__import__('os').system('x')", "at character 17"),
        ("lambda: 3", "means nothing here"),
        ("text.__class__", "means nothing here"),
        ("eval(text)", "there is no “eval"),
        ("lable == 3", "names “lable” at character 1"),
        ("column(3)", "a name in quotes"),
        ("column(", "a name in quotes"),
        ("column('x')", "names “x”"),
        ("length()", "takes 1 value"),
        ("contains(text)", "takes 2 values"),
        ("matches(text, label)", "a pattern in quotes"),
        ('matches(text, "(")', "the pattern does not work"),
        ('matches(text, "(?:(?:(?:a?){99}){99}){99}")', "counts repetitions inside repetitions"),
        ('matches(text, "((a{1000,}) ){1000}")', "counts repetitions inside repetitions"),
        ('matches(text, "a{1000000}")', "more than 20,000 characters"),
        ('matches(text, "(?x)(?:(?:a?){99} ) {99} {99}")', "counts repetitions inside repetitions"),
        ('matches(text, "(?:(?:a{999}(?#()){999}){9}")', "counts repetitions inside repetitions"),
        ('matches(text, "(?V1)(?:(?:a{999}[[a](]){999}){9}")', "counts repetitions inside repetitions"),
        ("label in", "a value is missing"),
        ("label not 3", "“in” is missing"),
        ("and", "a value is missing before “and”"),
        ("(" * (DEEPEST + 1) + "1", "brackets within brackets"),
        ("lower(" * (DEEPEST + 1) + "text", "brackets within brackets"),
        ("[1 2]", "“,” is missing"),
        ("1 < 2 < 3", "is too much"),
        ("x" * (LONGEST + 1), "longer than"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(expression: str, sentence: str) -> None:
    with pytest.raises(StudioError) as refused:
        kept(expression)
    assert sentence in refused.value.message
    assert refused.value.hint


def test_a_name_that_is_nearly_a_column_is_guessed() -> None:
    with pytest.raises(StudioError) as refused:
        kept("lable == 3")
    assert refused.value.hint == "Did you mean “label”?"


def test_a_pattern_that_would_take_forever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "PATIENCE", 0.05)
    began = time.process_time()
    with pytest.raises(StudioError, match="takes too long"):
        kept(r'matches(text, "^(a|a)*$")', {"message": "a" * 40 + "b"})
    assert time.process_time() - began < 5


@settings(max_examples=25)
@given(st.text(max_size=60))
@pytest.mark.slow
def test_any_writing_is_read_or_refused_and_nothing_else(expression: str) -> None:
    with contextlib.suppress(StudioError):
        assert kept(expression) in (True, False)


@settings(max_examples=25)
@given(
    st.lists(
        st.sampled_from(["(", ")", "not", "and", "text", '"a"', "3", "==", "in", "[", "]", ",", "words("]), max_size=12
    )
)
def test_any_order_of_its_own_words_is_read_or_refused(words: list[str]) -> None:
    with contextlib.suppress(StudioError):
        assert kept(" ".join(words)) in (True, False)


TEXTS = st.text("ab 1", max_size=5)


@settings(max_examples=25)
@given(TEXTS, TEXTS, st.integers(-3, 9))
def test_an_expression_means_what_it_would_mean_in_python(label: str, message: str, stars: int) -> None:
    row = {"label": label, "message": message, "stars": stars}
    meanings = {
        "length(message) > stars": len(message) > stars,
        "words(message) <= 1 or stars == 3": len(message.split()) <= 1 or stars == 3,
        "contains(message, label)": label in message,
        "starts(message, label)": message.startswith(label),
        "not ends(message, label)": not message.endswith(label),
        'label in ["a", "b"]': label in ("a", "b"),
        "label not in message": label not in message,
        "empty(message) == false": bool(message.strip()),
        "not (stars < 3 and stars > -2)": not -2 < stars < 3,
        "stars != 4": stars != 4,
        "lower(label) == label": True,
        'matches(message, "a+b")': re.search("a+b", message) is not None,
        "label == message": label == message,
    }  # fmt: skip
    for expression, expected in meanings.items():
        assert kept(expression, row) is expected, expression


def test_and_binds_closer_than_or_and_not_closer_than_both() -> None:
    assert kept("true or false and false")
    assert not kept("(true or false) and false")
    assert kept("not false or true")
    assert kept("not false and not false")


@pytest.mark.parametrize(
    ("left", "right", "less"),
    [(1, 2, True), ("1", 2, True), ("10", "9", True), (10, "9", False), (2.5, "2.6", True), ("b", "a", False)],
)
def test_numbers_are_ordered_as_numbers_and_words_as_words(left: Any, right: Any, less: bool) -> None:
    assert kept("label < message", {"label": left, "message": right}) is less


def test_numbers_of_any_size_are_compared_without_a_fault() -> None:
    assert kept("stars == stars", {"stars": 10**400})
    assert not kept("stars < 3", {"stars": 10**400})
    assert kept("stars > 3", {"stars": 1e200})


def test_whole_numbers_that_differ_in_their_last_digit_are_different() -> None:
    assert not kept("stars == 9007199254740993", {"stars": 9007199254740992})
    assert not kept("stars == 9007199254740993", {"stars": "9007199254740992"})
    assert kept("stars < 9007199254740993", {"stars": 9007199254740992})
    assert kept("stars == 9007199254740993", {"stars": "9007199254740993"})
    assert kept("stars > 3", {"stars": 10**400})
    assert kept("stars == 4", {"stars": "4.0"})


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^(?: ?\d{4}){4}$", "1234 5678 9012 3456"),
        (r"^[A-Z]{2}\d{2}(?:[ ]?\w{4}){4}$", "GB33 BUKB 2020 1555 5555"),
        (r"^.{0,5000}#.{0,5000}$", "a#b"),
        (r"^(?:(?:a?){0,99}){0,99}$", "aaa"),
        (r"[(){99}[]x{3}", "({99}xxx"),
    ],
)
def test_patterns_with_modest_counts_are_read(pattern: str, text: str) -> None:
    assert kept(f'matches(text, "{pattern}")', {"message": text})
