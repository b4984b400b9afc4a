"""Tokens and the lines between them, in columns and as arcs."""

import pytest
from PySide6.QtCore import QPointF, QSizeF

from studio.attention.line_layouts import PITCH, Arcs, Columns, text_widths

pytestmark = pytest.mark.gui

TOKENS = ("Once", "·upon", "·a", "·time", "·a")
ROOM = QSizeF(900, 400)


@pytest.fixture(params=[Columns, Arcs])
def layout(request, look):
    return request.param(TOKENS, look, ROOM)


def test_a_line_begins_at_the_token_that_looks_and_ends_at_the_one_it_looks_at(layout):
    for row, column in ((0, 0), (4, 1), (3, 3), (1, 4)):
        path = layout.path(row, column)
        start, end = path.pointAtPercent(0.0), path.pointAtPercent(1.0)
        assert layout.row_rect(row).adjusted(-3, -3, 3, 3).contains(start)
        assert layout.column_rect(column).adjusted(-3, -3, 3, 3).contains(end)


def test_every_token_is_found_where_it_stands_and_beside_the_text_there_is_none(layout):
    for place in range(len(TOKENS)):
        assert layout.hit(layout.row_rect(place).center()) == ("row", place)
        side = layout.hit(layout.column_rect(place).center())
        assert side == (("column", place) if isinstance(layout, Columns) else ("row", place))
    assert layout.hit(QPointF(450, 2)) is None
    assert layout.hit(QPointF(450, 399)) is None


def test_tokens_do_not_lie_over_one_another(layout):
    rects = [layout.row_rect(place) for place in range(len(TOKENS))]
    assert not any(one.intersects(other) for at, one in enumerate(rects) for other in rects[at + 1 :])


def test_lines_of_several_heads_run_side_by_side(layout):
    plain, aside = layout.path(3, 1), layout.path(3, 1, aside=4.0)
    apart = aside.pointAtPercent(0.5) - plain.pointAtPercent(0.5)
    assert apart.manhattanLength() >= 3.5


def test_who_looks_at_a_token_is_shown_below_the_text(look):
    arcs = Arcs(TOKENS, look, ROOM)
    text = arcs.row_rect(0)
    assert arcs.path(3, 1).pointAtPercent(0.5).y() < text.top()
    assert arcs.path(3, 1, below=True).pointAtPercent(0.5).y() > text.bottom()
    assert arcs.path(3, 1, below=True).boundingRect().bottom() <= ROOM.height()
    assert arcs.path(4, 0).boundingRect().top() >= 0


def test_a_token_that_looks_at_itself_has_a_line_that_one_can_see(layout):
    assert layout.path(2, 2).length() > 15


def test_columns_grow_downwards_and_arcs_sideways(look):
    many = [f"token{number}" for number in range(300)]
    columns, arcs = Columns(many, look, ROOM), Arcs(many, look, ROOM)
    assert columns.size.height() >= 300 * PITCH
    assert columns.size.width() == ROOM.width()
    assert arcs.size.width() > 5_000
    assert arcs.size.height() == ROOM.height()


def test_hidden_shares_have_a_column_of_their_own(look):
    columns = Columns(TOKENS, look, ROOM)
    rights = {columns.hidden_rect(place).right() for place in range(len(TOKENS))}
    assert len(rights) == 1
    assert all(rights.copy().pop() < columns.row_rect(place).left() for place in range(len(TOKENS)))
    assert [words for _, words in columns.heads()] == ["not drawn", "looks", "is looked at"]
    assert Arcs(TOKENS, look, ROOM).heads() == []


def test_no_text_at_all_is_an_empty_picture(look):
    assert Columns((), look, ROOM).hit(QPointF(100, 100)) is None
    assert Arcs((), look, ROOM).hit(QPointF(100, 340)) is None


def test_an_endless_token_is_cut_and_equal_ones_are_equally_wide(look):
    widths = text_widths(("a" * 300, "·a", "·a"), look)
    assert widths[0] < 200
    assert widths[1] == widths[2]
