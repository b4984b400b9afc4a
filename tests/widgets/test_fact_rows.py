"""Rows of names and values."""

import pytest

from studio.widgets.fact_rows import FactRow, FactRows

pytestmark = pytest.mark.gui


def test_rows_are_read_by_their_names(look, on_screen):
    rows = FactRows()
    rows.set_rows([FactRow("Lines", "12"), FactRow("Size", "3 kB", "on disk", "strong")])
    on_screen(rows)
    assert rows.texts() == {"Lines": "12", "Size": "3 kB"}


def test_fewer_rows_take_the_others_away_and_bring_them_back(look):
    rows = FactRows()
    rows.set_rows([FactRow("One", "1"), FactRow("Two", "2")])
    rows.set_rows([FactRow("One", "1")])
    assert rows.texts() == {"One": "1"}
    rows.set_rows([FactRow("Three", "3"), FactRow("Four", "4")])
    assert rows.texts() == {"Three": "3", "Four": "4"}


def test_a_value_that_is_too_long_never_makes_its_card_wider(look):
    rows = FactRows()
    rows.set_rows([FactRow("Path", "x")])
    narrow = rows.minimumSizeHint().width()
    rows.set_rows([FactRow("Path", "x" * 500)])
    assert rows.minimumSizeHint().width() == narrow
