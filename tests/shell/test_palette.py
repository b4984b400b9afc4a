"""The command palette finds an action by a few of its letters and does it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from studio.panels import Action
from studio.shell.actions import ActionList
from studio.shell.palette import CommandPalette, fit, matches
from studio.widgets.look import Look

pytestmark = pytest.mark.gui


def action(text: str, possible: bool = True) -> Action:
    return Action(text.lower(), text, lambda: None, enabled=lambda: possible)


def test_letters_in_their_order_fit_and_others_do_not() -> None:
    assert fit("gtp", "Go to Pretrain") is not None
    assert fit("ptg", "Go to Pretrain") is None
    assert fit("", "Anything") == (0.0, ())


def test_the_best_placement_is_marked_and_not_the_first_one() -> None:
    found = fit("pre", "Open Pretrain")
    assert found is not None
    assert found[1] == (5, 6, 7)


def test_starts_of_words_count_more_than_letters_inside() -> None:
    found = matches("sr", [action("Unload the sorted runs"), action("Stop the run"), action("Users")])
    assert [match.action.text for match in found][:2] == ["Unload the sorted runs", "Stop the run"] or found[
        0
    ].action.text == "Stop the run"
    assert found[-1].action.text == "Users"


def test_what_is_possible_now_stands_before_what_is_not() -> None:
    found = matches("save", [action("Save a checkpoint", possible=False), action("Leave and save it")])
    assert [match.action.text for match in found] == ["Leave and save it", "Save a checkpoint"]
    everything = matches("", [action("A", possible=False), action("B")])
    assert [match.action.text for match in everything] == ["B", "A"]


@given(st.text(max_size=8), st.text(max_size=24))
def test_marked_letters_are_those_that_were_typed(query: str, text: str) -> None:
    found = fit(query, text)
    if found is not None and len(text.casefold()) == len(text):
        assert "".join(text.casefold()[place] for place in found[1]) == query.casefold().replace(" ", "")


class Open:
    """A palette on a window with a field that has the focus."""

    def __init__(self, qtbot: QtBot, look: Look) -> None:
        self.window = QWidget()
        self.window.resize(900, 600)
        self.field = QLineEdit(self.window)
        qtbot.addWidget(self.window)
        self.done: list[str] = []
        self.actions = ActionList(self.window)
        self.actions.add(
            Action("home", "Go to Home", lambda: self.done.append("home"), "Ctrl+1", "home"),
            Action("stop", "Stop the run", lambda: self.done.append("stop"), enabled=lambda: False),
            Action("theme", "Switch the theme", lambda: self.done.append("theme")),
        )
        self.palette = CommandPalette(self.actions, look, self.window)
        with qtbot.waitExposed(self.window):
            self.window.show()
        self.window.activateWindow()
        self.field.setFocus()
        self.palette.open()


@pytest.fixture
def opened(qtbot: QtBot, look: Look) -> Open:
    return Open(qtbot, look)


def test_typing_and_enter_do_the_action_and_close(opened: Open, qtbot: QtBot) -> None:
    qtbot.keyClicks(opened.palette.entry, "theme")
    qtbot.keyClick(opened.palette.entry, Qt.Key.Key_Return)
    assert opened.done == ["theme"]
    assert not opened.palette.isVisible()


def test_escape_closes_and_gives_the_focus_back(opened: Open, qtbot: QtBot) -> None:
    qtbot.keyClick(opened.palette.entry, Qt.Key.Key_Escape)
    assert not opened.palette.isVisible()
    assert opened.window.focusWidget() is opened.field


def test_the_arrow_keys_go_round(opened: Open, qtbot: QtBot) -> None:
    assert opened.palette.list.currentIndex().row() == 0
    qtbot.keyClick(opened.palette.entry, Qt.Key.Key_Up)
    assert opened.palette.list.currentIndex().row() == 2
    qtbot.keyClick(opened.palette.entry, Qt.Key.Key_Down)
    assert opened.palette.list.currentIndex().row() == 0


def test_an_impossible_action_keeps_the_palette_open(opened: Open, qtbot: QtBot) -> None:
    qtbot.keyClicks(opened.palette.entry, "stop")
    qtbot.keyClick(opened.palette.entry, Qt.Key.Key_Return)
    assert opened.done == []
    assert opened.palette.isVisible()


def test_a_click_beside_it_closes_it(opened: Open, qtbot: QtBot) -> None:
    qtbot.mouseClick(opened.palette, Qt.MouseButton.LeftButton, pos=opened.window.rect().bottomLeft())
    assert not opened.palette.isVisible()


def test_it_says_so_when_nothing_fits(opened: Open, qtbot: QtBot) -> None:
    qtbot.keyClicks(opened.palette.entry, "qqq")
    assert opened.palette.nothing.isVisible()
    assert "qqq" in opened.palette.nothing.text()
    assert not opened.palette.list.isVisible()


def test_it_covers_the_window_when_that_is_resized(opened: Open) -> None:
    opened.window.resize(1200, 700)
    assert opened.palette.size() == opened.window.size()


def test_it_paints_rows_with_icons_and_shortcuts(opened: Open) -> None:
    assert not opened.palette.grab().toImage().isNull()
