"""The Tokenizer page: its views, what it carries between them, and the one primary button."""

import threading

import pytest
from PySide6.QtCore import Qt

from studio.panels.tokenizer import TokenizerPanel
from studio.parts.fine_tuning import start_next_run
from studio.parts.token_trial import common_tokens, first_difference, try_text
from studio.store.token_count import count_tokens
from studio.tokenizers import byte_pair, make_tokenizer
from studio.tokenizing import try_view
from tests.library.conftest import add_model as add_model

pytestmark = pytest.mark.gui


@pytest.fixture
def make(session, look, on_screen, scripted_run, monkeypatch):
    monkeypatch.setattr(try_view, "_COUNTED", 2)  # counting all of them and comparing are tests of their views
    monkeypatch.setattr("studio.vocabularies.comparison.compare", lambda found, text, **more: [])

    def open_page():
        panel = TokenizerPanel(session, look)
        session.changed.connect(panel.refresh)
        panel.refresh(frozenset())
        on_screen(panel)
        scripted_run.settle()
        return panel

    return open_page


@pytest.fixture
def page(make):
    return make()


# --- the trial itself -----------------------------------------------------------------------------------------------


def test_a_trial_tells_tokens_ids_and_bytes():
    trial = try_text(make_tokenizer("gpt2"), "naïve cats", special=False)
    assert [(token.id, token.data) for token in trial.tokens] == [
        (2616, b"na"),
        (38776, "ïve".encode()),
        (11875, b" cats"),
    ]
    assert trial.same
    assert trial.count == 3


def test_the_books_sentence_has_the_books_unknown_words(data_folder):
    verdict = (data_folder / "the-verdict.txt").read_text("utf-8")
    tokenizer = make_tokenizer("words", [verdict])
    text = "Hello, do you like tea? <|endoftext|> In the sunlit terraces of the palace."
    trial = try_text(tokenizer, text, special=True)
    assert trial.count == 16
    assert trial.unknown == 2
    assert [token.text for token in trial.tokens if token.special] == ["<|unk|>", "<|endoftext|>", "<|unk|>"]


def test_what_cannot_be_said_is_part_of_the_answer():
    trial = try_text(make_tokenizer("characters", ["abc"]), "abz", special=False)
    assert "“z”" in trial.problem.message
    assert (trial.tokens, trial.same) == ((), False)


def test_the_first_difference_is_found_wherever_it_is():
    assert first_difference("one two", "one  two") == (4, "two", "·two")
    assert first_difference("one", "one more") == (3, "⟨⟩", "·more")
    assert first_difference("a\nb", "a b") == (1, "↵b", "·b")


def test_the_commonest_tokens_come_first(session):
    rows = common_tokens(count_tokens(session.project.text("story"), "words"))
    assert rows[0].token.text == "the"
    assert rows[0].times == 800
    assert [row.times for row in rows] == sorted((row.times for row in rows), reverse=True)
    assert len(rows) == 10


# --- the page -------------------------------------------------------------------------------------------------------


def test_the_page_opens_on_a_sentence_in_tokens_and_builds_the_rest_when_it_is_wanted(page, qtbot, scripted_run):
    first = page.view
    assert (page.switch.value(), list(page._built)) == ("try", ["try"])
    assert page.view.bench.trial.count > 0
    assert (page.primary.text(), page.bring.isVisible()) == ("Next: Model", False)
    page.switch.row.setFocus()
    qtbot.keyClick(page.switch.row, Qt.Key.Key_Right)
    assert page.view.name == "train"
    page.open_view("try")
    assert page.view is first
    qtbot.mouseClick(page.view.list.train, Qt.MouseButton.LeftButton)
    assert page.view.name == "train"
    scripted_run.settle()


def test_the_primary_button_is_that_of_the_view(page, session, scripted_run):
    page.view.look_at("bytes")
    assert page.primary.text() == "Use this tokenizer"
    page.primary.click()
    assert session.draft.data.tokenizer == "bytes"
    assert page.primary.text() == "Next: Model"
    page.open_view("train")
    assert page.primary.text() == "Learn 1,000 tokens from “story”"
    page.open_view("merges")
    assert not page.primary.isVisible()
    scripted_run.settle()


def test_the_text_that_is_tried_comes_along_to_the_comparison_and_back(page, scripted_run):
    page.view.set_words("ships ahoy")
    page.open_view("compare")
    assert page.view.words() == "ships ahoy"
    page.view.set_words("ships away")
    page.open_view("try")
    assert page.view.words() == "ships away"
    scripted_run.settle()


def test_without_a_text_one_can_be_brought_in(make, session, qtbot):
    session.close_project()
    page = make()
    assert page.bring.isVisible()
    with qtbot.waitSignal(session.focus_requested) as wish:
        page.bring.click()
    assert wish.args[0] == "data"
    page.open_view("train")
    assert (page.bring.isVisible(), page.primary.text()) == (False, "Bring in a text first")


def test_large_encoders_wait_until_somebody_asks_and_none_is_built_on_the_window_s_thread(
    make, monkeypatch, scripted_run
):
    asked = []

    def recorded(build):
        def built(kind):
            asked.append((kind.name, threading.current_thread() is threading.main_thread()))
            return build(kind)

        return built

    for name in ("_pieces", "_joined", "_encoder"):
        monkeypatch.setattr(byte_pair, name, recorded(getattr(byte_pair, name)))
    page = make()
    monkeypatch.setattr(try_view, "_COUNTED", 12)  # as many as there are
    for view in page.views:
        page.open_view(view.name)
        scripted_run.settle()
    page.open_view("try")
    scripted_run.settle()
    assert set(asked) == {("gpt2", False)}
    page.view.look_at("cl100k")
    scripted_run.settle()
    assert set(asked) == {("gpt2", False), ("cl100k", False)}


def test_the_page_can_be_asked_for_one_tokenizer_or_one_view(page, scripted_run):
    general = page.idea.accessibleName()
    page.focus_on("merges")
    assert page.view.name == "merges"
    assert page.idea.accessibleName() != general
    page.focus_on("bytes")
    assert (page.view.name, page.view.kind, page.idea.accessibleName()) == ("try", "bytes", general)
    page.focus_on("nonsense")
    assert page.view.kind == "bytes"
    actions = {action.name: action for action in page.actions()}
    assert set(actions) == {*(f"tokenizer.{view.name}" for view in page.views), "tokenizer.primary"}
    actions["tokenizer.train"].slot()
    assert page.view.name == "train"
    scripted_run.settle()


def test_what_a_view_refuses_stands_on_the_page(page, scripted_run, tmp_path):
    page.view.open_file(tmp_path / "nothing.json")
    scripted_run.settle()
    assert page.banner.isVisible()
    page.primary.click()
    assert not page.banner.isVisible()


def test_in_a_small_window_the_text_keeps_its_width_and_the_views_become_a_list(page):
    page.resize(785, 528)
    assert not page.view.side.isVisible()
    assert page.view.bench.width() > 500
    assert page.switch.list.isVisible()
    page.resize(1_700, 900)
    assert page.view.side.isVisible()
    assert page.switch.row.isVisible()


def test_a_model_to_start_from_reads_with_its_own_tokenizer(page, session, add_model):
    start_next_run(session, add_model(session.project.path, "tiny"))
    assert "reads with that model's tokenizer" in page.banner.message.text()
    page.focus_on("bytes")
    page.primary.click()
    assert (session.draft.start_from, session.draft.data.tokenizer) == ("", "bytes")
    assert not page.banner.isVisible()
