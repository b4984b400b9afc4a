"""The threshold: what the slider, the costs and the two links do to it, and what is said where there is none."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtTest import QTest

from studio.classifying.results import Against
from studio.classifying.threshold_bar import ThresholdBar
from studio.scores.thresholds import Sweep

pytestmark = pytest.mark.gui
SCORES, TRUTH = np.array([0.1, 0.3, 0.6, 0.8]), np.array([0, 1, 0, 1])


@pytest.fixture
def bar(look: Any, qtbot: Any) -> ThresholdBar:
    made = ThresholdBar(look)
    qtbot.addWidget(made)
    against: Any = Against(Sweep(SCORES, TRUTH), None, None, 0.0, 0.0)  # type: ignore[arg-type]
    made.set_against(against, "spam")
    return made


def test_the_slider_tells_the_threshold_and_the_figures_there(bar: ThresholdBar, qtbot: Any) -> None:
    assert bar.figures.text() == "precision 0.500 · recall 0.500 · F1 0.500 · accuracy 50.0 %"
    with qtbot.waitSignal(bar.moved) as told:
        bar.slider.moved.emit(0.7)
    assert told.args == [0.7]
    assert bar.when.text() == "spam when p ≥ 0.70"
    assert bar.figures.text() == "precision 1.000 · recall 0.500 · F1 0.667 · accuracy 75.0 %"
    with qtbot.waitSignal(bar.moved) as told:
        bar.half.click()
    assert told.args == [0.5]


def write(box: Any, words: str) -> None:
    box.selectAll()
    QTest.keyClicks(box, words)


def test_what_mistakes_cost_moves_the_cheapest_threshold(bar: ThresholdBar, qtbot: Any) -> None:
    write(bar.miss, "100")
    with qtbot.waitSignal(bar.moved) as told:
        bar.cheapest.click()
    assert told.args == [0.3], "nothing is missed"
    assert bar.threshold == 0.3
    write(bar.false_alarm, "1000")
    bar.cheapest.click()
    assert bar.threshold == 0.8, "no false alarm is given"
    assert bar.cheapest.text() == "cheapest at 0.80"


@pytest.mark.parametrize("words", ["-1", "a", "nan", "inf"])
def test_a_cost_that_is_none_offers_no_threshold(bar: ThresholdBar, words: str) -> None:
    write(bar.miss, words)
    assert not bar.cheapest.isEnabled()
    assert bar.cheapest.text() == ""
    write(bar.miss, "2")
    assert bar.cheapest.isEnabled()


def test_rows_of_one_side_only_have_no_threshold(bar: ThresholdBar) -> None:
    bar.set_against(None, "spam")
    assert not bar.isEnabled()
    assert "a threshold changes nothing" in bar.figures.text()
    bar.set_threshold(0.9)
    assert bar.when.text() == "spam when p ≥ 0.90"
