import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QWidget

from studio.chat.rivals import RivalsCard
from studio.chat.text_card import TextCard
from studio.chat.writing import Rival, Written

pytestmark = pytest.mark.gui

RIVALS = tuple(Rival(number, text, 0.4 / (number + 1), number == 4) for number, text in enumerate("abcde"))


@pytest.fixture
def frame(look, on_screen):
    made = QWidget()
    on_screen(made)
    return made


@pytest.fixture
def card(look, frame):
    made = TextCard(look, frame)
    made.setParent(frame)
    made.show()
    return made


def token(text, sample=0, **fields):
    return Written(text, 1, 0.5, 0.1, sample=sample, **fields)


def test_tokens_of_several_texts_each_go_to_their_own(card):
    card.begin("p")
    card.branch(2)
    card.add([token("a"), token("x", 1), token("b")])
    assert card.view.whole_text == "pab"
    card.turn(1)
    assert card.view.whole_text == "px"
    card.add([token("y", 1), token("c")])
    assert card.view.whole_text == "pxy"
    card.turn(0)
    assert card.view.whole_text == "pabc"


def test_the_arrows_are_there_only_for_several_texts_and_end_at_the_last(card):
    card.begin("p")
    assert not card.before.isVisible()
    card.branch(2)
    assert (card.place.text(), card.before.isEnabled(), card.after.isEnabled()) == ("1 of 2", False, True)
    card.after.click()
    card.after.click()
    assert (card.place.text(), card.before.isEnabled(), card.after.isEnabled()) == ("2 of 2", True, False)
    card.before.click()
    assert card.shown == 0


def test_going_on_begins_at_the_text_that_is_shown(card):
    card.begin("p")
    card.branch(2)
    card.add([token("a"), token("x", 1)])
    card.turn(1)
    card.branch(3)
    assert [[one.text for one in text] for text in card.texts] == [["x"]] * 3
    assert card.view.whole_text == "px"


def test_a_token_without_rivals_tells_itself_in_the_line_below(card):
    card.begin("p")
    card.add([token("a")])
    card.view.hovered.emit(card.view.tokens[0])
    assert "had 50 %" in card.said.text()
    assert not card.rivals.isVisible()


def test_colour_can_be_switched_off(card):
    card.begin("p")
    card.add([Written("a", 1, 0.01, 0.1)])
    card.tint.click()
    cursor = card.view.textCursor()
    cursor.setPosition(2)
    assert cursor.charFormat().background().style() == Qt.BrushStyle.NoBrush


def test_a_token_that_is_not_among_the_five_stands_under_them(look, frame):
    card = RivalsCard(look, frame)
    card.show_token(Written("z", 9, 0.01, 0.1, rivals=RIVALS), QRect(20, 20, 1, 18), 900)
    assert [choice.text for choice in card.bars.choices] == ["a", "b", "c", "d", "e", "z"]
    assert [choice.marked for choice in card.bars.choices] == [False] * 5 + [True]
    assert card.bars.choices[4].removed


@pytest.mark.parametrize(("x", "y"), [(5, 5), (1_090, 20), (600, 720), (5, 720), (1_090, 720)])
def test_the_card_stays_inside_the_page_and_never_covers_its_token(look, frame, x, y):
    card = RivalsCard(look, frame)
    line = QRect(x, y, 1, 18)
    card.show_token(token("a", rivals=RIVALS), line, 900)
    assert frame.rect().contains(card.geometry())
    assert card.geometry().right() <= 900
    assert not card.geometry().intersects(line)


def test_the_card_lets_the_mouse_through(look, frame):
    card = RivalsCard(look, frame)
    card.show_token(token("a", rivals=RIVALS), QRect(100, 100, 1, 18), 900)
    assert frame.childAt(card.geometry().center()) is None
