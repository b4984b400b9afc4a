"""The way from any token on any page into the model: a context menu that opens the lenses at it."""

from functools import partial

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QMenu, QWidget

from studio.core.language import tr
from studio.live.looking import Glance
from studio.live.session import Session
from studio.views.token_text import visible
from studio.views.token_view import TokenView


class Doorway(QObject):
    """Watches a window: a context menu that nobody else opened over tokens, by mouse or key, is answered here.

    A page with tokens joins by showing them in a `TokenView`. The text up to the token is read by the model that is
    looked at, else by the newest one.
    """

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Only what came up to the window itself."""
        if not isinstance(event, QContextMenuEvent) or not isinstance(watched, QWidget):
            return False
        found = tokens_at(watched, event.globalPos())
        if found is None:
            return False
        view, index = found
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            index = view.selected_index
        if index < 0:
            return False
        self.menu(view, index, watched).popup(event.globalPos())
        return True

    def menu(self, view: TokenView, index: int, parent: QWidget) -> QMenu:
        """What can be done at a token."""
        menu = QMenu(parent)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        text = "".join(token.text for token in view.tokens[: index + 1])
        words = tr("Look inside at “{token}”", token=visible(view.tokens[index]))
        menu.addAction(words, partial(self._open, text))
        return menu

    def _open(self, text: str) -> None:
        self._session.focus("lenses", Glance(text=text))


def tokens_at(window: QWidget, at: QPoint) -> tuple[TokenView, int] | None:
    """The tokens under a point of the screen, and which of them lies there (−1: none)."""
    found: QWidget | None = window.childAt(window.mapFromGlobal(at))
    while found is not None and not isinstance(found, TokenView):
        found = found.parentWidget() if found is not window else None
    return (found, found.token_at(found.viewport().mapFromGlobal(at))) if found is not None else None
