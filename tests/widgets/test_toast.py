"""Short messages in the corner: piled up, not doubled, gone by themselves unless they matter."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QPushButton, QWidget
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
