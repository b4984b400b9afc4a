"""The parts of the Results views, each from arrays."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from studio.classifying.attributed import Why, sum_words
from studio.classifying.calibration_view import CalibrationView
from studio.classifying.class_table import ClassTable, class_rows
from studio.classifying.compare_view import CompareView
from studio.classifying.curves_view import CurvesView
from studio.classifying.learning_view import LearningView
from studio.classifying.results import Beside, results_of
from studio.classifying.results_view import VIEWS, ResultsView
from studio.classifying.score_tiles import tiles_of
from studio.classifying.try_view import TryView
from studio.classifying.unit_plot import UnitLine, UnitPlot
from studio.classifying.why_card import AGAINST, FOR, WhyStrip
from studio.widgets.look import Look
from tests.classifying.guesses import guessed

pytestmark = pytest.mark.gui
BESIDE = Beside(0.5, 0.9, 12, ((20, 0.8), (40, 0.9)))
WHY = Why(("win", "a", "prize"), (2.0, -1.0, 0.5), "spam", "gradient", 1.5, 1.4, (("ham", 0.2), ("spam", 0.8)))


def test_the_tiles_say_the_figures_with_their_interval_and_what_stands_beside():
    results = results_of(guessed(rows=100))
    tiles = tiles_of(results, BESIDE)
    assert tiles[0].title == "Accuracy, 100 validation rows"
    assert tiles[0].value == f"{100 * results.accuracy:.1f} %"
    assert tiles[0].note.endswith("· TF-IDF 90.0 · majority 50")
    assert tiles[1].note.startswith("ham ")
    assert tiles_of(results_of(guessed(classes=5, rows=100)))[1].note.startswith("lowest topic")
    assert tiles_of(results_of(guessed(classes=3, rows=30, several=True)))[0].title.startswith("All classes right")


def test_a_sample_is_called_one():
    run = guessed(rows=30)
    sampled = type(run)(**(vars(run) | {"sample": True}))
    assert tiles_of(results_of(sampled))[0].title == "Accuracy, a sample of 30 validation rows"


def test_classes_and_averages_stand_in_one_table_each(look: Look, qtbot: Any):
    table = ClassTable(look)
    qtbot.addWidget(table)
    now, before = results_of(guessed(classes=3, rows=90)), results_of(guessed(classes=3, rows=90, seed=8))
    table.set_results(now)
    assert table.table.isColumnHidden(4)
    assert next(row.name for row in table.averages.rows()).startswith("macro")
    table.set_results(now, before)
    assert not table.table.isColumnHidden(4)
    row = class_rows(now, before)[1]
    assert row.change == pytest.approx(now.per_class.f1[1] - before.per_class.f1[1])
    assert class_rows(now, results_of(guessed(rows=9)))[0].change is None  # other classes cannot be compared


def test_both_curves_follow_the_threshold(look: Look, qtbot: Any):
    view, results = CurvesView(look), results_of(guessed(rows=200))
    qtbot.addWidget(view)
    view.set_results(results)
    view.set_threshold(0.7)
    at = results.against[1].sweep.at(0.7)  # type: ignore[union-attr]
    assert view.roc.dot == (at.fp / (at.fp + at.tn), at.recall)
    assert view.precision.dot == (at.recall, at.precision)
    view.set_threshold(1.1)
    assert view.precision.dot == (0.0, 1.0)


def test_of_many_classes_the_hardest_one_has_the_curves_at_first(look: Look, qtbot: Any):
    view, results = CurvesView(look), results_of(guessed(classes=4, rows=100))
    qtbot.addWidget(view)
    view.set_results(results)
    view.set_class(-1)
    assert view.place == int(results.per_class.f1.argmin())


def test_a_class_without_rows_says_that_there_is_no_curve(look: Look, qtbot: Any):
    run = guessed(rows=20)
    view = CurvesView(look)
    qtbot.addWidget(view)
    view.set_results(results_of(type(run)(**(vars(run) | {"truth": np.zeros(20, np.int64)}))))
    assert "no curve" in view.words.text()
    view.set_threshold(0.2)
    assert view.roc.dot is None


def test_temperature_scaling_moves_the_diagram_and_says_what_it_did(look: Look, qtbot: Any):
    view, results = CalibrationView(look), results_of(guessed(rows=300))
    qtbot.addWidget(view)
    view.set_results(results)
    assert view.plot.title == f"Calibration · error {results.raw.error:.3f}"
    qtbot.mouseClick(view.cooled, Qt.MouseButton.LeftButton)
    assert view.plot.title == f"Calibration · error {results.cooled.error:.3f}"
    assert "fitted on the validation rows" in view.words.text()


def test_a_comparison_names_what_only_one_run_got_right_and_lists_it(look: Look, qtbot: Any):
    view = CompareView(look)
    qtbot.addWidget(view)
    view.set_runs(["tale 2"])
    with qtbot.waitSignal(view.earlier_wanted) as told:
        view.choice.set_value("tale 2")
        view.choice.changed.emit()
    assert told.args == ["tale 2"]
    view.set_earlier(results_of(guessed(rows=60)), results_of(guessed(rows=60, seed=4)))
    assert "right only here" in view.words.text()
    assert view.note.text().startswith("McNemar's test: p = ")
    with qtbot.waitSignal(view.rows_wanted) as listed:
        view.matrix._take((0, 1))
    assert listed.args[0] == "Right only in the earlier run"
    view.set_earlier(None, None)
    assert view.matrix.isHidden()


def test_the_baselines_are_drawn_with_this_model_beside_them(look: Look, qtbot: Any):
    view, results = LearningView(look), results_of(guessed(rows=60))
    qtbot.addWidget(view)
    view.set_results(results, None)
    assert not view.go.isHidden()
    view.set_results(results, BESIDE, [(40, results.accuracy)])
    assert view.go.isHidden()
    assert [line.name for line in view.chart.lines] == ["TF-IDF + logistic regression", "this model"]
    assert "+10.0 points" in view.words.text()


def test_tokens_are_coloured_for_and_against(look: Look, qtbot: Any):
    strip = WhyStrip(look)
    qtbot.addWidget(strip)
    strip.set_why(WHY)
    assert WHY.weights == [1.0, -0.5, 0.25]
    assert (strip.tokens._role, strip.tokens._below) == (FOR, AGAINST)
    assert strip.sum.text() == sum_words(WHY) == "sums to 1.50 of 1.40"
    strip.set_words("nothing")
    assert strip.why is None


def test_the_try_box_waits_for_the_last_key_and_asks_for_the_likeliest_class(look: Look, qtbot: Any):
    box = TryView(look)
    qtbot.addWidget(box)
    box.show()
    with qtbot.waitSignal(box.asked) as told:
        qtbot.keyClicks(box.text, "win now")
    assert told.args == ["win now", "", "gradient", None]
    box.set_why(WHY)
    assert [choice.text for choice in box.bars.choices] == ["spam", "ham"]
    with qtbot.waitSignal(box.asked) as again:
        box.bars.chosen.emit(0)
    assert again.args[1] == "ham"


def test_the_adapters_strength_is_asked_with_where_there_is_one(look: Look, qtbot: Any):
    box = TryView(look)
    qtbot.addWidget(box)
    box.show()
    box.set_adapter(True)
    box.text.setPlainText("win")
    with qtbot.waitSignal(box.asked) as told:
        box.strength.slider.moved.emit(1.0)
    assert told.args[3] == 2.0
    box.text.setPlainText("")
    box.ask()
    assert box.bars.choices == []


@pytest.mark.slow
def test_every_view_is_painted_and_looks_like_none_of_the_others(look: Look, qtbot: Any):
    look.set_theme("light")
    view = ResultsView(look)
    qtbot.addWidget(view)
    view.resize(1062, 620)
    view.set_results(results_of(guessed(classes=3, rows=40)))
    view.set_beside(BESIDE, [(40, 0.5)])
    view.show()
    seen = set()
    for name, _ in VIEWS:
        view.show_view(name)
        QApplication.processEvents()
        seen.add(view.grab().toImage().constBits().tobytes())
    assert len(seen) == len(VIEWS)


def test_long_lines_are_thinned_but_keep_their_ends(look: Look, qtbot: Any):
    plot = UnitPlot(look, "ROC", "x", "y")
    qtbot.addWidget(plot)
    values = np.linspace(0, 1, 20_001)
    plot.set_lines([UnitLine(values, values)])
    assert len(plot.lines[0].x) <= 2_000
    assert (plot.lines[0].x[0], plot.lines[0].x[-1]) == (0.0, 1.0)


def test_in_a_small_window_a_list_names_the_views_and_the_matrix_has_the_room_of_small_print(look: Look, qtbot: Any):
    view = ResultsView(look)
    qtbot.addWidget(view)
    view.set_results(results_of(guessed()))
    view.resize(1_062, 620)
    view.show()
    roomy = view.switch.row.isVisible(), view.tiles.tiles[0].note.isVisible(), view.matrix.threshold.miss.isVisible()
    assert roomy == (True, True, True)
    view.resize(736, 370)
    assert view.switch.list.isVisible()
    assert not view.switch.row.isVisible()
    assert not view.tiles.tiles[0].note.isVisible()
    assert view.tiles.tiles[0].note.text() in view.tiles.tiles[0].toolTip()
    assert not view.matrix.threshold.miss.isVisible()
    view.switch.list.set_value("curves")
    view.switch.list.changed.emit()
    assert view.stack.currentWidget() is view.curves
