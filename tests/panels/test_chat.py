import dataclasses
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from studio.core.config import Sampling
from studio.core.errors import StudioError
from studio.panels.chat import ChatPanel
from studio.store.library import entries_of
from studio.tokenizers import make_tokenizer
from tests.library.conftest import TINY
from tests.library.conftest import add_model as add_model
from tests.live.test_chats import begun
from tests.scripted_run import small_run

pytestmark = pytest.mark.gui


class WritingModel:
    """Stands where the engine's `LoadedModel` stands: writes letters one by one until told to stop."""

    def __init__(self, folder):
        self.tokenizer = make_tokenizer("characters", ["abcdefgh "])
        self.step = int(folder.name.removeprefix("step-"))
        self.title = f"{folder.parent.parent.name} · step {self.step:,}"
        self.path = folder
        self.context_length = 32
        self.device, self.precision = "cpu", "fp32"
        self.asked = []
        self.questions = []
        self.stuck = threading.Event()
        self.stuck.set()

    def complete(self, sampling, control):
        self.asked.append(sampling)
        for place in range(sampling.tokens):
            if not control.keep_going():
                return
            last = "length" if place == sampling.tokens - 1 else ""
            for sample in range(sampling.samples):
                rivals = tuple(SimpleNamespace(id=id, probability=0.5 / (id + 1), removed=id > 3) for id in range(5))
                token = SimpleNamespace(text="ab"[place % 2], id=place % 2, probability=0.5, done=last)
                token.sample, token.rivals = sample, rivals
                yield token
            self.stuck.wait(5)

    def next_logits(self, prompt, keep_going):
        self.questions.append(prompt)
        return SimpleNamespace(ids=tuple(self.tokenizer.encode(prompt)), logits=np.linspace(3, 0, 9))

    def precisions(self):
        return ("fp32",)

    def unload(self):
        self.asked.clear()


@pytest.fixture
def page(session, look, on_screen, scripted_run, save_checkpoint, monkeypatch):
    monkeypatch.setattr("studio.live.memory.OPEN_MODEL", WritingModel)
    run = scripted_run.play(small_run(20), "tale")
    save_checkpoint(run.record, 10, 2.0)
    save_checkpoint(run.record, 20, 2.5)
    panel = ChatPanel(session, look)
    session.changed.connect(panel.refresh)
    panel.refresh(frozenset())
    on_screen(panel)
    yield panel.continuing
    panel.stop()


@pytest.fixture
def loaded(page, session, scripted_run):
    page.prompt.primary.click()
    scripted_run.until(lambda: session.loaded is not None and page.next.bars.isVisible())
    page.prompt.set_text("a bad")
    return session.loaded


def written(page, scripted_run):
    scripted_run.until(lambda: not page.pen.writing and bool(page.view.tokens))
    return "".join(token.text for token in page.view.tokens)


def press(page, **sampling):
    page.sampling.set_value(dataclasses.replace(page.sampling.value(), **sampling))
    page.prompt.primary.click()


def test_the_best_checkpoint_is_offered_first(page):
    assert page.choice.real_step == 10
    assert page.prompt.primary.text() == "Load step 10"


def test_a_project_without_a_model_leads_to_training(session, look, on_screen, qtbot):
    page = ChatPanel(session, look)
    page.refresh()
    on_screen(page)
    panel = page.continuing
    assert panel.prompt.primary.text() == "Train a model first"
    with qtbot.waitSignal(session.focus_requested) as wish:
        panel.prompt.primary.click()
    assert wish.args[0] == "pretrain"


def test_a_prompt_that_another_page_built_stands_in_the_box(page, loaded):
    page.focus_on(Sampling(prompt="Question: why?\nAnswer:"))
    assert page.prompt.edit.toPlainText() == "Question: why?\nAnswer:"


def test_loading_shows_what_the_model_expects(page, loaded):
    assert page.prompt.primary.text() == "Write 200 tokens"
    assert page.next.removed.text() == "All 9 tokens can come next."


