"""Snippets of a neuron: what is cut off at the lower edge is neither painted, walked to nor chosen."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.probes.snippet_list import ROW, ShownSnippet, SnippetList
from studio.widgets.look import Look

pytestmark = pytest.mark.gui


def snippet(*values: float) -> ShownSnippet:
    numbers = np.array(values, np.float32)
    words = tuple(f" t{place}" for place in range(len(values)))
    return ShownSnippet(words, numbers, int(np.argmax(np.abs(numbers))))


@pytest.fixture
def lines(look: Look, qtbot: QtBot) -> SnippetList:
    made = SnippetList(look)
    qtbot.addWidget(made)
    made.set_snippets([snippet(0.1, float(5 - line), 0.2) for line in range(5)])
    made.resize(420, 3 * ROW + ROW // 2)
    made.show()
    return made


@pytest.fixture
def chosen(lines: SnippetList) -> list[int]:
    told: list[int] = []
    lines.chosen.connect(told.append)
    return told


def test_the_keyboard_walks_whole_lines_only(lines: SnippetList, chosen: list[int]) -> None:
    for _ in range(9):
        QTest.keyClick(lines, Qt.Key.Key_Down)
    QTest.keyClick(lines, Qt.Key.Key_Return)
    assert chosen == [2], "the fourth line is not painted"


def test_a_click_below_the_last_whole_line_chooses_nothing(lines: SnippetList, chosen: list[int]) -> None:
    QTest.mouseClick(lines, Qt.MouseButton.LeftButton, pos=QPoint(90, 3 * ROW + 4))
    assert chosen == []
    QTest.mouseClick(lines, Qt.MouseButton.LeftButton, pos=QPoint(90, ROW + 4))
    assert chosen == [1]


def test_other_snippets_forget_the_line_and_signed_ones_say_their_sign(lines: SnippetList, chosen: list[int]) -> None:
    QTest.keyClick(lines, Qt.Key.Key_Down)
    lines.set_snippets([snippet(0.5, -2.0)], signed=True)
    QTest.keyClick(lines, Qt.Key.Key_Return)
    assert chosen == []
    assert lines.accessibleDescription().startswith("-2.000")


def test_without_snippets_the_words_stand_there_and_the_keyboard_finds_nothing(lines: SnippetList) -> None:
    full = lines.grab().toImage()
    lines.set_empty_text("Nothing yet")
    lines.set_snippets([])
    assert lines.grab().toImage() != full
    QTest.keyClick(lines, Qt.Key.Key_Down)
    assert lines.pointed_at == -1
