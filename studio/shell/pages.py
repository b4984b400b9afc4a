"""The centre of the window: each page is imported when it is first opened, and drawn only while it is seen."""

import importlib
import logging
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.panels import Action, PanelEntry
from studio.seeing.doorway import Doorway
from studio.widgets.look import Look
from studio.widgets.page import Page

if TYPE_CHECKING:
    from studio.live.session import Session

log = logging.getLogger("atelier.pages")
EVERYTHING: frozenset[str] = frozenset()


def panel_class(name: str) -> Any:
    """`PretrainPanel` of `studio/panels/pretrain.py`, importing it now."""
    module = importlib.import_module(f"studio.panels.{name}")
    return getattr(module, "".join(word.title() for word in name.split("_")) + "Panel")


class PageStack(QWidget):
    """Opens pages by name and tells the visible one what has changed; the others catch up when they are opened.

    It has no layout on purpose: a word that changes on a page lays out that page and not the whole window, which took
    17 ms of every frame of a film.
    """

    opened = Signal(str)
    log_requested = Signal()

    def __init__(self, session: "Session", look: Look, entries: Sequence[PanelEntry]) -> None:
        super().__init__()
        self._session, self._look = session, look
        self._entries = {entry.name: entry for entry in entries}
        self.panels: dict[str, QWidget] = {}
        self._missed: dict[str, set[str]] = {}
        self.name = ""
        self._doorway = Doorway(session, self)
        session.changed.connect(self.refresh)
        session.focus_requested.connect(self.focus)

    def open(self, name: str) -> None:
        """Show a page, bringing it up to date first."""
        if name not in self._entries:
            return
        fresh = name not in self.panels
        if fresh:
            self._load(name)
        panel = self.panels[name]
        self.name = name
        self._show(panel)
        missed = self._missed.pop(name, set())
        if fresh or missed:
            self._draw(panel, EVERYTHING if fresh else frozenset(missed))
        self.opened.emit(name)

    def _show(self, panel: QWidget) -> None:
        """Show this one and no other; what had the focus there gets it back."""
        focused = QApplication.focusWidget()
        left = isinstance(focused, QWidget) and self.isAncestorOf(focused)
        panel.setGeometry(self.rect())
        for other in self.panels.values():
            other.setVisible(other is panel)
        if left:
            (panel.focusWidget() or self).setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        for panel in self.panels.values():
            if not panel.isHidden():
                panel.setGeometry(self.rect())

    def sizeHint(self) -> QSize:
        return QSize(960, 720)

    def focus(self, name: str, thing: object = None) -> None:
        """Show a page with something of it chosen, such as one run of Runs."""
        self.open(name)
        focus_on = getattr(self.panels.get(name), "focus_on", None)
        if thing is not None and callable(focus_on):
            focus_on(thing)

    def refresh(self, what: frozenset[str]) -> None:
        """Draw what changed on the visible page; remember it for the others."""
        for name, panel in self.panels.items():
            if name == self.name:
                self._draw(panel, what)
            else:
                self._missed.setdefault(name, set()).update(what)

    def actions_of_page(self) -> list[Action]:
        """What the open page adds to the command palette."""
        offered = getattr(self.panels.get(self.name), "actions", None)
        return list(offered()) if callable(offered) and self.name in self._entries else []

    def _load(self, name: str) -> None:
        try:
            panel = panel_class(name)(self._session, self._look)
        except Exception as error:  # a page that cannot be built must not take the window down
            log.error("the page %s could not be opened\n%s", name, traceback.format_exc())
            panel = self._broken_page(name, error)
        old = self.panels.get(name)
        if old is not None:
            old.hide()
            old.deleteLater()
        self.panels[name] = panel
        panel.hide()
        panel.setParent(self)

    def _broken_page(self, name: str, error: Exception) -> Page:
        """What stands in for a page that failed: what happened, and a way to try again."""
        page = Page(tr(self._entries[name].label), tr("This page could not be opened."), self._look)
        message, hint = f"{type(error).__name__}: {error}", tr("The rest of Atelier works. The log has the details.")
        if isinstance(error, StudioError):
            message, hint = error.message, error.hint
        again = (tr("Try again"), self._try_again)
        page.banner.show_error(message, hint, [again, (tr("Show log"), self.log_requested.emit)])
        page.body.addStretch(1)
        return page

    def _try_again(self) -> None:
        self._load(self.name)
        self.open(self.name)

    def _draw(self, panel: QWidget, what: frozenset[str]) -> None:
        refresh = getattr(panel, "refresh", None)
        if callable(refresh):
            refresh(what)
