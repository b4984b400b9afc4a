"""The confusion matrix: read, clicked and walked through, and the threshold below it."""

import time
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication

from studio.classifying.confusion_matrix import ConfusionMatrix
from studio.classifying.matrix_card import MatrixCard
from studio.classifying.matrix_cells import cell_colors, contrast, ink_on, luminance, shown
from studio.classifying.results import results_of
from studio.classifying.results_view import ResultsView
from studio.widgets.look import Look
from tests.classifying.guesses import guessed

pytestmark = pytest.mark.gui
COUNTS = np.asarray([[8, 2], [1, 4]])


def on_screen(widget: Any, qtbot: Any, width: int = 420, height: int = 420) -> Any:
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    QApplication.processEvents()
    return widget


def test_cells_say_counts_or_shares_of_rows_or_columns():
    assert shown(COUNTS, "counts") == [["8", "2"], ["1", "4"]]
    assert shown(COUNTS, "rows") == [["80.0", "20.0"], ["20.0", "80.0"]]
    assert shown(COUNTS, "columns") == [["88.9", "33.3"], ["11.1", "66.7"]]
    assert shown(np.asarray([[0, 0], [1, 1]]), "rows")[0] == ["–", "–"]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_number_can_be_read_on_its_cell(look: Look, theme: str):
    look.set_theme(theme)
    counts = np.asarray([[100, 1, 10, 30], [0, 90, 9, 1], [50, 50, 0, 0], [5, 5, 5, 85]])
    for color in (one for line in cell_colors(counts, look) for one in line):
        assert contrast(luminance(ink_on(color, look)), luminance(color)) >= 4.0


def test_a_click_chooses_a_cell_and_says_it(look: Look, qtbot: Any):
    matrix = on_screen(ConfusionMatrix(look), qtbot)
    matrix.set_matrix(("ham", "spam"), COUNTS)
    with qtbot.waitSignal(matrix.cell_chosen) as told:
        at = matrix.cell_rect(1, 0).center().toPoint()
        qtbot.mouseClick(matrix.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert told.args == [1, 0]
    assert matrix.chosen == (1, 0)
    assert "truth spam, read as ham: 1 rows." in matrix.accessibleDescription()


def test_the_keyboard_walks_and_chooses(look: Look, qtbot: Any):
    matrix = on_screen(ConfusionMatrix(look), qtbot)
    matrix.set_matrix(("ham", "spam"), COUNTS)
    matrix.setFocus()
    qtbot.keyClick(matrix, Qt.Key.Key_Right)
    qtbot.keyClick(matrix, Qt.Key.Key_Right)
    qtbot.keyClick(matrix, Qt.Key.Key_Down)
    assert matrix.pointed == (1, 1)
    with qtbot.waitSignal(matrix.cell_chosen) as told:
        qtbot.keyClick(matrix, Qt.Key.Key_Return)
    assert told.args == [1, 1]


def test_fifty_classes_scroll_with_squares_and_names_that_can_be_read(look: Look, qtbot: Any):
    matrix = on_screen(ConfusionMatrix(look), qtbot)
    labels = tuple(f"class {number}" for number in range(50))
    matrix.set_matrix(labels, np.eye(50, dtype=np.int64) * 9)
    assert matrix.side >= 18
    assert matrix.horizontalScrollBar().maximum() > 0
    for _ in range(50):
        qtbot.keyClick(matrix, Qt.Key.Key_Down)
        qtbot.keyClick(matrix, Qt.Key.Key_Right)
    assert matrix.pointed == (49, 49)
    assert matrix.cell_at(matrix.cell_rect(49, 49).center()) == (49, 49)  # it was scrolled into sight
    assert matrix.cell_at(QPointF(1, 1)) is None


def test_the_pointer_reads_a_cell_in_full(look: Look, qtbot: Any):
    matrix = on_screen(ConfusionMatrix(look), qtbot)
    matrix.set_matrix(("ham", "spam"), COUNTS)
    qtbot.mouseMove(matrix.viewport(), QPoint(1, 1))
    qtbot.mouseMove(matrix.viewport(), matrix.cell_rect(0, 1).center().toPoint())
    assert matrix._card.lines[0] == "ham → spam"
    assert "20.0 %" in " ".join(matrix._card.lines)


def test_two_classes_have_a_threshold_that_moves_the_matrix(look: Look, qtbot: Any):
    card = on_screen(MatrixCard(look), qtbot)
    results = results_of(guessed(rows=200))
    card.set_results(results)
    assert not card.threshold.isHidden()
    assert card.against.isHidden()
    assert card.matrix.counts.tolist() == results.matrix.tolist()
    card.threshold.slider.moved.emit(1.0)
    assert card.matrix.counts[:, 1].sum() == 0
    assert "recall 0.000" in card.threshold.figures.text()
    card.threshold.half.click()
    assert card.threshold.threshold == 0.5


def test_the_rows_of_a_chosen_cell_follow_the_threshold(look: Look, qtbot: Any):
    card = on_screen(MatrixCard(look), qtbot)
    card.set_results(results_of(guessed(rows=200)))
    told: list[tuple[str, Any]] = []
    card.rows_wanted.connect(lambda title, places: told.append((title, places)))
    card.matrix._take((1, 0))
    card.threshold.slider.moved.emit(0.99)
    assert len(told) == 2
    assert len(told[1][1]) > len(told[0][1])
    assert len(told[1][1]) == card.matrix.counts[1, 0]
    assert told[1][0] == f"{len(told[1][1])} spam rows read as ham"


def test_the_cheapest_threshold_follows_the_costs(look: Look, qtbot: Any):
    card = on_screen(MatrixCard(look), qtbot)
    card.set_results(results_of(guessed(rows=300)))
    bar = card.threshold
    before = bar.cheapest.text()
    bar.false_alarm.set_value(20)
    bar.false_alarm.changed.emit()
    assert bar.cheapest.text() != before
    bar.cheapest.click()
    one = card._results.against[1].sweep
    assert one.cost(bar.threshold, 20, 1) == one.cost(min(1.0, one.cheapest(20, 1)), 20, 1)


def test_of_many_classes_one_can_be_held_against_the_rest(look: Look, qtbot: Any):
    card = on_screen(MatrixCard(look), qtbot)
    results = results_of(guessed(classes=4, rows=120))
    card.set_results(results)
    assert card.threshold.isHidden()
    assert not card.against.isHidden()
    card.classes.set_value(2)
    card.classes.changed.emit()
    assert card.matrix.labels == ("not topic 2", "topic 2")
    assert card.matrix.counts.sum() == 120
    assert not card.threshold.isHidden()


def test_a_threshold_is_redrawn_within_fifty_milliseconds_of_work_at_ten_thousand_rows(look: Look, qtbot: Any):
    view = on_screen(ResultsView(look), qtbot, 1062, 620)
    view.set_results(results_of(guessed(rows=10_000)))
    view.show_view("curves")
    QApplication.processEvents()
    took = []
    for share in np.linspace(0.2, 0.8, 3):
        began = time.process_time()
        view.matrix.threshold.slider.moved.emit(float(share))
        view.grab()  # paints all of it, not only what changed
        took.append(time.process_time() - began)
    assert sorted(took)[1] < 0.05
