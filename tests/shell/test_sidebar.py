"""The rail lists the pages in groups, with Settings at the foot."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from studio.panels import PANELS
from studio.shell.sidebar import Sidebar
from studio.widgets.look import Look

pytestmark = pytest.mark.gui


@pytest.fixture
def rail(qtbot: QtBot, look: Look) -> Sidebar:
    made = Sidebar(PANELS, look)
    qtbot.addWidget(made)
    made.resize(made.width(), 700)
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    return made


def test_every_page_has_one_button_with_a_name(rail: Sidebar) -> None:
    assert list(rail.buttons) == [entry.name for entry in PANELS]
    assert [button.accessibleName() for button in rail.buttons.values()] == [entry.label for entry in PANELS]


def test_groups_have_headings_and_the_foot_has_none(rail: Sidebar) -> None:
    assert [label.text() for label in rail.findChildren(QLabel)] == ["TRAIN", "INSIDE", "USE"]


def test_settings_lie_at_the_foot(rail: Sidebar) -> None:
    settings, chat = rail.buttons["settings"], rail.buttons["chat"]
    assert settings.mapTo(rail, settings.rect().center()).y() > rail.height() - 60
    assert chat.mapTo(rail, chat.rect().center()).y() < rail.height() - 130  # a gap of a button and more lies between


def test_a_click_asks_for_the_page(rail: Sidebar, qtbot: QtBot) -> None:
    with qtbot.waitSignal(rail.page_requested) as asked:
        qtbot.mouseClick(rail.buttons["runs"], Qt.MouseButton.LeftButton)
    assert asked.args == ["runs"]


def test_only_the_open_page_is_marked(rail: Sidebar) -> None:
    for name in ("home", "settings", "chat"):
        rail.set_page(name)
        assert [key for key, button in rail.buttons.items() if button.isChecked()] == [name]


def test_an_unknown_page_changes_nothing(rail: Sidebar) -> None:
    rail.set_page("home")
    rail.set_page("nowhere")
    assert rail.buttons["home"].isChecked()


def test_the_arrow_keys_walk_through_the_pages(rail: Sidebar, qtbot: QtBot) -> None:
    asked: list[str] = []
    rail.page_requested.connect(asked.append)
    rail.buttons["home"].setFocus()
    qtbot.keyClick(rail.buttons["home"], Qt.Key.Key_Down)
    qtbot.keyClick(rail.buttons["data"], Qt.Key.Key_Up)
    assert asked == ["data", "home"]


@pytest.mark.parametrize(
    ("reason", "ringed"),
    [
        (Qt.FocusReason.TabFocusReason, True),
        (Qt.FocusReason.OtherFocusReason, True),
        (Qt.FocusReason.MouseFocusReason, False),
        (Qt.FocusReason.ActiveWindowFocusReason, False),
    ],
)
def test_a_ring_shows_the_way_by_key_and_only_that(rail: Sidebar, reason: Qt.FocusReason, ringed: bool) -> None:
    button = rail.buttons["data"]
    unfocused = button.grab().toImage()
    button.setFocus(reason)
    assert (button.grab().toImage() != unfocused) == ringed


def test_a_ring_outlasts_another_window_in_front(rail: Sidebar) -> None:
    button = rail.buttons["data"]
    button.setFocus(Qt.FocusReason.TabFocusReason)
    button.clearFocus()
    button.setFocus(Qt.FocusReason.ActiveWindowFocusReason)
    assert button.ringed


def test_it_paints_in_both_themes(rail: Sidebar, look: Look) -> None:
    rail.set_page("home")
    dark = rail.grab().toImage()
    look.set_theme("light")
    assert rail.grab().toImage() != dark
