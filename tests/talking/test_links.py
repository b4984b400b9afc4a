"""A link that a model wrote is opened only into the web, and only by a person who has seen where it leads."""

import pytest
from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QWidget

from studio.talking.links import Links
from studio.widgets.banner import Banner

pytestmark = pytest.mark.gui


@pytest.fixture
def opened(monkeypatch):
    """Addresses that the browser was given."""
    found: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: found.append(QUrl(url).toString()))
    return found


@pytest.fixture
def banner(look, on_screen):
    page = QWidget()
    made = Banner(look, page)
    on_screen(page)
    return made


def press(banner, words):
    next(button for button in banner.findChildren(QObject) if getattr(button, "text", str)() == words).click()


def test_an_address_is_shown_whole_before_anything_is_opened(banner, opened):
    Links(banner, banner).confirm("https://example.org/a?b=c")
    assert banner.message.text() == "The model wrote this link. Open it?"
    assert banner.hint.text() == "https://example.org/a?b=c"
    assert opened == []
    press(banner, "Open in the browser")
    assert opened == ["https://example.org/a?b=c"]
    assert banner.isHidden()


def test_an_address_can_be_copied_instead(banner, opened):
    Links(banner, banner).confirm("https://example.org/copied")
    press(banner, "Copy the address")
    assert QGuiApplication.clipboard().text() == "https://example.org/copied"
    assert opened == []


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "javascript:alert(1)", "data:text/html,x", "//server/share", "C:\\run.exe", ""]
)
def test_what_leads_anywhere_but_into_the_web_is_never_opened(banner, opened, address):
    Links(banner, banner).open(address)
    assert opened == []
