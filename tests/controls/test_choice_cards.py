"""Choices as cards: by mouse, by keyboard, and none at all."""

import pytest
from PySide6.QtCore import Qt

from studio.controls.choice_cards import CardChoice, ChoiceCards

pytestmark = pytest.mark.gui
CHOICES = [CardChoice("a", "First", "The first one."), CardChoice("b", "Second"), CardChoice("c", "Third", tip="Last")]


@pytest.fixture
def cards(look, on_screen):
    widget = ChoiceCards(CHOICES, look, "Kind")
    on_screen(widget, width=700, height=200)
    return widget


def test_nothing_is_chosen_until_somebody_chooses(cards):
    assert cards.value() == ""
    cards.set_value("b")
    assert cards.value() == "b"
    cards.set_value("unknown")
    assert cards.value() == ""


def test_a_click_chooses_and_tells_once(cards, qtbot):
    told = []
    cards.changed.connect(told.append)
    qtbot.mouseClick(cards.cards["b"].title, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(cards.cards["b"], Qt.MouseButton.LeftButton)
    assert cards.value() == "b"
    assert set(told) == {"b"}


def test_setting_a_value_is_silent(cards):
    told = []
    cards.changed.connect(told.append)
    cards.set_value("c")
    assert told == []


def test_the_arrows_move_along_and_pass_over_what_is_refused(cards, qtbot):
    cards.set_enabled("b", False, "Not now.")
    cards.set_value("a")
    cards.cards["a"].setFocus()
    qtbot.keyClick(cards.cards["a"], Qt.Key.Key_Right)
    assert cards.value() == "c"
    qtbot.keyClick(cards.cards["c"], Qt.Key.Key_Right)
    assert cards.value() == "c"
    qtbot.keyClick(cards.cards["c"], Qt.Key.Key_Left)
    assert cards.value() == "a"


def test_space_chooses_the_card_that_has_the_keyboard(cards, qtbot):
    cards.cards["a"].setFocus()
    qtbot.keyClick(cards.cards["a"], Qt.Key.Key_Space)
    assert cards.value() == "a"


def test_the_tab_key_stops_once(cards):
    cards.set_value("b")
    stops = [value for value, card in cards.cards.items() if card.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert stops == ["b"]
    cards.set_value("")
    stops = [value for value, card in cards.cards.items() if card.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert stops == ["a"]


def test_a_card_says_everything_to_a_screen_reader(cards):
    cards.set_facts("a", "12 tokens")
    assert cards.cards["a"].accessibleName() == "First"
    assert cards.cards["a"].accessibleDescription() == "The first one. 12 tokens"


def test_the_mark_need_not_be_on_the_chosen_one(cards, look):
    cards.set_value("a")
    cards.set_marked("b")
    assert not cards.cards["a"].mark.isVisible()
    assert cards.cards["b"].mark.isVisible()
    before = cards.cards["b"].mark.pixmap().toImage()
    look.set_theme("light")
    assert cards.cards["b"].mark.pixmap().toImage() != before


def test_a_refused_card_says_why_and_cannot_be_clicked(cards, qtbot):
    cards.set_enabled("c", False, "Needs a text.")
    assert cards.cards["c"].toolTip() == "Needs a text."
    qtbot.mouseClick(cards.cards["c"], Qt.MouseButton.LeftButton)
    assert cards.value() == ""
    cards.set_enabled("c", True)
    assert cards.cards["c"].toolTip() == "Last"


def place(cards):
    return {(card.x(), card.y()) for card in cards.cards.values() if card.isVisible()}


def test_titles_that_do_not_fit_in_one_row_get_two(look, on_screen, qapp):
    many = [CardChoice(f"{number}", f"GPT-2 medium {number}") for number in range(6)]
    cards = ChoiceCards(many, look, "Presets")
    on_screen(cards, width=1_000, height=200)
    assert len({top for _, top in place(cards)}) == 1
    cards.window().resize(520, 300)
    qapp.processEvents()
    assert len({top for _, top in place(cards)}) == 2
    assert len({left for left, _ in place(cards)}) == 3
    assert not any(card.title.cut for card in cards.cards.values())


def test_what_would_take_a_third_row_is_a_closed_list(look, on_screen, qapp):
    many = [CardChoice(f"{number}", f"GPT-2 medium {number}") for number in range(16)]
    cards = ChoiceCards(many, look, "Presets")
    told = []
    cards.changed.connect(told.append)
    on_screen(cards, width=400, height=300)
    assert place(cards) == set()
    assert cards.list.isVisible()
    assert cards.list.accessibleName() == "Presets"
    cards.set_value("3")
    cards.set_facts("3", "406 M")
    assert cards.list.currentText() == "GPT-2 medium 3 · 406 M"
    cards.list.setCurrentIndex(5)
    cards.list.activated.emit(5)
    assert (cards.value(), told) == ("5", ["5"])


def test_a_list_shows_when_nothing_is_chosen(look, on_screen):
    cards = ChoiceCards([CardChoice(f"{n}", f"A long title {n}") for n in range(9)], look)
    on_screen(cards, width=200)
    assert cards.list.currentIndex() == -1
