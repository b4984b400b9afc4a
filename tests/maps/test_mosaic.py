"""All maps at a glance: where they stand, what they show, and that each can be reached."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from studio.maps.colours import ramp
from studio.maps.mosaic import Mosaic
from studio.maps.tiles import Tiles
from studio.widgets.hover_card import CardRow

pytestmark = pytest.mark.gui


@pytest.fixture
def mosaic(look, on_screen):
    def show(layers=4, heads=6, width=640, height=560):
        found = Mosaic(look, names=("L", "H"))
        on_screen(found, width=width, height=height)
        found.set_tiles(levels(layers, heads))
        return found

    return show


def levels(layers, heads, side=16):
    found = np.zeros((layers, heads, side, side), np.uint8)
    for layer in range(layers):
        for head in range(heads):
            found[layer, head] = (layer * heads + head) * 7 % 255
    return Tiles(found)


def move(mosaic, point):
    nowhere, none = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(QEvent.Type.MouseMove, point, mosaic.viewport().mapToGlobal(point), nowhere, nowhere, none)
    QApplication.sendEvent(mosaic.viewport(), event)


def test_every_tile_is_painted_where_pointing_at_it_finds_it(mosaic):
    found = mosaic()
    image = found.viewport().grab().toImage()
    table = found.tiles.table("linear", True, 0)
    for layer in range(4):
        for head in range(6):
            centre = found.tile_rect(layer, head).center()
            assert found.tile_at(centre) == (layer, head)
            assert image.pixel(centre.toPoint()) == table[found.tiles.levels[layer, head, 0, 0]]


def test_no_tile_covers_another(mosaic):
    found = mosaic(12, 12)
    rects = [found.tile_rect(layer, head) for layer in range(12) for head in range(12)]
    assert not any(one.intersects(other) for at, one in enumerate(rects) for other in rects[at + 1 :])
    assert all(found.viewport().rect().toRectF().contains(rect) for rect in rects)


def test_many_heads_are_reached_by_scrolling(mosaic):
    found = mosaic(32, 32, 1_300, 700)
    bar = found.verticalScrollBar()
    assert bar.maximum() > 0
    bar.setValue(bar.maximum())
    last = found.tile_rect(31, 31)
    assert found.viewport().rect().toRectF().contains(last)
    assert found.tile_at(last.center()) == (31, 31)


def test_a_click_tells_the_tile_and_an_order_does_not_change_its_name(mosaic):
    found = mosaic()
    heard = []
    found.clicked.connect(lambda row, column: heard.append((row, column)))
    found.set_order([(3, 5), (0, 1), (2, 2)])
    assert found.shown == ((3, 5), (0, 1), (2, 2))
    QTest.mouseClick(found.viewport(), Qt.MouseButton.LeftButton, pos=found.tile_rect(3, 5).center().toPoint())
    assert heard == [(3, 5)]
    assert found.tile_rect(1, 1).isEmpty()


def test_nothing_is_shown_of_an_empty_order(mosaic):
    found = mosaic()
    found.set_order([])
    assert found.shown == ()
    assert found.tile_at(QPointF(100, 100)) is None
    assert not found.viewport().grab().isNull()


def test_pointing_previews_describes_and_leaving_ends_it(mosaic):
    found = mosaic()
    found.describe = lambda row, column: (f"tile {row} {column}", [CardRow("1")])
    heard = []
    found.hovered.connect(lambda row, column: heard.append((row, column)))
    move(found, found.tile_rect(1, 4).center())
    move(found, found.tile_rect(1, 4).center() + QPointF(2, 2))
    assert heard == [(1, 4)]
    assert found.lines[0] == "tile 1 4"
    QApplication.sendEvent(found.viewport(), QEvent(QEvent.Type.Leave))
    assert heard == [(1, 4), (-1, -1)]
    assert found.lines == []


def test_arrow_keys_walk_over_the_tiles_in_the_order_that_is_shown(mosaic):
    found = mosaic()
    heard = []
    found.clicked.connect(lambda row, column: heard.append((row, column)))
    found.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_End, Qt.Key.Key_Down, Qt.Key.Key_Home):
        QTest.keyClick(found, key)
    assert heard == [(0, 0), (0, 1), (1, 1), (3, 5), (3, 5), (0, 0)]


def test_a_tile_reached_by_keyboard_is_in_sight(mosaic):
    found = mosaic(32, 32, 1_300, 700)
    found.setFocus()
    QTest.keyClick(found, Qt.Key.Key_End)
    assert found.viewport().rect().toRectF().contains(found.tile_rect(31, 31))


def test_a_badge_is_as_long_as_its_number(mosaic, look):
    found = mosaic(1, 2, 400, 300)
    found.set_badges(np.array([[0.25, 1.0]]))
    image = found.viewport().grab().toImage()
    accent = look.color("accent").rgb()

    def long(head):
        frame = found.tile_rect(0, head)
        row = round(frame.bottom()) + 8
        return sum(image.pixel(x, row) == accent for x in range(round(frame.left()), round(frame.right())))

    assert long(0) / long(1) == pytest.approx(0.25, abs=0.03)


def test_a_badge_that_is_no_number_shows_no_bar(mosaic, look):
    found = mosaic(1, 1, 400, 300)
    found.set_badges(np.array([[np.nan]]))
    image = found.viewport().grab().toImage()
    frame = found.tile_rect(0, 0).toRect()
    below = range(frame.left(), frame.right())
    assert all(image.pixel(x, frame.bottom() + 9) != look.color("accent").rgb() for x in below)


def test_a_locked_tile_and_a_hovered_one_are_framed_and_a_lock_survives_a_hover(mosaic):
    found = mosaic()
    plain = found.viewport().grab().toImage()
    found.mark(0, 0, locked=True)
    locked = found.viewport().grab().toImage()
    found.mark(2, 2)
    assert plain != locked != found.viewport().grab().toImage()
    found.mark(None, None)
    assert found.locked == (0, 0)
    assert found.viewport().grab().toImage() == locked


def test_an_isolated_weight_stays_visible_in_the_smallest_tile(mosaic):
    found = mosaic()
    values = np.zeros((32, 32, 64, 64), np.uint8)
    values[5, 7, 33, 20] = 254
    found.set_tiles(Tiles(values))
    assert found.tile_rect(0, 0).width() < 64
    image = found.picture(1.0)
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width())
    assert int((pixels == ramp("viridis")[255]).sum()) == 1


def test_both_themes_and_every_scale_are_drawn(mosaic, look):
    found = mosaic()
    pictures = []
    for scale in ("linear", "sqrt", "log"):
        found.set_scale(scale)
        pictures.append(found.viewport().grab().toImage())
    look.set_theme("light")
    pictures.append(found.viewport().grab().toImage())
    assert all(one != other for at, one in enumerate(pictures) for other in pictures[at + 1 :])


def test_a_mosaic_without_tiles_is_quiet(look, on_screen):
    found = Mosaic(look)
    on_screen(found)
    QTest.mouseClick(found.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(30, 30))
    QTest.keyClick(found, Qt.Key.Key_Down)
    assert found.shown == ()
