"""Names along a map: as many as fit, each where its row or column is."""

import numpy as np
import pytest
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter

from studio.maps.colours import Colouring
from studio.maps.content import Content
from studio.maps.labels import Labels, label_rects, margins, paint_labels, paint_pointed, step_for
from studio.maps.plane import Plane

pytestmark = pytest.mark.gui

GROUND = QColor("#000000")


def plane_of(side, size=200, left=60.0):
    plane = Plane()
    plane.set_shape(side, side)
    plane.set_area(QRectF(left, 8, size, size))
    return plane


def painted(plane, labels, look, pointed=None):
    image = QImage(320, 320, QImage.Format.Format_RGB32)
    image.fill(GROUND)
    painter = QPainter(image)
    if pointed is None:
        paint_labels(painter, plane, labels, look)
    else:
        paint_pointed(painter, plane, labels, look, pointed)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(320, 320)
    return pixels & 0xFFFFFF != 0


def names(count, word="tok"):
    return tuple(f"{word}{number}" for number in range(count))


@pytest.mark.parametrize(("size", "least", "step"), [(20.0, 12.0, 1), (8.0, 12.0, 2), (1.0, 12.0, 20), (0.5, 14, 50)])
def test_every_so_many_rows_have_a_name_that_it_has_room(size, least, step):
    assert step_for(size, least) == step
    assert step * size >= least


def test_names_take_the_room_that_the_longest_of_them_needs(look):
    short, long = (margins(Labels(names(5, word), names(5, word)), look) for word in ("a", "quite-long-"))
    assert long.left() > short.left() > 0
    assert long.bottom() > short.bottom()
    numbered = margins(Labels(names(5), names(5), numbered=True), look)
    assert numbered.left() > margins(Labels(names(5), names(5)), look).left()
    endless = margins(Labels(("x" * 500,), ("x" * 500,)), look)
    assert endless.left() < 120
    nothing = margins(Labels(), look)
    assert (nothing.left(), nothing.bottom(), nothing.right()) == (0, 0, 0)


def test_each_row_of_large_cells_has_its_name_beside_it(look):
    plane = plane_of(5)
    ink = painted(plane, Labels(names(5), names(5)), look)
    for row in range(5):
        band = plane.rect_of(row, 0)
        assert ink[round(band.top()) : round(band.bottom()), : round(plane.box.left())].any()
    below = ink[round(plane.box.bottom()) :, round(plane.box.left()) :]
    assert below.any()
    assert not ink[: round(plane.box.bottom()), round(plane.box.left()) :].any()  # never over the cells


def test_small_cells_have_fewer_names_that_do_not_touch(look):
    plane = plane_of(100)
    ink = painted(plane, Labels(names(100), ()), look)[:, : round(plane.box.left())]
    rows = ink.any(axis=1)
    changes = np.flatnonzero(np.diff(rows.astype(int)) == 1)
    assert 8 <= len(changes) <= 25
    assert (np.diff(changes) >= 10).all()


def test_the_name_that_is_pointed_at_is_always_written(look):
    plane = plane_of(100)
    for row in (3, 57, 99):
        ink = painted(plane, Labels(names(100), names(100)), look, (row, None))
        middle = round(plane.rect_of(row, 0).center().y())
        assert ink[middle - 6 : middle + 7, : round(plane.box.left())].any()
    ink = painted(plane, Labels(names(100), names(100)), look, (None, 42))
    assert ink[round(plane.box.bottom()) :].any()
    assert not ink[: round(plane.box.bottom())].any()


def test_the_strong_name_of_the_last_row_leaves_what_the_axes_are(look):
    plane, labels = plane_of(40), Labels(names(40), names(40), axes=("query", "key"))
    covered = np.zeros((320, 320), dtype=bool)
    for area in label_rects(plane, labels, (39, None)):
        covered[area.top() : area.bottom() - 3, : area.right()] = True  # 4 pixels are its margin
    named = painted(plane, labels, look) & ~painted(plane, Labels(labels.rows, labels.columns), look)
    assert named.any()
    assert not (named & covered).any()


def test_what_is_repainted_covers_the_names_that_change(look):
    plane, labels = plane_of(30), Labels(names(30, "longer-"), names(30, "longer-"))
    for cell in ((0, 0), (15, 3), (29, 29)):
        ink = painted(plane, labels, look, cell)
        for box in label_rects(plane, labels, cell):
            ink[max(0, box.top()) : box.bottom() + 1, max(0, box.left()) : box.right() + 1] = False
        assert not ink.any()


def test_nothing_is_repainted_for_names_that_there_are_not():
    plane = plane_of(30)
    assert label_rects(plane, Labels(), (3, 4)) == []
    assert len(label_rects(plane, Labels(rows=names(30)), (3, 4))) == 1
    assert label_rects(plane, Labels(rows=names(30)), (None, 4)) == []


def test_a_zoomed_map_names_what_is_seen(look):
    plane = plane_of(100)
    plane.zoom_at(plane.box.center(), 10.0)
    ink = painted(plane, Labels(names(100), names(100)), look)
    rows = ink[:, : round(plane.box.left())].any(axis=1)
    assert len(np.flatnonzero(np.diff(rows.astype(int)) == 1)) >= 9


# --- what a map holds -----------------------------------------------------------------------------------------------


def test_a_tight_place_has_no_names_under_its_columns(look):
    content = Content()
    content.set_values(np.zeros((4, 4), np.float32), Colouring())
    content.set_labels(Labels(names(4), names(4)))
    assert content.margins(look, tight=True).bottom() == 0
    assert content.margins(look, tight=True).left() == content.margins(look).left() > 0
    assert content.margins(look).bottom() > 0


def test_names_and_a_veil_stay_as_long_as_they_fit(look):
    content = Content()
    content.set_values(np.zeros((4, 4), np.float32), Colouring())
    content.set_labels(Labels(names(4), names(4)))
    content.set_veil(np.ones((4, 4), bool))
    content.set_values(np.ones((4, 4), np.float32), Colouring())
    assert content.labels.rows == names(4)
    assert content.veil is not None
    content.set_values(np.ones((5, 4), np.float32), Colouring())
    assert content.labels.rows == ()
    assert content.veil is None


def test_a_cell_without_names_is_told_by_its_numbers():
    content = Content()
    content.set_values(np.full((2, 3), 0.25, np.float32), Colouring())
    assert content.words(1, 2) == ("1 · 2", "0.2500")
    assert content.words(1, None) == ("1", "")
    assert content.words(None, None) == ("", "")


def test_a_picture_is_as_large_as_the_screen_needs(look):
    content = Content()
    content.set_values(np.zeros((4, 4), np.float32), Colouring())
    for ratio in (1.0, 1.5, 2.0):
        image = content.picture(plane_of(4), look, QSize(300, 240), ratio)
        assert (image.width(), image.height()) == (300 * ratio, 240 * ratio)
        assert image.devicePixelRatio() == ratio
