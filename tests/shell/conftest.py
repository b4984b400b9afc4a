"""What the frame's tests share: a look, and the real window on a session whose runs play scripts."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.panels import PanelEntry
from studio.shell.docks import LogFeed
from studio.shell.window import StudioWindow
from studio.store.places import places
from studio.widgets.look import Look

FEW = (PanelEntry("home", "Home", ""), PanelEntry("settings", "Settings", "foot"))


@pytest.fixture
def look(qapp: QApplication) -> Look:
    """The dark look without motion."""
    return Look(places().resources, "dark", reduce_motion=True)


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch, scripted_run: Any) -> Callable[..., None]:
    """Lets the session say something else: `pretend(torch_state="loading")`."""

    def say(**facts: object) -> None:
        for name, value in facts.items():
            monkeypatch.setattr(type(scripted_run.session), name, property(lambda _self, value=value: value))

    return say


@pytest.fixture
def make_window(qtbot: QtBot, scripted_run: Any, look: Look) -> Iterator[Callable[..., StudioWindow]]:
    """Makes real windows on the scripted session; each is closed in order afterwards."""
    made: list[tuple[StudioWindow, LogFeed]] = []

    def make(layout: dict[str, Any] | None = None, shown: bool = True) -> StudioWindow:
        feed = LogFeed(logging.getLogger("atelier"))
        window = StudioWindow(look, layout or {}, FEW)
        window.furnish(scripted_run.session, feed)
        made.append((window, feed))
        window.pages.open("home")
        if shown:
            with qtbot.waitExposed(window):
                window.show()
        return window

    yield make
    for window, feed in made:
        feed.close()
        window.toasts.clear()
        if window.isVisible():
            window.way_out.leave()
            qtbot.waitUntil(lambda window=window: not window.isVisible(), timeout=10_000)
        window.deleteLater()


@pytest.fixture
def window(make_window: Callable[..., StudioWindow]) -> StudioWindow:
    """One window, shown, on Home."""
    return make_window()
