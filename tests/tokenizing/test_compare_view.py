"""Tokenizers side by side: which ones, on which text, the lanes, the figures, and the file."""

import csv
import gc
import io
import weakref
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from studio.core.errors import StudioError
from studio.tokenizing.chips import Chips
from studio.tokenizing.compare_view import CompareView
from studio.tokenizing.figures import csv_text, figures_table, language_rows, language_table
from studio.tokenizing.first_words import first_words
from studio.vocabularies.comparison import Comparison

pytestmark = pytest.mark.gui
LANGUAGES = {"English": 12, "Korean": None}


def row(name, **fields):
    facts = {"tokens": 50, "characters_per_token": 4.0, "bytes_per_token": 4.5, "used": 20, "words_split": 0.058}
    facts |= {"digits": 1.5, "digits_below_1000": 1.0, "megabytes_per_second": 3.25, "by_language": LANGUAGES}
    return Comparison(**({"name": name, "vocabulary": 300} | facts | fields))


@pytest.fixture
def untouched(show, monkeypatch):
    """Measuring takes a tenth of a second for each tokenizer; here it is told."""
    monkeypatch.setattr(
        "studio.vocabularies.comparison.compare", lambda found, text, **more: [row(name) for name in found]
    )
    return show(CompareView)


@pytest.fixture
def view(untouched, scripted_run):
    view = untouched
    view.set_words("Mira's ships")
    view.compare_now()
    scripted_run.settle()
    return view


def test_it_begins_with_the_words_of_the_project_s_text_and_compares_them_at_once(untouched):
    words = untouched.edit.toPlainText()
    assert words == first_words(untouched.session.project.texts()[0])
    for lane in untouched.lanes:
        assert "".join(placed.token.text for placed in lane.tokens) == words
    assert len(untouched.lanes) == len(untouched.found) == 2


def test_another_text_in_use_brings_its_words_while_nothing_was_typed(untouched, qtbot, tmp_path, scripted_run):
    session = untouched.session
    (tmp_path / "tale.txt").write_text("A tale of two gulls.")
    session.project.add_text([tmp_path / "tale.txt"])
    untouched.set_words(untouched.edit.toPlainText())  # what another view has, too
    session.set_draft(session.draft.with_part(data=replace(session.draft.data, text="tale")))
    assert untouched.edit.toPlainText() == "A tale of two gulls."
    qtbot.keyClicks(untouched.edit, "x")
    session.set_draft(session.draft.with_part(data=replace(session.draft.data, text="story")))
    assert untouched.edit.toPlainText() == "xA tale of two gulls."
    scripted_run.settle()


def test_it_begins_with_the_tokenizer_in_use_and_another_one(view):
    assert view.chips.chosen() == ["characters", "gpt2"]
    assert [lane.name for lane in view.lanes] == ["Characters", "GPT-2 byte pairs"]
    assert len(view.lanes[0].tokens) == 0  # the story has no apostrophe
    assert "“'”" in view.lanes[0].problem
    assert [placed.token.text for placed in view.lanes[1].tokens] == ["M", "ira", "'s", " ships"]


def test_another_one_is_added_with_the_mouse_and_taken_away_with_the_keyboard(view, qtbot, scripted_run):
    qtbot.mouseClick(view.chips.chips["bytes"], Qt.MouseButton.LeftButton)
    scripted_run.settle()
    assert [lane.name for lane in view.lanes] == ["Characters", "Bytes", "GPT-2 byte pairs"]
    assert [found.name for found in view.found] == [lane.name for lane in view.lanes]
    view.chips.chips["gpt2"].setFocus()
    qtbot.keyClick(view.chips.chips["gpt2"], Qt.Key.Key_Space)
    scripted_run.settle()
    assert [lane.name for lane in view.lanes] == ["Characters", "Bytes"]


def test_typing_cuts_and_measures_anew_after_a_moment(view, qtbot, scripted_run):
    view.edit.selectAll()
    qtbot.keyClicks(view.edit, "ships")
    qtbot.waitUntil(lambda: "".join(placed.token.text for placed in view.lanes[1].tokens) == "ships")
    scripted_run.settle()
    assert len(view.lanes[0].tokens) == 5


