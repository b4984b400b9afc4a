"""Whatever happens while a text is being written: nothing hangs, nothing crashes, what was written stays."""

import dataclasses
import time

import pytest

from studio.panels.chat import ChatPanel
from tests.chat.scripted_writer import ScriptedWriter
from tests.scripted_run import small_run

pytestmark = pytest.mark.gui


@pytest.fixture(params=["between two tokens", "in the middle of one"])
def page(request, session, look, on_screen, scripted_run, save_checkpoint, monkeypatch):
    """A page on which a text is being written by a model that is fast, or that thinks about its next token."""
    monkeypatch.setattr("studio.live.memory.OPEN_MODEL", ScriptedWriter)
    run = scripted_run.play(small_run(20), "tale")
    save_checkpoint(run.record, 10, 2.0)
    save_checkpoint(run.record, 20, 2.5)
    whole = ChatPanel(session, look)
    session.changed.connect(whole.refresh)
    whole.refresh(frozenset())
    on_screen(whole)
    panel = whole.continuing
    panel.focus_on(("tale", 10))
    scripted_run.until(lambda: session.loaded is not None and panel.next.bars.isVisible())
    panel.prompt.set_text("a bad")
    panel.sampling.set_value(dataclasses.replace(panel.sampling.value(), tokens=100_000))
    panel.prompt.primary.click()
    scripted_run.until(lambda: len(panel.view.tokens) > 3)
    model = session.loaded
    if request.param == "in the middle of one":
        model.free.clear()
    yield panel
    model.free.set()
    panel.stop()


def kept(page, scripted_run, model):
    """The text stays as it is from now on, and the model's thread ends by itself."""
    before = page.view.whole_text
    assert before.startswith("a bada")
    model.free.set()
    scripted_run.until(model.ended.is_set)
    scripted_run.settle()
    assert page.view.whole_text == before
    assert not page.pen.writing


def test_unloading_the_model_keeps_what_it_wrote(page, session, scripted_run):
    model = session.loaded
    session.unload_model()
    assert not page.pen.writing
    assert page.page.said.text().endswith("stopped")
    assert page.prompt.primary.text() == "Load step 10"
    kept(page, scripted_run, model)


def test_another_checkpoint_ends_the_writing_when_it_is_there(page, session, scripted_run):
    model = session.loaded
    page.focus_on(("tale", 20))
    assert page.pen.writing  # the old model writes on until the new one has come
    scripted_run.until(lambda: session.loaded is not model)
    assert session.loaded.step == 20
    assert model.gone
    kept(page, scripted_run, model)
    page.prompt.go_on.click()
    scripted_run.until(lambda: page.view.whole_text.count("a") > 50)


def test_a_checkpoint_that_is_only_chosen_in_the_list_disturbs_nothing(page, session, scripted_run):
    model = session.loaded
    page.choice.choose("tale", 20)
    page.choice.changed.emit()
    assert page.prompt.primary.text() == "Stop"
    page.prompt.primary.click()
    assert page.prompt.primary.text() == "Load step 20"
    kept(page, scripted_run, model)


@pytest.mark.slow
def test_another_project_keeps_the_text_on_the_page(page, session, scripted_run, tmp_path):
    model = session.loaded
    session.create_project(tmp_path / "other", "Other")
    assert session.loaded is None
    assert page.prompt.primary.text() == "Train a model first"
    kept(page, scripted_run, model)


@pytest.mark.slow
def test_deleting_the_run_whose_model_writes_lets_it_write_on(page, session, scripted_run):
    model = session.loaded
    model.free.set()
    session.delete_run("tale")
    before = len(page.view.tokens)
    scripted_run.until(lambda: len(page.view.tokens) > before)
    page.stop()
    kept(page, scripted_run, model)


def test_closing_ends_within_one_token_and_waits_no_longer_than_it_may(page, session, scripted_run):
    model = session.loaded
    stuck = not model.free.is_set()
    started = time.monotonic()
    assert session.close(300) is not stuck
    assert time.monotonic() - started < 2.0
    model.free.set()
    assert session.close(5_000)
    assert model.ended.is_set()
    assert page.view.whole_text.startswith("a bada")
    assert not page.pen.writing


@pytest.mark.slow
def test_a_page_that_is_closed_first_leaves_the_rest_to_the_session(page, session, scripted_run):
    model = session.loaded
    page.window().close()
    model.free.set()
    assert session.close(5_000)
    assert model.ended.is_set()
