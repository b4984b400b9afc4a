"""A grid of numbers: pointed at, gone through by keys, changed by typing."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from studio.teaching.number_grid import NumberGrid

pytestmark = pytest.mark.gui


@pytest.fixture
def grid(look, on_screen):
    made = NumberGrid(look, "A", editable=True)
    made.set_numbers([[1.0, -2.5, 3.0], [0.25, 5.0, float("nan")]])
    on_screen(made)
    return made


def middle(grid: NumberGrid, row: int, column: int) -> QPoint:
    return grid.rect_of(row, column).center().toPoint()


def test_every_cell_is_found_where_it_is_drawn(grid) -> None:
    for row in range(2):
        for column in range(3):
            assert grid.cell_at(grid.rect_of(row, column).center()) == (row, column)
    assert grid.cell_at(grid.rect().bottomRight().toPointF()) == (-1, -1)


def test_pointing_and_clicking_tell_the_cell(grid, qtbot) -> None:
    told = []
    grid.pointed.connect(lambda row, column: told.append((row, column)))
    qtbot.mouseMove(grid, middle(grid, 1, 1))
    qtbot.mouseClick(grid, Qt.MouseButton.LeftButton, pos=middle(grid, 0, 2))
    assert grid.cell == (0, 2)
    assert told[-1] == (0, 2)


def test_arrows_stay_inside(grid, qtbot) -> None:
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down):
        qtbot.keyClick(grid, key)
    assert grid.cell == (1, 2)


def test_a_digit_opens_a_field_and_enter_gives_the_number(grid, qtbot) -> None:
    qtbot.mouseClick(grid, Qt.MouseButton.LeftButton, pos=middle(grid, 0, 1))
    qtbot.keyClick(grid, Qt.Key.Key_7)
    assert grid.field.isVisible()
    qtbot.keyClicks(grid.field, ".5")
    with qtbot.waitSignal(grid.edited) as told:
        qtbot.keyClick(grid.field, Qt.Key.Key_Return)
    assert told.args == [0, 1, 7.5]
    assert not grid.field.isVisible()


def test_a_double_click_opens_it_and_escape_keeps_the_old_number(grid, qtbot) -> None:
    qtbot.mouseDClick(grid, Qt.MouseButton.LeftButton, pos=middle(grid, 0, 1))
    assert grid.field.text() == "-2.5"
    with qtbot.assertNotEmitted(grid.edited):
        qtbot.keyClick(grid.field, Qt.Key.Key_Escape)
    assert not grid.field.isVisible()


def test_what_is_no_number_stays_and_says_why(grid, qtbot) -> None:
    grid.open((0, 0))
    for words in ("many", "1e9"):
        grid.field.setText(words)
        with qtbot.assertNotEmitted(grid.edited):
            qtbot.keyClick(grid.field, Qt.Key.Key_Return)
        assert grid.field.accessibleDescription()
        assert grid.field.isVisible()


def test_a_grid_that_is_not_for_writing_opens_nothing(look, on_screen, qtbot) -> None:
    grid = NumberGrid(look, "result")
    grid.set_numbers([[1.0]])
    on_screen(grid)
    qtbot.mouseDClick(grid, Qt.MouseButton.LeftButton, pos=middle(grid, 0, 0))
    qtbot.keyClick(grid, Qt.Key.Key_Return)
    assert not grid.field.isVisible()


def test_numbers_too_small_to_be_written_are_said_by_the_card(look, on_screen, qtbot) -> None:
    grid = NumberGrid(look, "weights")
    grid.set_numbers(np.arange(600.0).reshape(20, 30))
    grid.set_largest(12, 12)
    on_screen(grid)
    qtbot.mouseMove(grid, middle(grid, 3, 4))
    assert grid._card.lines == ["94.00", "row 4, column 5"]


def test_sign_and_size_have_colours_and_no_number_has_none(grid, look) -> None:
    assert len(np.unique(grid.colours)) == 6
    assert grid.colours[1, 2] == look.color("raised").rgba()
    look.set_theme("light")
    assert grid.colours[1, 2] == look.color("raised").rgba()


def test_an_empty_grid_can_be_looked_at(grid) -> None:
    grid.set_numbers(np.zeros((0, 0)))
    assert grid.cell_at(grid.rect().center().toPointF()) == (-1, -1)
    assert not grid.grab().toImage().isNull()
    grid.set_numbers(3.0)
    assert grid.values.shape == (1, 1)