def test_the_figures_are_those_of_the_projects_text_of_what_is_typed_or_by_language(view, qtbot, scripted_run):
    assert view.on.value() == "story"
    before = view._measured
    view.on.set_value("")
    view.on.changed.emit()
    scripted_run.settle()
    assert view._measured != before
    assert view._measured[1] == "Mira's ships"
    assert view.table.isVisible()
    qtbot.keyClick(view.by, Qt.Key.Key_Right)
    assert (view.table.isVisible(), view.languages.isVisible(), view.on.isVisible()) == (False, True, False)
    assert [line[0] for line in view.languages.rows()] == ["English", "Korean"]
    assert "Declaration of Human Rights" in view.note.text()


def test_a_measurement_that_failed_leaves_no_figures_of_something_else_and_is_tried_again(
    view, monkeypatch, scripted_run
):
    compared = "studio.vocabularies.comparison.compare"

    def fails(found, text, **more):
        raise StudioError("The text is gone.", "Look for it.")

    with monkeypatch.context() as patched:
        patched.setattr(compared, fails)
        view.set_words("other words")
        view.on.set_value("")
        view.compare_now()
        scripted_run.settle()
    assert [str(error.message) for error in view.refusals] == ["The text is gone."]
    assert (view.found, view.save.isEnabled(), view.figures.note.text()) == ([], False, "")
    view.compare_now()
    scripted_run.settle()
    assert [found.name for found in view.found] == [lane.name for lane in view.lanes]


def test_a_tokenizer_whose_figures_are_shown_is_kept_so_that_no_other_takes_its_place_in_memory(view):
    shown = [weakref.ref(tokenizer) for tokenizer in view._tokenizers().values()]
    view._counts._known.clear()
    gc.collect()
    assert len(shown) == 2
    assert None not in [tokenizer() for tokenizer in shown]


def test_nothing_chosen_is_nothing_to_compare(view, scripted_run):
    view.chips.set_chosen([])
    view.compare_now()
    scripted_run.settle()
    assert (view.lanes, view.found, view.save.isEnabled()) == ([], [], False)


def test_the_comparison_is_written_as_a_table_that_reads_back(view, tmp_path, scripted_run):
    assert view.save.isEnabled()
    view.write_csv(str(tmp_path / "out.csv"))
    scripted_run.settle()
    lines = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text("utf-8"))))
    assert [line["tokenizer"] for line in lines] == ["Characters", "GPT-2 byte pairs"]
    assert (lines[0]["share_of_words_split"], lines[0]["English"], lines[0]["Korean"]) == ("0.058", "12", "")


def test_without_a_text_only_those_that_need_none_are_offered(show, session, monkeypatch):
    monkeypatch.setattr("studio.vocabularies.comparison.compare", lambda found, text, **more: [])
    session.close_project()
    view = show(CompareView)
    assert not {"words", "characters"} & set(view.chips.chips)
    assert view.on.value() == ""


def test_a_tokenizer_that_refuses_the_text_says_why_and_shows_no_figures(look):
    table = figures_table(look)
    refused = row("Characters", refusal="“'” is not among them.")
    table.set_rows([refused, row("Bytes")])
    words = [column.words(refused) for column in table._model.columns]
    assert words == ["Characters", "300", *["–"] * 7]
    assert [column.words(row("Bytes")) for column in table._model.columns][5:] == ["5.8 %", "1.50", "1.00", "3.2"]
    assert csv_text([refused]).splitlines()[1] == "Characters,300,,,,,,,,,“'” is not among them.,12,"


def test_every_language_is_a_row_and_every_tokenizer_a_column(look):
    table = language_table(["A", "B"], look)
    rows = language_rows([row("A"), row("B", by_language={"English": 9, "Korean": 30})])
    table.set_rows(rows)
    shown = [[column.words(line) for column in table._model.columns] for line in rows]
    assert shown == [["English", "12", "9"], ["Korean", "–", "30"]]
    assert language_rows([]) == []


def test_chips_keep_what_was_on_when_there_are_others(look, on_screen, qtbot):
    chips = Chips(look, "which")
    chips.set_choices([("a", "A"), ("b", "B")])
    chips.set_chosen(["b"])
    chips.set_choices([("b", "B"), ("c", "C")])
    assert chips.chosen() == ["b"]
    on_screen(chips)
    with qtbot.waitSignal(chips.changed):
        qtbot.mouseClick(chips.chips["c"], Qt.MouseButton.LeftButton)
    assert chips.chosen() == ["b", "c"]
