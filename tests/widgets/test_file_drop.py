"""Files dragged onto a widget."""

from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from studio.widgets.file_drop import FileDrop

pytestmark = pytest.mark.gui
COPY, LEFT, NONE = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def place(look, on_screen):
    widget = QWidget()
    widget.drop = FileDrop(look, widget)
    on_screen(widget)
    return widget


def mime(*urls):
    data = QMimeData()
    data.setUrls([QUrl(url) for url in urls])
    return data


def enter(place, data):
    event = QDragEnterEvent(QPoint(5, 5), COPY, data, LEFT, NONE)
    event.ignore()
    QCoreApplication.sendEvent(place, event)
    return event.isAccepted()


def test_files_are_welcome_and_a_frame_says_so(place):
    told = []
    place.drop.hovered.connect(told.append)
    assert enter(place, mime("file:///tmp/a.txt", "file:///tmp/b"))
    assert place.drop.isVisible()
    assert place.drop.geometry() == place.rect()
    assert not place.drop.grab().isNull()
    QCoreApplication.sendEvent(place, QDragLeaveEvent())
    assert not place.drop.isVisible()
    assert told == [2, 0]


def test_what_is_no_file_is_left_to_others(place):
    assert not enter(place, mime("https://example.org/a.txt"))
    assert not place.drop.isVisible()


def test_a_drop_brings_the_paths(place, qtbot):
    data = mime("file:///tmp/a.txt", "https://example.org", "file:///tmp/folder")
    enter(place, data)
    with qtbot.waitSignal(place.drop.dropped) as dropped:
        QCoreApplication.sendEvent(place, QDropEvent(QPointF(5, 5), COPY, data, LEFT, NONE))
    assert dropped.args[0] == [Path("/tmp/a.txt"), Path("/tmp/folder")]
    assert not place.drop.isVisible()
