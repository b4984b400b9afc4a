"""Page, card, banner, empty state and buttons: the frame that every page stands in."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from studio.controls.form import Form
from studio.widgets.banner import Banner
from studio.widgets.button import Button, IconButton
from studio.widgets.card import Card
from studio.widgets.empty_state import EmptyState
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.page import Page
from studio.widgets.scroll import Scroll

pytestmark = pytest.mark.gui
Show = Callable[..., None]


class Calls:
    """Counts how often it was called."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


@pytest.fixture
def page(look: Look, on_screen: Show) -> Page:
    """A page on the screen."""
    made = Page("Pretrain", "Teach a model to predict the next token of your text.", look)
    on_screen(made, width=1_000)
    return made


def test_a_page_says_its_name_and_purpose(page: Page) -> None:
    assert page.title.text() == "Pretrain"
    assert page.accessibleName() == "Pretrain"
    page.set_purpose("Small, then large.")
    assert page.purpose.text() == "Small, then large."
    assert page.title.font().pixelSize() == 20


def test_actions_stand_in_the_order_they_were_added(page: Page, qtbot: QtBot) -> None:
    calls = Calls()
    first, last = page.add_action("Save now", calls), page.add_action("Train 2,000 steps", calls, primary=True)
    assert last.property("kind") == "primary"
    qtbot.mouseClick(last, Qt.MouseButton.LeftButton)
    assert calls.count == 1
    qtbot.waitUntil(lambda: first.x() < last.x())
    assert first.height() == last.height() == 36


def test_the_idea_opens_beside_its_question_mark_and_closes_by_escape(page: Page, qtbot: QtBot) -> None:
    question = page.findChild(IconButton)
    assert isinstance(question, IconButton)
    assert not question.isVisible(), "without an idea there is nothing to ask"
    page.set_idea("A language model guesses what comes next.")
    qtbot.mouseClick(question, Qt.MouseButton.LeftButton)
    assert page.idea.isVisible()
    assert page.idea.accessibleName().startswith("A language model")
    qtbot.keyClick(page.idea, Qt.Key.Key_Escape)
    assert not page.idea.isVisible()


def test_a_press_elsewhere_closes_the_idea(page: Page, qtbot: QtBot) -> None:
    page.set_idea("A language model guesses what comes next.")
    page.idea.toggle_below(page.title)
    qtbot.mouseClick(page.idea, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    assert page.idea.isVisible()
    qtbot.mouseClick(page.purpose, Qt.MouseButton.LeftButton)
    assert not page.idea.isVisible()


def test_an_error_says_what_to_do_and_does_it(page: Page, qtbot: QtBot) -> None:
    calls = Calls()
    banner = page.banner
    assert not banner.isVisible()
    banner.show_error("The text is empty.", "Choose another one.", [("Choose…", calls)])
    assert banner.isVisible()
    assert banner.level == "danger"
    assert banner.accessibleName() == "The text is empty."
    button = next(found for found in banner.findChildren(QPushButton) if found.text() == "Choose…")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert calls.count == 1


def test_a_newer_message_replaces_the_older_with_its_buttons(page: Page) -> None:
    page.banner.show_error("One.", "", [("Do one", Calls())])
    page.banner.show_note("Two.", level="good")
    assert page.banner.message.text() == "Two."
    assert not page.banner.hint.isVisible()
    assert not [found for found in page.banner.findChildren(QPushButton) if found.text() and found.isVisible()]
    page.banner.clear()
    assert not page.banner.isVisible()


def test_foreign_text_is_never_read_as_markup(look: Look, qtbot: QtBot) -> None:
    banner = Banner(look)
    qtbot.addWidget(banner)
    banner.show_error("<b>bold</b>")
    assert banner.message.textFormat() == Qt.TextFormat.PlainText


def test_a_card_without_a_title_has_no_header(look: Look, on_screen: Show) -> None:
    card = Card("", look)
    on_screen(card)
    assert not card.title.isVisible()
    card.set_title("Loss")
    card.set_note("3 runs")
    assert card.title.isVisible()
    assert card.note.text() == "3 runs"
    card.set_note("")
    assert not card.note.isVisible()


def test_a_forms_labels_stand_under_the_cards_title(look: Look, on_screen: Show) -> None:
    from studio.core.config import Sampling

    card, form = Card("This run", look), Form(Sampling, look)
    card.add_hanging(form)
    on_screen(card)
    label = form.row("temperature").label
    assert label.mapTo(card, QPoint(0, 0)).x() == card.title.mapTo(card, QPoint(0, 0)).x()
    assert form.row("temperature").dot.mapTo(card, QPoint(0, 0)).x() >= 0
    assert form.mapTo(card, QPoint(form.width(), 0)).x() == card.width() - 16 - 1


def test_an_empty_place_offers_the_one_thing_to_do(look: Look, on_screen: Show, qtbot: QtBot) -> None:
    calls = Calls()
    empty = EmptyState("No text yet", "A model learns from a text.", "Use the sample", calls, look, "data")
    on_screen(empty)
    qtbot.mouseClick(empty.button, Qt.MouseButton.LeftButton)
    assert calls.count == 1
    empty.set_words("Still none", "Because.")
    assert empty.headline.text() == "Still none"


def test_a_long_reason_is_never_cut(look: Look, on_screen: Show) -> None:
    empty = EmptyState("No text yet", "A model learns from a text. " * 8, look=look)
    on_screen(empty)
    assert empty.why.height() >= empty.why.heightForWidth(empty.why.width())
    assert not empty.button.isVisible()


def test_a_button_changes_its_kind_and_picture(look: Look, on_screen: Show) -> None:
    button = Button("Train", None, look, "primary", "play")
    on_screen(button)
    before = button.icon().cacheKey()
    button.set_kind("")
    assert button.property("kind") == ""
    assert button.icon().cacheKey() != before
    button.set_icon("pause")
    look.set_theme("light")
    assert not button.icon().isNull()


def test_a_button_without_words_has_a_name(look: Look, on_screen: Show) -> None:
    button = IconButton("refresh", "Reset the zoom", None, look)
    on_screen(button)
    assert button.accessibleName() == button.toolTip() == "Reset the zoom"
    assert (button.width(), button.height()) == (28, 28)


def test_a_label_takes_another_role(look: Look, on_screen: Show) -> None:
    label = Label("1.482", "small")
    on_screen(label)
    assert label.font().pixelSize() == 11
    label.set_role("title")
    assert label.font().pixelSize() == 20


def test_a_scrolled_column_is_never_cut_at_the_side(look: Look, on_screen: Show, qtbot: QtBot) -> None:
    scroll, wide = Scroll(), QWidget()
    wide.setMinimumSize(300, 2_000)
    scroll.body.addWidget(wide)
    on_screen(scroll)
    qtbot.waitUntil(lambda: scroll.minimumWidth() >= 300)
    assert scroll.verticalScrollBar().maximum() > 0
