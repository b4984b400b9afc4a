"""Training one's own: the form, the way to a result, and what becomes of it."""

import pytest
from PySide6.QtCore import Qt

from studio.live.learned import Learned
from studio.tokenizers.byte_pair import BytePairTokenizer
from studio.tokenizing.learned_card import verdict
from studio.tokenizing.train_form import TrainForm
from studio.tokenizing.train_view import TrainView
from studio.vocabularies.training import Recipe

pytestmark = pytest.mark.gui
PAIRS = [bytes([byte]) for byte in range(256)] + [b" the", b"ships"]


def learned(**fields):
    tokenizer = BytePairTokenizer(PAIRS, ["<|endoftext|>"])
    facts = {"unseen": 100, "tokens": 50, "yardstick": 25, "sample": "to the ships", "longest": (257, 256)}
    recipe = Recipe(vocabulary=259)
    return Learned(tokenizer, recipe, "story", "ab", 900, 0.5, **(facts | fields))


@pytest.fixture
def view(show, session, scripted_run, monkeypatch):
    """Learning is a job that gives a result at once; the real one has tests of its own."""
    asked = []

    def learn(source, recipe, held_back):
        asked.append((source.name, recipe, held_back))
        return session.jobs.start(learned)

    monkeypatch.setattr(session.tokenizers, "learn", learn)
    view = show(TrainView)
    view.asked = asked
    return view


def learn_now(view, scripted_run):
    view.press()
    scripted_run.settle()


# --- the form -------------------------------------------------------------------------------------------------------


def test_the_form_says_what_it_will_cost_before_anything_is_learned(view):
    assert view.primary() == ("Learn 1,000 tokens from “story”", True)
    words = view.form.estimate.text()
    assert "743 pieces are to be learned; the other 257 are bytes and special tokens." in words
    assert "In a model of width 32 the table of embeddings takes 32,000 weights." in words
    assert "The last 10 % are not learned from" in words


def test_every_field_can_be_set_by_keyboard_and_is_asked_for(view, qtbot, scripted_run):
    form = view.form
    qtbot.keyClick(form.kind, Qt.Key.Key_Right)
    assert form.recipe.kind == "wordpiece"
    form.vocabulary.box.selectAll()
    qtbot.keyClicks(form.vocabulary.box, "600")
    qtbot.keyClick(form.vocabulary.box, Qt.Key.Key_Return)
    form.special.selectAll()
    qtbot.keyClicks(form.special, "<|user|> <|end|>")
    qtbot.keyClick(form.small, Qt.Key.Key_Space)
    learn_now(view, scripted_run)
    assert view.asked[0][1] == Recipe(kind="wordpiece", vocabulary=600, special=("<|user|>", "<|end|>"), lower=True)


def test_a_size_that_is_too_small_is_refused_where_it_stands(view):
    view.form.set_recipe(Recipe(vocabulary=200))
    view.form.edited.emit()
    assert view.form.trouble.text().startswith("A vocabulary of this kind has 257 to")
    assert view.primary()[1] is False
    view.press()
    assert view.asked == []


def test_without_a_text_the_button_leads_to_one(show, session, qtbot):
    session.close_project()
    view = show(TrainView)
    assert view.primary() == ("Bring in a text first", True)
    with qtbot.waitSignal(session.focus_requested) as wish:
        view.press()
    assert (wish.args[0], view.progress.job) == ("data", None)


def test_another_text_is_offered_once_it_is_there(view, session, tmp_path, scripted_run):
    (tmp_path / "fox.txt").write_text("The fox ran. " * 90, "utf-8")
    session.add_texts([tmp_path / "fox.txt"], "fox")
    scripted_run.settle()
    view.focus_on("fox")
    assert view.primary()[0] == "Learn 1,000 tokens from “fox”"
    view.focus_on("nonsense")
    assert view.form.chosen.name == "fox"


