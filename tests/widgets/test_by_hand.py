"""What a picture is told: each event once, the focus frame only for those who come by keyboard."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from studio.widgets.by_hand import ByHand, PointedArea
from studio.widgets.look import Look

pytestmark = pytest.mark.gui
Show = Callable[..., None]


class Heard:
    """Hands that only remember."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def press(self, event: QMouseEvent) -> None:
        self.words.append("press")

    def move(self, event: QMouseEvent) -> None:
        self.words.append("move")

    def release(self, event: QMouseEvent) -> None:
        self.words.append("release")

    def reset(self) -> None:
        self.words.append("reset")

    def wheel(self, event: QWheelEvent) -> None:
        self.words.append("wheel")

    def key(self, event: QKeyEvent) -> bool:
        self.words.append("key")
        return event.key() == Qt.Key.Key_Plus

    def leave(self) -> None:
        self.words.append("leave")


class Parent(QWidget):
    """Hears the keys that its child has no use for."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[int] = []

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.keys.append(event.key())


@pytest.fixture
def picture(on_screen: Show) -> ByHand:
    parent = Parent()
    found = ByHand(parent)
    found.hands = Heard()
    on_screen(parent)
    found.resize(parent.size())
    return found


def words(picture: ByHand) -> list[str]:
    assert isinstance(picture.hands, Heard)
    return picture.hands.words


def test_every_event_is_handed_on_once(picture: ByHand) -> None:
    middle = picture.rect().center()
    words(picture).clear()
    QTest.mousePress(picture, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseRelease(picture, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseDClick(picture, Qt.MouseButton.LeftButton, pos=middle)
    QApplication.sendEvent(picture, QEvent(QEvent.Type.Leave))
    turn = QWheelEvent(
        QPointF(middle), QPointF(middle), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(picture, turn)
    found = words(picture)
    moves = found.count("move")
    QTest.mouseMove(picture, middle + QPoint(7, 5))
    assert found.count("move") == moves + 1
    assert [found.count(word) for word in ("reset", "leave", "wheel")] == [1, 1, 1]
    assert found[:2] == ["press", "release"]
    assert "key" not in found


def test_a_key_that_means_nothing_here_is_heard_by_whoever_is_around_it(picture: ByHand) -> None:
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_F5):
        QTest.keyClick(picture, key)
    parent = picture.parentWidget()
    assert isinstance(parent, Parent)
    assert parent.keys == [Qt.Key.Key_F5]


def test_only_who_comes_or_goes_on_by_keyboard_is_shown_where_the_focus_is(picture: ByHand) -> None:
    shown = []
    for reason in (Qt.FocusReason.MouseFocusReason, Qt.FocusReason.TabFocusReason):
        QApplication.sendEvent(picture, QFocusEvent(QEvent.Type.FocusIn, reason))
        shown.append(picture.by_keyboard)
    QTest.mousePress(picture, Qt.MouseButton.LeftButton)
    shown.append(picture.by_keyboard)
    QTest.keyClick(picture, Qt.Key.Key_Left)
    shown.append(picture.by_keyboard)
    assert shown == [False, True, False, True]


class Area(PointedArea):
    """Remembers where it was pointed at and how often it was laid out."""

    def __init__(self, look: Look) -> None:
        self.points: list[QPointF | None] = []
        self.drawn = 0
        super().__init__(look)

    def point(self, point: QPointF | None) -> None:
        self.points.append(point)

    def redraw(self) -> None:
        self.drawn += 1

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), self.look.color("surface"))
        if self.hasFocus():
            self.paint_focus(painter)
        painter.end()


def test_an_area_is_told_where_the_pointer_is_and_that_it_left(look: Look, on_screen: Show) -> None:
    area = Area(look)
    on_screen(area)
    area.points.clear()
    QTest.mouseMove(area.viewport(), QPoint(20, 30))
    QApplication.sendEvent(area.viewport(), QEvent(QEvent.Type.Leave))
    assert [point.toTuple() if point is not None else None for point in area.points[-2:]] == [(20, 30), None]
    before = area.drawn
    area.resize(area.width() + 50, area.height())
    look.set_theme("light")
    assert area.drawn >= before + 2


def test_an_area_shows_where_the_focus_is_and_forgets_it(look: Look, on_screen: Show) -> None:
    area = Area(look)
    on_screen(area)
    corner = QPoint(area.viewport().width() // 2, 0)
    area.setFocus()
    assert area.viewport().grab().toImage().pixelColor(corner) != look.color("surface")
    area.clearFocus()
    assert area.viewport().grab().toImage().pixelColor(corner) == look.color("surface")
