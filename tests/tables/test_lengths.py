"""The picture of lengths: bars that stand for rows, and a line that is pulled, stepped, called back and let go."""

import itertools

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from studio.rows.lengths import LengthTable
from studio.tables.length_chart import LengthChart
from studio.tables.length_section import LengthSection

pytestmark = pytest.mark.gui

LENGTHS = LengthTable(np.array([0, *range(10, 90), 300], np.int32))


@pytest.fixture
def chart(look, on_screen):
    chart = LengthChart(look)
    chart.set_table(LENGTHS)
    chart.set_context(64)
    on_screen(chart)
    chart.resize(600, 220)
    return chart


@pytest.fixture
def heard(chart):
    said = []
    chart.context_moved.connect(lambda context: said.append(("moved", context)))
    chart.context_chosen.connect(lambda context: said.append(("chosen", context)))
    chart.bar_opened.connect(lambda low, high: said.append(("bar", low, high)))
    return said


def point(chart, x, y=None):
    return QPoint(round(x), 120 if y is None else y)


def drag(chart, start, end):
    QTest.mousePress(chart, Qt.MouseButton.LeftButton, pos=point(chart, start))
    QTest.mouseMove(chart, point(chart, (start + end) / 2))
    QTest.mouseMove(chart, point(chart, end))
    QTest.mouseRelease(chart, Qt.MouseButton.LeftButton, pos=point(chart, end))


def test_bars_stand_side_by_side_and_their_areas_are_as_their_rows(chart):
    scene = chart.scene
    rects = [scene.bar_rect(bar) for bar in range(len(scene.counts))]
    assert all(one.left() < other.left() for one, other in itertools.pairwise(rects))
    full = [(rect.height() * (rect.width() + 1) / rows) for rect, rows in zip(rects, scene.counts, strict=True)
            if rect.height() > 20 and rows]  # fmt: skip
    assert len(full) > 5
    assert max(full) / min(full) == pytest.approx(1, abs=0.15)


def test_the_axis_holds_every_row_and_the_line(chart):
    scene = chart.scene
    assert scene.scale.pixel(10) > 0
    assert scene.scale.pixel(300) < chart.width()
    chart.set_context(5_000)
    assert scene.line_at < chart.width()
    chart.set_context(2)
    assert scene.line_at > 0


def test_pulling_the_line_tells_every_place_and_chooses_the_last(chart, heard):
    drag(chart, chart.scene.line_at, chart.scene.scale.pixel(200.5))
    moved = [said[1] for said in heard if said[0] == "moved"]
    assert len(moved) == 2
    assert heard[-1] == ("chosen", chart.context)
    assert chart.context == pytest.approx(200, abs=4)


def test_powers_of_two_draw_the_line_to_themselves(chart, heard):
    drag(chart, chart.scene.line_at, chart.scene.scale.pixel(128.5) + 2)
    assert chart.context == 128


def test_nobody_elses_change_moves_a_line_that_is_held(chart):
    QTest.mousePress(chart, Qt.MouseButton.LeftButton, pos=point(chart, chart.scene.line_at))
    chart.set_context(16)
    assert chart.context == 64
    QTest.mouseRelease(chart, Qt.MouseButton.LeftButton, pos=point(chart, chart.scene.line_at))
    chart.set_context(16)
    assert chart.context == 16


def test_escape_puts_a_held_line_back(chart, heard):
    QTest.mousePress(chart, Qt.MouseButton.LeftButton, pos=point(chart, chart.scene.line_at))
    QTest.mouseMove(chart, point(chart, chart.scene.scale.pixel(20.5)))
    chart.setFocus()
    QTest.keyClick(chart, Qt.Key.Key_Escape)
    assert chart.context == 64
    QTest.mouseRelease(chart, Qt.MouseButton.LeftButton, pos=point(chart, 50))
    assert not [said for said in heard if said[0] == "chosen"]


def test_arrows_step_by_one_and_choose_when_they_are_let_go(chart, heard):
    chart.setFocus()
    QTest.keyPress(chart, Qt.Key.Key_Right)
    QTest.keyPress(chart, Qt.Key.Key_Right)
    assert heard == [("moved", 65), ("moved", 66)]
    chart.set_context(64)  # a draft that has not changed yet does not take it back
    assert chart.context == 66
    QTest.keyRelease(chart, Qt.Key.Key_Right)
    assert heard[-1] == ("chosen", 66)
    QTest.keyClick(chart, Qt.Key.Key_Left)
    assert heard[-1] == ("chosen", 65)


