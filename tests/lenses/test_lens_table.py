"""Cells are found where they are drawn, headings stay while the table scrolls, and every word can be read."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from studio.lenses.lens_table import LensCells, LensTable, inks
from studio.maps.colours import Colouring

pytestmark = pytest.mark.gui


def contrast(one: QColor, other: QColor) -> float:
    def light(color: QColor) -> float:
        parts = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4
                 for value in (color.redF(), color.greenF(), color.blueF())]  # fmt: skip
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def cells(rows: int = 5, columns: int = 40) -> LensCells:
    values = np.linspace(0, 1, rows * columns, dtype=np.float32).reshape(rows, columns)
    words = [[f"w{row}.{column}" for column in range(columns)] for row in range(rows)]
    names = [f"row {row}" for row in range(rows)]
    heads = [f"h{column}" for column in range(columns)]
    return LensCells(names, heads, words, values, values > 0.9, [*heads[1:], ""], Colouring())


@pytest.fixture
def table(look: Any, qtbot: Any) -> LensTable:
    made = LensTable(look)
    qtbot.addWidget(made)
    made.set_cells(cells())
    made.resize(700, 190)
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_a_point_finds_the_cell_that_is_drawn_there(table: LensTable) -> None:
    for across in (0, 333, 10_000):
        table.horizontalScrollBar().setValue(across)
        for row in range(5):
            for column in range(40):
                middle = table.cell_rect(row, column).center().toPoint()
                if 92 <= middle.x() < table.viewport().width():
                    assert table.cell_at(middle) == (row, column)
    assert table.cell_at(QPoint(20, 60)) == (-1, -1)
    assert table.cell_at(QPoint(300, 4)) == (-1, -1)


def test_the_last_row_stands_apart(table: LensTable) -> None:
    tops = [table.cell_rect(row, 0).top() for row in range(5)]
    gaps = np.diff(tops)
    assert gaps[-1] > gaps[0] == gaps[1] == gaps[2]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_word_stands_out_from_its_colour(table: LensTable, look: Any, theme: str) -> None:
    look.set_theme(theme)
    bright, dark = inks(look)
    for colour, light in zip(table._colors.ravel(), table._light.ravel(), strict=True):
        ground = QColor.fromRgb(int(colour))
        best = max(contrast(ground, ink) for ink in (bright, dark))
        assert contrast(ground, dark if light else bright) == pytest.approx(best, rel=0.02)
        assert best >= 3.8


def test_arrow_keys_choose_cells_and_bring_them_into_sight(table: LensTable, qtbot: Any) -> None:
    chosen: list[tuple[int, int]] = []

    def take(row: int, column: int) -> None:
        chosen.append((row, column))
        table.mark(row, column, locked=True)

    table.clicked.connect(take)
    table.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Up, *[Qt.Key.Key_Right] * 30):
        QTest.keyClick(table, key)
    assert chosen[0] == (4, 0)
    assert chosen[-1] == (3, 30)
    assert table.viewport().rect().contains(table.cell_rect(3, 30).center().toPoint())


def test_few_columns_share_the_room_and_many_stay_readable(table: LensTable) -> None:
    assert table.cell_rect(0, 1).left() - table.cell_rect(0, 0).left() == 58
    assert table.horizontalScrollBar().maximum() > 0
    table.set_cells(cells(columns=3))
    assert table.cell_rect(0, 1).left() - table.cell_rect(0, 0).left() == 104
    assert table.horizontalScrollBar().maximum() == 0


def test_bars_at_the_right_take_their_room_from_the_cells(table: LensTable) -> None:
    right = table.viewport().width() - 20
    assert table.cell_at(QPoint(right, 60))[0] >= 0
    table.set_profile(np.array([0.1, 0.2, np.nan, 0.5, 1.0], np.float32), "“a”")
    assert table.cell_at(QPoint(right, 60)) == (-1, -1)
    table.grab()


def test_hovering_tells_each_cell_once_and_leaving_tells_nothing(table: LensTable, qtbot: Any) -> None:
    told: list[tuple[int, int]] = []
    table.hovered.connect(lambda row, column: told.append((row, column)))
    for at in (QPoint(120, 40), QPoint(122, 41), QPoint(200, 40)):
        qtbot.mouseMove(table.viewport(), at)
    assert len(told) == 2
    table._point((-1, -1))
    assert told[-1] == (-1, -1)


def test_an_empty_table_draws_and_answers_nothing(look: Any, qtbot: Any) -> None:
    made = LensTable(look)
    qtbot.addWidget(made)
    made.show()
    assert made.cell_at(QPoint(150, 60)) == (-1, -1)
    QTest.keyClick(made, Qt.Key.Key_Up)
    made.grab()
