"""A number box reads what people write, writes the same in every country, and never turns under a passing wheel."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QLocale, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from studio.controls.number_edit import NumberEdit, number_from, text_of
from studio.widgets.look import Look

pytestmark = pytest.mark.gui


@pytest.fixture
def box(look: Look, on_screen: Callable[..., None]) -> Callable[..., NumberEdit]:
    """Makes a box in a window where another one has the keyboard."""

    def make(whole: bool = True, value: float = 400, unit: str = "") -> NumberEdit:
        edit, other = NumberEdit(look, whole, unit), NumberEdit(look, whole)
        edit.default, edit.minimum, edit.maximum = 1_000 if whole else 1e-3, 0, 1e9
        edit.set_value(value)
        on_screen(edit, other)
        other.setFocus()
        return edit

    return make


def turn(widget: QWidget, notches: int) -> QWheelEvent:
    """Turn the wheel over a widget and hand back the event."""
    event = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    event.ignore()
    QApplication.sendEvent(widget, event)
    return event


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (400, "400"), (12_000, "12,000"), (0, "0"), (0.1, "0.1"), (1.0, "1.0"), (0.0, "0.0"), (1e-3, "1.0e-3"),
        (6e-4, "6.0e-4"), (2.5e-4, "2.5e-4"), (1e-5, "1.0e-5"), (0.95, "0.95"), (0.9999, "0.9999"), (1e9, "1.0e9"),
        (-0.002, "-2.0e-3"), (250.0, "250"),
    ],
)  # fmt: skip
def test_numbers_are_written_the_same_in_every_country(value: float, text: str) -> None:
    QLocale.setDefault(QLocale(QLocale.Language.German))
    try:
        assert text_of(value) == text
    finally:
        QLocale.setDefault(QLocale.c())


@given(st.floats(allow_nan=False, allow_infinity=False, width=64).map(lambda x: float(f"{x:.12g}")))
def test_what_is_written_is_read_back_as_the_same_number(value: float) -> None:
    assert number_from(text_of(value), whole=False) == value


@given(st.integers(-(10**15), 10**15))
def test_whole_numbers_come_back_too(value: int) -> None:
    assert number_from(text_of(value), whole=True) == value


@pytest.mark.parametrize(
    ("text", "whole", "number"),
    [
        ("1e-3", False, 1e-3), (" 3E4 ", False, 3e4), (".5", False, 0.5), ("1e3", True, 1_000),
        ("12,000", True, 12_000),
        ("1_000", True, 1_000), ("12 000", True, 12_000), ("+7", True, 7), ("9007199254740993", True, 9007199254740993),
    ],
)  # fmt: skip
def test_people_may_write_numbers_their_way(text: str, whole: bool, number: float) -> None:
    assert number_from(text, whole) == number


@pytest.mark.parametrize(
    ("text", "whole", "words"),
    [
        ("", True, "whole number"), ("abc", False, "1e-3"), ("0,5", False, "point"),
        ("1.5", True, "whole numbers only"),
        ("nan", False, "number"), ("inf", False, "number"), ("1e400", False, "number"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_answered_with_a_sentence(text: str, whole: bool, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        number_from(text, whole)


def test_showing_a_value_says_nothing_and_typing_says_changed(box: Callable[..., NumberEdit], qtbot: QtBot) -> None:
    edit = box()
    with qtbot.assertNotEmitted(edit.changed):
        edit.set_value(500)
    edit.setFocus()
    edit.selectAll()
    with qtbot.waitSignal(edit.changed):
        qtbot.keyClicks(edit, "7")
    assert edit.value() == 7


def test_a_half_written_number_survives_the_echo_of_the_last_one(box: Callable[..., NumberEdit], qtbot: QtBot) -> None:
    edit = box(whole=False, value=1e-3)
    edit.setFocus()
    edit.selectAll()
    for letter in "2e-4":
        qtbot.keyClicks(edit, letter)
        edit.set_value(edit.value())  # what a panel does after each change
    assert edit.text() == "2e-4"
    assert edit.value() == 2e-4
    assert edit.problem == ""


def test_thousands_are_grouped_only_while_nobody_types(box: Callable[..., NumberEdit], qtbot: QtBot) -> None:
    edit = box(value=12_000)
    assert edit.text() == "12,000"
    edit.setFocus()
    assert edit.text() == "12000"
    edit.clearFocus()
    assert edit.text() == "12,000"


def test_arrows_and_page_keys_step(box: Callable[..., NumberEdit], qtbot: QtBot) -> None:
    edit = box(value=1_000)
    edit.setFocus()
    with qtbot.waitSignal(edit.changed):
        qtbot.keyClick(edit, Qt.Key.Key_Up)
    assert edit.value() == 1_100
    qtbot.keyClick(edit, Qt.Key.Key_PageDown)
    assert edit.value() == 960


def test_the_wheel_turns_a_box_only_when_it_has_the_keyboard(box: Callable[..., NumberEdit], qtbot: QtBot) -> None:
    edit = box(value=1_000)
    assert not turn(edit, 1).isAccepted()
    assert edit.value() == 1_000
    edit.setFocus()
    turn(edit, 1)
    assert edit.value() == 1_100


def test_the_small_arrows_step_under_the_mouse(box: Callable[..., NumberEdit], qtbot: QtBot) -> None:
    edit = box(value=1_000)
    edit.setFocus()
    qtbot.mouseClick(edit, Qt.MouseButton.LeftButton, pos=QPoint(10, 6))
    assert edit.value() == 1_100
    qtbot.mouseClick(edit, Qt.MouseButton.LeftButton, pos=QPoint(10, edit.height() - 6))
    assert edit.value() == 1_000


def test_a_locked_box_does_not_step(box: Callable[..., NumberEdit], qtbot: QtBot) -> None:
    edit = box(value=1_000)
    edit.setEnabled(False)
    edit.step(1)
    assert edit.value() == 1_000


def test_the_unit_has_room_beside_the_number(box: Callable[..., NumberEdit], qtbot: QtBot) -> None:
    edit = box(unit="windows")
    assert edit.textMargins().right() >= 40
    assert not edit.grab().isNull()
