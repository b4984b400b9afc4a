"""Guessed numbers: the scatter, the running error, the rows."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from studio.classifying.number_try import Guess, guess_for
from studio.classifying.numbers import NumberBaseline, NumberResults, NumberRun, number_results
from studio.classifying.regression_view import RegressionView, number_tiles
from studio.widgets.look import Look
from tests.classifying.guesses import scored_numbers, texts_of

pytestmark = pytest.mark.gui


def results() -> NumberResults:
    truth, guess = np.asarray([100.0, 50.0, 300.0, 20.0]), np.asarray([110.0, 120.0, 290.0, 200.0])
    return number_results(NumberRun(truth, guess, np.arange(4) + 10, "test", "tale", texts_of, "prices@1"))


def test_the_rows_furthest_off_come_first_and_the_bands_follow_the_lecture():
    found = results()
    assert found.worst.tolist() == [3, 1, 0, 2]
    assert found.bands.tolist() == ["green", "orange", "green", "red"]
    assert found.scores.mae == pytest.approx(67.5)


def test_the_tiles_name_the_baselines():
    tiles = number_tiles(results(), [NumberBaseline("constant", 90.0)])
    assert tiles[0].title == "Mean error, 4 test rows"
    assert tiles[0].value == "67.50"
    assert tiles[0].note.endswith(" · constant 90.00")
    assert tiles[3].value == "50.0 %"


@pytest.fixture
def view(look: Look, qtbot: Any) -> RegressionView:
    found = RegressionView(look)
    qtbot.addWidget(found)
    found.resize(1062, 620)
    return found


def test_texts_are_asked_for_once_and_then_listed(view: RegressionView, qtbot: Any):
    with qtbot.waitSignal(view.texts_wanted) as told:
        view.set_results(results(), [NumberBaseline("constant", 90.0)])
    assert told.args[0] == [13, 11, 10, 12]
    view.set_texts(dict(zip(told.args[0], texts_of(told.args[0]), strict=True)))
    assert view.table.rows()[0].text == "message 13"
    assert view.running.level is not None
    assert view.running.level.words == "constant"
    assert "2 green" in view.words.text()


def test_a_dot_is_read_and_chosen_by_mouse_and_by_keyboard(view: RegressionView, qtbot: Any):
    view.set_results(results())
    view.show()
    QApplication.processEvents()
    scatter = view.scatter
    x, y = scatter.places()
    with qtbot.waitSignal(scatter.chosen) as told:
        at = scatter.rect().topLeft()
        at.setX(round(x[3]))
        at.setY(round(y[3]))
        qtbot.mouseMove(scatter, at)
        assert scatter.pointed == 3
        assert "180.00" in " ".join(scatter._card.lines)
        qtbot.mouseClick(scatter, Qt.MouseButton.LeftButton, pos=at)
    assert told.args == [3]
    assert view.table.selected_rows()[0].number == 13
    scatter.point_at(-1)
    qtbot.keyClick(scatter, Qt.Key.Key_Right)
    qtbot.keyClick(scatter, Qt.Key.Key_Right)
    assert scatter.pointed == 1
    view.grab()


def test_numbers_that_are_all_the_same_still_have_an_axis(view: RegressionView):
    flat = scored_numbers(Path("tale"), "test")
    ones = np.zeros(len(flat.truth))
    view.set_results(number_results(NumberRun(ones, ones, flat.rows, "test", "tale", texts_of)))
    low, high = view.scatter.scales()[0].low, view.scatter.scales()[0].high
    assert (low, high) == (0.0, 1.0)
    assert view.scatter.nearest(view.scatter.rect().topLeft().toPointF()) == -1


def test_a_text_of_ones_own_is_completed_after_the_last_key(view: RegressionView, qtbot: Any):
    view.set_results(results())
    view.show()
    view.switch.changed.emit("try")
    assert view.stack.currentWidget() is view.trial
    with qtbot.waitSignal(view.trial.asked) as told:
        qtbot.keyClicks(view.trial.text, "a lamp")
    assert told.args == ["a lamp"]
    view.trial.set_guess(Guess((20.0, 1_250.0), (0.6, 0.2), 327.5, "a lamp\n\nPrice is $"))
    assert view.trial.guess.text() == "327.50"
    assert [choice.text for choice in view.trial.bars.choices] == ["20", "1,250"]
    assert "2 likeliest numbers" in view.trial.note.text()
    assert view.trial.note.text().endswith("behind “Price is $”.")
    view.trial.set_trouble("The model finds no number behind this text.")
    assert not view.trial.bars.isVisible()
    assert "no number" in view.trial.note.text()
    view.trial.text.clear()
    view.trial.ask()
    assert not view.trial.note.isVisible()
    view.trial.set_guess(Guess((20.0,), (0.6,), 20.0, "a lamp"))  # it comes too late
    assert not view.trial.guess.isVisible()
    view.scatter.chosen.emit(0)
    assert view.stack.currentWidget() is view.table


def test_the_engines_answer_is_carried_over(monkeypatch: pytest.MonkeyPatch):
    found = SimpleNamespace(numbers=(3.0,), chances=(0.5,), mean=3.0, prompt="x is ")
    monkeypatch.setattr("studio.classifying.number_try.resolve", lambda name: lambda folder, text: found)
    assert guess_for(Path("run"), "x") == Guess((3.0,), (0.5,), 3.0, "x is ")
