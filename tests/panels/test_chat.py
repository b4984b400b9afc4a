import dataclasses
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from studio.core.errors import StudioError
from studio.panels.chat import ChatPanel
from studio.tokenizers import make_tokenizer
from tests.scripted_run import small_run

pytestmark = pytest.mark.gui


class WritingModel:
    """Stands where the engine's `LoadedModel` stands: writes letters one by one until told to stop."""

    def __init__(self, folder):
        self.tokenizer = make_tokenizer("characters", ["abcdefgh "])
        self.step = int(folder.name.removeprefix("step-"))
        self.title = f"{folder.parent.parent.name} · step {self.step:,}"
        self.context_length = 32
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
            yield SimpleNamespace(text="ab"[place % 2], id=place % 2, probability=0.5, done=last)
            self.stuck.wait(5)

    def next_logits(self, prompt):
        self.questions.append(prompt)
        return SimpleNamespace(ids=tuple(self.tokenizer.encode(prompt)), logits=np.linspace(3, 0, 9))

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
    yield panel
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
    panel = ChatPanel(session, look)
    panel.refresh()
    on_screen(panel)
    assert panel.prompt.primary.text() == "Train a model first"
    with qtbot.waitSignal(session.focus_requested) as wish:
        panel.prompt.primary.click()
    assert wish.args[0] == "pretrain"


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
    assert page.said.text().startswith("6 tokens")


def test_stop_takes_the_pen_away_at_once_even_from_a_busy_model(page, loaded, scripted_run):
    loaded.stuck.clear()
    press(page, tokens=1_000)
    scripted_run.until(lambda: bool(page.view.tokens))
    assert page.prompt.primary.text() == "Stop"
    page.prompt.primary.click()
    assert not page.pen.writing
    assert page.prompt.primary.text() == "Write 1,000 tokens"
    assert page.said.text().endswith("stopped")
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


def test_the_token_under_the_pointer_tells_its_chance(page, loaded, scripted_run):
    press(page, tokens=2)
    written(page, scripted_run)
    page.view.hovered.emit(page.view.tokens[0])
    assert "had 50 %" in page.said.text()
    page.view.hovered.emit(None)
    assert page.said.text().startswith("2 tokens")


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
