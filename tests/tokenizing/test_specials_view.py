"""Special tokens for a model: what will grow is shown before, what has grown is counted in the new file."""

import pytest
from PySide6.QtCore import Qt

from studio.core.errors import StudioError
from studio.live.looking import Subject
from studio.store.models import delete_model, list_models, read_model
from studio.tokenizing.specials_view import SpecialsView
from tests.engine.stored_model import stored

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture
def model(session):
    """A model of the project whose head is a table of its own."""
    return stored(session.project.path, "small", tie_embeddings=False)


@pytest.fixture
def view(model, show):
    return show(SpecialsView)


def type_tokens(view, qtbot, words, stage):
    view.form.tokens.setFocus()
    view.form.tokens.selectAll()
    qtbot.keyClicks(view.form.tokens, words)
    qtbot.waitUntil(lambda: view.cuts is not None)
    stage.settle()


def grow(view, qtbot):
    view.press()
    qtbot.waitUntil(lambda: view.fresh and view.form.progress.job is None, timeout=20_000)


def test_without_a_model_it_says_what_is_missing_and_leads_there(show, session, qtbot):
    view = show(SpecialsView)
    assert view.primary() == ("Choose a model first", False)
    assert not view.form.isEnabled()
    assert view.growth.isHidden() or not view.growth.isVisible()
    with qtbot.waitSignal(session.focus_requested) as focused:
        view._open_models()
    assert focused.args[0] == "models"


def test_a_model_is_chosen_and_its_text_cut_before_anybody_asks(view):
    assert view.subject.title == "small"
    assert (view.model.rows, view.model.spare) == (256, 0)
    assert view.texts.text == "<|user|>What is a token?<|assistant|>A piece of a text."
    before, after = (head.text() for head in view.texts.heads)
    assert (before, after) == ("Before · 55 tokens", "After · 36 tokens")
    assert view.cuts.after.tokens[0].special
    assert not view.cuts.before.tokens[0].special
    assert view.form.name.placeholderText() == "small +2"
    assert view.primary() == ("Add 2 tokens", True)


def test_typed_tokens_change_the_picture_the_name_and_the_button(view, qtbot, scripted_run):
    type_tokens(view, qtbot, "<|end|>", scripted_run)
    tables = view.growth.picture.tables
    assert [(table.rows, table.after, table.first, table.tokens) for table in tables] == [
        (256, 257, 256, ("<|end|>",))
    ] * 2
    assert view.growth.words.text().startswith("32 numbers are new")
    assert view.form.name.placeholderText() == "small +1"
    assert view.primary() == ("Add 1 token", True)
    assert view.texts.text.startswith("<|end|>What")
    view.form.tokens.clear()
    view.form.edited.emit()
    assert view.primary() == ("Type a token first", False)


def test_a_token_that_cannot_be_added_is_named_below_the_field(view, qtbot, scripted_run):
    type_tokens(view, qtbot, "<a> <a>", scripted_run)
    assert view.form.trouble.text() == "The special token “<a>” is there already. Leave it out."
    assert view.form.trouble.isVisible()
    assert view.primary() == ("Add 2 tokens", False)
    view.press()
    assert view.form.progress.job is None
    type_tokens(view, qtbot, "<a>", scripted_run)
    assert not view.form.trouble.isVisible()


def test_a_person_s_own_text_stays_when_the_tokens_change(view, qtbot, scripted_run):
    view.texts.edit.setFocus()
    view.texts.edit.selectAll()
    qtbot.keyClicks(view.texts.edit, "Hi <|end|>")
    type_tokens(view, qtbot, "<|end|>", scripted_run)
    assert view.texts.text == "Hi <|end|>"
    assert [head.text() for head in view.texts.heads] == ["Before · 10 tokens", "After · 4 tokens"]


def test_the_grown_model_is_made_counted_and_trained_on(view, session, scripted_run, qtbot):
    session.focus_requested.connect(lambda page, thing: pages.append(page))
    pages = []
    grow(view, qtbot)
    assert [one.name for one in list_models(session.project.path)] == ["small", "small +2"]
    rows = view.growth.table.rows()
    assert [(row.name, row.same, row.before[0]) for row in rows] == [
        ("embed_tokens.weight", 256, 256),
        ("lm_head.weight", 256, 256),
    ]
    assert view.growth.table.isVisible()
    assert view.growth.words.text() == (
        "“small +2” is a model of this project now: no old row has changed. The head has no bias, as before."
    )
    assert view.refusals == []
    assert view.primary() == ("Next: train it", True)
    view.press()
    assert session.draft.start_from == "small +2"
    assert session.draft.model.vocab_size == 258
    assert pages == ["pretrain"]
    type_tokens(view, qtbot, "<|other|>", scripted_run)
    assert not view.fresh
    assert view.growth.table.isHidden()
    assert view.primary() == ("Add 1 token", True)


def test_the_typed_name_and_the_seed_of_the_draft_are_used(view, session, qtbot, monkeypatch):
    asked = []

    def grow(folder, added, seed, name=""):
        asked.append((folder.name, added, seed, name))
        raise StudioError("Not now.")

    monkeypatch.setattr(session.models, "grow", grow)
    view.form.name.setFocus()
    qtbot.keyClicks(view.form.name, "talker")
    view.press()
    assert asked == [("small", ("<|user|>", "<|assistant|>"), session.draft.compute.seed, "talker")]
    assert [str(error) for error in view.refusals] == ["Not now."]


def test_another_model_is_chosen_from_the_list(view, session, qtbot, scripted_run):
    stored(session.project.path, "tied", vocab_size=300)
    session.models._tell()
    scripted_run.settle()
    choice = view.form.choice.model
    choice.setFocus()
    qtbot.keyClick(choice, Qt.Key.Key_Down)
    scripted_run.settle()
    assert view.subject.title == "tied"
    tables = view.growth.picture.tables
    assert [(table.rows, table.after, table.spare) for table in tables] == [(300, 300, 2)]
    assert view.growth.words.text() == (
        "No row has to be added. 2 of the tokens take rows that are there without a token."
    )


def test_a_model_without_a_tokenizer_is_refused_with_words(view, session, scripted_run):
    folder = stored(session.project.path, "bare", with_tokenizer=False)
    view.focus_on(Subject(folder, "bare"))
    scripted_run.settle()
    assert [error.message for error in view.refusals] == ["This model came without a tokenizer."]
    assert not view.primary()[1]


def test_a_model_that_is_gone_makes_room_for_another(view, session, model, scripted_run):
    other = stored(session.project.path, "other")
    view.focus_on(Subject(other, "other"))
    scripted_run.settle()
    delete_model(read_model(other))
    session.models._tell()
    scripted_run.settle()
    assert view.subject.folder == model
    session.close_project()
    scripted_run.settle()
    assert view.subject is None
    assert view.primary() == ("Choose a model first", False)


def test_in_a_small_window_the_form_is_narrower_and_nothing_is_cut_off(view):
    wide = view._side.width()
    view.resize(720, 420)
    assert view._side.width() < wide
    assert view.growth.width() + view._side.width() <= 720
    assert view.growth.picture.height() >= view.growth.picture.minimumSizeHint().height()
