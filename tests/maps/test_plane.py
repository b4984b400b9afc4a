"""Where cells lie, at every zoom."""

import pytest
from PySide6.QtCore import QPointF, QRectF

from studio.maps.plane import LARGEST, Plane

AREA = QRectF(100, 20, 600, 400)


@pytest.fixture
def plane():
    plane = Plane()
    plane.set_shape(50, 50)
    plane.set_area(AREA)
    return plane


def test_a_square_map_fits_into_its_area(plane):
    assert plane.cell == (8.0, 8.0)
    assert plane.box == QRectF(100, 20, 400, 400)


def test_few_cells_do_not_become_huge():
    plane = Plane()
    plane.set_shape(2, 2)
    plane.set_area(AREA)
    assert plane.cell == (LARGEST, LARGEST)


def test_cells_of_a_table_share_width_and_height():
    plane = Plane(square=False)
    plane.set_shape(4, 100)
    plane.set_area(AREA)
    assert plane.cell == (6.0, 100.0)
    assert plane.box == AREA


def test_the_cell_under_a_point_is_the_one_drawn_there(plane):
    assert plane.cell_at(QPointF(100, 20)) == (0, 0)
    assert plane.cell_at(QPointF(499.9, 419.9)) == (49, 49)
    assert plane.cell_at(QPointF(500, 200)) is None
    assert plane.cell_at(QPointF(99.9, 200)) is None
    for cell in ((0, 49), (17, 3), (49, 0)):
        assert plane.cell_at(plane.rect_of(*cell).center()) == cell


def test_what_is_under_the_pointer_stays_there_while_zooming(plane):
    point = QPointF(337, 111)
    before = plane.place(point)
    plane.zoom_at(point, 3.0)
    assert plane.place(point) == pytest.approx(before)
    assert plane.zoomed
    plane.zoom_at(point, 0.01)
    assert not plane.zoomed
    assert (plane.top, plane.left) == (0.0, 0.0)


def test_nothing_beyond_the_edges_is_ever_seen(plane):
    plane.zoom_at(QPointF(110, 30), 4.0)
    plane.pan(QPointF(1e6, 1e6))
    assert (plane.top, plane.left) == (0.0, 0.0)
    plane.pan(QPointF(-1e6, -1e6))
    (top, high, _), (left, wide, _) = plane.sides()
    assert top + high == pytest.approx(50)
    assert left + wide == pytest.approx(50)


def test_a_cell_is_revealed_by_moving_no_further_than_needed(plane):
    plane.zoom_at(QPointF(100, 20), 5.0)
    plane.reveal(40, 2)
    assert plane.box.contains(plane.rect_of(40, 2).center())
    assert plane.left == 0.0


def test_a_map_of_another_shape_is_shown_whole_and_one_of_the_same_stays(plane):
    plane.zoom_at(QPointF(200, 100), 2.0)
    plane.set_shape(50, 50)
    assert plane.zoomed
    plane.set_shape(51, 51)
    assert not plane.zoomed