def test_page_keys_go_to_the_next_usual_context_and_end_to_the_longest_row(chart):
    chart.setFocus()
    QTest.keyClick(chart, Qt.Key.Key_PageUp)
    assert chart.context == 96
    QTest.keyClick(chart, Qt.Key.Key_PageDown)
    QTest.keyClick(chart, Qt.Key.Key_PageDown)
    assert chart.context == 48
    QTest.keyClick(chart, Qt.Key.Key_End)
    assert chart.context == 300
    assert LENGTHS.cut(chart.context).rows == 0


def test_the_line_stays_within_what_a_context_can_be(chart):
    chart.set_context(3)
    chart.setFocus()
    for _ in range(4):
        QTest.keyClick(chart, Qt.Key.Key_Left)
    assert chart.context == 2


def test_a_click_on_a_bar_opens_its_rows_and_one_beside_it_nothing(chart, heard):
    chart.set_context(200)
    bar = next(place for place, rows in enumerate(chart.scene.counts) if rows > 10)
    middle = chart.scene.bar_rect(bar).center().x()
    QTest.mouseClick(chart, Qt.MouseButton.LeftButton, pos=point(chart, middle))
    assert heard == [("bar", chart.scene.edges[bar], chart.scene.edges[bar + 1])]
    QTest.mouseClick(chart, Qt.MouseButton.LeftButton, pos=point(chart, 3, 215))
    assert len(heard) == 1


def test_bars_are_reached_by_keys_too(chart, heard):
    chart.setFocus()
    QTest.keyClick(chart, Qt.Key.Key_Down)
    assert "rows" in chart.accessibleDescription()
    QTest.keyClick(chart, Qt.Key.Key_Return)
    QTest.keyClick(chart, Qt.Key.Key_Down)
    QTest.keyClick(chart, Qt.Key.Key_Space)
    QTest.keyClick(chart, Qt.Key.Key_Up)
    QTest.keyClick(chart, Qt.Key.Key_Up)
    QTest.keyClick(chart, Qt.Key.Key_Enter)
    assert heard == [("bar", 256, 304), ("bar", 76, 91), ("bar", 10, 11)]


def test_lengths_in_characters_have_no_line(chart, heard):
    chart.set_table(LengthTable(np.array([5, 9], np.int32), "characters"))
    chart.setFocus()
    QTest.keyClick(chart, Qt.Key.Key_Right)
    QTest.mouseClick(chart, Qt.MouseButton.LeftButton, pos=QPoint(200, 5))
    assert heard == []
    assert chart.scene.bar_words(0) == "1 characters: 0 rows"
    assert chart.scene.bar_at(QPointF(-5, 100)) == -1


def test_nothing_to_show_can_be_drawn(chart):
    chart.set_table(LengthTable(np.zeros(0, np.int32)))
    assert not chart.grab().isNull()


# --- in words -----------------------------------------------------------------------------------------------------


@pytest.fixture
def section(look, on_screen):
    section = LengthSection(look)
    section.set_table(LENGTHS, 64, "rows")
    on_screen(section)
    return section


def test_words_say_what_the_line_cuts_while_it_moves(section):
    assert section.words.text() == "A context of 64 cuts 26 of the rows (32 %) and leaves out 13 % of the tokens."
    section.chart.setFocus()
    QTest.keyPress(section.chart, Qt.Key.Key_End)
    assert section.words.text() == "A context of 300 cuts nothing: the longest row has 300 tokens."
    assert section.show_cut.isHidden()


def test_rows_that_are_cut_are_one_click_away(section, qtbot):
    with qtbot.waitSignal(section.rows_wanted) as asked:
        section.show_cut.click()
    title, rows = asked.args
    assert title == "Longer than 64 tokens"
    assert rows == LENGTHS.longer_than(64).tolist()


def test_the_way_back_to_the_former_context_is_offered_once(section, qtbot):
    section.show_undo(48)
    assert section.undo.text() == "Back to 48"
    with qtbot.waitSignal(section.context_chosen) as chosen:
        section.undo.click()
    assert chosen.args == [48]
    assert section.undo.isHidden()
    assert section.chart.context == 48
