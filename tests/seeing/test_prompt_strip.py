"""The text as chips: point, click, walk with the keys, move along, and write another one."""

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest

from studio.live.selection import Selection
from studio.seeing.prompt_strip import PromptStrip

pytestmark = pytest.mark.gui
TOKENS = ("The", " cat", " sat", "\n", "on", " the", " mat")
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def selection(qapp: Any) -> Selection:
    return Selection()


@pytest.fixture
def prompt(selection: Selection, look: Any, qtbot: Any) -> Iterator[PromptStrip]:
    strip = PromptStrip(selection, look)
    strip.show_text("The cat sat\non the mat", TOKENS)
    strip.resize(600, 28)
    with qtbot.waitExposed(strip):
        strip.show()
    yield strip
    strip.close()
    strip.deleteLater()


def middle(prompt: PromptStrip, index: int) -> QPoint:
    return prompt.strip.rect_of(index).center().toPoint()


def test_each_place_of_the_line_is_the_token_that_stands_there(prompt: PromptStrip) -> None:
    strip = prompt.strip
    assert [strip.index_at(strip.rect_of(index).center().x()) for index in range(7)] == list(range(7))
    assert strip.index_at(strip.rect_of(6).right() + 50) == -1
    assert strip.index_at(-5) == -1


def test_pointing_previews_and_a_click_locks(prompt: PromptStrip, selection: Selection) -> None:
    QTest.mouseMove(prompt.strip, middle(prompt, 2))
    assert (selection.value("row"), selection.locked("row")) == (2, None)
    QTest.mouseClick(prompt.strip, LEFT, Qt.KeyboardModifier.NoModifier, middle(prompt, 1))
    QTest.mouseMove(prompt.strip, middle(prompt, 5))
    assert (selection.value("row"), selection.locked("row")) == (5, 1)


def test_the_keys_walk_along_and_stop_at_the_ends(prompt: PromptStrip, selection: Selection) -> None:
    prompt.strip.setFocus()
    for key, row in ((Qt.Key.Key_Left, 0), (Qt.Key.Key_Right, 1), (Qt.Key.Key_Right, 2)):
        QTest.keyClick(prompt.strip, key)
        assert selection.locked("row") == row
    for _ in range(10):
        QTest.keyClick(prompt.strip, Qt.Key.Key_Right)
    assert selection.locked("row") == 6


def test_a_long_text_moves_under_the_wheel_and_to_the_chosen_token(prompt: PromptStrip, selection: Selection) -> None:
    prompt.show_text("x " * 300, ["word"] * 300)
    prompt.strip.reveal(299)
    assert prompt.strip.rect_of(299).right() <= prompt.strip.width()
    first = prompt.strip.index_at(0.0)
    assert first > 200
    place = QPointF(20, 10)
    wheel = QWheelEvent(place, place, QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton,
                        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
    prompt.strip.wheelEvent(wheel)
    assert prompt.strip.index_at(0.0) < first
    assert selection.value("row") == prompt.strip.index_at(20)


def test_a_token_that_is_locked_elsewhere_moves_into_view(prompt: PromptStrip, selection: Selection) -> None:
    prompt.show_text("x " * 300, ["word"] * 300)
    selection.lock(row=150)
    assert 0 <= prompt.strip.rect_of(150).left() < prompt.strip.width() - 10
    prompt.show_text("y " * 300, ["word"] * 300)
    assert 0 <= prompt.strip.rect_of(150).left() < prompt.strip.width() - 10


def test_enter_or_a_press_beside_the_tokens_begins_to_write(prompt: PromptStrip) -> None:
    prompt.strip.setFocus()
    QTest.keyClick(prompt.strip, Qt.Key.Key_Return)
    assert prompt.editing
    assert prompt.line.text() == r"The cat sat\non the mat"
    prompt.leave()
    QTest.mouseClick(prompt.strip, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(590, 10))
    assert prompt.editing


def test_what_is_submitted_is_what_was_typed(prompt: PromptStrip, qtbot: Any) -> None:
    prompt.edit()
    with qtbot.waitSignal(prompt.submitted) as heard:
        QTest.keyClick(prompt.line, Qt.Key.Key_Return)
    assert heard.args == ["The cat sat\non the mat"]
    prompt.edit()
    prompt.line.clear()
    with qtbot.waitSignal(prompt.submitted) as heard:
        QTest.keyClick(prompt.line, Qt.Key.Key_Return)
    assert heard.args == [""]


def test_going_elsewhere_keeps_what_was_changed_and_leaves_what_was_not(prompt: PromptStrip) -> None:
    prompt.edit()
    prompt.line.clearFocus()
    assert not prompt.editing
    prompt.edit()
    QTest.keyClicks(prompt.line, "new")
    prompt.line.clearFocus()
    assert prompt.editing
    prompt.show_text("another", ("another",))
    assert prompt.line.text() == "new"


def test_the_shown_tokens_are_lit(prompt: PromptStrip, selection: Selection, look: Any) -> None:
    def colour(index: int) -> str:
        box = prompt.strip.rect_of(index)
        picture = prompt.grab().toImage()
        return picture.pixelColor(int(box.left()) + 2, int(box.center().y())).name()

    assert colour(2) == look.color("raised").name()
    selection.hover(row=2, column=1)
    assert (colour(2), colour(1)) == (look.color("selection").name(),) * 2
    selection.leave()
    assert colour(2) == look.color("raised").name()
