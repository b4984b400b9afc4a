"""Chips: a click adds, a double click leaves one alone, and never none."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from studio.attention.head_chips import HeadChips, colour_of, dashed

pytestmark = pytest.mark.gui


@pytest.fixture
def chips(look, on_screen):
    found = HeadChips(look)
    found.set_count(12)
    on_screen(found)
    return found


def click(chips, head):
    QTest.mouseClick(chips.chips[head], Qt.MouseButton.LeftButton)


def test_the_first_heads_are_drawn_at_first(chips):
    assert chips.heads == (0, 1, 2)


def test_a_click_adds_a_head_or_takes_it_away(chips, qtbot):
    with qtbot.waitSignal(chips.changed):
        click(chips, 5)
    assert chips.heads == (0, 1, 2, 5)
    click(chips, 0)
    assert chips.heads == (1, 2, 5)


def test_the_last_head_stays(chips):
    chips.set_heads((4,))
    click(chips, 4)
    assert chips.heads == (4,)


def test_a_double_click_leaves_a_head_alone_and_another_brings_all_back(chips):
    QTest.mouseDClick(chips.chips[7], Qt.MouseButton.LeftButton)
    assert chips.heads == (7,)
    QTest.mouseDClick(chips.chips[7], Qt.MouseButton.LeftButton)
    assert chips.heads == tuple(range(12))


def test_the_keyboard_does_the_same(chips):
    chips.chips[3].setFocus()
    QTest.keyClick(chips.chips[3], Qt.Key.Key_Space)
    assert 3 in chips.heads
    QTest.keyClick(chips.chips[3], Qt.Key.Key_Return)
    assert chips.heads == (3,)


def test_a_choice_survives_as_long_as_there_are_as_many_heads(chips):
    chips.set_heads((9,))
    chips.set_count(12)
    assert chips.heads == (9,)
    chips.set_count(4)
    assert chips.heads == (0, 1, 2)


def test_every_chip_says_its_name_and_shares_its_colour_with_the_lines(chips, look):
    assert [chip.accessibleName() for chip in chips.chips[:2]] == ["Head 0", "Head 1"]
    assert colour_of(look, 9) == colour_of(look, 1)
    assert dashed(9)
    assert not dashed(1)
