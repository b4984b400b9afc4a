"""The painted row: any row token by token, arrows through the rows, a batch with its padding."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from studio.instructing.painted_card import PaintedCard
from studio.instructing.painted_tokens import PaintedTokens
from studio.instructing.rows_seen import PaintedRow, first_batch, look_at_rows, open_source, paint_rows
from studio.rows.rendering import Painted
from tests.instructing.conftest import ROWS, small

pytestmark = pytest.mark.gui


@pytest.fixture(scope="module")
def source(project):
    return open_source(project, small())


@pytest.fixture(scope="module")
def seen(source):
    return look_at_rows(source)


@pytest.fixture
def card(look, on_screen, source, seen):
    """A card whose wishes are granted at once."""
    card = PaintedCard(look)
    card.rows_wanted.connect(lambda numbers: card.set_rows(paint_rows(source, numbers)))
    card.batch_wanted.connect(lambda index: card.set_batch(first_batch(seen, 4, index)))
    on_screen(card)
    card.set_source(source.dataset.rows, source.rules.tokenizer)
    return card


def learned(card):
    tokens = card.tokens
    return "".join(token.text for token, state in zip(tokens._tokens, tokens.states, strict=True) if state == 0)


def test_without_a_dataset_it_says_what_will_stand_here(look, on_screen):
    card = PaintedCard(look)
    on_screen(card)
    assert "Choose a dataset" in card.tokens._empty
    assert not card.back.isEnabled()
    assert card.legend.words() == ["trained 0", "ignored 0", "padding 0", "cut 0"]


def test_the_first_row_is_painted_with_its_counts(card):
    assert learned(card).startswith("It is 0.")
    assert card.legend.words()[:2] == ["trained 21", "ignored 157"]
    assert card.of.text() == f"of {ROWS}"


def test_arrows_and_keys_go_through_the_rows_and_stop_at_the_ends(card, qtbot):
    card.back.click()
    assert card.number == 0
    card.ahead.click()
    qtbot.keyClick(card, Qt.Key.Key_PageDown)
    assert learned(card).startswith("It is 2.")
    qtbot.keyClick(card, Qt.Key.Key_PageUp)
    assert card.place.value() == 2


def test_a_typed_number_is_a_row_counted_from_one(card, qtbot):
    card.place.setFocus()
    card.place.selectAll()
    qtbot.keyClicks(card.place, "24")
    qtbot.keyClick(card.place, Qt.Key.Key_Return)
    assert learned(card).startswith("It is 23.")


def test_the_rows_of_a_finding_are_stepped_through_until_all_are_wanted_again(card):
    card.step_through([3, 7, 20], "3 rows are odd")
    assert (card.number, card.about.text()) == (3, "3 rows are odd")
    card.ahead.click()
    assert card.number == 7
    card.everything.click()
    card.ahead.click()
    assert card.number == 8
    assert not card.about.isVisible()


def test_an_answer_that_comes_after_the_next_wish_is_dropped(card):
    card.go_to(5)
    card.set_rows([PaintedRow(4, trouble="too late")])
    assert not card.trouble.isVisible()
    assert learned(card).startswith("It is 5.")


def test_a_row_without_an_answer_says_so_in_the_place_of_its_tokens(card):
    card.set_rows([PaintedRow(0, trouble="no answer")])
    assert card.trouble.text() == "Nothing to learn in this row: no answer."
    assert not card.tokens.isVisible()
    assert card.legend.counts == (0, 0, 0, 0)


def test_a_batch_shows_its_padding_and_counts_it(card):
    card.switch._choose("batch")
    assert card.map.isVisible()
    assert card.map.states.shape[0] == 4
    trained, ignored, padding, cut = card.legend.counts
    assert trained + ignored + padding == card.map.states.size
    assert padding > 0
    assert cut == 0
    assert f"{100 * padding / card.map.states.size:.0f} % of them padding" in card.map_note.text()


def test_the_next_batch_is_another_one(card):
    card.switch._choose("batch")
    before = card.map.states.copy()
    card.ahead.click()
    assert card.batch == 1
    assert not np.array_equal(before[:, :200], card.map.states[:, :200])
    assert card.map_note.text().startswith("Batch 2")


def test_a_place_of_the_batch_is_found_under_the_pointer(card):
    card.switch._choose("batch")
    assert card.map.at(31, 1) == (0, 0)
    assert card.map.at(5, 1) is None, "that is the number of the row"


def test_both_answers_of_a_pair_stand_one_below_the_other(look, on_screen, project):
    source = open_source(project, small("liked", "prefer"))
    card = PaintedCard(look)
    on_screen(card)
    card.set_source(source.dataset.rows, source.rules.tokenizer)
    card.set_rows(paint_rows(source, [0]))
    assert card.second.isVisible()
    assert [head.text() for head in card.heads] == ["Chosen answer", "Rejected answer"]


def test_empty_lines_take_no_line_of_their_own(look, on_screen):
    view = PaintedTokens(look)
    on_screen(view)
    texts = ("one", "\n", "\n", "two")
    view.set_painted(Painted(np.arange(4, dtype=np.int32), texts, np.array([1, 1, 1, 0], np.int8)))
    assert view._layout.starts == [0, 3]
    assert view.states == [1, 1, 1, 0]
    view.set_painted(None)
    assert view.states == []


def test_every_state_can_be_told_apart_without_colour(look, on_screen):
    view = PaintedTokens(look)
    on_screen(view)
    view.set_painted(Painted(np.zeros(4, np.int32), ("a", "b", "c", "d"), np.array([0, 1, 2, 3], np.int8)))
    assert view.accessibleDescription() == "trained 1, ignored 1, padding 1, cut 1"
    picture = view.grab().toImage()
    strips = []
    for index in range(4):
        below = view.token_rect(index).adjusted(0, 23, 0, 10)
        dark = [picture.pixel(x, y) != picture.pixel(0, 0) for y in range(below.top(), below.bottom())
                for x in range(below.left(), below.right())]  # fmt: skip
        strips.append(tuple(dark))
    assert len(set(strips)) == 4, "each letter looks different"
