"""What widget tests share: the two looks, with the bundled fonts and the style sheet on."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from studio.widgets.look import Look, load_fonts

RESOURCES = Path(__file__).parents[2] / "resources"
_families: list[str] = []


@pytest.fixture
def resources() -> Path:
    """The folder of themes, icons and fonts."""
    return RESOURCES


@pytest.fixture
def look(qapp: QApplication) -> Iterator[Look]:
    """The dark look without motion, with its fonts and colours; the style sheet comes with the window (`on_screen`)."""
    if not _families:
        _families.extend(load_fonts(RESOURCES / "fonts"))
    present = Look(RESOURCES, "dark", reduce_motion=True)
    qapp.setFont(present.font())
    qapp.setPalette(present.palette())
    yield present
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def on_screen(qtbot: QtBot, look: Look) -> Iterator[Callable[..., None]]:
    """Puts widgets into one window in its style, shows it (360 × 640 until told) and takes it away afterwards."""
    windows: list[QWidget] = []

    def show(*widgets: QWidget, width: int = 360, height: int = 640) -> None:
        window = QWidget()
        window.setStyleSheet(look.style_sheet())
        column = QVBoxLayout(window)
        for widget in widgets:
            column.addWidget(widget)
        windows.append(window)
        qtbot.addWidget(window)
        window.resize(width, height)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()

    yield show
    for window in windows:
        window.close()
