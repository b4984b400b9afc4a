"""Findings as lines: each opens its rows by mouse and by keyboard."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from studio.tables.finding_rows import ROW, FindingRows, Line
from studio.tables.section import FindingSection

pytestmark = pytest.mark.gui

LINES = [
    Line("exact", "Exact duplicates", "Rows that repeat an earlier one.", 403, 0.072, "warning"),
    Line("leaks", "Leaks", "Held-back rows that are trained on.", 80, 0.14, "danger"),
]
NONE = Line("html", "HTML entities", "Left over from a web page.", 0, 0.0)


@pytest.fixture
def rows(look, on_screen):
    rows = FindingRows(look, "Rows")
    rows.set_lines(LINES)
    on_screen(rows)
    return rows


@pytest.fixture
def opened(rows):
    names = []
    rows.opened.connect(names.append)
    return names


def test_a_click_opens_the_line_under_it(rows, opened):
    QTest.mouseClick(rows, Qt.MouseButton.LeftButton, pos=QPoint(40, ROW + 10))
    QTest.mouseClick(rows, Qt.MouseButton.LeftButton, pos=QPoint(40, 3 * ROW))
    QTest.mouseClick(rows, Qt.MouseButton.RightButton, pos=QPoint(40, 10))
    assert opened == ["leaks"]


def test_arrows_walk_over_the_lines_and_enter_opens_one(rows, opened):
    rows.setFocus()
    QTest.keyClick(rows, Qt.Key.Key_Return)
    QTest.keyClick(rows, Qt.Key.Key_Down)
    QTest.keyClick(rows, Qt.Key.Key_Down)
    QTest.keyClick(rows, Qt.Key.Key_Space)
    assert opened == ["exact", "leaks"]


def test_all_lines_are_said_to_who_cannot_see_them(rows):
    assert rows.accessibleDescription() == "Exact duplicates 403 (7.2 %), Leaks 80 (14 %)"
    assert rows.sizeHint().height() == 2 * ROW


def test_the_keyboard_is_seen_where_it_is(rows):
    rows.clearFocus()
    before = rows.grab().toImage()
    rows.setFocus()
    assert rows.grab().toImage() != before


def test_what_there_is_none_of_is_named_in_one_sentence(look, on_screen):
    section = FindingSection("Odd characters", look)
    on_screen(section)
    section.set_lines([*LINES, NONE, Line("bad", "Broken letters", "", 0, 0.0)], "a note")
    assert [line.name for line in section.rows.lines] == ["exact", "leaks"]
    assert section.none.text() == "None: HTML entities, broken letters"
    assert section.note.text() == "a note"
    section.set_lines([NONE])
    assert section.rows.isHidden()
    section.set_lines([])
    assert section.isHidden()


def test_the_keyboard_opens_nothing_where_there_is_nothing(rows, opened):
    rows.setFocus()
    rows.set_lines([])
    QTest.keyClick(rows, Qt.Key.Key_Return)
    rows.clearFocus()
    rows.setFocus()
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Down, Qt.Key.Key_Space):
        QTest.keyClick(rows, key)
    assert opened == []
    rows.set_lines(LINES[:1])
    QTest.keyClick(rows, Qt.Key.Key_Down)
    QTest.keyClick(rows, Qt.Key.Key_Return)
    assert opened == ["exact"]
