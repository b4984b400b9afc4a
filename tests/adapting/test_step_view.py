"""The stepper: forwards, backwards and again, with the numbers of a real step."""

import pytest
from PySide6.QtCore import Qt

from studio.adapting.step_view import StepView
from studio.adapting.step_words import sentence
from tests.adapting.worn import stage as stage

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture
def view(stage, look, on_screen):
    made = StepView(stage.session, look)
    made.text.set_value("the price is 42")
    made.text.setModified(True)  # as typed
    on_screen(made)
    made.refresh()
    stage.until(lambda: len(made.stages) == 1)
    return made


def press(view, stage, qtbot, button, times=1):
    for _ in range(times):
        stage.until(lambda: not view.busy)
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    stage.until(lambda: not view.busy)


def test_next_walks_through_four_stages_and_into_another_step(view, stage, qtbot):
    rows = view.places.rows()
    assert [row.right for row in rows] == [*"he·price·is·42"]
    assert (view.back.isEnabled(), view.next.isEnabled()) == (False, True)
    assert view._pair.isHidden()
    seen = []
    for _ in range(5):
        seen.append((view.where.value(), view.step.text(), view.next.text()))
        press(view, stage, qtbot, view.next)
    assert [name for name, _, _ in seen] == ["forward", "loss", "backward", "optimise", "forward"]
    assert seen[3][2] == "Next step"
    assert view.step.text() == "step 2"


def test_a_is_told_to_have_no_gradient_and_the_update_what_it_brought(view, stage, qtbot):
    press(view, stage, qtbot, view.next, 2)
    assert view.names[0].text() == "|∇A| = 0"
    assert set(view.maps[0].map.values.ravel().tolist()) == {0.0}
    assert "A's gradient is exactly zero" in view.words.text()
    press(view, stage, qtbot, view.next)
    last = view.stages[-1]
    assert last.after.loss < last.before.loss
    assert f"{last.after.loss:.4f} instead of {last.before.loss:.4f}" in view.words.text()
    assert f"{last.base:08x}" in view.words.text()
    assert (view.chart.lines[0].y == last.after.losses - last.before.losses).all()
    assert view.places.rows()[0].after == pytest.approx(float(last.after.chance[0]))


@pytest.mark.slow
def test_back_shows_what_was_computed_and_computes_nothing(view, stage, qtbot):
    press(view, stage, qtbot, view.next, 2)
    press(view, stage, qtbot, view.back)
    assert (view.where.value(), len(view.stages)) == ("loss", 3)
    press(view, stage, qtbot, view.next)
    assert (view.where.value(), len(view.stages)) == ("backward", 3)


def test_a_row_of_ones_own_is_the_example_of_a_fresh_step(view, stage, qtbot):
    press(view, stage, qtbot, view.next)
    view.rows.picked.emit("the price is $", "42")
    stage.until(lambda: not view.busy and len(view.stages) == 1)
    assert (view.text.value(), view.answer.value()) == ("the price is $", "42")
    assert [row.right for row in view.places.rows() if row.learned] == ["4", "2"]


@pytest.mark.slow
def test_a_stage_is_chosen_by_its_name_as_far_as_it_is_known(view, stage, qtbot):
    qtbot.mouseClick(view.where._buttons["loss"], Qt.MouseButton.LeftButton)
    stage.until(lambda: len(view.stages) == 2)
    assert view.where.value() == "loss"
    assert not view.where._buttons["optimise"].isEnabled()
    qtbot.mouseClick(view.where._buttons["forward"], Qt.MouseButton.LeftButton)
    assert (view.where.value(), len(view.stages)) == ("forward", 2)


@pytest.mark.slow
def test_at_the_second_step_a_has_a_gradient_too(view, stage, qtbot):
    press(view, stage, qtbot, view.next, 6)
    assert "exactly zero" not in view.words.text()
    assert view.maps[0].map.values.min() > 0.0


@pytest.mark.slow
def test_again_begins_anew_with_other_words(view, stage, qtbot):
    press(view, stage, qtbot, view.next, 3)
    view.text.set_value("the price is ")
    view.answer.set_value("42")
    qtbot.mouseClick(view.again, Qt.MouseButton.LeftButton)
    stage.until(lambda: len(view.stages) == 1)
    assert [row.learned for row in view.places.rows()] == [False] * 12 + [True] * 2
    assert len(view.chart.lines) == 2


def test_a_rank_larger_than_the_layer_is_refused_where_it_is_typed(view, qtbot):
    view.rank.setFocus()
    view.rank.selectAll()
    qtbot.keyClicks(view.rank, "65")
    assert "rank of 65 does not fit" in view.trouble.text()
    view.begin()
    assert view.trouble.isVisible()
    assert len(view.stages) == 1


def test_an_example_of_one_token_is_refused_in_words(view, stage):
    view.text.set_value("x")
    view.begin()
    stage.until(lambda: view.banner.isVisible())
    assert "nothing can be predicted" in view.banner.message.text()
    assert not view.busy


@pytest.mark.slow
def test_a_text_that_is_too_long_is_cut_and_the_card_says_so(view, stage):
    view.text.set_value("the price is 42, and no more than that")
    view.begin()
    stage.until(lambda: not view.busy)
    assert view.example.note.text() == "32 of 38 tokens"


@pytest.mark.slow
def test_every_stage_has_a_sentence_with_its_numbers(view, stage, qtbot):
    press(view, stage, qtbot, view.next, 3)
    told = [sentence(one) for one in view.stages]
    assert "At " in told[0]
    assert f"= {view.stages[1].before.loss:.4f}" in told[1]
    assert all("{" not in words for words in told)
