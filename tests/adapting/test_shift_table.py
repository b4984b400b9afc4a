"""The table of a comparison, without a model: rows, the sentence above, the bars and the curve below."""

from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from studio.adapting.shift_table import ShiftTable, _nats, shift_rows, shift_words

WORDS = {1: "a", 2: " cat", 3: "dog", 4: "\n"}


def shift(**changed):
    """Three tokens; behind the last the adapted model prefers another one."""
    facts = {
        "ids": (1, 2, 1), "words": WORDS, "divergence": np.array([0.0, 0.00002, 0.5]),
        "top": np.array([[[2, 3], [1, 3], [2, 3]], [[2, 3], [1, 3], [3, 4]]]),
        "shares": np.array([[[0.9, 0.1]] * 3, [[0.8, 0.1]] * 3]), "was": np.array([[0.9, 0.1]] * 2 + [[0.1, 0.05]]),
        "loss": lambda side: 2.0 - side, **changed,
    }  # fmt: skip
    return SimpleNamespace(**facts)


def test_rows_say_what_both_sides_expect_and_where_they_differ():
    rows = shift_rows(shift())
    assert [row.token for row in rows] == ["a", "·cat", "a"]
    assert (rows[2].before, rows[2].after) == ("·cat  90 %", "dog  80 %")
    assert [row.changed for row in rows] == [False, False, True]


def test_the_sentence_counts_what_changed():
    assert shift_words(shift()) == (
        "Another likeliest token at 1 of 3 places · mean KL 0.167 nats · loss on these words 2.000 → 1.000"
    )
    assert "– → –" in shift_words(shift(loss=lambda _side: float("nan")))


def test_divergences_stand_in_one_column_however_small():
    assert [_nats(value) for value in (0.5, 0.05, 0.0, 0.00002)] == ["0.5000", "0.0500", "0.0000", "2.0e-5"]


@pytest.mark.gui
def test_the_selected_row_has_its_bars_and_its_mark_on_the_curve(look, on_screen, qtbot):
    table = ShiftTable(look)
    on_screen(table)
    table.set_shift(shift())
    assert [row.place for row in table.rows.selected_rows()] == [2]
    assert [(one.id, one.probability, one.before) for one in table.bars.choices] == [(3, 0.8, 0.1), (4, 0.1, 0.05)]
    table.rows.setFocus()
    qtbot.keyClick(table.rows, Qt.Key.Key_Up)
    assert [one.id for one in table.bars.choices] == [1, 3]
    table.curve.clicked.emit(0, 0)
    assert table.title.text().startswith("Behind “a”")
    table.set_shift(None)
    assert (table.rows.rows(), table.bars.choices, table.curve.lines) == ([], [], ())


@pytest.mark.gui
def test_the_curve_stands_there_only_where_there_is_room(look, on_screen):
    table = ShiftTable(look)
    on_screen(table)
    assert table.curve.isVisible()
    table.resize(700, 400)
    assert table.curve.isHidden()
