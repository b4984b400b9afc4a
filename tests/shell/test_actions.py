"""Actions: one list from which menus, shortcuts and the palette are made."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from studio.panels import Action
from studio.shell.actions import ActionList, run, shortcut_text

pytestmark = pytest.mark.gui


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    with qtbot.waitExposed(widget):
        widget.show()
    widget.activateWindow()
    return widget


def test_a_shortcut_does_its_action_wherever_the_focus_is(window: QWidget, qtbot: QtBot) -> None:
    done: list[str] = []
    ActionList(window).add(Action("one", "Do one", lambda: done.append("one"), "Ctrl+1"))
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert done == ["one"]


def test_an_action_that_is_impossible_now_does_nothing(window: QWidget, qtbot: QtBot) -> None:
    done: list[str] = []
    impossible = Action("one", "Do one", lambda: done.append("one"), "Ctrl+1", enabled=lambda: False)
    ActionList(window).add(impossible)
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    run(impossible)
    assert done == []


def test_sources_are_asked_each_time(window: QWidget) -> None:
    offered = [Action("a", "A", lambda: None)]
    actions = ActionList(window)
    actions.add_source(lambda: offered)
    assert [action.text for action in actions.all()] == ["A"]
    offered.append(Action("b", "B", lambda: None))
    assert [action.text for action in actions.all()] == ["A", "B"]


def test_of_two_actions_with_the_same_words_the_possible_one_is_offered(window: QWidget) -> None:
    actions = ActionList(window)
    actions.add(Action("frame", "Save now", lambda: None, enabled=lambda: False))
    actions.add_source(lambda: [Action("page", "Save now", lambda: None)])
    assert [action.name for action in actions.all()] == ["page"]


def test_a_shortcut_is_written_as_the_platform_writes_it() -> None:
    assert shortcut_text(Action("a", "A", lambda: None)) == ""
    assert "K" in shortcut_text(Action("a", "A", lambda: None, "Ctrl+K"))
