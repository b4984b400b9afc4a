"""A batch in boxes: what has room is walked through and named, what has none is counted and breaks nothing."""

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from studio.teaching.batch_grid import BatchGrid
from studio.views.token_text import Token

pytestmark = pytest.mark.gui


def tokens(*texts: str) -> list[Token]:
    return [Token(text, place, text.encode()) for place, text in enumerate(texts)]


@pytest.fixture
def grid(look: Any, qtbot: Any) -> BatchGrid:
    made = BatchGrid(look)
    qtbot.addWidget(made)
    made.set_batch([tokens("a", "b", "c"), tokens("a" * 30, "b", "c")], [0, 7])
    made.resize(480, 60)
    made.show()
    return made


def test_arrows_go_from_token_to_token_and_name_their_roles(grid: BatchGrid) -> None:
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right):
        QTest.keyClick(grid, key)
    assert grid._card.lines[0] == "input 2 · target 1"
    QTest.keyClick(grid, Qt.Key.Key_Right)
    QTest.keyClick(grid, Qt.Key.Key_Right)
    assert grid._card.lines[0] == "target 2", "the last one is only asked for"
    QTest.keyClick(grid, Qt.Key.Key_Down)
    assert any("token 9" in line for line in grid._card.lines)


def test_a_row_whose_first_token_has_no_room_is_walked_past(grid: BatchGrid) -> None:
    grid.resize(200, 60)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Left):
        QTest.keyClick(grid, key)
    grid.grab()
    assert grid._card.lines[0] == "input 1"


def test_the_pointer_names_a_token_and_nothing_beside_it(grid: BatchGrid) -> None:
    left, wide = grid._boxes(0)[1]
    QTest.mouseMove(grid, QPoint(round(left + wide / 2), 12))
    QApplication.processEvents()
    assert grid._card.lines[0] == "input 2 · target 1"
    QTest.mouseMove(grid, QPoint(20, 12))
    QApplication.processEvents()
    assert grid._card.isHidden()


def test_an_empty_batch_takes_every_key(grid: BatchGrid) -> None:
    grid.set_batch([], [])
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Up):
        QTest.keyClick(grid, key)
    grid.grab()
    assert grid._card.isHidden()