def test_a_model_that_cannot_be_loaded_is_told_where_it_happened(page, scripted_run, monkeypatch):
    def refuse(folder):
        raise StudioError("The checkpoint is damaged.", "Choose another one.")

    monkeypatch.setattr("studio.live.memory.OPEN_MODEL", refuse)
    page.prompt.primary.click()
    scripted_run.until(lambda: page.banner.isVisible())
    assert page.banner.message.text() == "The checkpoint is damaged."
    assert page.prompt.primary.text() == "Load step 10"


def test_the_text_streams_after_its_prompt(page, loaded, scripted_run):
    press(page, tokens=6, temperature=0.5)
    assert written(page, scripted_run) == "ababab"
    assert page.view.toPlainText() == "a badababab"
    assert loaded.asked[-1].prompt == "a bad"
    assert loaded.asked[-1].temperature == 0.5
    assert page.page.said.text().startswith("6 tokens")


def test_stop_takes_the_pen_away_at_once_even_from_a_busy_model(page, loaded, scripted_run):
    loaded.stuck.clear()
    press(page, tokens=1_000)
    scripted_run.until(lambda: bool(page.view.tokens))
    assert page.prompt.primary.text() == "Stop"
    page.prompt.primary.click()
    assert not page.pen.writing
    assert page.prompt.primary.text() == "Write 1,000 tokens"
    assert page.page.said.text().endswith("stopped")
    before = len(page.view.tokens)
    loaded.stuck.set()
    scripted_run.settle()
    assert len(page.view.tokens) == before


def test_going_on_continues_from_everything_on_the_page(page, loaded, scripted_run):
    press(page, tokens=4)
    written(page, scripted_run)
    page.prompt.go_on.click()
    scripted_run.until(lambda: len(page.view.tokens) == 8)
    assert loaded.asked[-1].prompt == "a badabab"


def test_moving_a_slider_reshapes_the_bars_without_asking_the_model(page, loaded, scripted_run):
    scripted_run.until(lambda: "a bad" in loaded.questions)
    scripted_run.settle()
    asked = len(loaded.questions)
    page.sampling.sliders["top_k"].set_value(3)
    page.sampling.sliders["top_k"].changed.emit(3.0)
    assert page.sampling.value().top_k == 3
    assert page.next.removed.text() == "top-k removed 6 · 3 of 9 tokens are left."
    assert len(loaded.questions) == asked


def test_typing_asks_once_for_the_text_that_stands_still(page, loaded, scripted_run):
    page.prompt.set_text("a be")
    page.prompt.set_text("a bed")
    scripted_run.until(lambda: "a bed" in loaded.questions)
    assert "a be" not in loaded.questions


def test_a_chosen_bar_writes_that_token(page, loaded, scripted_run):
    page.next.bars.chosen.emit(2)
    token = loaded.tokenizer.token_text(2)
    assert page.view.whole_text == "a bad" + token
    scripted_run.until(lambda: "a bad" + token in loaded.questions)


@pytest.mark.slow
def test_prompts_are_remembered_newest_first_and_come_back(page, loaded, scripted_run):
    for prompt in ("a cab", "a bed", "a cab"):
        page.prompt.set_text(prompt)
        press(page, tokens=1)
        written(page, scripted_run)
    assert page.history.prompts == ["a cab", "a bed"]
    page.history.list.itemClicked.emit(page.history.list.item(1))
    assert page.prompt.text == "a bed"


