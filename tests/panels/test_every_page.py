"""What holds for every page of the rail: it opens nothing by itself, speaks, can be walked by keyboard, and fits."""

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QWidget,
)  # fmt: skip

from studio.core.language import set_language
from studio.panels import PANELS
from studio.widgets.label import ElidedLabel
from studio.widgets.look import Look
from tests.scripted_run import small_run

pytestmark = pytest.mark.gui
PAGES = [entry.name for entry in PANELS]
QUICK = ("home", "instruct")  # the quick tests try the dearer things on two pages of different make
SOME = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in PAGES]
SPEAKING = (QAbstractButton, QComboBox, QLineEdit, QAbstractScrollArea)
SIZES = {"small": (785, 528), "usual": (1_105, 728)}  # the page in a window of 960 × 600 and of 1280 × 800


class Flashes(QObject):
    """Hears of every widget that is shown as a window of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.seen.append(f"{type(watched).__name__} {watched.accessibleName()}")
        return False


@pytest.fixture
def page(session: Any, scripted_run: Any, look: Look, on_screen: Callable[[QWidget], None]) -> Iterator[Any]:
    """Makes a page by its name in a project with a text and a finished run, and shows it in some size."""
    scripted_run.play(small_run(20), "tale")

    def make(name: str, size: str = "usual") -> QWidget:
        panel: QWidget = getattr(importlib.import_module(f"studio.panels.{name}"), f"{name.title()}Panel")(
            session, look
        )
        panel.refresh(frozenset())
        on_screen(panel)
        scripted_run.settle()
        panel.resize(*SIZES[size])
        QApplication.processEvents()
        return panel

    yield make
    set_language("en")
    scripted_run.settle()


def shown(page: QWidget, kind: type[Any] = QWidget) -> list[Any]:
    return [widget for widget in page.findChildren(kind) if widget.isVisible() and not widget.visibleRegion().isEmpty()]


def stops(page: QWidget) -> list[QWidget]:
    """What Tab should stop at."""
    tab = Qt.FocusPolicy.TabFocus.value
    return [one for one in shown(page) if one.focusPolicy().value & tab and one.isEnabled() and not one.focusProxy()]


def spoken(widget: QWidget) -> str:
    """What a screen reader says of it."""
    words = widget.accessibleName()
    if not words and isinstance(widget, QAbstractButton):
        words = widget.text()
    return words


@pytest.mark.parametrize("name", SOME)
def test_building_a_page_shows_no_window_of_its_own(name: str, page: Any, qapp: QApplication) -> None:
    flashes = Flashes()
    qapp.installEventFilter(flashes)
    panel = page(name)
    qapp.removeEventFilter(flashes)
    assert [words for words in flashes.seen if not words.startswith(type(panel).__name__)] == []


@pytest.mark.parametrize("name", PAGES)
def test_every_control_says_what_it_is(name: str, page: Any) -> None:
    panel = page(name)
    controls = [one for one in shown(panel) if one.focusPolicy() != Qt.FocusPolicy.NoFocus]
    controls = [one for one in controls if isinstance(one, SPEAKING)]
    silent = [f"{type(one).__name__} in {type(one.parent()).__name__}" for one in controls if not spoken(one)]
    assert panel.accessibleName()
    assert silent == []


@pytest.mark.parametrize("name", PAGES)
def test_tab_reaches_every_control_and_comes_round(name: str, page: Any) -> None:
    panel = page(name)
    panel.activateWindow()
    wanted, reached = stops(panel), []
    wanted[0].setFocus()
    for _ in range(3 * len(wanted) + 3):
        reached.append(QApplication.focusWidget())
        panel.focusNextChild()
    missing = [f"{type(one).__name__} {spoken(one)}" for one in stops(panel) if one not in reached]
    assert missing == []


@pytest.mark.parametrize("size", ["small", pytest.param("usual", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", PAGES)
def test_no_words_are_cut_without_a_sign(name: str, size: str, page: Any) -> None:
    panel = page(name, size)
    assert cut(panel) == []


@pytest.mark.parametrize("name", SOME)
def test_words_that_are_two_fifths_longer_fit_too(name: str, page: Any) -> None:
    set_language("pseudo")
    assert cut(page(name)) == []


def cut(page: QWidget) -> list[str]:
    """Labels and buttons that are narrower than their words and do not say so by "…"."""
    found = []
    for one in [*shown(page, QLabel), *shown(page, QAbstractButton)]:
        wraps = isinstance(one, ElidedLabel) or (isinstance(one, QLabel) and (one.wordWrap() or not one.text()))
        if not wraps and one.text() and one.width() < one.sizeHint().width() - 1:
            found.append(f"{type(one).__name__} “{one.text()}” {one.width()} < {one.sizeHint().width()}")
    return found


@pytest.mark.parametrize("name", SOME)
def test_another_theme_reaches_all_of_a_page_and_leaves_again(
    name: str, page: Any, look: Look, qapp: QApplication
) -> None:
    panel = page(name)
    dark = drawn(panel)
    for theme in ("light", "dark"):
        look.set_theme(theme)
        qapp.setPalette(look.palette())
        panel.setStyleSheet(look.style_sheet())
        QApplication.processEvents()
        if theme == "light":
            assert drawn(panel) != dark
    assert drawn(panel) == dark


def drawn(page: QWidget) -> Any:
    page.setFocus()
    QApplication.processEvents()
    return page.grab().toImage()
