"""A cleaning tried out: the figures of the real one, the words that change, and honest about what was tried."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.rows import Values
from studio.rows.cleaning import Change
from studio.rows.kinds import Reading
from studio.rows.steps import DropByLength, DropDuplicates, Filter, Normalise, Redact
from studio.store import cleaning_trial
from studio.store.cleaning_trial import GONE, NEW, SAME, difference, shown, try_out
from studio.store.dataset_texts import cleaned
from studio.store.project import Project
from tests.store.rows import PLAIN, dataset_of

ROWS: list[Values] = [{"text": text} for text in ("one  two", "write to anna@example.org now", "one  two", "", "fine")]
STEPS = [Normalise(), DropDuplicates(), DropByLength(), Redact()]


def test_a_trial_says_what_the_cleaning_then_does(project: Project) -> None:
    dataset = dataset_of(project, ROWS)
    trial = try_out(dataset, STEPS)
    assert [(tally.dropped, tally.changed) for tally in trial.tallies] == [(0, 2), (1, 0), (1, 0), (0, 1)]
    assert (trial.rows, trial.dropped, trial.changes, trial.whole, trial.version) == (5, 2, True, True, 2)
    version = cleaned(project, dataset, STEPS)
    assert version.changed.startswith("Normalise")  # type: ignore[union-attr]
    assert version.rows == trial.rows - trial.dropped  # type: ignore[union-attr]
    assert try_out(dataset, STEPS).version == 3


def test_a_trial_shows_the_words_that_go_and_come(project: Project) -> None:
    trial = try_out(dataset_of(project, ROWS), STEPS)
    by_number = {item.number: item for item in trial.shown}
    assert by_number[0].stretches == ((SAME, "one "), (GONE, " "), (SAME, "two"))
    assert (GONE, "anna@example.org") in by_number[1].stretches
    assert (NEW, "[e-mail]") in by_number[1].stretches
    assert by_number[2].dropped
    assert (by_number[2].step_index, by_number[2].stretches) == (1, ((SAME, "one  two"),))
    assert sorted(by_number) == [0, 1, 2, 3]


def test_steps_without_effect_change_nothing(project: Project) -> None:
    trial = try_out(dataset_of(project, ROWS[4:]), [Normalise()])
    assert (trial.changes, trial.shown) == (False, ())


def test_only_the_first_rows_are_tried_and_that_is_known(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = dataset_of(project, [{"text": f"row {number} "} for number in range(50)])
    monkeypatch.setattr(cleaning_trial, "MOST_ROWS", 20)
    trial = try_out(dataset, [Normalise()])
    assert (trial.rows, trial.whole, trial.tallies[0].changed) == (20, False, 20)
    monkeypatch.setattr(cleaning_trial, "MOST_ROWS", 50)
    monkeypatch.setattr(cleaning_trial, "MOST_CHARACTERS", 30)
    assert try_out(dataset, [Normalise()]).rows < 6


def test_a_text_is_tried_by_its_paragraphs(project: Project) -> None:
    path = project.path.parent / "a.txt"
    path.write_text("One.\n\nTwo.\n\nOne.", "utf-8")
    trial = try_out(project.add_text([path]), [DropDuplicates()])
    assert (trial.rows, trial.dropped, trial.version) == (3, 1, 0)


def test_a_trial_can_be_stopped_and_a_step_that_cannot_work_is_refused(project: Project) -> None:
    dataset = dataset_of(project, ROWS)
    with pytest.raises(StudioError, match="stopped"):
        try_out(dataset, STEPS, keep_going=lambda: False)
    with pytest.raises(StudioError, match="no such column"):
        try_out(dataset, [Filter("lable == 1")])


def test_long_rows_are_shortened_around_what_changes() -> None:
    before = "word " * 200 + "anna@example.org" + " more" * 200
    after = before.replace("anna@example.org", "[e-mail]")
    stretches = shown(Change(7, {"text": before}, {"text": after}, 0), PLAIN).stretches
    assert sum(len(text) for _, text in stretches) < 200
    assert [kind for kind, _ in stretches if kind != SAME] == [GONE, NEW]
    assert stretches[0][1].startswith("… word")
    assert stretches[-1][1].endswith("…")
    dropped = shown(Change(7, {"text": before}, None, 0), PLAIN)
    assert len(dropped.stretches[0][1]) == 301


def test_a_dropped_row_without_text_shows_what_it_has() -> None:
    reading = Reading("alpaca", {"instruction": "i", "output": "o"})
    assert shown(Change(0, {"i": "", "o": "", "id": 7}, None, 0), reading).stretches == ((SAME, ", , 7"),)


def test_every_changed_column_is_shown() -> None:
    change = Change(0, {"a": "x ", "b": "same", "c": " y"}, {"a": "x", "b": "same", "c": "y"}, 0)
    words = shown(change, PLAIN).stretches
    assert [text for kind, text in words if kind == GONE] == [" ", " "]


@settings(max_examples=25)
@given(st.text("ab \n", max_size=9), st.text("ab \n", max_size=9))
def test_a_difference_holds_both_texts(before: str, after: str) -> None:
    stretches = difference(before, after)
    assert "".join(text for kind, text in stretches if kind != NEW) == before
    assert "".join(text for kind, text in stretches if kind != GONE) == after


def test_words_are_never_torn_where_two_texts_begin_and_end_alike() -> None:
    assert difference("a word1 b", "a word2 b") == [(SAME, "a "), (GONE, "word1"), (NEW, "word2"), (SAME, " b")]
    assert difference("ab", "aab") == [(GONE, "ab"), (NEW, "aab")]
    assert difference("ends.", "ends") == [(SAME, "ends"), (GONE, ".")]


@pytest.mark.parametrize("text", ["  ".join(f"w{number}" for number in range(300)), "a  " * 300, "x  " * 200_000])
def test_a_row_that_changes_everywhere_is_compared_in_a_moment(text: str) -> None:
    after = text.replace("  ", " ")
    began = time.process_time()
    stretches = difference(text, after)
    assert time.process_time() - began < 0.3  # seconds where all of its words are compared with all others
    assert stretches[-1] == (SAME, "…")
    assert text.startswith("".join(piece for kind, piece in stretches[:-1] if kind != NEW))
    assert after.startswith("".join(piece for kind, piece in stretches[:-1] if kind != GONE))
    assert sum(kind != SAME for kind, _ in stretches) > 10


def test_of_texts_without_anything_in_common_both_are_shown() -> None:
    stretches = difference("a " * 500, "b." * 500)
    assert [kind for kind, _ in stretches] == [GONE, NEW, SAME]


def test_showing_the_changes_can_be_called_off(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Change] = []
    monkeypatch.setattr(cleaning_trial, "shown", lambda change, reading: begun.append(change))
    dataset = dataset_of(project, [{"text": f"row  {number}"} for number in range(50)])
    with pytest.raises(StudioError, match="stopped"):
        try_out(dataset, [Normalise()], keep_going=lambda: len(begun) < 3)
    assert len(begun) == 3


def test_of_many_changed_columns_only_what_is_shown_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    monkeypatch.setattr(cleaning_trial, "difference", lambda one, _: compared.append(one) or [(GONE, one)])
    before = {f"c{number}": "x" * 100 for number in range(50)}
    words = shown(Change(0, before, dict.fromkeys(before, ""), 0), PLAIN).stretches
    assert len(compared) == 3
    assert words[-1] == (SAME, "…")
