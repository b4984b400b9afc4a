"""A sum, its parts and their formulas."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor

from studio.views.itemized import Item, Itemized

pytestmark = pytest.mark.gui
ITEMS = [Item("Large", 750, "3 × 250", 0), Item("Small", 250, "250 + (1 × 2 × 3 × 4 × 5 × 6 × 7 − 5,040)", 1)]


@pytest.fixture
def sum_view(look, on_screen):
    widget = Itemized(look)
    widget.set_items(ITEMS)
    on_screen(widget, width=400, height=200)
    return widget


def test_the_bar_is_divided_like_the_amounts(sum_view):
    quarter = sum_view.width() // 4
    assert sum_view.row_at(QPoint(quarter, 5)) == 0
    assert sum_view.row_at(QPoint(3 * quarter + 6, 5)) == 1
    image = sum_view.grab().toImage()
    assert image.pixelColor(quarter, 6) == QColor(sum_view.look.theme.series[0])


def test_pointing_at_a_row_tells_which(sum_view, qtbot):
    told = []
    sum_view.pointed.connect(told.append)
    qtbot.mouseMove(sum_view, QPoint(50, 20 + 24 + 12))
    assert told == [1]


def test_the_keyboard_walks_through_the_rows(sum_view, qtbot):
    told = []
    sum_view.pointed.connect(told.append)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up):
        qtbot.keyClick(sum_view, key)
    assert told == [0, 1, 0]


def test_lighting_up_from_outside_tells_nobody(sum_view):
    told = []
    sum_view.pointed.connect(told.append)
    before = sum_view.grab().toImage()
    sum_view.point_at(1)
    assert told == []
    assert sum_view.grab().toImage() != before


def test_a_formula_without_room_in_its_row_stands_below(sum_view):
    assert not sum_view._fits(ITEMS[1])
    foot = sum_view.grab(sum_view.rect().adjusted(0, sum_view.height() - 18, 0, 0)).toImage()
    sum_view.point_at(1)
    assert sum_view.grab(sum_view.rect().adjusted(0, sum_view.height() - 18, 0, 0)).toImage() != foot


def test_amounts_shares_and_formulas_are_read_aloud(sum_view):
    said = sum_view.accessibleDescription()
    assert "Large: 750 (75 %), 3 × 250" in said
    assert "Small: 250 (25 %)" in said


def test_a_row_that_is_gone_is_not_pointed_at_any_more(sum_view):
    sum_view.point_at(1)
    told = []
    sum_view.pointed.connect(told.append)
    sum_view.set_items(ITEMS[:1])
    assert told == [-1]


def test_nothing_and_zero_are_drawn_without_complaint(look, on_screen):
    widget = Itemized(look)
    on_screen(widget)
    widget.set_items([])
    widget.set_items([Item("Nothing", 0)])
    assert not widget.grab().isNull()


# --- numbers as long as names -------------------------------------------------------------------------------------

LONG = [Item("Queries, keys, values", 43_490_082_816, "96 × 3 × (12,288 × 12,288 + 12,288) and more than one line"),
        Item("Norms", 4_743_168, "193 × 2 × 12,288", 1)]  # fmt: skip


def shown_amounts(widget):
    return [widget._words()(item.amount) for item in widget.items]


def test_where_names_and_amounts_would_meet_amounts_are_short_and_else_whole(look, on_screen):
    widget = Itemized(look, "{:,.0f}".format, lambda amount: f"{amount / 1e9:.1f} B")
    widget.set_items(LONG)
    on_screen(widget, width=280, height=120)
    assert shown_amounts(widget) == ["43.5 B", "0.0 B"]
    assert widget._sentence(LONG[0]).endswith("= 43,490,082,816")
    assert "43,490,082,816" in widget.accessibleDescription()
    widget.resize(420, 120)
    assert shown_amounts(widget) == ["43,490,082,816", "4,743,168"]


def test_without_a_short_form_the_name_gives_way_and_nothing_is_painted_twice(look, on_screen):
    widget = Itemized(look)
    widget.set_items(LONG)
    on_screen(widget, width=240, height=120)
    amounts = widget._amounts(widget._words())
    right = widget.width() - 52 - 8
    gap = widget.grab().toImage()
    ground = gap.pixelColor(2, 40)
    column = round(right - amounts - 4)  # between the name's last letter and the amount's first digit
    assert all(gap.pixelColor(column, y) == ground for y in range(24, 40))


def test_a_formula_longer_than_a_line_gets_a_second_one(look, on_screen):
    widget = Itemized(look)
    widget.set_items(LONG)
    on_screen(widget, width=280, height=140)
    narrow = widget.sizeHint().height()
    widget.resize(900, 140)
    assert widget.sizeHint().height() < narrow
