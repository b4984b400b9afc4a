"""Several things that one widget paints: the pointer previews one, arrows go to the next one, Enter takes it."""

from abc import abstractmethod
from typing import ClassVar

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from studio.widgets.look import Look

_TAKES = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class PointedRows(QWidget):
    """`pointed_at` is the number of the one that is previewed, -1 for none."""

    steps: ClassVar = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.pointed_at = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        look.changed.connect(self.update)

    @abstractmethod
    def count(self) -> int:
        """How many can be pointed at."""

    @abstractmethod
    def place_at(self, point: QPointF) -> int:
        """The number of the one under a point, or -1."""

    @abstractmethod
    def _take(self, place: int) -> None:
        """One was clicked, or Enter was pressed on it."""

    def _preview(self, place: int) -> None:
        """Another one is pointed at, or none."""

    def _walk_from(self) -> int:
        """From where an arrow goes on."""
        return self.pointed_at

    def point_at(self, place: int) -> None:
        """Preview this one."""
        if place != self.pointed_at:
            self.pointed_at = place
            self._preview(place)
            self.update()

    def _walk(self, place: int) -> None:
        """An arrow has come to this one."""
        self.point_at(place)

    def paint_focus(self, painter: QPainter) -> None:
        """A line around everything while the keyboard is here."""
        if self.hasFocus():
            painter.setPen(QPen(self.look.color("focus"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.point_at(self.place_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self.point_at(-1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and place >= 0:
            self._take(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in self.steps and self.count():
            self._walk(min(max(self._walk_from() + self.steps[key], 0), self.count() - 1))
        elif key in _TAKES and 0 <= self.pointed_at < self.count():
            self._take(self.pointed_at)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QEvent) -> None:
        self.update()
