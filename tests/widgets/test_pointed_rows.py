"""What one widget paints in rows is pointed at, walked through and taken with the mouse and with the keyboard alike."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from studio.widgets.look import Look
from studio.widgets.pointed_rows import PointedRows

pytestmark = pytest.mark.gui


class Rows(PointedRows):
    """Rows of ten pixels that remember what they were told."""

    def __init__(self, look: Look, rows: int) -> None:
        super().__init__(look)
        self.rows = rows
        self.told: list[tuple[str, int]] = []

    def sizeHint(self) -> QSize:
        return QSize(100, 60)

    def paintEvent(self, event: QPaintEvent) -> None:
        self.paint_focus(QPainter(self))

    def count(self) -> int:
        return self.rows

    def place_at(self, point: QPointF) -> int:
        row = int(point.y() // 10)
        return row if row < self.rows else -1

    def _preview(self, place: int) -> None:
        self.told.append(("previewed", place))

    def _take(self, place: int) -> None:
        self.told.append(("taken", place))


@pytest.fixture
def rows(look: Look, on_screen: Callable[..., None]) -> Rows:
    made = Rows(look, 3)
    on_screen(made)
    made.told.clear()
    return made


def test_arrows_stop_at_both_ends_and_enter_or_a_blank_takes(rows: Rows) -> None:
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Up, Qt.Key.Key_Up, *[Qt.Key.Key_Down] * 4, Qt.Key.Key_Space):
        QTest.keyClick(rows, key)
    assert rows.told == [("previewed", 0), ("previewed", 1), ("previewed", 2), ("taken", 2)]
    QTest.keyClick(rows, Qt.Key.Key_Enter)
    assert rows.told[-1] == ("taken", 2)


def test_the_pointer_previews_each_once_and_none_when_it_leaves(rows: Rows) -> None:
    for y in (5, 6, 25, 55):
        QTest.mouseMove(rows, QPoint(5, y))
        QApplication.processEvents()
    QApplication.sendEvent(rows, QEvent(QEvent.Type.Leave))
    assert rows.told == [("previewed", 0), ("previewed", 2), ("previewed", -1)]
    assert rows.pointed_at == -1


def test_only_the_left_button_takes_and_only_what_is_there(rows: Rows) -> None:
    QTest.mouseClick(rows, Qt.MouseButton.RightButton, pos=QPoint(5, 15))
    QTest.mouseClick(rows, Qt.MouseButton.LeftButton, pos=QPoint(5, 55))
    assert not [place for what, place in rows.told if what == "taken"]
    QTest.mouseClick(rows, Qt.MouseButton.LeftButton, pos=QPoint(5, 15))
    assert rows.told[-1] == ("taken", 1)


def test_what_was_pointed_at_and_is_gone_is_not_taken(rows: Rows) -> None:
    for _ in range(3):
        QTest.keyClick(rows, Qt.Key.Key_Down)
    rows.rows, rows.told = 1, []
    QTest.keyClick(rows, Qt.Key.Key_Return)
    assert rows.told == []
    rows.rows = 0
    QTest.keyClick(rows, Qt.Key.Key_Down)
    assert rows.told == []


def test_a_key_that_means_nothing_here_goes_on_to_the_page(rows: Rows) -> None:
    QTest.keyClick(rows, Qt.Key.Key_Right)
    assert rows.told == []


def test_the_keyboard_is_seen_to_be_here(rows: Rows) -> None:
    rows.clearFocus()
    before = rows.grab().toImage()
    rows.setFocus()
    assert rows.grab().toImage() != before