def test_enter_writes_and_shift_enter_begins_a_line(page, loaded, scripted_run, qtbot):
    qtbot.keyClick(page.prompt.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert not page.pen.writing
    qtbot.keyClick(page.prompt.edit, Qt.Key.Key_Return)
    assert page.pen.writing
    scripted_run.until(lambda: not page.pen.writing)


def test_another_page_can_ask_for_one_checkpoint(page, session, scripted_run):
    page.focus_on(("tale", 20))
    scripted_run.until(lambda: session.loaded is not None)
    assert session.loaded.step == 20


def test_the_token_under_the_pointer_tells_its_chance_and_its_rivals(page, loaded, scripted_run):
    press(page, tokens=2)
    written(page, scripted_run)
    page.view.hovered.emit(page.view.tokens[0])
    card = page.page.rivals
    assert card.isVisible()
    assert "had 50 %" in card.words.text()
    assert [choice.marked for choice in card.bars.choices] == [True, False, False, False, False]
    page.view.hovered.emit(None)
    assert not card.isVisible()
    assert page.page.said.text().startswith("2 tokens")


@pytest.mark.slow
def test_several_texts_can_be_turned_through(page, loaded, scripted_run):
    press(page, tokens=4, samples=3)
    scripted_run.until(lambda: not page.pen.writing)
    assert [len(text) for text in page.page.texts] == [4, 4, 4]
    assert page.page.place.text() == "1 of 3"
    page.page.after.click()
    assert page.page.place.text() == "2 of 3"
    assert page.view.whole_text == "a badabab"
    page.prompt.go_on.click()
    scripted_run.until(lambda: not page.pen.writing)
    assert loaded.asked[-1].prompt == "a badabab"
    assert [len(text) for text in page.page.texts] == [8, 8, 8]


def test_settings_that_do_not_fit_together_are_marked_before_anything_is_written(page, loaded):
    page.sampling.form.row("beams").editor.set_value(2)
    page.sampling.form.row("samples").editor.set_value(5)
    page.sampling.form.row("samples").edited.emit()
    assert page.prompt.primary.text() == "Check the marked setting"
    assert not page.prompt.primary.isEnabled()
    page.sampling.reset.click()
    assert page.prompt.primary.isEnabled()


def test_stop_strings_and_beams_reach_the_model(page, loaded, scripted_run):
    press(page, tokens=2, stop=("User:",), beams=4)
    written(page, scripted_run)
    assert (loaded.asked[-1].stop, loaded.asked[-1].beams) == (("User:",), 4)


@pytest.mark.slow
def test_the_arrows_bring_prompts_back_into_an_empty_line(page, loaded, scripted_run, qtbot):
    for prompt in ("a cab", "a bed"):
        page.prompt.set_text(prompt)
        press(page, tokens=1)
        written(page, scripted_run)
    page.prompt.set_text("")
    texts = []
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Down):
        qtbot.keyClick(page.prompt.edit, key)
        texts.append(page.prompt.text)
    assert texts == ["a bed", "a cab", "a cab", "a bed", ""]
    page.prompt.set_text("a be")  # what was typed is not thrown away
    qtbot.keyClick(page.prompt.edit, Qt.Key.Key_Up)
    assert page.prompt.text == "a be"


def test_a_narrow_page_shows_one_card_of_the_side_at_a_time(page, loaded, scripted_run):
    page.window().resize(780, 500)
    scripted_run.until(lambda: page.columns.narrow)
    assert page.sampling.isVisible()
    assert not page.choice.isVisible()
    page.columns.tabs.changed.emit("Next")
    assert page.next.isVisible()
    assert not page.sampling.isVisible()
    page.window().resize(1_200, 700)
    scripted_run.until(lambda: not page.columns.narrow)
    assert all(card.isVisible() for card in (page.choice, page.sampling, page.next, page.history))


@pytest.mark.slow
def test_a_model_that_is_unloaded_takes_its_bars_with_it(page, loaded, session):
    session.unload_model()
    assert not page.next.bars.isVisible()
    assert page.prompt.primary.text() == "Load step 10"


def test_a_reset_brings_every_control_back(page, loaded):
    page.sampling.sliders["temperature"].set_value(1.5)
    page.sampling.sliders["temperature"].changed.emit(1.5)
    page.sampling.reset.click()
    assert page.sampling.value().temperature == 0.8


def test_the_page_survives_a_change_of_theme(page, loaded, look):
    look.set_theme("light")
    page.grab()


