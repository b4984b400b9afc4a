"""A few choices side by side, one of them chosen."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from studio.controls.segmented import Segmented
from studio.widgets.look import Look

pytestmark = pytest.mark.gui


@pytest.fixture
def axis(look: Look, on_screen: Callable[..., None]) -> Segmented:
    """Three choices on the screen."""
    made = Segmented([("step", "step"), ("tokens", "tokens"), ("time", "time")], look, "Horizontal axis")
    on_screen(made)
    return made


def press(axis: Segmented, words: str, qtbot: QtBot) -> None:
    button = next(found for found in axis.findChildren(QPushButton) if found.text() == words)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_the_first_is_chosen_at_the_start(axis: Segmented) -> None:
    assert axis.value() == "step"


def test_a_click_chooses_and_tells(axis: Segmented, qtbot: QtBot) -> None:
    with qtbot.waitSignal(axis.changed) as caught:
        press(axis, "time", qtbot)
    assert caught.args == ["time"]
    assert axis.value() == "time"


def test_setting_it_is_silent(axis: Segmented, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(axis.changed):
        axis.set_value("tokens")
    assert axis.value() == "tokens"


def test_arrow_keys_go_along_and_pass_what_is_refused(axis: Segmented, qtbot: QtBot) -> None:
    axis.set_enabled("tokens", False, "Known after the first step.")
    chosen = next(found for found in axis.findChildren(QPushButton) if found.isChecked())
    chosen.setFocus()
    qtbot.keyClick(chosen, Qt.Key.Key_Right)
    assert axis.value() == "time"
    qtbot.keyClick(axis, Qt.Key.Key_Right)
    assert axis.value() == "time"
    qtbot.keyClick(axis, Qt.Key.Key_Left)
    assert axis.value() == "step"


def test_it_is_one_stop_of_the_tab_key(axis: Segmented) -> None:
    stops = [found for found in axis.findChildren(QPushButton) if found.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert [found.text() for found in stops if found.focusPolicy() == Qt.FocusPolicy.StrongFocus] == ["step"]


def test_every_choice_has_a_name_for_the_ear(axis: Segmented) -> None:
    names = [found.accessibleName() for found in axis.findChildren(QPushButton)]
    assert names == ["Horizontal axis: step", "Horizontal axis: tokens", "Horizontal axis: time"]
