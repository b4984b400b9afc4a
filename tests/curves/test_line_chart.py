"""Lines are hit where they are drawn, gaps and numbers that are none are seen, and the keyboard walks along them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from studio.curves.line_chart import Level, Line, LineChart
from studio.curves.line_scene import spread

pytestmark = pytest.mark.gui

X = np.arange(0.0, 500.0, 50.0)


@pytest.fixture
def chart(qtbot: Any, look: Any) -> LineChart:
    made = LineChart(look, "Scores", "step")
    qtbot.addWidget(made)
    made.resize(500, 300)
    made.set_lines([Line("rising", X, X / 500, 0), Line("flat", X, np.full(10, 0.2), 1, quiet=True)])
    with qtbot.waitExposed(made):
        made.show()
    return made


def place(chart: LineChart, line: int, point: int) -> QPoint:
    x, y = chart.scales()
    shown = chart.lines[line]
    return QPoint(round(x.pixel(float(shown.x[point]))), round(y.pixel(float(shown.y[point]))))


def test_every_point_of_every_line_is_found_where_it_is_drawn(chart: LineChart) -> None:
    for line in (0, 1):
        for point in range(10):
            if line == 1 and point == 2:  # where the rising one crosses it
                continue
            assert chart.nearest(QPointF(place(chart, line, point))) == (line, point)
    assert chart.nearest(QPointF(place(chart, 0, 9) + QPoint(0, 120))) == (-1, -1)


def test_hovering_and_clicking_tell_the_point(chart: LineChart, qtbot: Any) -> None:
    told: list[tuple[str, int, int]] = []
    chart.hovered.connect(lambda line, point: told.append(("hover", line, point)))
    chart.clicked.connect(lambda line, point: told.append(("click", line, point)))
    qtbot.mouseMove(chart, QPoint(2, 2))
    qtbot.mouseMove(chart, place(chart, 0, 7))
    qtbot.mouseClick(chart, Qt.MouseButton.LeftButton, pos=place(chart, 0, 7))
    assert ("hover", 0, 7) in told
    assert told[-1] == ("click", 0, 7)
    assert chart._card.lines == ["rising", "step 350 0.700"]


def test_the_arrows_walk_along_the_lines_and_enter_chooses(chart: LineChart, qtbot: Any) -> None:
    chosen: list[tuple[int, int]] = []
    chart.clicked.connect(lambda line, point: chosen.append((line, point)))
    chart.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left):
        qtbot.keyClick(chart, key)
    assert chart.point == (1, 1)
    qtbot.keyClick(chart, Qt.Key.Key_Return)
    assert chosen == [(1, 1)]
    for _ in range(20):
        qtbot.keyClick(chart, Qt.Key.Key_Left)
    assert chart.point == (1, 0)


def test_what_is_no_number_is_a_stroke_and_no_bridge_over_it(chart: LineChart, look: Any) -> None:
    y = X / 500
    y[4:6] = np.nan
    chart.set_lines([Line("broken", X, y, 0)])
    picture = grabbed(chart)
    x, _ = chart.scales()
    danger = look.color("danger").rgb()
    bottom = round(chart.scales()[1].start)
    column = round(x.pixel(float(X[4])))
    strokes = {picture.pixel(column + dx, bottom - dy) for dx in (-1, 0, 1) for dy in (1, 2, 3, 4)}
    assert any(near(color, danger) for color in strokes)
    assert chart.nearest(QPointF(x.pixel(float(X[4])), 100.0)) == (-1, -1)


def near(color: int, wanted: int) -> bool:
    return sum(abs((color >> s & 255) - (wanted >> s & 255)) for s in (0, 8, 16)) < 90


def grabbed(chart: LineChart) -> QImage:
    return chart.grab().toImage()


def test_a_level_is_within_the_axis_even_where_no_line_comes_near(chart: LineChart) -> None:
    chart.set_lines([Line("low", X, np.full(10, 0.1))], Level(0.9, "chance 0.9"))
    _, y = chart.scales()
    assert y.low <= 0.1
    assert y.high >= 0.9


def test_a_marker_and_another_theme_change_the_picture_at_once(chart: LineChart, look: Any) -> None:
    before = grabbed(chart)
    chart.set_marker(200.0)
    marked = grabbed(chart)
    assert marked != before
    look.set_theme("light")
    assert grabbed(chart) != marked
    look.set_theme("dark")
    assert grabbed(chart) == marked


def test_chosen_lines_stand_out(chart: LineChart) -> None:
    before = grabbed(chart)
    chart.choose(1)
    assert grabbed(chart) != before
    chart.choose(-1)
    assert grabbed(chart) == before


def test_a_logarithmic_axis_leaves_out_what_has_no_logarithm(chart: LineChart) -> None:
    chart.set_logarithmic(True)
    chart.set_lines([Line("norms", X, np.array([0.0, 1e-3, 1e-2, 0.1, 1, 10, 100, 1e3, 1e4, 1e5]))])
    _, y = chart.scales()
    assert y.low > 0
    assert y.logarithmic
    steps = [y.pixel(10.0**power) for power in range(-3, 5)]
    assert np.ptp(np.diff(steps)) < 1e-6


def test_nothing_to_draw_says_so(chart: LineChart) -> None:
    chart.set_empty_text("Nothing yet.")
    chart.set_lines(())
    assert chart.point == (-1, -1)
    assert chart.accessibleDescription() == "Nothing yet."
    assert chart.nearest(QPointF(100, 100)) == (-1, -1)


def test_an_exported_drawing_is_made_of_lines(chart: LineChart, tmp_path: Path) -> None:
    generator = QSvgGenerator()
    generator.setFileName(str(tmp_path / "chart.svg"))
    generator.setSize(QSize(500, 300))
    painter = QPainter(generator)
    chart.render(painter, QPoint(0, 0))
    painter.end()
    drawn = (tmp_path / "chart.svg").read_text("utf-8")
    assert "polyline" in drawn
    assert "<image" not in drawn


def test_names_stand_apart_at_the_ends_of_their_lines() -> None:
    assert spread([10, 50, 90], 14, 200) == [10, 50, 90]
    assert spread([10, 12, 13], 14, 200) == [10, 24, 38]
    assert spread([100, 100, 100], 14, 100) == [72, 86, 100]
    assert spread([], 14, 100) == []


def test_only_lines_that_are_not_quiet_and_the_chosen_one_are_named(chart: LineChart) -> None:
    assert chart.scene._named() == [0]
    chart.choose(1)
    assert chart.scene._named() == [0, 1]
    chart.set_lines([Line(f"line {n}", X, X * n, n) for n in range(30)])
    assert chart.scene._named() == []


def test_the_keyboard_passes_over_what_is_no_number_and_lines_without_points(chart: LineChart, qtbot: Any) -> None:
    nothing = np.zeros(0)
    chart.set_lines([Line("none", nothing, nothing, 0), Line("torn", X[:3], np.array([0.5, np.nan, 0.7]), 1)])
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right):
        qtbot.keyClick(chart, key)
    assert chart.point == (1, 1)
    assert chart._card.lines[0] == "torn"
    chart.grab()
    qtbot.keyClick(chart, Qt.Key.Key_Down)
    assert chart.point == (1, 1), "the other line has no point to go to"
    qtbot.keyClick(chart, Qt.Key.Key_Right)
    assert chart.point == (1, 2)
    chart.set_lines([Line("none", nothing, nothing, 0)])
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Return):
        qtbot.keyClick(chart, key)
    assert chart.point == (-1, -1)


@pytest.mark.parametrize("logarithmic", [False, True])
@pytest.mark.parametrize("values", [[], [0.0] * 4, [np.nan] * 3, [-1.0, -5.0], [1.0, np.nan, np.inf, -2.0]])
def test_any_numbers_are_drawn_and_walked_through(
    look: Any, qtbot: Any, values: list[float], logarithmic: bool
) -> None:
    made = LineChart(look, "Scores", "step")
    qtbot.addWidget(made)
    made.resize(300, 160)
    made.set_logarithmic(logarithmic)
    made.set_lines([Line("any", np.arange(float(len(values))), np.array(values), 0)], Level(float("nan"), "chance"))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Return):
        qtbot.keyClick(made, key)
        assert not made.grab().isNull()
    assert made.point == ((0, 1) if len(values) > 1 else (-1, -1))
