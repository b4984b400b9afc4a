"""A token of any page leads into the lenses: by mouse, by keyboard, and nothing else is caught."""

from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QVBoxLayout, QWidget

from studio.live.looking import Glance
from studio.seeing.doorway import Doorway, tokens_at
from studio.views.token_view import Token, TokenView

pytestmark = pytest.mark.gui
REASON = QContextMenuEvent.Reason


@pytest.fixture
def page(qtbot: Any, look: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A page with tokens and a label in a window that is watched, what was asked for and which menus opened."""
    asked: list[Any] = []
    opened: list[QMenu] = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, _at: opened.append(menu))
    window, label, tokens = QWidget(), QLabel("no tokens"), TokenView(look)
    column = QVBoxLayout(window)
    column.addWidget(label)
    column.addWidget(tokens)
    session: Any = SimpleNamespace(focus=lambda *words: asked.append(words))
    Doorway(session, window)
    tokens.set_tokens([Token("the", 1), Token(" cat", 2), Token("\n", 3), Token("sat", 4)])
    qtbot.addWidget(window)
    window.resize(400, 200)
    with qtbot.waitExposed(window):
        window.show()
    return SimpleNamespace(window=window, label=label, tokens=tokens, asked=asked, opened=opened)


def request(widget: QWidget, at: QPoint, reason: Any = REASON.Mouse) -> None:
    QApplication.sendEvent(widget, QContextMenuEvent(reason, at, widget.mapToGlobal(at)))


def test_a_token_opens_the_lenses_at_the_text_up_to_it(page: Any) -> None:
    request(page.tokens.viewport(), page.tokens.token_rect(1).center())
    (menu,) = page.opened
    (action,) = menu.actions()
    assert action.text() == "Look inside at “·cat”"
    action.trigger()
    assert page.asked == [("lenses", Glance(text="the cat"))]


def test_the_menu_key_means_the_chosen_token(page: Any) -> None:
    page.tokens.select(3)
    request(page.tokens.viewport(), QPoint(200, 60), REASON.Keyboard)
    page.opened[0].actions()[0].trigger()
    assert page.asked == [("lenses", Glance(text="the cat\nsat"))]


def test_beside_the_tokens_and_on_other_things_there_is_no_menu(page: Any) -> None:
    request(page.tokens.viewport(), QPoint(page.tokens.width() - 4, page.tokens.height() - 4))
    request(page.tokens.viewport(), QPoint(5, 5), REASON.Keyboard)  # none is chosen
    request(page.label, QPoint(3, 3))
    assert page.opened == []
    assert tokens_at(page.window, page.label.mapToGlobal(QPoint(3, 3))) is None
