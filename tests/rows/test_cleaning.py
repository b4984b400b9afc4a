"""Cleaning: what each step does to rows, what is counted, what a preview shows, and that all of it can be stopped."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.rows import Values, cleaning
from studio.rows.cleaning import Change, Tally, clean, normalised, preview
from studio.rows.kinds import Reading
from studio.rows.steps import DropByLength, DropDuplicates, Filter, Normalise, Redact, Sample

TEXT = Reading("text", {"text": "text"})
SMS = Reading("labelled", {"text": "text", "label": "label"})


def rows(*texts: str) -> list[Values]:
    return [{"text": text} for text in texts]


def cleaned(
    given_rows: list[Values], *steps: Any, reading: Reading = TEXT
) -> tuple[list[Values], list[tuple[int, int]]]:
    tallies: list[Tally] = []
    found = list(clean(given_rows, steps, reading, tallies=tallies))
    return found, [(tally.dropped, tally.changed) for tally in tallies]


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [
        (Normalise(), "  a\r\nb\rc  d\t\te\u00a0f ", "a\nb\nc d e f"),
        (Normalise(), "e\u0301", "é"),
        (Normalise(), "ﬁ２", "ﬁ２"),
        (Normalise("NFKC"), "ﬁ２", "fi2"),
        (Normalise("none"), "e\u0301 ", "e\u0301"),
        (Normalise(line_ends=False), "a\r\nb", "a\r\nb"),
        (Normalise(blanks=False), "a  b", "a  b"),
        (Normalise(strip=False), "\n a \n", "\n a \n"),
        (Normalise(), "a\u200bb\x07", "a\u200bb\x07"),
        (Normalise(unseen=True), "a\u200bb\x07\ufeff\u00ad", "ab"),
        (Normalise(unseen=True), "👩\u200d🚀", "👩\u200d🚀"),
    ],
)
def test_texts_are_normalised(step: Normalise, before: str, after: str) -> None:
    assert normalised(before, step) == after
    assert cleaned(rows(before), step) == (rows(after), [(0, int(before != after))])


@settings(max_examples=20)
@given(st.text(max_size=40))
def test_normalising_twice_is_normalising_once(text: str) -> None:
    step = Normalise("NFKC", unseen=True)
    once = normalised(text, step)
    assert normalised(once, step) == once


def test_exact_duplicates_keep_their_first_row() -> None:
    assert cleaned(rows("a", "b", "a", "A", "a"), DropDuplicates()) == (rows("a", "b", "A"), [(2, 0)])


def test_rows_are_alike_by_what_a_model_reads_of_them() -> None:
    given_rows = [{"text": "a", "label": "x", "id": 1}, {"text": "a", "label": "y", "id": 2}]
    assert cleaned(given_rows, DropDuplicates(), reading=SMS)[1] == [(1, 0)]
    assert cleaned(given_rows, DropDuplicates(), reading=Reading("text", {}))[1] == [(0, 0)]


def test_near_duplicates_keep_their_first_row_and_the_order() -> None:
    long = "the quick brown fox jumps over the lazy dog and runs away from the old house into the dark wood"
    given_rows = rows("something else entirely", long, "another row of words", long + " again", "")
    found, tallies = cleaned(given_rows, DropDuplicates("near", 0.8))
    assert found == [given_rows[0], given_rows[1], given_rows[2], given_rows[4]]
    assert tallies == [(1, 0)]


@pytest.mark.parametrize(
    ("step", "stay"),
    [
        (DropByLength(), ["a", "a b", "a b c d"]),
        (DropByLength(2, 3), ["a b"]),
        (DropByLength(2, 0, "words"), ["a b", "a b c d"]),
        (DropByLength(0, 1, "words"), ["", "a"]),
    ],
)
def test_rows_that_are_too_short_or_too_long_go(step: DropByLength, stay: list[str]) -> None:
    assert cleaned(rows("", "a", "a b", "a b c d"), step)[0] == rows(*stay)


def test_personal_data_gives_way_to_its_name() -> None:
    before = "Write to anna@example.org or call +49 30 12345678, card 4111 1111 1111 1111."
    found, tallies = cleaned(rows(before, "Nothing here."), Redact())
    assert found == rows("Write to [e-mail] or call [phone], card [card].", "Nothing here.")
    assert tallies == [(0, 1)]
    only = cleaned(rows(before), Redact(phones=False, cards=False))[0][0]["text"]
    assert only == "Write to [e-mail] or call +49 30 12345678, card 4111 1111 1111 1111."


def test_only_what_a_model_reads_is_redacted_and_labels_are_left() -> None:
    row = {"text": "anna@example.org", "label": "anna@example.org", "id": "anna@example.org"}
    assert cleaned([row], Redact(), reading=SMS)[0] == [{**row, "text": "[e-mail]"}]
    assert "Other columns stay as they are" in Redact.about
    everything = cleaned([row], Redact(), reading=Reading("text", {}))[0][0]
    assert set(everything.values()) == {"[e-mail]"}


def test_labels_are_normalised_with_the_texts() -> None:
    assert cleaned([{"text": "a", "label": " ham"}], Normalise(), reading=SMS)[0] == [{"text": "a", "label": "ham"}]


def test_turns_of_conversations_are_cleaned_inside() -> None:
    reading = Reading("messages", {"messages": "m"})
    row = {"m": [{"role": "user", "content": " anna@example.org "}]}
    found, _ = cleaned([row], Normalise(), Redact(), reading=reading)
    assert found == [{"m": [{"role": "user", "content": "[e-mail]"}]}]
    assert row["m"][0]["content"] == " anna@example.org "


def test_a_filter_keeps_what_fulfils_it() -> None:
    given_rows = [{"text": "a", "label": "ham"}, {"text": "b", "label": "spam"}]
    assert cleaned(given_rows, Filter('label == "ham"'), reading=SMS) == (given_rows[:1], [(1, 0)])


def test_a_filter_knows_the_columns_of_the_first_rows_or_those_it_is_told() -> None:
    with pytest.raises(StudioError, match="no such column"):
        clean(rows("a"), [Filter("late == 1")], TEXT, tallies=[])
    given_rows = [*rows("a"), {"text": "b", "late": 1}]
    found = clean(given_rows, [Filter("late == 1")], TEXT, tallies=[], columns=["text", "late"])
    assert list(found) == given_rows[1:]


def test_a_sample_is_drawn_by_its_seed_and_keeps_the_order() -> None:
    given_rows = rows(*map(str, range(100)))
    first, second = (cleaned(given_rows, Sample(10, 1))[0] for _ in range(2))
    assert first == second
    assert len(first) == 10
    assert first == sorted(first, key=lambda row: int(row["text"]))
    assert cleaned(given_rows, Sample(10, 2))[0] != first
    assert cleaned(given_rows, Sample(1_000)) == (given_rows, [(0, 0)])


def test_steps_work_one_after_the_other_in_their_order() -> None:
    given_rows = rows("a ", "a", "b")
    assert cleaned(given_rows, Normalise(), DropDuplicates()) == (rows("a", "b"), [(0, 1), (1, 0)])
    assert cleaned(given_rows, DropDuplicates(), Normalise()) == (rows("a", "a", "b"), [(0, 0), (0, 1)])
    assert cleaned(given_rows) == (given_rows, [])


def test_the_tallies_grow_while_the_rows_flow() -> None:
    tallies: list[Tally] = []
    flowing = clean(iter(rows("a", "a", "b")), [DropDuplicates()], TEXT, tallies=tallies)
    assert [tally.dropped for tally in tallies] == [0]
    assert next(flowing) == {"text": "a"}
    assert list(flowing) == rows("b")
    assert [tally.dropped for tally in tallies] == [1]


def test_a_preview_shows_only_rows_that_something_happened_to() -> None:
    given_rows = rows("same", " x ", "same", "", "  y ", "other")
    tallies: list[Tally] = []
    changes = preview(given_rows, [Normalise(), DropDuplicates(), DropByLength()], TEXT, tallies=tallies)
    assert changes == [
        Change(1, {"text": " x "}, {"text": "x"}, 0),
        Change(2, {"text": "same"}, None, 1),
        Change(3, {"text": ""}, None, 2),
        Change(4, {"text": "  y "}, {"text": "y"}, 0),
    ]
    assert [(tally.dropped, tally.changed) for tally in tallies] == [(0, 2), (1, 0), (1, 0)]


def test_a_preview_remembers_the_row_as_it_came_through_steps_that_wait_for_all() -> None:
    steps = [Normalise(), Sample(2, 1), Redact()]
    given_rows = rows(" anna@example.org ", " b ", "c")
    (gone,) = [row for row in given_rows if row["text"].strip() not in _kept(given_rows, Sample(2, 1))]
    changes = preview(given_rows, steps, TEXT)
    assert [change.before for change in changes if change.after is None] == [gone]
    after = {" anna@example.org ": "[e-mail]", " b ": "b"}
    others = [change for change in changes if change.after is not None]
    assert others
    assert all(change.after == {"text": after[change.before["text"]]} for change in others)


def _kept(given_rows: list[Values], step: Sample) -> set[str]:
    return {row["text"].strip() for row in cleaned(given_rows, step)[0]}


def test_each_step_shows_some_of_its_rows_however_much_the_others_do() -> None:
    given_rows = rows(*(f" {number} " for number in range(500)), "")
    changes = preview(given_rows, [Normalise(), DropByLength()], TEXT, limit=20)
    assert [change.step_index for change in changes] == [0] * 20 + [1]


def test_a_row_that_is_changed_back_did_not_change() -> None:
    assert preview(rows("a"), [Redact(), Normalise()], TEXT) == []


@pytest.mark.parametrize(
    "step", [DropDuplicates(), DropDuplicates("near"), Sample(3), Normalise(), Filter("words(text) > 0")]
)
def test_every_step_can_be_stopped(step: Any) -> None:
    wanted = iter([True] * 3)
    endless: Iterator[Values] = ({"text": f"row number {number}"} for number in itertools.count())
    with pytest.raises(StudioError, match="stopped"):
        for _ in clean(endless, [step], TEXT, tallies=[], keep_going=lambda: next(wanted, False)):
            pass


def test_what_waits_is_not_kept_in_memory_when_it_is_much(monkeypatch: pytest.MonkeyPatch) -> None:
    rolled: list[int] = []
    original = cleaning.tempfile.SpooledTemporaryFile

    class Watched(original):  # type: ignore[misc, valid-type]
        def rollover(self) -> None:
            rolled.append(self.tell())
            super().rollover()

    monkeypatch.setattr(cleaning.tempfile, "SpooledTemporaryFile", Watched)
    monkeypatch.setattr(cleaning, "_IN_MEMORY", 1_000)
    given_rows = rows(*(f"row {number} 🦊\n" for number in range(200)))
    assert len(cleaned(given_rows, Sample(50))[0]) == 50
    assert len(rolled) == 1


def test_the_messages_of_the_course_are_cleaned(data_folder: Path) -> None:
    lines = (data_folder / "SMSSpamCollection.tsv").read_text("utf-8").splitlines()
    given_rows: list[Values] = [dict(zip(("label", "text"), line.split("\t"), strict=True)) for line in lines]
    found, tallies = cleaned(given_rows, DropDuplicates(), Filter('label == "spam"'), reading=SMS)
    texts = dict.fromkeys(row["text"] for row in given_rows)
    assert tallies[0] == (len(given_rows) - len(texts), 0)
    assert {row["label"] for row in found} == {"spam"}
    records = json.loads((data_folder / "instruction-data.json").read_text("utf-8"))
    alpaca = Reading("alpaca", {"instruction": "instruction", "input": "input", "output": "output"})
    found, tallies = cleaned(records, Normalise(), DropDuplicates(), reading=alpaca)
    assert len(found) == len(records) - tallies[1][0]


@settings(max_examples=20)
@given(st.lists(st.text("ab \n", max_size=4), max_size=12))
def test_the_chain_does_what_doing_one_step_after_the_other_does(texts: list[str]) -> None:
    steps = [Normalise(), DropDuplicates(), DropByLength(1, 3)]
    stripped = [normalised(text, steps[0]) for text in texts]  # type: ignore[arg-type]
    different = list(dict.fromkeys(stripped))
    expected = [text for text in different if 1 <= len(text) <= 3]
    found, tallies = cleaned(rows(*texts), *steps)
    assert found == rows(*expected)
    changed = sum(before != after for before, after in zip(texts, stripped, strict=True))
    assert tallies == [(0, changed), (len(texts) - len(different), 0), (len(different) - len(expected), 0)]


@settings(max_examples=20)
@given(st.lists(st.text("ab", max_size=3), max_size=12), st.integers(1, 12))
def test_a_preview_and_the_cleaning_agree(texts: list[str], size: int) -> None:
    steps = [DropDuplicates(), Sample(size, 3), Filter('not contains(text, "aa")')]
    given_rows = rows(*texts)
    stay = list(clean(given_rows, steps, TEXT, tallies=[], columns=["text"]))
    gone = {change.number for change in preview(given_rows, steps, TEXT, columns=["text"]) if change.after is None}
    assert stay == [row for number, row in enumerate(given_rows) if number not in gone]


def test_cleaning_nothing_leaves_nothing_and_still_counts() -> None:
    assert cleaned([], Normalise(), DropDuplicates("near"), Sample(3)) == ([], [(0, 0)] * 3)
    assert preview([], [DropDuplicates()], TEXT) == []


def test_the_rows_that_were_given_are_left_as_they_are() -> None:
    given_rows = rows(" a ", "b@example.org")
    before = json.dumps(given_rows)
    cleaned(given_rows, Normalise(), Redact())
    assert json.dumps(given_rows) == before


def test_values_that_are_no_text_are_left_alone() -> None:
    row: Values = {"text": " a ", "stars": 4, "tags": None, "score": 0.5}
    assert cleaned([row], Normalise())[0] == [{**row, "text": "a"}]
    everything = cleaned([{**row, "tags": [" b ", 3, {"c": " d "}]}], Normalise(), reading=Reading("text", {}))[0]
    assert everything == [{**row, "text": "a", "tags": ["b", 3, {"c": "d"}]}]


def test_a_row_that_lacks_the_column_counts_as_empty() -> None:
    given_rows: list[Values] = [{"text": "a"}, {"other": 1}, {"text": None}]
    assert cleaned(given_rows, DropByLength())[0] == given_rows[:1]
    assert cleaned(given_rows, DropDuplicates())[0] == given_rows[:2]
    assert cleaned(given_rows, Filter("not empty(text)"))[0] == given_rows[:1]


def test_a_conversation_is_measured_by_what_is_said_in_it() -> None:
    reading = Reading("messages", {"messages": "m"})
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    given_rows: list[Values] = [{"m": turns}, {"m": turns[:1]}]
    assert cleaned(given_rows, DropByLength(3), reading=reading)[0] == given_rows[:1]
    assert cleaned(given_rows, Filter('contains(text, "Hello")'), reading=reading)[0] == given_rows[:1]


def test_slow_rows_are_not_waited_for_by_the_hundred_before_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, looked = iter(range(1_000)), []
    monkeypatch.setattr(cleaning.time, "monotonic", lambda: next(clock))
    rows = (looked.append(number) or {"text": "slow"} for number in range(100))
    with pytest.raises(StudioError, match="stopped"):
        list(clean(rows, [Filter("true")], TEXT, tallies=[], columns=["text"], keep_going=lambda: len(looked) < 3))
    assert len(looked) == 3
