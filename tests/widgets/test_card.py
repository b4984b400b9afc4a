"""Cards and empty states: what they show, and that they never open a window of their own."""

from typing import Any

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.empty_state import EmptyState
from studio.widgets.look import Look

pytestmark = pytest.mark.gui


class Shown(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.windows: list[QWidget] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.windows.append(watched)
        return False


def test_making_one_shows_nothing(look: Look, qapp: QApplication) -> None:
    ear = Shown()
    qapp.installEventFilter(ear)
    made = [Card("Loss", look), EmptyState("Nothing yet", "It will come.", "Begin", None, look, "runs")]
    qapp.removeEventFilter(ear)
    assert ear.windows == []
    assert len(made) == 2


def test_a_card_without_a_title_has_no_head(look: Look, on_screen: Any) -> None:
    card = Card("", look)
    on_screen(card)
    assert not card.title.isVisible()
    card.set_title("Now")
    assert card.title.isVisible()
    assert card.accessibleName() == "Now"


def test_a_note_stands_beside_the_title_while_it_says_something(look: Look, on_screen: Any) -> None:
    card = Card("Runs", look)
    on_screen(card)
    assert not card.note.isVisible()
    card.set_note("3 runs")
    assert card.note.isVisible()
    assert card.note.x() > card.title.x()


def test_a_note_gives_way_to_the_title(look: Look, on_screen: Any) -> None:
    card = Card("stories", look)
    card.set_note("first 400 of 6,163 lines")
    card.header.addWidget(QPushButton("Text, contents, clean"))
    on_screen(card, width=300)
    assert not card.title.cut
    assert card.note.cut


def test_a_title_without_room_ends_in_dots_and_leaves_the_tools_theirs(look: Look, on_screen: Any) -> None:
    card = Card("A run with a very long name that nobody would type twice", look)
    tool = QPushButton("Tool")
    card.header.addWidget(tool)
    on_screen(card, width=240)
    assert card.title.cut
    assert tool.width() >= tool.sizeHint().width()


def test_an_empty_state_says_what_comes_why_and_what_to_do(look: Look, on_screen: Any) -> None:
    pressed: list[bool] = []
    state = EmptyState("No run yet", "Runs are kept here.", "Set one up", lambda: pressed.append(True), look)
    on_screen(state)
    state.button.click()
    assert pressed == [True]
    state.set_words("Nothing found", "Search for less.")
    assert (state.headline.text(), state.why.text()) == ("Nothing found", "Search for less.")


def test_links_stand_side_by_side_below_the_button(look: Look, on_screen: Any) -> None:
    state = EmptyState("Nothing yet", "It will come.", "Begin", None, look)
    links = [Button(words, None, look, "link") for words in ("One way", "Another way")]
    for link in links:
        state.add_link(link)
    on_screen(state)
    first, second = (link.geometry() for link in links)
    assert first.top() == second.top() > state.button.geometry().bottom()
    assert 0 < first.right() < second.left()


def test_an_empty_state_without_a_thing_to_do_has_no_button(look: Look, on_screen: Any) -> None:
    state = EmptyState("Waiting", "It comes by itself.")
    on_screen(state)
    assert not state.button.isVisible()


@pytest.mark.parametrize("sheets", [("style.qss",), ("style.qss", "frame.qss")])
def test_a_primary_button_is_one_on_a_card_too(look: Look, on_screen: Any, sheets: tuple[str, ...]) -> None:
    card, button = Card("", look), Button("Train", None, look, "primary")
    card.body.addWidget(button)
    on_screen(card)
    accent = look.color("accent")
    assert QColor(button.grab().toImage().pixel(8, button.height() // 2)) == accent
    assert not any(
        '[kind="card"] QPushButton[kind="primary"]' in (look.resources / name).read_text() for name in sheets
    )
