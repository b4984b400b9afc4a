"""Points of two classes on a plane that is coloured by what a network says of every place; points can be moved."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.maps.colours import DIFFERENCE, Colouring
from studio.widgets.look import Look

REACH = 4.0  # the plane goes from -4 to 4, as in exercises.network
_DOT, _GRAB, _STEP = 6.0, 14.0, 0.1


class PlanePicture(QWidget):
    """Dragging moves a point. Tab chooses the next one; arrows move it, Space gives it the other class."""

    changed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.points: list[tuple[float, float]] = []
        self.labels: list[int] = []
        self.held: list[tuple[tuple[float, float], int]] = []
        self.batch: tuple[int, ...] = ()
        self.chosen = -1
        self._plane: npt.NDArray[Any] = np.zeros((0, 0), np.float32)
        self._image: QImage | None = None
        self._dragged = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Points of two classes"))
        look.changed.connect(self._paint_again)

    def sizeHint(self) -> QSize:
        return QSize(280, 280)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 160)

    def set_points(self, points: list[tuple[float, float]], labels: list[int]) -> None:
        """Points with their classes, 0 or 1."""
        self.points, self.labels = list(points), list(labels)
        self.chosen = min(self.chosen, len(points) - 1)
        self.setAccessibleDescription(tr("{count} points", count=len(points)))
        self.update()

    def show_plane(self, plane: npt.NDArray[Any], batch: tuple[int, ...]) -> None:
        """What the network says at a step (chance of class 1), and the points that it sees in it."""
        self._plane, self.batch = plane, batch
        self._paint_again()

    def _paint_again(self) -> None:
        self._image = None
        self.update()

    # --- where things lie -----------------------------------------------------------------------------------------

    def area(self) -> QRectF:
        """The square that holds the plane."""
        side = float(min(self.width(), self.height()))
        return QRectF((self.width() - side) / 2, 0, side, side)

    def place(self, point: tuple[float, float]) -> QPointF:
        """A point of the plane in pixels."""
        area = self.area()
        share = ((point[0] + REACH) / (2 * REACH), (REACH - point[1]) / (2 * REACH))
        return QPointF(area.left() + share[0] * area.width(), area.top() + share[1] * area.height())

    def point_under(self, at: QPointF) -> int:
        """The nearest point within reach, or -1."""
        away = [(self.place(point) - at).manhattanLength() for point in self.points]
        nearest = int(np.argmin(away)) if away else -1
        return nearest if nearest >= 0 and away[nearest] <= _GRAB else -1

    def _read(self, at: QPointF) -> tuple[float, float]:
        area = self.area()
        x = (at.x() - area.left()) / area.width() * 2 * REACH - REACH
        y = REACH - (at.y() - area.top()) / area.height() * 2 * REACH
        return _inside(x), _inside(y)

    # --- painting -------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The plane, its axes, the points."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        area = self.area()
        if self._plane.size:
            painter.setOpacity(0.75)
            painter.drawImage(area, self._picture())
            painter.setOpacity(1.0)
        painter.setPen(QPen(self.look.color("edge"), 1))
        middle = area.center()
        painter.drawLine(QPointF(area.left(), middle.y()), QPointF(area.right(), middle.y()))
        painter.drawLine(QPointF(middle.x(), area.top()), QPointF(middle.x(), area.bottom()))
        for point, label in self.held:
            painter.setPen(QPen(self.look.color(_SERIES[label]), 2, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(self.place(point), _DOT, _DOT)
        for number, (point, label) in enumerate(zip(self.points, self.labels, strict=True)):
            at = self.place(point)
            if number in self.batch:
                painter.setPen(QPen(self.look.color("text"), 1.5))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(at, _DOT + 4, _DOT + 4)
            painter.setPen(QPen(self.look.color("surface"), 1.5))
            painter.setBrush(self.look.color(_SERIES[label]))
            painter.drawEllipse(at, _DOT, _DOT)
            if number == self.chosen and self.hasFocus():
                painter.setPen(QPen(self.look.color("focus"), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(at, _DOT + 7, _DOT + 7)
        painter.end()

    def _picture(self) -> QImage:
        if self._image is None:
            shade = Colouring(-1.0, 1.0, DIFFERENCE).paint(2 * self._plane - 1, self.look.theme.dark, 0)
            shade = np.ascontiguousarray(shade)
            high, wide = shade.shape
            self._image = QImage(shade.data, wide, high, 4 * wide, QImage.Format.Format_RGB32).copy()
        return self._image

    # --- moving ---------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take a point."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen = self.point_under(event.position())
            self._dragged = self.chosen >= 0
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Carry it."""
        if self._dragged:
            self._move(self._read(event.position()))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let it go."""
        self._dragged = False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """The other class."""
        self.chosen = self.point_under(event.position())
        self._flip()

    def _move(self, point: tuple[float, float]) -> None:
        if point != self.points[self.chosen]:
            self.points[self.chosen] = point
            self.update()
            self.changed.emit()

    def _flip(self) -> None:
        if self.chosen >= 0:
            self.labels[self.chosen] = 1 - self.labels[self.chosen]
            self.update()
            self.changed.emit()

    def focusNextPrevChild(self, forwards: bool) -> bool:
        """Tab goes from point to point before it leaves."""
        following = self.chosen + (1 if forwards else -1)
        if 0 <= following < len(self.points):
            self.chosen = following
            self.update()
            return True
        return super().focusNextPrevChild(forwards)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the chosen point, Space flips it."""
        moves = {
            Qt.Key.Key_Left: (-_STEP, 0.0), Qt.Key.Key_Right: (_STEP, 0.0), Qt.Key.Key_Up: (0.0, _STEP),
            Qt.Key.Key_Down: (0.0, -_STEP),
        }  # fmt: skip
        if self.chosen >= 0 and event.key() in moves:
            x, y = self.points[self.chosen]
            across, up = moves[Qt.Key(event.key())]
            self._move((_inside(x + across), _inside(y + up)))
        elif self.chosen >= 0 and event.key() == Qt.Key.Key_Space:
            self._flip()
        else:
            super().keyPressEvent(event)


_SERIES = (0, 1)  # blue and orange, as the two ends of the plane's colours


def _inside(value: float) -> float:
    return round(min(max(value, -REACH), REACH), 2)
