"""One text in several lanes: the same letter in the same column."""

import pytest
from PySide6.QtCore import QPoint, Qt

from studio.tokenizers import make_tokenizer
from studio.tokenizing.aligned import lane_of
from studio.tokenizing.aligned_view import AlignedTokens, break_lines

pytestmark = pytest.mark.gui
TEXT = "Mira went to the harbour and looked at the ships. 배 ⛵"


@pytest.fixture
def view(look, on_screen):
    view = AlignedTokens(look)
    view.set_lanes(TEXT, [lane_of(name, make_tokenizer(name), TEXT) for name in ("bytes", "gpt2")])
    on_screen(view)
    view.resize(600, 200)
    return view


def first_box(view, row):
    """Left edge of a lane's first token, found with the pointer."""
    return next(x for x in range(600) if view.token_at(QPoint(x, 12 + 25 * row)) == (row, 0))


def test_lines_end_after_a_blank_and_hold_every_character():
    lines = break_lines("one two three\nfour", [1.0] * 18, 6.0)
    assert [(line.start, line.end) for line in lines] == [(0, 4), (4, 8), (8, 14), (14, 18)]


def test_a_word_longer_than_the_room_is_broken_where_the_room_ends():
    assert [(line.start, line.end) for line in break_lines("abcdefgh", [1.0] * 8, 3.0)] == [(0, 3), (3, 6), (6, 8)]
    assert [(line.start, line.end) for line in break_lines("ab", [9.0] * 2, 3.0)] == [(0, 1), (1, 2)]


def test_the_same_letter_stands_in_the_same_column_of_every_lane(view):
    assert first_box(view, 0) == first_box(view, 1)


def test_the_pointer_reads_a_token_of_its_lane(view, qtbot):
    x = first_box(view, 1) + 60
    qtbot.mouseMove(view.viewport(), QPoint(x, 12 + 25))
    row, index = view.token_at(QPoint(x, 12 + 25))
    assert (row, index) == (1, 2)
    assert view._card.lines[:2] == ["·went", "id 1816"]
    qtbot.mouseMove(view.viewport(), QPoint(590, 190))
    assert not view._card.isVisible()


def test_beside_and_below_the_lanes_there_is_no_token(view):
    assert view.token_at(QPoint(20, 12)) == (-1, -1)
    assert view.token_at(QPoint(200, 190)) == (-1, -1)
    assert view.token_at(QPoint(200, -5)) == (-1, -1)


def test_a_tokenizer_that_cannot_say_the_text_says_so_in_its_lane(view):
    lanes = [lane_of("characters", make_tokenizer("characters", ["abc"]), "xyz")]
    view.set_lanes("xyz", lanes)
    assert "“x”" in view.accessibleDescription()
    assert not view.grab().isNull()


def test_many_lines_scroll_by_keyboard(view, qtbot):
    view.set_lanes(TEXT * 20, [lane_of("gpt2", make_tokenizer("gpt2"), TEXT * 20)])
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_PageDown)
    assert view.verticalScrollBar().value() > 0
    assert not view.grab().isNull()


def test_nothing_to_show_says_what_to_do(view):
    view.set_empty_text("Choose two.")
    view.set_lanes("", [])
    assert view.token_at(QPoint(200, 12)) == (-1, -1)
    assert not view.grab().isNull()
