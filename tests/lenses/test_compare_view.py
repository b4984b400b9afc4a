"""Two models side by side: nothing between a model and itself, the engine's numbers otherwise, and why not."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from studio.insight.comparison import compare
from studio.lenses.compare_view import CompareView
from tests.lenses.trained import STEPS, Stage, config, make_project, open_stage

pytestmark = [pytest.mark.gui, pytest.mark.torch]


def shown_on(stage: Stage, step: int = 3, run: str = "run0") -> CompareView:
    stage.look_at()
    stage.looking.compare_with(stage.subject(step, run))
    stage.until(lambda: stage.looking.other is not None)
    view: CompareView = stage.show(CompareView)
    stage.until(lambda: "KL" in view.text_card.note.text())
    return view


def wanted(stage: Stage) -> Any:
    return compare(*((one.model, one.capture) for one in (stage.looking.scene, stage.looking.other)))


def test_it_shows_what_the_engine_compared(stage: Stage) -> None:
    view, found = shown_on(stage), wanted(stage)
    for name in ("divergence", "opposite", "chances", "alignment", "gain"):
        np.testing.assert_array_equal(view.numbers()[name], getattr(found, name))
    np.testing.assert_array_equal(view.map.values, found.alignment)
    assert [row.place for row in sorted(view.table.rows(), key=lambda row: row.place)] == found.changed.tolist()
    kl = [row.divergence for row in view.table.rows()]
    assert kl == sorted(kl, reverse=True)
    weights = view.words._weights
    assert weights is not None
    assert int(np.argmax(weights)) == int(found.divergence.argmax())


def test_a_model_against_itself_is_the_same_everywhere(stage: Stage) -> None:
    view = shown_on(stage, STEPS)
    numbers = view.numbers()
    assert (numbers["divergence"] == 0).all()
    assert (numbers["gain"][:-1] == 0).all()
    assert np.abs(np.diag(numbers["alignment"]) - 1).max() <= 1e-6
    assert view.table.rows() == []
    assert view.settings.summary.text().startswith("0 of")


def test_swapping_the_models_turns_the_numbers_round(stage: Stage) -> None:
    forth = shown_on(stage).numbers()
    stage.looking.compare_with(None)
    stage.look_at(3)
    stage.until(lambda: stage.looking.scene.step == 3)
    stage.looking.compare_with(stage.subject(STEPS))
    stage.until(lambda: stage.looking.other is not None)
    view: CompareView = stage.show(CompareView)
    stage.until(lambda: "KL" in view.text_card.note.text())
    back = view.numbers()
    np.testing.assert_array_equal(forth["gain"][:-1], -back["gain"][:-1])
    np.testing.assert_array_equal(forth["divergence"], back["opposite"])


def test_settings_that_differ_are_listed(stage: Stage) -> None:
    view = shown_on(stage, STEPS, "run1")
    view.tabs.set_value("settings")
    view.tabs.changed.emit("settings")
    assert view.stack.currentWidget() is view.settings
    assert [row.label for row in view.settings.table.rows()] == ["Dropout"]


def test_a_token_a_row_and_the_selection_are_one(stage: Stage, qtbot: Any) -> None:
    view = shown_on(stage)
    qtbot.mouseClick(view.words.viewport(), Qt.MouseButton.LeftButton, pos=view.words.token_rect(5).center())
    assert stage.session.selection.locked("row") == 5
    assert f"{wanted(stage).divergence[5]:.4f} nats" in view.explanation()
    row = view.table.rows()[0]
    at = view.table.visualRect(view.table.model().index(0, 0)).center()
    qtbot.mouseClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert stage.session.selection.locked("row") == row.place
    assert view.words.selected_index == row.place
    view.map.clicked.emit(2, 1)
    assert stage.session.selection.locked("layer") == 1
    assert view.map.locked == (2, 2)


def test_every_token_tells_both_sides(stage: Stage, qtbot: Any) -> None:
    view, found = shown_on(stage), wanted(stage)
    qtbot.mouseMove(view.words.viewport(), view.words.token_rect(4).center())
    lines = view.words._card.lines
    tokenizer = stage.looking.scene.tokenizer
    assert any(
        line.startswith("A: ") and tokenizer.token_text(int(found.ids[0, 4, 0])).strip() in line for line in lines
    )
    assert any(line.startswith("B: ") for line in lines)
    assert stage.session.selection.value("row") == 4


def test_without_a_second_model_it_says_what_to_choose(stage: Stage) -> None:
    stage.look_at()
    view: CompareView = stage.show(CompareView)
    assert view.missing().startswith("Choose a second checkpoint")
    assert view.numbers() == {}
    assert view.explanation() == ""


@pytest.mark.slow  # trains two runs
def test_another_tokenizer_is_refused_with_the_reason(tmp_path: Any, look: Any, qtbot: Any) -> None:
    from dataclasses import replace

    words = config()
    words = words.with_part(data=replace(words.data, tokenizer="bytes"))
    stage = open_stage(make_project(tmp_path / "two", config(), words), look, qtbot)
    try:
        stage.look_at()
        stage.looking.compare_with(stage.subject(STEPS, "run1"))
        stage.until(lambda: stage.looking.trouble is not None)
        assert "cut text into tokens differently" in stage.looking.trouble.message
        view: CompareView = stage.show(CompareView)
        assert view.missing()
    finally:
        stage.close()


def test_nothing_is_told_while_the_next_two_are_compared(stage: Stage) -> None:
    view = shown_on(stage)
    view.question.ask("another", wanted, stage)
    assert view.numbers() == {}
    stage.settle()
