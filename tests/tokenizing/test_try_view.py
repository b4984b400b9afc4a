"""Trying tokenizers on a text: the list, the trial, and the particulars of a token."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from studio.tokenizers.byte_pair import BytePairTokenizer
from studio.tokenizing import trial_card, try_view
from studio.tokenizing.first_words import GREETING
from studio.tokenizing.try_view import TryView
from studio.vocabularies.files import save_tokenizer

pytestmark = pytest.mark.gui


@pytest.fixture
def view(show, monkeypatch):
    monkeypatch.setattr(try_view, "_COUNTED", 2)  # all of them are counted in one test; that takes a while
    return show(TryView)


def type_in(view, text):
    view.bench.set_words(text, typed=True)
    view.bench.try_now()


def texts(view):
    return [token.text for token in view.bench.trial.tokens]


def test_every_tokenizer_says_how_many_tokens_the_text_would_be(show):
    view = show(TryView)
    rows = {name: (row.vocabulary, row.tokens_words) for name, row in view.list.rows().items()}
    assert rows["bytes"] == (256, "20,000")
    assert rows["words"] == (12, "4,400")
    assert rows["characters"][1] == "20,000"
    assert rows["gpt2"][0] == 50_257
    assert rows["o200k"] == (None, "–")  # a large one waits until somebody looks at it
    assert [row.item.name for row in view.list.table.rows() if row.used] == ["characters"]


def test_the_beginning_of_the_text_is_cut_without_being_asked(view):
    assert view.bench.words.startswith("Mira went to the harbour")
    assert texts(view)[:4] == ["M", "i", "r", "a"]
    assert view.bench.figures.verdict.text() == "Decodes to the same text."


def test_typing_cuts_anew_after_a_moment(view, qtbot):
    view.bench.edit.setFocus()
    view.bench.edit.selectAll()
    qtbot.keyClicks(view.bench.edit, "ships")
    qtbot.waitUntil(lambda: texts(view) == list("ships"))
    assert view.bench.figures.figures.text() == "5 tokens · 5 characters · 5 bytes · 1.00 characters a token"


def test_another_tokenizer_is_looked_at_by_keyboard_and_mouse_without_being_used(view, session, qtbot):
    names = list(view.list.rows())
    view.list.table.setFocus()
    while view.kind != "words":
        before = view.kind
        down = names.index("words") > names.index(before)
        qtbot.keyClick(view.list.table, Qt.Key.Key_Down if down else Qt.Key.Key_Up)
        assert view.kind != before
    table, place = view.list.table, names.index("bytes")
    at = table.visualRect(table.model().index(place, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert (view.kind, view.bench.title.text()) == ("bytes", "Bytes")
    view.look_at("words")
    type_in(view, "Mira went to Paris.")
    assert texts(view) == ["Mira", "went", "to", "<|unk|>", "."]
    assert "1 unknown words" in view.bench.figures.figures.text()
    assert session.draft.data.tokenizer == "characters"
    assert view.primary() == ("Use this tokenizer", True)
    view.press()
    assert session.draft.data.tokenizer == "words"
    assert view.list.rows()["words"].used
    assert view.primary() == ("Next: Model", True)
    with qtbot.waitSignal(session.focus_requested) as wish:
        view.press()
    assert wish.args[0] == "model"


def test_a_text_that_changes_or_cannot_be_said_is_told_with_the_place(view):
    type_in(view, "zebra")
    assert "“z”" in view.bench.figures.verdict.text()
    assert texts(view) == []
    view.look_at("words")
    type_in(view, "Mira\nlooked")
    assert view.bench.figures.verdict.text() == (
        "Decodes to another text: from character 5 on, “↵looked” has become “·looked”."
    )


def test_special_spellings_are_text_until_asked_for(view, qtbot, scripted_run):
    assert not view.bench.specials.isVisible()
    view.look_at("gpt2")
    scripted_run.settle()
    type_in(view, "end<|endoftext|>")
    assert len(texts(view)) > 3
    assert view.bench.special_words.text() == "<|endoftext|> is read"
    qtbot.keyClick(view.bench.special, Qt.Key.Key_Right)
    assert [token.id for token in view.bench.trial.tokens] == [437, 50256]


def test_a_chosen_token_shows_its_particulars(view):
    view.look_at("words")
    type_in(view, "to the harbour")
    view.bench.tokens.select(1)
    rows = view.token.rows.texts()
    assert view.token.text.text() == "the"
    assert rows["3 bytes"] == "74 68 65"
    assert rows["In “story”"] == "800 · one in 5.5"
    view.bench.tokens.select(-1)
    assert not view.token.rows.isVisible()
    view.common.select(view.common.rows()[0])
    assert view.token.text.text() == view.common.rows()[0].token.text == "the"


def test_a_long_text_is_cut_by_a_worker(view, scripted_run, monkeypatch):
    monkeypatch.setattr(trial_card, "_AT_ONCE", 50)
    type_in(view, "Mira looked at the ships. " * 20)
    assert view.bench.note.text() == "cutting…"
    scripted_run.settle()
    assert view.bench.trial.count == 520
    assert view.bench.note.text() == ""


def test_what_was_typed_stays_when_the_text_changes(view, session, scripted_run, tmp_path, qtbot):
    view.bench.edit.setFocus()
    qtbot.keyClicks(view.bench.edit, "ships ")
    (tmp_path / "fox.txt").write_text("The fox ran. " * 90, "utf-8")
    session.project.add_text([tmp_path / "fox.txt"])
    session.set_draft(session.draft.with_part(data=replace(session.draft.data, text="fox")))
    scripted_run.settle()
    assert view.bench.words.startswith("ships ")


def test_without_a_text_the_kinds_that_learn_from_one_say_so(show, session):
    session.close_project()
    view = show(TryView)
    assert view.list.rows()["characters"].tokens_words == "needs text"
    assert view.bench.words == GREETING
    view.look_at("characters")
    assert view.bench.tokens._empty.startswith("It learns its vocabulary from a text.")
    assert view.primary() == ("Use this tokenizer", False)
    view.look_at("bytes")
    assert view.bench.trial.same


def test_a_file_that_is_no_tokenizer_is_refused_with_a_reason(view, tmp_path, scripted_run):
    (tmp_path / "notes.txt").write_text("nothing", "utf-8")
    view.open_file(tmp_path / "notes.txt")
    scripted_run.settle()
    assert "no tokenizer" in view.refusals[0].message


def test_an_own_tokenizer_can_be_opened_used_written_out_and_deleted(view, session, tmp_path, scripted_run):
    made = BytePairTokenizer([bytes([byte]) for byte in range(256)] + [b"Mi"], ["<|a|>", "<|b|>", "<|c|>"])
    save_tokenizer(made, tmp_path / "mine", "atelier")
    assert not view.delete.isVisible()
    view.open_file(tmp_path / "mine")
    scripted_run.settle()
    assert (view.kind, texts(view)[:2]) == ("mine", ["Mi", "r"])
    assert view.bench.special_words.text() == "<|a|>, <|b|> and 1 more are read"
    assert view.export.isEnabled()
    view.press()
    view.delete.click()
    assert view.refusals[0].message == "“mine” is the tokenizer of the next run."
    session.set_draft(session.draft.with_part(data=replace(session.draft.data, tokenizer="bytes")))
    view.delete.click()
    scripted_run.settle()
    assert ("mine" in view.list.rows(), view.kind, len(view.refusals)) == (False, "bytes", 1)
