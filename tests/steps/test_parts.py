"""The small parts of the step-through and the query-key view: bars, shares and lists, each by itself."""

from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from studio.live.selection import Selection
from studio.steps.dimension_bars import BarRow, DimensionBars
from studio.steps.formula_strip import FormulaStrip
from studio.steps.head_choice import HeadChoice
from studio.steps.printed import agrees, printed_words
from studio.steps.share_text import ShareText
from studio.steps.stages import Stage, Term

pytestmark = pytest.mark.gui


# --- bars by dimension ----------------------------------------------------------------------------------------------


@pytest.fixture
def bars(look, on_screen):
    bars = DimensionBars(look)
    on_screen(bars)
    values = np.array([0.5, -2.0, 1.0, 0.0])
    bars.show_rows([BarRow("q", values, values[::-1], 0), BarRow("q · k", -values, -values, 2, 3)], (1, 2, 0, 3))
    return bars


def test_the_dimension_under_the_pointer_follows_the_order(bars) -> None:
    slot = bars.slot
    assert [bars.dimension_at(8 + (place + 0.5) * slot) for place in range(4)] == [1, 2, 0, 3]
    assert bars.dimension_at(3) == bars.dimension_at(8 + 4.5 * slot) == -1


def test_pointing_is_told_once_and_can_be_heard(bars, qtbot) -> None:
    heard: list[int] = []
    bars.pointed.connect(heard.append)
    for _ in range(2):
        qtbot.mouseMove(bars, QPoint(round(8 + 1.5 * bars.slot), 40))
    assert heard == [2]
    assert bars.accessibleDescription() == "Dimension 2. q: 1.0000; q · k: -1.0000"
    bars.point(-1)
    assert bars.accessibleDescription() == ""


def test_arrow_keys_walk_in_the_order_that_is_shown(bars, qtbot) -> None:
    seen = []
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Left):
        qtbot.keyClick(bars, key)
        seen.append(bars.dimension)
    assert seen == [1, 2, 1, 1, 1]


def test_a_dimension_that_is_gone_is_no_longer_pointed_at(bars) -> None:
    bars.point(3)
    bars.show_rows([BarRow("q", np.ones(2), np.ones(2), 0)], (0, 1))
    assert bars.dimension == -1


def test_bars_are_drawn_with_many_dimensions_with_none_and_with_what_is_no_number(bars) -> None:
    for size in (0, 1, 3_000):
        values = np.linspace(-1, 1, size) if size else np.zeros(0)
        bars.show_rows([BarRow("q", values, values, 0)], range(size))
        assert not bars.grab().isNull()
    odd = np.array([np.nan, np.inf, 1.0])
    bars.show_rows([BarRow("q", odd, odd, 0)], range(3))
    assert not bars.grab().isNull()


# --- a text and its shares ------------------------------------------------------------------------------------------


@pytest.fixture
def text(look, on_screen):
    text = ShareText(look)
    on_screen(text)
    text.resize(300, 60)
    return text


def test_every_token_has_a_box_and_lines_break_where_the_room_ends(text) -> None:
    text.show_shares(["word"] * 30, np.full(30, 1 / 30), 29)
    assert len(text._boxes) == 30
    assert len({box.top() for box in text._boxes}) > 1
    assert all(box.right() <= text.width() + 1 for box in text._boxes)
    for place, box in enumerate(text._boxes):
        assert text.place_at(box.center()) == place
    assert text.height() >= text._boxes[-1].bottom() - 1


def test_the_largest_shares_can_be_heard(text) -> None:
    text.show_shares(["a", " b", "\n"], np.array([0.2, 0.5, 0.3]), 2)
    assert text.accessibleDescription() == "·b 50 %, ↵ 30 %, a 20 %"


def test_pointing_at_a_token_is_told_and_leaving_too(text, qtbot) -> None:
    text.show_shares(["one", "two"], np.array([0.5, 0.5]), 1, pointed=0)
    heard: list[int] = []
    text.hovered.connect(heard.append)
    qtbot.mouseMove(text, text._boxes[1].center().toPoint())
    qtbot.mouseMove(text, QPoint(text.width() - 2, 5))
    assert heard == [1, -1]


def test_what_is_not_known_yet_is_no_zero(text, look) -> None:
    text.show_shares(["one"], np.array([np.nan]), -1)
    unknown = text.grab().toImage()
    text.show_shares(["one"], np.array([0.0]), -1)
    zero = text.grab().toImage()
    text.show_shares(["one"], np.array([1.0]), -1)
    assert unknown != zero != text.grab().toImage()


# --- lists and lines ------------------------------------------------------------------------------------------------


def test_the_head_that_is_chosen_is_locked_for_all_views(look, on_screen) -> None:
    selection = Selection()
    choice = HeadChoice(selection, look)
    on_screen(choice)
    choice.show_sizes(3, 4)
    assert choice.value == (0, 0)
    choice.layer.set_value(2)
    choice.head.set_value(3)
    choice.head.changed.emit()
    assert (selection.locked("layer"), selection.locked("head")) == (2, 3)
    selection.hover(layer=1, head=1)
    choice.show_sizes(3, 4)
    assert (choice.layer.value(), choice.head.value()) == (1, 1)


def test_a_smaller_model_has_fewer_to_choose_from(look, on_screen) -> None:
    selection = Selection()
    selection.lock(layer=7, head=9)
    choice = HeadChoice(selection, look)
    on_screen(choice)
    choice.show_sizes(12, 12)
    assert choice.value == (7, 9)
    choice.show_sizes(2, 3)
    assert choice.value == (1, 2)
    assert (choice.layer.count(), choice.head.count()) == (2, 3)


def test_a_formula_that_is_said_again_keeps_its_place(look, on_screen) -> None:
    strip = FormulaStrip(look)
    on_screen(strip)
    long = " + ".join(["0.1234·0.5678"] * 200)
    strip.say("Scores", long, "state")
    bar = strip.written.verticalScrollBar()
    assert bar.maximum() > 0
    bar.setValue(bar.maximum())
    strip.say("Scores", long)
    assert bar.value() == bar.maximum()
    assert strip.written.isReadOnly()
    assert strip.state.text() == ""


# --- what is printed, what was measured -----------------------------------------------------------------------------


def printed(**more):
    return SimpleNamespace(**{"stage": "scores", "row": 0, "numbers": (0.5, -1.25), "column": 1, "places": 4, **more})


def test_printed_numbers_are_compared_in_their_last_decimal() -> None:
    walk = SimpleNamespace(scores=np.array([[9.0, 0.50004, -1.24996]]))
    assert agrees(walk, printed())
    assert not agrees(SimpleNamespace(scores=walk.scores + 2e-4), printed())
    assert agrees(SimpleNamespace(scores=walk.scores + 2e-4), printed(places=3))


def test_the_line_says_whether_the_printed_numbers_came_out() -> None:
    stage = Stage("scores", "", "", "", (Term("queries"), Term("scores")))
    example = SimpleNamespace(words=("Your",), printed=(printed(),), note="")
    good, off = (SimpleNamespace(scores=np.array([[9.0, 0.5 + shift, -1.25]])) for shift in (0.0, 0.01))
    assert printed_words(example, good, stage, False) == "Printed in the course for “Your”: 0.5000  −1.2500 ✓"
    assert "computed here otherwise" in printed_words(example, off, stage, False)
    assert "yours" in printed_words(example, good, stage, True)
    assert printed_words(None, good, stage, False) == ""
    other = Stage("mixed", "", "", "", (Term("mixed"),))
    assert printed_words(example, good, other, False) == ""
