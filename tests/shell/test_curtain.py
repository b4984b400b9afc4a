"""The curtain covers the window and says one thing."""

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from studio.shell.curtain import Curtain
from studio.widgets.look import Look

pytestmark = pytest.mark.gui


@pytest.fixture
def curtain(qtbot: QtBot, look: Look) -> Curtain:
    window = QWidget()
    window.resize(800, 500)
    qtbot.addWidget(window)
    made = Curtain(look, window)
    with qtbot.waitExposed(window):
        window.show()
    made.setProperty("keeps", window)  # as long as the curtain lives, so does what it covers
    return made


def test_it_hangs_over_the_whole_window(curtain: Curtain) -> None:
    curtain.show_words("Drop to add", "Texts become part of the project.")
    assert curtain.geometry() == curtain.parentWidget().rect()
    assert curtain.accessibleName() == "Drop to add"
    assert not curtain.bar.isVisible()
    curtain.parentWidget().resize(900, 640)
    assert curtain.geometry() == curtain.parentWidget().rect()


def test_while_something_is_saved_a_bar_moves(curtain: Curtain) -> None:
    curtain.show_words("Saving…", busy=True)
    assert curtain.bar.isVisible()
    assert not curtain.line.isVisible()
    assert not curtain.button.isVisible()
    assert not curtain.grab().toImage().isNull()
