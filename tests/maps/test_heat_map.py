"""The map as a person uses it: every cell seen, every hover exact, every wish by mouse and by keyboard."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from studio.maps.colours import DIFFERENCE, ramp
from studio.maps.heat_map import HeatMap
from studio.maps.pyramid import Pyramid

pytestmark = pytest.mark.gui
ROOT = Path(__file__).parents[2]


class Screen(HeatMap):
    """A map on a screen with so many real pixels to a logical one."""

    ratio = 1.0

    def devicePixelRatioF(self):
        return self.ratio


@pytest.fixture
def heat_map(look, on_screen):
    def show(values, width=640, height=640, ratio=1.0, **how):
        found = Screen(look)
        found.ratio = ratio
        found.set_values(values, **how)
        on_screen(found, width=width, height=height)
        return found

    return show


def weights(time, seed=0):
    return np.random.default_rng(seed).dirichlet(np.ones(time), time).astype(np.float32)


def move(heat_map, point):
    nowhere, none = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    there = heat_map.mapToGlobal(QPoint(0, 0)).toPointF() + point
    QApplication.sendEvent(heat_map, QMouseEvent(QEvent.Type.MouseMove, point, there, nowhere, nowhere, none))


def wheel(heat_map, point, turns):
    there = heat_map.mapToGlobal(QPoint(0, 0)).toPointF() + point
    none = Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(point, there, QPoint(), QPoint(0, 120 * turns), Qt.MouseButton.NoButton, none,
                        Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
    QApplication.sendEvent(heat_map, event)


def check_hovers(heat_map, values, turns):
    """Four corners and 100 random cells, each pointed at with the mouse."""
    wheel(heat_map, heat_map.plane.box.center(), turns)
    heard = []
    heat_map.hovered.connect(lambda row, column: heard.append((row, column)))
    last, rng = len(values) - 1, np.random.default_rng(7)
    cells = [(0, 0), (0, last), (last, 0), (last, last), *map(tuple, rng.integers(0, last + 1, (100, 2)).tolist())]
    for cell in cells:
        heat_map.plane.reveal(*cell)
        heat_map.moved()
        move(heat_map, QPointF(-9, -9))
        move(heat_map, heat_map.plane.rect_of(*cell).center())
        assert heard[-1] == cell
        assert heat_map.pointed == cell
        assert heat_map.lines[0] == f"{values[cell]:.4f}" or "e−" in heat_map.lines[0]
        assert heat_map.content.words(*cell)[1] == heat_map.lines[0]


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("turns", [0, 4, 12])
def test_pointing_at_a_cell_reads_the_stored_number_of_that_very_cell(heat_map, ratio, turns):
    values = weights(180)
    check_hovers(heat_map(values, ratio=ratio), values, turns)


@pytest.mark.parametrize("factor", ["1.5"])
def test_the_same_holds_on_a_screen_that_really_has_finer_pixels(factor):
    code = (
        "import os, sys; sys.path.insert(0, os.getcwd())\n"
        "from PySide6.QtWidgets import QApplication\n"
        "app = QApplication([])\n"
        "from pathlib import Path\n"
        "from studio.widgets.look import Look\n"
        "from studio.maps.heat_map import HeatMap\n"
        "from tests.maps.test_heat_map import check_hovers, weights\n"
        "values = weights(180); heat_map = HeatMap(Look(Path('resources')))\n"
        "heat_map.set_values(values); heat_map.resize(640, 640); heat_map.show(); app.processEvents()\n"
        "assert heat_map.devicePixelRatioF() == float(os.environ['QT_SCALE_FACTOR']), heat_map.devicePixelRatioF()\n"
        "check_hovers(heat_map, values, 3); print('all', len(values))\n"
    )
    surroundings = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": factor}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=surroundings, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "all 180", done.stderr


@pytest.mark.parametrize("side", [300, 450, 600])
@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_every_isolated_weight_keeps_its_full_colour_in_a_small_map(heat_map, side, ratio):
    values = np.zeros((1024, 1024), np.float32)
    values[3::20, 5::20] = 1.0
    found = heat_map(values, side + 20, side + 20, ratio, low=0.0, high=1.0)
    image = found.picture(ratio)
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width())
    top = ramp("viridis")[255]
    if found.plane.cell[0] * ratio < 1.0:
        assert int((pixels == top).sum()) == int(values.sum())
    else:
        assert int((pixels == top).sum()) >= int(values.sum())


def test_a_bright_pixel_over_many_cells_reads_the_number_that_makes_it_bright(heat_map):
    values = np.zeros((1024, 1024), np.float32)
    values[500, 300] = 0.75
    found = heat_map(values, 320, 320)
    assert found.plane.cell[0] < 0.5
    move(found, found.plane.rect_of(500, 300).center())
    assert found.pointed == (500, 300)
    assert found.lines[0] == "0.7500"


def test_cells_are_painted_in_the_colour_of_their_number(heat_map):
    values = np.array([[0.0, 0.25], [0.5, 1.0]], np.float32)
    found = heat_map(values, low=0.0, high=1.0)
    image = found.grab().toImage()
    for cell, share in (((0, 0), 0), ((0, 1), 64), ((1, 0), 128), ((1, 1), 255)):
        point = found.plane.rect_of(*cell).center().toPoint()
        assert image.pixel(point) == ramp("viridis")[share]


def test_what_is_no_number_has_a_colour_that_no_number_has(heat_map, look):
    found = heat_map(np.array([[np.nan, 0.5], [0.5, 0.5]], np.float32))
    colour = found.grab().toImage().pixel(found.plane.rect_of(0, 0).center().toPoint())
    assert colour == look.color("danger").rgb()
    assert colour not in ramp("viridis")
    move(found, found.plane.rect_of(0, 0).center())
    assert found.lines[0] == "NaN"


def test_nothing_above_the_diagonal_is_blanked(heat_map):
    values = np.tril(weights(12))
    values[2, 9] = 0.4  # a mask that leaks
    found = heat_map(values, low=0.0, high=1.0)
    clean = ramp("viridis")[0]
    image = found.grab().toImage()
    assert image.pixel(found.plane.rect_of(2, 9).center().toPoint()) != clean
    assert image.pixel(found.plane.rect_of(2, 10).center().toPoint()) == clean


def test_a_veil_hatches_only_what_it_is_asked_to_and_the_number_stays(heat_map):
    values = np.full((8, 8), 0.5, np.float32)
    found = heat_map(values, low=0.0, high=1.0)
    before = found.picture(1.0)
    found.set_veil(np.triu(np.ones((8, 8), bool), 1))
    after = found.picture(1.0)
    inside, outside = found.plane.rect_of(0, 7).toRect(), found.plane.rect_of(7, 0).toRect()
    assert before.copy(inside) != after.copy(inside)
    assert before.copy(outside) == after.copy(outside)
    move(found, found.plane.rect_of(0, 7).center())
    assert found.lines[0] == "0.5000"
    with pytest.raises(ValueError, match="veil"):
        found.set_veil(np.ones((3, 3), bool))


def test_there_is_a_name_for_every_row_and_column_or_it_is_refused(heat_map):
    found = heat_map(weights(5))
    with pytest.raises(ValueError, match="4 and 5 names"):
        found.set_labels(list("abcd"), list("abcde"))
    found.set_labels(["the"] * 5, ["the"] * 5, numbered=True)
    assert len(found.content.labels.rows) == 5
    found.set_values(weights(6))
    assert not found.content.labels.rows


def test_hovering_previews_and_leaving_takes_it_back_without_touching_the_lock(heat_map, qtbot):
    found = heat_map(weights(10))
    QTest.mouseClick(found, Qt.MouseButton.LeftButton, pos=found.plane.rect_of(4, 3).center().toPoint())
    assert found.locked == (4, 3)
    move(found, found.plane.rect_of(7, 1).center())
    assert found.pointed == (7, 1)
    with qtbot.waitSignal(found.hovered) as heard:
        QApplication.sendEvent(found, QEvent(QEvent.Type.Leave))
    assert heard.args == [-1, -1]
    assert found.pointed == (4, 3)
    assert found.lines == []


def test_a_click_tells_its_cell_once_and_dragging_is_no_click(heat_map):
    found = heat_map(weights(100))
    heard = []
    found.clicked.connect(lambda row, column: heard.append((row, column)))
    point = found.plane.rect_of(40, 30).center().toPoint()
    QTest.mouseClick(found, Qt.MouseButton.LeftButton, pos=point)
    assert heard == [(40, 30)]
    wheel(found, found.plane.box.center(), 8)
    before = found.plane.top, found.plane.left
    QTest.mousePress(found, Qt.MouseButton.LeftButton, pos=point)
    for step in range(1, 6):
        QTest.mouseMove(found, point + QPoint(-8 * step, -8 * step))
        drag = QPointF(point + QPoint(-8 * step, -8 * step))
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(
            found,
            QMouseEvent(QEvent.Type.MouseMove, drag, found.mapToGlobal(drag), Qt.MouseButton.NoButton, left, none),
        )
    QTest.mouseRelease(found, Qt.MouseButton.LeftButton, pos=point + QPoint(-40, -40))
    assert len(heard) == 1
    assert (found.plane.top, found.plane.left) != before


def test_arrow_keys_walk_over_the_cells_and_stop_at_the_edges(heat_map):
    found = heat_map(weights(10))
    heard = []
    found.clicked.connect(lambda row, column: heard.append((row, column)))
    found.setFocus()
    keys = Qt.Key
    for key, cell in (
        (keys.Key_Down, (0, 0)), (keys.Key_Down, (1, 0)), (keys.Key_Right, (1, 1)), (keys.Key_Up, (0, 1)),
        (keys.Key_Up, (0, 1)), (keys.Key_End, (0, 9)), (keys.Key_PageDown, (9, 9)), (keys.Key_Home, (9, 0)),
    ):  # fmt: skip
        QTest.keyClick(found, key)
        assert found.locked == cell
    assert heard[-1] == (9, 0)
    QTest.keyClick(found, keys.Key_Up, Qt.KeyboardModifier.ControlModifier)
    assert found.locked == (0, 0)


def test_keys_zoom_and_a_double_click_shows_everything_again(heat_map):
    found = heat_map(weights(200))
    found.setFocus()
    QTest.keyClick(found, Qt.Key.Key_Plus)
    assert found.plane.zoom == pytest.approx(1.25)
    QTest.keyClick(found, Qt.Key.Key_0)
    assert found.plane.zoom == 1.0
    wheel(found, found.plane.box.center(), 5)
    assert found.plane.zoomed
    QTest.mouseDClick(found, Qt.MouseButton.LeftButton, pos=found.plane.box.center().toPoint())
    assert not found.plane.zoomed


def test_a_cell_reached_by_keyboard_is_always_in_sight(heat_map):
    found = heat_map(weights(300))
    found.setFocus()
    wheel(found, found.plane.box.topLeft() + QPointF(2, 2), 12)
    QTest.keyClick(found, Qt.Key.Key_Down)
    for _ in range(40):
        QTest.keyClick(found, Qt.Key.Key_Down)
        row, column = found.locked
        assert found.plane.box.adjusted(-1, -1, 1, 1).contains(found.plane.rect_of(row, column).center())


def test_profiles_are_the_row_and_the_column_that_are_pointed_at(heat_map):
    values = weights(20)
    found = heat_map(values)
    found.set_profiles(True)
    found.mark(7, 3)
    assert np.array_equal(found.content.profile(True, 7).values, values[7])
    assert np.array_equal(found.content.profile(False, 3).values, values[:, 3])
    assert np.array_equal(found.content.profile(True, None).values, values.max(axis=0))
    assert np.array_equal(found.content.profile(False, None).values, values.max(axis=1))
    with_bars = found.grab().toImage()
    found.set_profiles(False)
    assert found.grab().toImage() != with_bars


def test_another_scale_changes_colours_and_not_numbers(heat_map):
    values = weights(30)
    found = heat_map(values, low=0.0, high=1.0)
    before = found.grab().toImage()
    found.set_colouring(type(found.colouring)(0.0, 1.0, "viridis", "sqrt"))
    assert found.grab().toImage() != before
    assert found.values is values


def test_a_prepared_pyramid_is_used_as_it_is(heat_map):
    values = weights(30)
    pyramid = Pyramid(values)
    found = heat_map(pyramid)
    assert found.content.pyramid is pyramid
    found.set_values(pyramid, ramp=DIFFERENCE)
    assert found.content.pyramid.signed


def test_an_empty_map_is_empty_and_breaks_nothing(heat_map):
    found = heat_map(np.zeros((0, 0), np.float32))
    move(found, QPointF(50, 50))
    QTest.keyClick(found, Qt.Key.Key_Down)
    assert found.pointed == (None, None)
    assert not found.grab().isNull()


def test_both_themes_are_drawn_anew(heat_map, look):
    found = heat_map(weights(9))
    dark = found.grab().toImage()
    look.set_theme("light")
    assert found.grab().toImage() != dark


def test_a_screen_reader_hears_names_and_number(heat_map):
    values = weights(3)
    found = heat_map(values)
    found.set_labels(["a", "b", "c"], ["x", "y", "z"])
    found.mark(1, 2)
    assert found.accessibleDescription() == f"b · z; {values[1, 2]:.4f}"


def test_another_theme_gives_the_frames_and_the_card_its_colours(heat_map, look):
    changed = heat_map(weights(8))
    changed.mark(3, 4, locked=True)
    place = changed.plane.rect_of(5, 5).center()
    move(changed, place)
    look.set_theme("light")
    move(changed, place)
    fresh = heat_map(weights(8))
    fresh.mark(3, 4, locked=True)
    move(fresh, place)
    assert changed.grab().toImage() == fresh.grab().toImage()
    look.set_theme("dark")
    corner = changed.plane.rect_of(3, 4).topLeft().toPoint() + QPoint(-1, -1)
    assert changed.grab().toImage().pixelColor(corner) == look.color("accent")