def test_an_imported_model_is_loaded_by_its_folder_and_is_not_taken_for_another(page, session, scripted_run, add_model):
    folder = add_model(session.project.path, "step-0")  # the scripted writer reads its step off the folder's name
    page.refresh(frozenset({"models"}))
    page.choice.choose(f":{folder}")
    assert page.prompt.primary.text() == "Load step 10"
    page.choice.changed.emit()
    assert page.prompt.primary.text() == "Load this model"
    page.focus_on(page.choice.entry)
    scripted_run.until(lambda: session.loaded is not None)
    assert session.loaded.path == folder
    session.loaded.title = "step-0"
    page.refresh(frozenset({"loaded"}))
    assert page.prompt.primary.text().startswith("Write")
    session.loaded.path = folder.parent
    page.refresh(frozenset({"loaded"}))
    assert page.prompt.primary.text() == "Load this model"


# --- what has not learned to write


def test_a_run_of_gaps_that_is_sent_here_is_answered_with_a_sentence(page, session, scripted_run, save_checkpoint):
    gaps = dataclasses.replace(session.draft, objective="masked_words")
    run = scripted_run.play(small_run(20), "gaps", gaps)
    save_checkpoint(run.record, 20, 1.0)
    page.refresh(frozenset())
    for thing in (run, ("gaps", 20)):
        page.banner.clear()
        page.window().focus_on(thing)
        assert "fill gaps" in page.banner.message.text()
        assert "samples of its run" in page.banner.hint.text()
        assert session.loaded is None
    page.window().focus_on(session.runs["tale"])
    scripted_run.until(lambda: session.loaded is not None)


def test_an_imported_model_that_looks_both_ways_is_answered_with_a_sentence(page, session, add_model):
    add_model(session.project.path, "bert", dataclasses.replace(TINY, causal=False))
    (entry,) = entries_of(session.project)
    page.window().focus_on(entry)
    assert "fill gaps" in page.banner.message.text()
    assert session.loaded is None


def test_what_was_written_opens_the_lenses_at_its_last_token_or_at_a_chosen_one(page, loaded, scripted_run, session):
    assert not page.page.inside.isVisible()
    press(page, tokens=3)
    text = "a bad" + written(page, scripted_run)
    wishes = []
    session.focus_requested.connect(lambda name, thing: wishes.append((name, thing)))
    page.page.inside.click()
    page.view.inside_requested.emit(page.view.tokens[0])
    assert [name for name, _ in wishes] == ["lenses", "lenses"]
    assert [glance.text for _, glance in wishes] == [text, "a bad" + page.view.tokens[0].text]
    subject = wishes[0][1].subject
    assert (subject.run, subject.step, subject.title) == ("tale", 10, "tale · step 10")
    assert subject.folder == page.choice.folder


def test_a_column_can_speak_with_every_checkpoint_of_the_run_in_memory_and_the_best_of_others(
    page, loaded, session, scripted_run, save_checkpoint
):
    other = scripted_run.play(small_run(20), "other")
    save_checkpoint(other.record, 10, 2.0)
    save_checkpoint(other.record, 20, 1.5)
    panel = page.parentWidget().parentWidget()
    panel.refresh(frozenset())
    titles = [offer.title for offer in panel.talk.voices.offers.values() if offer.listed]
    assert titles == ["other · step 20", "tale · step 20", "tale · step 10"]
    assert not panel.talk.voices.offers["run:other@10"].listed, "only a chat that was held with it brings it back"
    spoken = [words for _, words in panel.talk.voices.choices()]
    assert spoken == ["tale · step 10", "other · step 20", "tale · step 20"]


def test_whoever_leaves_the_page_finds_the_rows_that_were_rated_there(page, session, scripted_run):
    _, (_, answer) = begun(scripted_run, "Where do foxes live?", "In dens.")
    session.chats.rate(answer, 1)
    scripted_run.settle()
    assert session.project.datasets() == []
    page.window().hide()
    scripted_run.settle()
    assert [dataset.title for dataset in session.project.datasets()] == ["Rated answers@1"]
