"""Prompts built of rows: none, one or several examples before a question."""

import pytest

from studio.core.config import Sampling
from studio.core.errors import StudioError
from studio.instructing.few_shot import Asked, build, drawn
from studio.instructing.prompt_page import PromptPage
from studio.instructing.rows_seen import open_source
from tests.instructing.conftest import ROWS, add, questions, small


@pytest.fixture(scope="module")
def source(project):
    return open_source(project, small())


def test_zero_shot_is_the_question_alone(source):
    built = build(source, Asked((), 4))
    assert built.text == "Question: Say the number 4.\nAnswer:"
    assert (built.tokens, built.room, built.wanted) == (len(built.text), 256, "It is 4.")


def test_examples_stand_before_it_with_their_answers(source):
    text = build(source, Asked((0, 1), 4)).text
    assert text.startswith("Question: Say the number 0.\nAnswer: It is 0.\n\nQuestion: Say the number 1.\n")
    assert "Context: in words\nAnswer: It is 1.\n\n" in text
    assert text.endswith("Answer:")


def test_in_a_template_the_special_tokens_are_left_away(source):
    text = build(source, Asked((0,), 4, "template")).text
    assert "endoftext" not in text
    assert text.count("### Response:") == 2


def test_rows_without_an_answer_are_no_examples_and_cannot_be_asked(project, tmp_path):
    add(project, tmp_path, "shots", [{**questions()[0], "output": ""}, *questions()[1:]])
    source = open_source(project, small("shots"))
    assert build(source, Asked((0, 1), 4)).left_out == 1
    with pytest.raises(StudioError, match="Row 1 cannot be asked: no answer"):
        build(source, Asked((1,), 0))


def test_drawn_examples_are_different_rows_and_never_the_asked_one():
    for seed in range(20):
        rows = drawn(5, 3, 2, seed)
        assert len(set(rows)) == 3
        assert 2 not in rows
    assert drawn(2, 5, 0, 1) == (1,)


@pytest.mark.gui
def test_the_page_builds_anew_and_sends_the_prompt_to_chat(source, look, on_screen, scripted_run, qtbot):
    session = scripted_run.session
    page = PromptPage(session, look)
    on_screen(page)
    page.set_source(None)
    assert page.empty.isVisible()
    page.set_source(source)
    scripted_run.settle()
    assert page.text.toPlainText().count("Answer:") == 4
    page.shots.set_value(0)
    page.shots.changed.emit()
    page.ahead.click()
    scripted_run.settle()
    assert page.text.toPlainText().startswith("Question: Say the number 1.")
    assert page.wanted.text() == "It is 1."
    assert page.meter.text().endswith("of the 256 that the model reads.")
    with qtbot.waitSignal(session.focus_requested) as told:
        page.send()
    assert told.args == ["chat", Sampling(prompt=page.built.text)]


@pytest.mark.gui
def test_a_prompt_that_leaves_no_room_is_told(source, look, on_screen, scripted_run):
    page = PromptPage(scripted_run.session, look)
    on_screen(page)
    page.shots.set_value(12)
    page.set_source(source)
    scripted_run.settle()
    assert page.meter.property("role") == "warning"
    assert "Nothing is left for the answer" in page.meter.text()
    assert page.asked.maximum == ROWS
