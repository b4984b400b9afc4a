"""What a survey found, in words: figures, lines, notes, and the rows behind each line."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.live.surveys import Surveyed
from studio.rows import Values
from studio.rows.kinds import Reading
from studio.rows.survey import Finding, Survey, survey
from studio.store.corpus import Text
from studio.tables import contents_words as words

pytestmark = pytest.mark.gui

LABELLED = Reading("labelled", {"text": "text", "label": "label"})


@pytest.fixture(autouse=True)
def everything_is_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.rows.survey.languages_of", lambda texts, keep_going=None: ("en" for _ in texts))


def rows_with(*labels: str) -> list[Values]:
    return [{"text": f"message {number} of these", "label": label} for number, label in enumerate(labels)]


def surveyed(rows: list[Values], share: float = 0.0, **changes: object) -> Surveyed:
    found = survey(rows, LABELLED, lambda text: text.split(), validation_share=share)  # type: ignore[arg-type, return-value]
    return replace(Surveyed(found, True, "words", share), **changes)  # type: ignore[arg-type]


def with_languages(found: Survey, **counts: int) -> Survey:
    """The same survey as if its rows were in these languages, one after the other."""
    total, start, items = sum(counts.values()), 0, []
    for code, count in counts.items():
        name = "language " if code == "unknown" else f"language {code}"
        rows = np.arange(start, start + count)
        items.append(Finding(name, "languages", code.capitalize(), "", count, count / total, rows))
        start += count
    others = tuple(item for item in found.findings if item.group != "languages")
    return replace(found, findings=(*others, *items))


def text(separator: str = "") -> Text:
    return Text("story", Path("story"), 10, 1, 10, "0", (), "", "", separator)


@pytest.mark.parametrize(
    ("separator", "noun"), [("", "Paragraphs"), ("\n\n", "Paragraphs"), ("<|endoftext|>", "Documents")]
)
def test_the_rows_of_a_text_are_called_by_what_they_are(separator: str, noun: str) -> None:
    assert words.noun(text(separator)) == noun


def test_four_figures_come_first() -> None:
    rows = [*rows_with("a", "b", "b"), {"text": "message 0 of these", "label": "a"}]
    shown = words.figures(surveyed(rows), text())
    assert [(value, name) for value, name, _ in shown] == [
        ("4", "Paragraphs"), ("16", "Tokens"), ("4.0", "Tokens on average"), ("25 %", "Copies"),
    ]  # fmt: skip
    assert "stands between them" in shown[1][2]


def test_figures_of_a_part_say_so_and_lengths_without_a_tokenizer_are_characters() -> None:
    found = survey(rows_with("a"), LABELLED, None)
    shown = words.figures(Surveyed(found, False, "gone", 0.0, StudioError("Gone.")), text())
    assert shown[1][1] == "Characters"
    assert all("part that was read" in tip for _, _, tip in shown[:3])


def test_no_rows_have_figures_too() -> None:
    assert [value for value, _, _ in words.figures(surveyed([]), text())] == ["0", "0", "0.0", "0 %"]


def test_huge_figures_are_short() -> None:
    found = surveyed(rows_with("a"))
    huge = replace(found, survey=replace(found.survey, rows=12_345_678))
    assert words.figures(huge, text())[0][0] == "12.3 M"


def test_leaks_are_judged_only_when_everything_was_read_and_something_is_held_back() -> None:
    names = [[line.name for line in words.row_lines(found)] for found in (
        surveyed(rows_with("a", "b"), 0.5), surveyed(rows_with("a", "b"), 0.5, whole=False),
        surveyed(rows_with("a", "b")),
    )]  # fmt: skip
    assert ["leaks" in lines for lines in names] == [True, False, False]
    assert all(lines[:2] == ["empty", "unlabelled"] for lines in names)


def test_notes_say_what_was_compared_and_what_is_held_back() -> None:
    found = surveyed(rows_with("a", "b", "c", "d"), 0.5)
    assert words.row_note(found) == "2 held back"
    assert words.row_note(replace(found, whole=False)) == "leaks are judged when all was read"
    assert words.row_note(replace(found, survey=replace(found.survey, compared=3))) == (
        "copies searched among the first 3"
    )
    assert words.row_note(surveyed(rows_with("a"))) == ""


def test_odd_characters_have_a_share_where_there_are_some() -> None:
    assert words.character_note(surveyed(rows_with("a")).survey) == ""
    rows: list[Values] = [{"text": "12345678 \ufffd", "label": "a"}]
    assert words.character_note(surveyed(rows).survey) == "10 % of all characters"


def test_rare_languages_share_a_line_that_names_them_all() -> None:
    found = with_languages(surveyed(rows_with("a")).survey, english=970, german=20, latin=4, welsh=1, unknown=5)
    lines = words.language_lines(found)
    assert [(line.label, line.rows) for line in lines] == [
        ("English", 970), ("German", 20), ("2 others", 5), ("Unknown", 5),
    ]  # fmt: skip
    assert lines[2].about == "Latin 4, Welsh 1"
    assert lines[3].role == "text_disabled"
    assert words.rows_behind(found, lines[2].name) == list(range(990, 995))
    assert words.rows_behind(found, "language german") == list(range(970, 990))


def test_the_commonest_language_has_its_line_however_rare_it_is() -> None:
    found = with_languages(surveyed(rows_with("a")).survey, english=1, unknown=999)
    assert [line.label for line in words.language_lines(found)] == ["English", "Unknown"]


def test_a_sample_is_said_to_be_one() -> None:
    found = surveyed(rows_with("a", "b", "c")).survey
    assert words.language_note(found) == ""
    assert words.language_note(replace(found, sampled=2)) == "a sample of 2"


def test_many_classes_share_a_last_line() -> None:
    found = surveyed(rows_with("all", "all", *"abcdefghij")).survey
    lines = words.class_lines(found)
    assert [line.label for line in lines] == ["all", *"abcdefg", "3 others"]
    assert lines[-1].rows == 3
    assert words.rows_behind(found, lines[-1].name) == [9, 10, 11]
    assert words.rows_behind(found, "class all") == [0, 1]
    assert [line.role for line in lines[:3]] == [0, 1, 2]


def test_what_a_classifier_has_to_beat_is_said() -> None:
    assert words.class_note(surveyed(rows_with("a", "b", "b")).survey) == "always “b” would be right for 67 %"
    assert words.class_note(survey([], Reading("text", {"text": "text"}), None)) == ""
    assert words.class_lines(survey([], Reading("text", {"text": "text"}), None)) == []


def test_a_label_may_look_like_anything() -> None:
    found = surveyed(rows_with("", "class x", "rest classes", "exact")).survey
    assert [line.name for line in words.class_lines(found)] == ["class class x", "class rest classes", "class exact"]
    assert words.rows_behind(found, "class class x") == [1]
    assert words.rows_behind(found, "class rest classes") == [2]
    assert words.rows_behind(found, "unlabelled") == [0]


@pytest.mark.parametrize(
    ("name", "label", "title"),
    [
        ("class spam", "spam", "Label “spam”"),
        ("exact", "Exact duplicates", "Exact duplicates, with the rows that they repeat"),
        ("phone", "Phone numbers", "Phone numbers"),
    ],
)
def test_titles_say_what_the_rows_have_in_common(name: str, label: str, title: str) -> None:
    assert words.title_of(name, label) == title
