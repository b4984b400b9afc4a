"""The small pictures of the lessons by themselves: where things stand, what keys and pointer do, what is said."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from studio.teaching.coverage_strip import CoverageStrip
from studio.teaching.lesson_list import LessonList, LessonRow
from studio.teaching.packing_picture import PackingPicture
from studio.teaching.pair_rows import PairRows
from studio.teaching.plane_picture import PlanePicture
from studio.teaching.window_numbers import Cut
from studio.views.token_text import Token

pytestmark = pytest.mark.gui


def tokens(count: int) -> list[Token]:
    return [Token(f"word{number}", 100 + number) for number in range(count)]


# --- the strip --------------------------------------------------------------------------------------------------------


@pytest.fixture
def strip(look, on_screen):
    made = CoverageStrip(look)
    made.set_cut(Cut(1_000, 100, 50))
    on_screen(made)
    return made


def test_the_strip_says_how_often_a_token_is_read(strip, qtbot) -> None:
    assert strip.most == pytest.approx(2.0)
    for share, words in ((0.5, "read 2 times an epoch"), (0.01, "read once an epoch")):
        qtbot.mouseMove(strip, QPoint(round(share * strip.width()), 12))
        assert strip._card.lines[1] == words
    strip.set_cut(Cut(1_000, 100, 300))  # gaps between the windows
    qtbot.mouseMove(strip, QPoint(round(0.2 * strip.width()), 12))
    assert strip._card.lines[1] == "never read as input"


def test_the_strip_stops_at_both_ends(strip, qtbot) -> None:
    moved: list[int] = []
    strip.moved.connect(moved.append)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_PageDown, Qt.Key.Key_End, Qt.Key.Key_Right, Qt.Key.Key_Home):
        qtbot.keyClick(strip, key)
    assert moved == [10, 17, 0]
    assert "window 1 of 18" in strip.accessibleDescription()


def test_a_text_too_short_for_a_window_leaves_the_strip_empty(strip, qtbot) -> None:
    strip.set_cut(Cut(50, 100, 50))
    assert strip.most == 0.0
    with qtbot.assertNotEmitted(strip.moved):
        qtbot.keyClick(strip, Qt.Key.Key_End)
        qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.rect().center())
    assert not strip.grab().toImage().isNull()


# --- input above target ----------------------------------------------------------------------------------------------


@pytest.fixture
def pairs(look, on_screen):
    made = PairRows(look)
    made.set_tokens(tokens(60))
    on_screen(made)
    return made


def test_columns_are_found_by_the_pointer_and_left_again(pairs, qtbot) -> None:
    column, left, wide = pairs.boxes()[3]
    qtbot.mouseMove(pairs, QPoint(round(left + wide / 2), 10))
    assert (column, pairs.column) == (3, 3)
    qtbot.mouseMove(pairs, QPoint(2, 10))
    assert pairs.column == -1


def test_the_keyboard_goes_to_columns_that_are_out_of_sight(pairs, qtbot) -> None:
    qtbot.keyClick(pairs, Qt.Key.Key_End)
    assert pairs.column == 58  # of 60 tokens the last is only a target
    assert pairs.column in [column for column, _, _ in pairs.boxes()]
    qtbot.keyClick(pairs, Qt.Key.Key_Right)
    assert pairs.column == 58
    qtbot.keyClick(pairs, Qt.Key.Key_Home)
    assert pairs.boxes()[0][0] == 0
    pairs.set_tokens(tokens(1))
    assert pairs.columns == 0
    assert not pairs.grab().toImage().isNull()  # nothing to paint is no trouble
    assert pairs.column == -1


# --- packing --------------------------------------------------------------------------------------------------------


def colours(picture: PackingPicture) -> set[str]:
    image = picture.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(0, image.width(), 2) for y in range(0, 40, 2)}


def test_what_is_cut_off_is_red_and_marks_stand_between_packed_documents(look, on_screen) -> None:
    lengths = np.array([30, 200, 60])
    alone, together = PackingPicture(look, "alone", False), PackingPicture(look, "together", True)
    for picture in (alone, together):
        picture.set_lengths(lengths, 100)
        on_screen(picture)
    assert look.color("danger").name() in colours(alone)
    assert look.color("danger").name() not in colours(together)
    assert look.color("accent").name() in colours(together)
    assert look.color("accent").name() not in colours(alone)


def test_no_documents_are_an_empty_picture(look, on_screen) -> None:
    picture = PackingPicture(look, "none", True)
    picture.set_lengths(np.zeros(0, np.int64), 8)
    on_screen(picture)
    assert not picture.grab().toImage().isNull()


# --- points -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def plane(look, on_screen):
    made = PlanePicture(look)
    made.set_points([(0.0, 0.0), (2.0, 2.0)], [0, 1])
    made.show_plane(np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4), (1,))
    on_screen(made)
    return made


def test_a_point_is_grabbed_only_within_reach_and_stays_on_the_plane(plane, qtbot) -> None:
    assert plane.point_under(plane.place((2.0, 2.0))) == 1
    assert plane.point_under(plane.place((-3.0, -3.0))) == -1
    qtbot.mousePress(plane, Qt.MouseButton.LeftButton, pos=plane.place((2.0, 2.0)).toPoint())
    qtbot.mouseMove(plane, QPoint(plane.width() * 3, -500))
    qtbot.mouseRelease(plane, Qt.MouseButton.LeftButton)
    assert plane.points[1] == (4.0, 4.0)
    qtbot.mouseMove(plane, plane.place((0.0, 1.0)).toPoint())
    assert plane.points[1] == (4.0, 4.0)  # it was let go


def test_a_double_click_gives_the_other_class_and_one_beside_it_nothing(plane, qtbot) -> None:
    with qtbot.waitSignal(plane.changed):
        qtbot.mouseDClick(plane, Qt.MouseButton.LeftButton, pos=plane.place((0.0, 0.0)).toPoint())
    assert plane.labels == [1, 1]
    with qtbot.assertNotEmitted(plane.changed):
        qtbot.mouseDClick(plane, Qt.MouseButton.LeftButton, pos=plane.place((-3.0, -3.0)).toPoint())
        qtbot.keyClick(plane, Qt.Key.Key_Up)


def test_tab_goes_from_point_to_point_before_it_leaves(plane, qtbot) -> None:
    plane.setFocus()
    seen = []
    for _ in range(2):
        qtbot.keyClick(plane, Qt.Key.Key_Tab)
        seen.append(plane.chosen)
    assert seen == [0, 1]
    assert not plane.focusNextPrevChild(True) or plane.chosen == 1
    assert plane.focusNextPrevChild(False)
    assert plane.chosen == 0


# --- the list ---------------------------------------------------------------------------------------------------------


def test_the_list_tells_another_lesson_once(look, on_screen, qtbot) -> None:
    lessons = LessonList(look)
    lessons.set_rows([LessonRow("one", 1, "One", 2, 2), LessonRow("two", 2, "Two", 2, 1)], "one")
    on_screen(lessons)
    chosen: list[str] = []
    lessons.chosen.connect(chosen.append)
    qtbot.mouseClick(lessons, Qt.MouseButton.LeftButton, pos=QPoint(20, 10))  # it is open already
    qtbot.mouseClick(lessons, Qt.MouseButton.LeftButton, pos=QPoint(20, 60))
    qtbot.mouseClick(lessons, Qt.MouseButton.LeftButton, pos=QPoint(20, 500))
    qtbot.keyClick(lessons, Qt.Key.Key_End)
    assert chosen == ["two", "two"]
    assert lessons.accessibleDescription() == "1. One, done"
    lessons.set_rows(lessons.rows, "two")
    assert lessons.accessibleDescription() == "2. Two, 1 of 2 solved"
