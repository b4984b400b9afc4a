"""The theme follows the system unless somebody chose one, and is switched live."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from studio.shell.theme import ThemeKeeper, frame_sheet, theme_for
from studio.widgets.look import Look

pytestmark = pytest.mark.gui


@pytest.mark.parametrize(
    ("preference", "scheme", "name"),
    [
        ("system", Qt.ColorScheme.Light, "light"),
        ("system", Qt.ColorScheme.Dark, "dark"),
        ("system", Qt.ColorScheme.Unknown, "dark"),
        ("light", Qt.ColorScheme.Dark, "light"),
        ("dark", Qt.ColorScheme.Light, "dark"),
    ],
)
def test_a_choice_counts_more_than_the_system(preference: str, scheme: Qt.ColorScheme, name: str) -> None:
    assert theme_for(preference, scheme) == name


def test_a_switch_reaches_palette_and_sheet_at_once(qapp: QApplication, look: Look, qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    keeper = ThemeKeeper(qapp, look, "dark")
    keeper.dress(window)
    keeper.set_preference("light")
    try:
        assert qapp.palette().color(QPalette.ColorRole.Window).name() == look.theme.roles["window"]
        assert look.theme.roles["accent"] in window.styleSheet()
        assert not look.theme.dark
        assert not qapp.styleSheet()  # else every widget is styled anew whenever it gets a parent
    finally:
        look.changed.disconnect(keeper.apply)


def test_no_field_of_the_frames_sheet_is_left_open(look: Look) -> None:
    for name in ("dark", "light"):
        look.set_theme(name)
        sheet = frame_sheet(look)
        assert "{text" not in sheet
        assert "{line}" not in sheet
        assert look.theme.roles["line"] in sheet


def test_the_frames_sheet_holds_no_colour_of_its_own(look: Look) -> None:
    template = (look.resources / "frame.qss").read_text("utf-8")
    rules = [line for line in template.splitlines() if "#" in line and ":" in line]
    assert not [line for line in rules if ": #" in line or "rgb(" in line]
