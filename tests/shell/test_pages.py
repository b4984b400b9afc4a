"""Pages are made when they are first opened, drawn only while they are seen, and may fail alone."""

import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QHBoxLayout, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from studio.core.errors import StudioError
from studio.panels import Action, PanelEntry
from studio.shell.pages import PageStack, panel_class
from studio.widgets.look import Look

pytestmark = pytest.mark.gui
ENTRIES = (PanelEntry("alpha", "Alpha", ""), PanelEntry("beta", "Beta", ""))


class AlphaPanel(QWidget):
    """Remembers what it was told."""

    fails: StudioError | None = None

    def __init__(self, session: Any, look: Look) -> None:
        super().__init__()
        if type(self).fails is not None:
            raise type(self).fails
        self.drawn: list[frozenset[str]] = []
        self.focused: list[object] = []

    def refresh(self, what: frozenset[str]) -> None:
        self.drawn.append(what)

    def focus_on(self, thing: object) -> None:
        self.focused.append(thing)

    def actions(self) -> list[Action]:
        return [Action("alpha.do", "Do alpha", lambda: None)]


class BetaPanel(AlphaPanel):
    """The same again."""


@pytest.fixture
def pages(qtbot: QtBot, look: Look, scripted_run: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[PageStack]:
    for panel in (AlphaPanel, BetaPanel):
        name = panel.__name__.removesuffix("Panel").lower()
        module = types.ModuleType(f"studio.panels.{name}")
        setattr(module, panel.__name__, panel)
        monkeypatch.setitem(sys.modules, module.__name__, module)
    stack = PageStack(scripted_run.session, look, ENTRIES)
    qtbot.addWidget(stack)
    yield stack
    AlphaPanel.fails = None


def test_a_page_is_made_when_it_is_first_opened(pages: PageStack) -> None:
    assert pages.panels == {}
    pages.open("alpha")
    assert list(pages.panels) == ["alpha"]
    assert pages.panels["alpha"].drawn == [frozenset()]


def test_opening_again_keeps_the_page(pages: PageStack) -> None:
    pages.open("alpha")
    page = pages.panels["alpha"]
    pages.open("beta")
    pages.open("alpha")
    assert pages.panels["alpha"] is page
    assert page.drawn == [frozenset()]


def test_only_the_visible_page_is_drawn_and_the_other_catches_up(pages: PageStack, scripted_run: Any) -> None:
    pages.open("alpha")
    pages.open("beta")
    alpha, beta = pages.panels["alpha"], pages.panels["beta"]
    scripted_run.session.changed.emit(frozenset({"texts"}))
    scripted_run.session.changed.emit(frozenset({"runs"}))
    assert beta.drawn == [frozenset(), frozenset({"texts"}), frozenset({"runs"})]
    assert alpha.drawn == [frozenset()]
    pages.open("alpha")
    assert alpha.drawn[-1] == frozenset({"texts", "runs"})


def test_the_sessions_wish_opens_a_page_on_a_thing(pages: PageStack, scripted_run: Any) -> None:
    scripted_run.session.focus("beta", "this run")
    assert pages.name == "beta"
    assert pages.panels["beta"].focused == ["this run"]
    scripted_run.session.focus("beta")
    assert pages.panels["beta"].focused == ["this run"]


def test_an_unknown_page_is_no_page(pages: PageStack) -> None:
    pages.open("alpha")
    pages.open("nowhere")
    assert pages.name == "alpha"


def test_a_page_offers_its_actions_while_it_is_open(pages: PageStack) -> None:
    assert pages.actions_of_page() == []
    pages.open("alpha")
    assert [action.name for action in pages.actions_of_page()] == ["alpha.do"]


def test_a_page_that_fails_says_so_and_can_be_tried_again(pages: PageStack, caplog: pytest.LogCaptureFixture) -> None:
    AlphaPanel.fails = StudioError("Its file is missing.", "Get it back.")
    pages.open("alpha")
    broken: Any = pages.panels["alpha"]
    assert broken.banner.message.text() == "Its file is missing."
    assert broken.banner.hint.text() == "Get it back."
    pages.open("beta")
    assert type(pages.panels["beta"]) is BetaPanel or pages.panels["beta"] is not broken
    AlphaPanel.fails = None
    pages.open("alpha")
    again = next(button for button in broken.findChildren(QPushButton) if button.text() == "Try again")
    again.click()
    assert type(pages.panels["alpha"]) is AlphaPanel


def test_the_log_can_be_asked_for_from_a_broken_page(
    pages: PageStack, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    AlphaPanel.fails = StudioError("Broken.")
    pages.open("alpha")
    show = next(button for button in pages.findChildren(QPushButton) if button.text() == "Show log")
    with qtbot.waitSignal(pages.log_requested):
        show.click()


def test_the_class_of_a_page_follows_from_its_name() -> None:
    assert panel_class("home").__name__ == "HomePanel"


class Requests(QObject):
    """Counts how often a widget is asked to lay out."""

    count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.LayoutRequest
        return False


def test_a_page_that_needs_more_room_does_not_lay_out_the_window(qtbot: QtBot, pages: PageStack) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    QHBoxLayout(window).addWidget(pages)
    pages.open("alpha")
    window.show()
    QApplication.processEvents()
    requests = Requests()
    window.installEventFilter(requests)
    pages.panels["alpha"].updateGeometry()
    QApplication.processEvents()
    assert requests.count == 0
    pages.updateGeometry()  # the proof that a request would have been counted
    QApplication.processEvents()
    assert requests.count == 1
    pages.setParent(None)  # each of the two is closed by itself


def test_one_page_is_seen_and_it_fills_the_room(qtbot: QtBot, pages: PageStack) -> None:
    pages.show()
    pages.open("alpha")
    pages.open("beta")
    pages.resize(700, 500)
    assert [name for name, panel in pages.panels.items() if panel.isVisible()] == ["beta"]
    assert pages.panels["beta"].geometry() == pages.rect()
    pages.open("alpha")
    assert pages.panels["alpha"].geometry() == pages.rect()


def test_the_focus_moves_from_page_to_page_and_comes_back(qtbot: QtBot, pages: PageStack) -> None:
    pages.show()
    pages.open("alpha")
    button = QPushButton(pages.panels["alpha"])
    button.show()
    with qtbot.waitActive(pages):
        pages.activateWindow()
    button.setFocus()
    pages.open("beta")
    assert QApplication.focusWidget() is pages
    pages.open("alpha")
    assert QApplication.focusWidget() is button