def test_the_form_keeps_what_it_is_given(look):
    form = TrainForm(look)
    recipe = Recipe(kind="unigram", vocabulary=2_000, special=(), lower=True)
    form.set_recipe(recipe)
    assert form.recipe == recipe
    assert "T5" in form.about.text()


# --- the result -----------------------------------------------------------------------------------------------------


def test_the_result_is_measured_against_gpt2_and_shown_on_unseen_text(view, scripted_run):
    learn_now(view, scripted_run)
    rows = view.result.rows.texts()
    assert (rows["Vocabulary"], rows["A token"], rows["GPT-2's"]) == ("259", "2.00 characters", "4.00 characters")
    assert [piece.token.text for piece in view.result.pieces.rows()] == ["ships", " the"]
    assert view.result.tokens.accessibleDescription() == "9 tokens"
    assert view.primary() == ("Save and use it", True)
    view.form.set_recipe(Recipe(vocabulary=2_000))
    view.form.edited.emit()
    assert view.primary()[0] == "Learn 2,000 tokens from “story”"
    view.form.set_recipe(Recipe(vocabulary=1_000))
    view.form.edited.emit()
    assert view.primary()[0] == "Save and use it"


def test_one_press_saves_and_uses_and_the_next_goes_on(view, session, scripted_run, qtbot):
    learn_now(view, scripted_run)
    learn_now(view, scripted_run)
    assert [own.name for own in session.project.tokenizers()] == ["story-bpe-259"]
    assert session.draft.data.tokenizer == "story-bpe-259"
    assert view.primary() == ("Next: Model", True)
    with qtbot.waitSignal(session.focus_requested) as wish:
        view.press()
    assert wish.args[0] == "model"


def test_it_can_be_saved_under_another_name_and_written_out_without_being_used(
    view, session, scripted_run, qtbot, tmp_path
):
    learn_now(view, scripted_run)
    view.keep.name.selectAll()
    qtbot.keyClicks(view.keep.name, "harbour")
    qtbot.mouseClick(view.keep.save_only, Qt.MouseButton.LeftButton)
    scripted_run.settle()
    assert [own.name for own in session.project.tokenizers()] == ["harbour"]
    assert session.draft.data.tokenizer == "characters"
    assert (view.keep.save_only.text(), view.keep.save_only.isEnabled()) == ("Saved", False)
    forms = [action.text() for action in view.keep.export.menu_of_forms().actions()]
    assert forms == ["Atelier's own", "GPT-2's pair of files", "tokenizer.json"]
    view.keep.export.write("gpt2", str(tmp_path / "out"))
    scripted_run.settle()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["encoder.json", "vocab.bpe"]
    assert view.primary() == ("Use “harbour”", True)
    view.press()
    assert session.draft.data.tokenizer == "harbour"


def test_another_project_forgets_the_result(view, session, scripted_run):
    learn_now(view, scripted_run)
    session.close_project()
    assert view.learned is None
    assert view.primary() == ("Bring in a text first", True)


def test_the_verdict_says_how_it_compares_and_what_could_not_be_learned():
    assert verdict(learned()).startswith("This text takes 2.00 times as many tokens as with GPT-2")
    assert verdict(learned(tokens=20)) == "This text takes 20 % fewer tokens than with GPT-2."
    assert verdict(learned(tokens=0, yardstick=0)) == ""


def test_the_real_thing_learns_with_progress_and_can_be_called_off(show, session, scripted_run, qtbot):
    view = show(TrainView)
    view.press()
    assert view.primary() == ("Learning…", False)
    assert view.progress.isVisible()
    qtbot.mouseClick(view.progress.cancel, Qt.MouseButton.LeftButton)
    scripted_run.settle()
    assert (view.learned, view.refusals) == (None, [])
    view.press()
    scripted_run.settle()
    assert view.learned.tokenizer.vocab_size <= 1_000
    assert "fewer than wanted" in view.result.verdict.text()
