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


def test_a_long_value_leaves_the_names_of_the_other_rows_whole(look, on_screen):
    rows = FactRows()
    rows.set_rows([FactRow("Layers × width", "2 × 64"), FactRow("From", "a file with a very long name " * 3)])
    rows.resize(280, rows.sizeHint().height())
    on_screen(rows)
    names = [name for name, _ in rows._cells]
    assert not any(name.cut for name in names)
    rows.resize(150, rows.height())  # in a narrow one the values are read first
    assert names[0].minimumWidth() == 72


def test_a_long_name_has_all_the_room_that_its_own_value_leaves(look, on_screen):
    rows = FactRows()
    rows.set_rows([FactRow("Queries that share a head", "2"), FactRow("Vocabulary", "50,257 · by hand")])
    on_screen(rows)
    rows.resize(254, rows.sizeHint().height())
    assert not any(label.cut for cells in rows._cells for label in cells)
