"""Bars beside a map: as long as the colours go far, and never losing a number that stands alone."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF
from PySide6.QtGui import QImage, QPainter, QRegion

from studio.maps.cells import NOWHERE, Marks, bands, image_of, paint_lines, see_through, touched
from studio.maps.colours import DIFFERENCE, Colouring, ramp
from studio.maps.plane import Plane
from studio.maps.profile import DEPTH, Profile, outline, paint_profile, seen, strip
from studio.maps.pyramid import Pyramid

pytestmark = pytest.mark.gui


def plane_of(side, size=200):
    plane = Plane()
    plane.set_shape(side, side)
    plane.set_area(QRectF(20, 60, size, size))
    return plane


def painted(plane, profile, colouring, look):
    image = QImage(300, 300, QImage.Format.Format_RGB32)
    image.fill(0xFF000000)
    painter = QPainter(image)
    paint_profile(painter, plane, profile, colouring, look)
    painter.end()
    return np.frombuffer(image.constBits(), np.uint32).reshape(300, 300) & 0xFFFFFF


def lengths(plane, profile, colouring, look):
    """How many pixels each bar is long, in the middle of each cell."""
    ink, found = painted(plane, profile, colouring, look) != 0, []
    for at in range(len(profile.values)):
        cell = plane.rect_of(0, at) if profile.across else plane.rect_of(at, 0)
        line = ink[:, round(cell.center().x())] if profile.across else ink[round(cell.center().y())]
        found.append(int(line.sum()))
    return found


@pytest.mark.parametrize("across", [True, False])
def test_a_bar_is_as_long_as_its_number_goes_far(look, across):
    values = np.array([0.0, 0.25, 0.5, 1.0], np.float32)
    found = lengths(plane_of(4), Profile(values, False, across), Colouring(), look)
    assert found == pytest.approx([0, DEPTH / 4, DEPTH / 2, DEPTH], abs=1)
    root = lengths(plane_of(4), Profile(values, False, across), Colouring(scale="sqrt"), look)
    assert root == pytest.approx([0, DEPTH / 2, DEPTH * 0.5**0.5, DEPTH], abs=1)


@pytest.mark.parametrize("across", [True, False])
def test_bars_stay_in_their_strip(look, across):
    plane, profile = plane_of(5), Profile(np.ones(5, np.float32), False, across)
    ink = painted(plane, profile, Colouring(), look) != 0
    box = strip(plane, across).toAlignedRect()
    ink[box.top() : box.bottom() + 1, box.left() : box.right() + 1] = False
    assert not ink.any()
    assert not QRegion(box).intersects(plane.box.toAlignedRect())


def test_one_number_among_a_thousand_has_its_bar(look):
    values = np.zeros(1_000, np.float32)
    values[437] = 1.0
    plane = plane_of(1_000)
    shown, _ = seen(Profile(values, False, True), plane.sides()[1])
    assert len(shown) == 200
    assert int((shown == 1.0).sum()) == 1
    assert (painted(plane, Profile(values, False, True), Colouring(), look) != 0).sum() == DEPTH


def test_signs_of_a_difference_have_the_colours_of_its_table(look):
    profile = Profile(np.array([-1.0, 1.0], np.float32), True, True)
    colours = set(np.unique(painted(plane_of(2), profile, Colouring(-1, 1, DIFFERENCE), look)).tolist())
    table = ramp(DIFFERENCE, look.theme.dark) & 0xFFFFFF
    assert colours == {0, int(table[0]), int(table[255])}


def test_what_is_no_number_has_no_bar(look):
    profile = Profile(np.array([np.nan, 0.5, np.nan, np.nan], np.float32), False, True)
    assert lengths(plane_of(4), profile, Colouring(), look) == [0, 20, 0, 0]


def test_a_profile_that_is_pointed_at_is_told_from_the_outline_by_its_colour(look):
    values = np.ones(3, np.float32)
    plain = painted(plane_of(3), Profile(values, False, True), Colouring(), look)
    marked = painted(plane_of(3), Profile(values, False, True, marked=True), Colouring(), look)
    assert plain.max() != marked.max()


def test_the_outline_is_the_furthest_number_of_each_row_and_column():
    values = np.random.default_rng(0).normal(size=(7, 9))
    assert np.array_equal(outline(Pyramid(values), True).values, values.max(axis=0))
    assert np.array_equal(outline(Pyramid(values), False).values, values.max(axis=1))
    signed = outline(Pyramid(values, signed=True), True).values
    assert np.array_equal(np.abs(signed), np.abs(values).max(axis=0))


# --- cells, lines and frames ----------------------------------------------------------------------------------------


def test_a_picture_keeps_its_colours_after_the_numbers_are_gone():
    colours = np.full((3, 5), 0xFF112233, np.uint32)
    image = image_of(colours[:, ::2])
    colours[:] = 0
    assert (image.width(), image.height()) == (3, 3)
    assert image.pixel(2, 1) == 0xFF112233
    assert see_through(np.array([[0, 0xFF445566]], np.uint32)).pixel(0, 0) == 0


@pytest.mark.parametrize(("side", "parted"), [(10, True), (100, False)])
def test_lines_part_only_large_cells(look, side, parted):
    image = QImage(300, 300, QImage.Format.Format_RGB32)
    image.fill(0xFF000000)
    painter = QPainter(image)
    paint_lines(painter, plane_of(side), look.color("text"))
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint32) & 0xFFFFFF
    assert bool(pixels.any()) is parted


def test_frames_of_what_is_pointed_at_leave_the_cell_itself_visible(look):
    plane = plane_of(8)
    image = QImage(300, 300, QImage.Format.Format_RGB32)
    image.fill(0xFF000000)
    painter = QPainter(image)
    Marks(look).paint(painter, plane, (3, 4), (6, 1))
    painter.end()
    for cell in ((3, 4), (6, 1), (0, 0)):
        assert image.pixel(plane.rect_of(*cell).center().toPoint()) == 0xFF000000
    corner = plane.rect_of(3, 4).topLeft().toPoint()
    assert image.pixelColor(corner + QPoint(-1, -1)) == look.color("text")


def test_a_row_or_a_column_alone_has_one_band():
    plane = plane_of(8)
    assert len(bands(plane, 3, None)) == len(bands(plane, None, 3)) == 1
    assert bands(plane, None, None) == []
    row, column = bands(plane, 3, 5)
    assert row.intersected(column) == plane.rect_of(3, 5)


@pytest.mark.parametrize("side", [3, 8, 23, 151, 777])
def test_what_is_repainted_covers_all_marks_of_a_cell_a_row_or_a_column(look, side):
    plane, marks = plane_of(side), Marks(look)
    for cell in ((0, 0), (side // 2, side // 3), (side - 1, side - 1), (side // 3, None), (None, side // 2)):
        image = QImage(300, 300, QImage.Format.Format_RGB32)
        image.fill(0xFF00FF00)
        painter = QPainter(image)
        marks.paint(painter, plane, cell, NOWHERE)
        painter.end()
        ink = np.frombuffer(image.constBits(), np.uint32).reshape(300, 300) != 0xFF00FF00
        assert ink.any()
        for box in touched(plane, cell):
            ink[max(0, box.top()) : box.bottom() + 1, max(0, box.left()) : box.right() + 1] = False
        assert not ink.any()


def test_less_than_a_twentieth_of_a_large_map_is_repainted_for_a_move():
    plane = plane_of(1_024, 900)
    boxes = touched(plane, (500, 300))
    assert sum(box.width() * box.height() for box in boxes) < 900 * 900 / 20
    assert touched(plane, NOWHERE) == []
