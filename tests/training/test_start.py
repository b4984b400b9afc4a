"""What the next run begins with, as it is told beside the task."""

import dataclasses

import pytest

from studio.core.config import RunConfig
from studio.parts.wording import start_words
from studio.training.facts import all_facts, main_facts
from studio.training.plan import start_need
from studio.training.start import StartNote
from tests.library.conftest import TINY
from tests.library.conftest import add_model as add_model

pytestmark = pytest.mark.gui
TUNED = RunConfig(start_from="tiny", model=TINY)


@pytest.fixture
def note(look, on_screen):
    note = StartNote(look)
    on_screen(note)
    return note


def test_random_weights_are_named_with_the_way_to_a_model(note, qtbot):
    note.set_config(RunConfig())
    assert note.name.text() == "random weights"
    assert not note.leave.isVisible()
    assert not note.words.isVisible()
    with qtbot.waitSignal(note.choose_requested):
        note.choose.click()


def test_a_model_is_named_with_the_way_back(note, qtbot):
    note.set_config(TUNED)
    assert note.name.text() == "tiny"
    assert "tokenizer are taken over" in note.words.text()
    assert not note.choose.isVisible()
    with qtbot.waitSignal(note.leave_requested):
        note.leave.click()


def test_a_model_that_cannot_be_begun_with_says_why(note):
    note.set_config(TUNED, "It is gone.")
    assert note.words.text() == "It is gone."
    assert note.words.property("role") == "danger"


def test_the_keyboard_goes_to_what_can_be_done(note, qtbot):
    for config, button in ((RunConfig(), note.choose), (TUNED, note.leave)):
        note.set_config(config)
        note.take_focus()
        assert note.focusWidget() is button


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("gpt2", "gpt2"),
        ("tale@1500", "tale · step 1,500"),
        ("/p/runs/tale/checkpoints/step-000500", "tale · step 500"),
        ("/p/models/far one", "far one"),
        ("", ""),
    ],
)
def test_a_start_reads_as_the_model_is_called_elsewhere(start, words):
    assert start_words(start) == words


def test_the_card_of_a_run_says_where_it_comes_from():
    fact = next(fact for fact in main_facts(TUNED) if fact.label == "Starts from")
    assert (fact.value, fact.essential) == ("tiny", True)
    assert [fact.label for fact in all_facts(TUNED)[0][1]][:2] == ["What it learns", "Starts from"]
    assert "Starts from" not in [fact.label for fact in main_facts(RunConfig())]


def test_a_start_that_is_gone_or_contradicted_is_what_is_needed_first(session, add_model):
    project = session.project
    assert start_need(project, RunConfig()) is None
    assert start_need(None, TUNED) is None
    gone = start_need(project, TUNED)
    assert (gone.label, gone.page, gone.field) == ("Choose another start", "pretrain", "start_from")
    assert "“tiny”" in gone.reason
    add_model(project.path, "tiny")
    assert start_need(project, TUNED) is None
    wider = TUNED.with_part(model=dataclasses.replace(TINY, emb_dim=48))
    assert "another shape" in start_need(project, wider).reason
