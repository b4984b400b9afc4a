"""The primary button: it does what it was last offered, by mouse and by keys, and tells what it is refused."""

import pytest
from PySide6.QtCore import Qt

from studio.core.errors import StudioError
from studio.widgets.page import Page

pytestmark = pytest.mark.gui

KEYS = (Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)


@pytest.fixture
def page(look, on_screen):
    page = Page("Bake", "Bread from flour.", look)
    page.primary = page.add_primary()
    on_screen(page)
    return page


def test_the_button_does_what_it_was_last_offered_by_mouse_and_by_keys(page, qtbot):
    done = []
    page.primary.offer(("Knead", lambda: done.append("kneaded"), True))
    qtbot.mouseClick(page.primary, Qt.MouseButton.LeftButton)
    page.primary.offer(("Bake", lambda: done.append("baked"), True))
    qtbot.keyClick(page, *KEYS)
    assert page.primary.text() == "Bake"
    assert done == ["kneaded", "baked"]


def test_what_cannot_be_done_yet_is_not_done_by_the_keys_either(page, qtbot):
    done = []
    page.primary.offer(("Bake", lambda: done.append("baked"), False))
    qtbot.keyClick(page, *KEYS)
    page.primary.press()
    assert not done
    assert not page.primary.isEnabled()


def test_without_words_there_is_no_button(page):
    page.primary.offer(("", page.hide, False))
    assert not page.primary.isVisible()
    page.primary.offer(("Bake", page.hide, True))
    assert page.primary.isVisible()


def test_a_refusal_is_said_on_the_page_with_what_to_do(page):
    def refuse():
        raise StudioError("The oven is cold.", "Heat it first.")

    page.primary.offer(("Bake", refuse, True))
    page.primary.click()
    assert page.banner.level == "danger"
    assert (page.banner.message.text(), page.banner.hint.text()) == ("The oven is cold.", "Heat it first.")
