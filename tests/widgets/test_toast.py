"""Short messages in the corner: piled up, not doubled, gone by themselves unless they matter."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from studio.widgets.look import Look
from studio.widgets.toast import Toasts

pytestmark = pytest.mark.gui


@pytest.fixture
def toasts(look: Look, qtbot: QtBot) -> Iterator[Toasts]:
    """Toasts over a window of 900 × 600."""
    host = QWidget()
    host.resize(900, 600)
    qtbot.addWidget(host)
    made = Toasts(host, look, bottom=24)
    with qtbot.waitExposed(host):
        host.show()
    yield made
    made.clear()


def test_a_message_stands_in_the_lower_right_corner(toasts: Toasts) -> None:
    toast = toasts.post("good", "Checkpoint saved.")
    assert toast.isVisible()
    assert toast.geometry().right() + 1 == 900 - 16
    assert toast.geometry().bottom() + 1 == 600 - 24 - 16


def test_newer_ones_push_older_ones_up(toasts: Toasts) -> None:
    first, second = toasts.post("info", "One."), toasts.post("info", "Two.")
    assert first.geometry().bottom() < second.geometry().top()


def test_the_same_words_are_not_said_twice(toasts: Toasts) -> None:
    assert toasts.post("info", "One.") is toasts.post("info", "One.")


def test_at_most_four_are_there(toasts: Toasts) -> None:
    for number in range(6):
        toasts.post("info", f"Number {number}.")
    assert [toast.text for toast in toasts.toasts] == [f"Number {number}." for number in (2, 3, 4, 5)]


def test_a_danger_stays_and_others_go(toasts: Toasts) -> None:
    good, danger = toasts.post("good", "Saved."), toasts.post("danger", "The run failed.")
    assert good.findChild(QTimer).isActive()
    assert not danger.findChild(QTimer).isActive()
    good.findChild(QTimer).timeout.emit()
    assert [toast.text for toast in toasts.toasts] == ["The run failed."]


def test_an_action_is_done_once_and_the_message_goes(toasts: Toasts, qtbot: QtBot) -> None:
    done: list[str] = []
    toast = toasts.post("info", "Run deleted.", ("Undo", lambda: done.append("undone")))
    button = next(found for found in toast.findChildren(QPushButton) if found.text() == "Undo")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert done == ["undone"]
    assert toasts.toasts == []


def test_they_stay_in_the_corner_of_a_window_that_grows(toasts: Toasts) -> None:
    toast = toasts.post("info", "One.")
    host = toast.parentWidget()
    host.resize(1_200, 700)
    assert toast.geometry().right() + 1 == 1_200 - 16
    assert toast.geometry().bottom() + 1 == 700 - 24 - 16


def test_long_words_are_shown_whole(toasts: Toasts) -> None:
    short, long = toasts.post("info", "One."), toasts.post("warning", "The disk is nearly full. " * 6)
    assert long.height() > short.height()


def test_movement_takes_its_time_only_where_it_is_wanted(toasts: Toasts, look: Look, qtbot: QtBot) -> None:
    look.reduce_motion = False
    first = toasts.post("info", "One.")
    bottom = first.y()
    toasts.post("info", "Two.")
    qtbot.waitUntil(lambda: first.y() < bottom - 30)


# --- beside what stands in the corner -----------------------------------------------------------------------------


def control(toasts: Toasts, kind: type[QWidget], left: int, top: int, width: int = 80, height: int = 32) -> QWidget:
    """A control in the host, at this place."""
    made = kind(toasts.parent())
    made.setGeometry(left, top, width, height)
    made.show()
    return made


@pytest.mark.parametrize("kind", [QPushButton, QLineEdit, QPlainTextEdit])
def test_a_message_stands_above_what_can_be_pressed_or_written_into(toasts: Toasts, kind: type[QWidget]) -> None:
    taken = control(toasts, kind, 800, 520)
    toast = toasts.post("info", "Saved.")
    assert toast.geometry().bottom() + 1 == taken.geometry().top() - 8
    assert toast.geometry().right() + 1 == 900 - 16


def test_one_control_above_the_other_is_cleared_too(toasts: Toasts) -> None:
    low, high = control(toasts, QPushButton, 800, 540), control(toasts, QPushButton, 560, 500)
    area = toasts.post("info", "Saved.").geometry()
    assert not area.intersects(low.geometry())
    assert not area.intersects(high.geometry())


def test_what_only_shows_something_or_is_hidden_may_be_covered(toasts: Toasts) -> None:
    control(toasts, QLabel, 800, 520)
    control(toasts, QPushButton, 800, 520).hide()
    read = control(toasts, QPlainTextEdit, 600, 400, 280, 160)
    read.setReadOnly(True)  # type: ignore[attr-defined]
    assert toasts.post("info", "Saved.").geometry().bottom() + 1 == 600 - 24 - 16


def test_a_control_that_is_scrolled_away_takes_no_room(toasts: Toasts) -> None:
    window = control(toasts, QWidget, 540, 0, 360, 300)
    inner = QPushButton("Far below", window)
    inner.setGeometry(100, 520, 80, 32)
    inner.show()
    assert toasts.post("info", "Saved.").geometry().bottom() + 1 == 600 - 24 - 16


def test_of_a_window_with_thousands_of_widgets_only_what_is_seen_there_is_looked_at(toasts: Toasts) -> None:
    class Elsewhere(QPlainTextEdit):
        def isReadOnly(self) -> bool:
            raise AssertionError("nobody needs to know")

    page = control(toasts, QWidget, 0, 0, 900, 600)
    Elsewhere(page).setGeometry(600, 400, 200, 180)
    page.hide()
    control(toasts, Elsewhere, 0, 0, 400, 200)
    assert toasts.post("info", "Saved.").geometry().bottom() + 1 == 600 - 24 - 16


def test_where_the_corner_is_full_of_controls_the_message_stays_in_it(toasts: Toasts) -> None:
    for row in range(20):
        control(toasts, QPushButton, 700, 30 * row, 180, 28)
    assert toasts.post("info", "Saved.").geometry().bottom() + 1 == 600 - 24 - 16


def test_where_there_is_room_above_no_control_a_field_is_covered_rather_than_a_button(toasts: Toasts) -> None:
    send = control(toasts, QPushButton, 560, 540)
    control(toasts, QPlainTextEdit, 700, 300, 180, 260)
    assert toasts.post("info", "Saved.").geometry().bottom() + 1 == send.geometry().top() - 8


def test_a_message_makes_way_for_the_controls_of_another_page(toasts: Toasts, qtbot: QtBot) -> None:
    toast = toasts.post("info", "Saved.")
    before = toast.geometry().bottom()
    taken = control(toasts, QPushButton, 800, 520)
    toasts.make_way()
    qtbot.waitUntil(lambda: toast.geometry().bottom() < taken.geometry().top())
    taken.hide()
    toasts.make_way()
    qtbot.waitUntil(lambda: toast.geometry().bottom() == before)
