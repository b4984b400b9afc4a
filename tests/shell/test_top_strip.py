"""The top strip tells the project and the model in memory, and opens menu and palette."""

from dataclasses import dataclass
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from studio.panels import Action
from studio.shell.top_strip import Chip, TopStrip, Word, menu_of
from studio.widgets.look import Look

pytestmark = pytest.mark.gui


@dataclass
class Loaded:
    """What the strip asks of a model in memory."""

    title: str = "tale · step 4,200"
    parameters: int = 10_700_000
    precision: str = "fp32"
    bytes: int = 43_000_000


@pytest.fixture
def strip(qtbot: QtBot, look: Look, scripted_run: Any) -> TopStrip:
    made = TopStrip(scripted_run.session, look, lambda: [Action("new", "New project…", lambda: None)])
    qtbot.addWidget(made)
    made.resize(1280, made.height())
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_it_names_the_open_project(strip: TopStrip, scripted_run: Any) -> None:
    assert strip.project.accessibleName() == "Project Tales"
    scripted_run.session.close_project()
    strip.refresh()
    assert strip.project.accessibleName() == "Project none open"


def test_it_tells_what_the_model_in_memory_is_and_costs(strip: TopStrip, pretend: Any) -> None:
    assert not strip.unload.isVisible()
    pretend(loaded=Loaded())
    strip.refresh()
    assert strip.memory.accessibleName() == "In memory tale · step 4,200 10.7 M · fp32 · 43 MB"
    assert strip.unload.isVisible()
    pretend(loaded=None)
    strip.refresh()
    assert not strip.unload.isVisible()
    assert not strip.memory.isEnabled()


def test_unload_and_palette_are_asked_for(strip: TopStrip, pretend: Any, qtbot: QtBot) -> None:
    pretend(loaded=Loaded())
    strip.refresh()
    with qtbot.waitSignal(strip.unload_requested):
        qtbot.mouseClick(strip.unload, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(strip.palette_requested):
        qtbot.mouseClick(strip.field, Qt.MouseButton.LeftButton)


def test_a_chip_that_has_too_little_room_shortens_its_strong_word(qtbot: QtBot, look: Look) -> None:
    chip = Chip(look, width=200)
    qtbot.addWidget(chip)
    chip.set_words(Word("Project"), Word("a name that is much too long for this chip", "text", 600))
    assert chip.sizeHint().width() == 200
    chip.resize(chip.sizeHint())
    assert not chip.grab().toImage().isNull()
    assert chip.minimumSizeHint().width() <= 120


def test_a_menu_is_made_of_actions(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    done: list[str] = []
    menu = menu_of(
        [
            Action("one", "One & only", lambda: done.append("one"), "Ctrl+O"),
            Action("-", "", lambda: None),
            Action("two", "Two", lambda: done.append("two"), enabled=lambda: False),
        ],
        window,
    )
    items = menu.actions()
    assert [item.isSeparator() for item in items] == [False, True, False]
    assert items[0].text().startswith("One && only\t")
    assert not items[2].isEnabled()
    items[0].trigger()
    assert done == ["one"]
