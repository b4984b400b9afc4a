"""A small square plot of shares against shares: a curve, a place on it, and bars behind."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.classifying.scored import Floats
from studio.curves.frame import polygon
from studio.widgets.blend import blend
from studio.widgets.look import Look
from studio.widgets.still_picture import StillPicture

_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 12.0, 24.0, 36.0
_MOST = 2_000  # points of a line: more than its pixels can part


@dataclass(frozen=True)
class UnitLine:
    """x and y from 0 to 1, in the order in which they are joined."""

    x: Floats
    y: Floats
    color: int | str = 0
    dashed: bool = False
    dots: bool = False


@dataclass(frozen=True)
class UnitBars:
    """A bar from `edges[i]` to `edges[i + 1]` as high as `heights[i]`; NaN is none."""

    edges: Floats
    heights: Floats


class UnitPlot(QWidget):
    """What does not move is painted once; a dot may then be moved as fast as a slider."""

    def __init__(self, look: Look, title: str, across: str, up: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look, self.title, self.across, self.up = look, title, across, up
        self.lines: tuple[UnitLine, ...] = ()
        self.bars: UnitBars | None = None
        self.dot: tuple[float, float] | None = None
        self._picture = StillPicture(self, self._paint_still)
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        look.changed.connect(self._look_changed)

    def sizeHint(self) -> QSize:
        return QSize(300, 280)

    def minimumSizeHint(self) -> QSize:
        return QSize(170, 150)

    def set_title(self, title: str) -> None:
        """Other words above the plot, such as with its area."""
        self.title = title
        self.setAccessibleName(title)
        self._picture.forget()

    def set_lines(self, lines: Sequence[UnitLine], bars: UnitBars | None = None) -> None:
        """Draw these."""
        self.lines, self.bars = tuple(_thinned(line) for line in lines), bars
        self._picture.forget()

    def set_dot(self, x: float, y: float) -> None:
        """Where on the curve things stand now."""
        self.dot = (x, y)
        self.setAccessibleDescription(f"{self.across} {x:.3f}, {self.up} {y:.3f}")
        self.update()

    @property
    def area(self) -> QRectF:
        """Where the numbers are: as square as there is room."""
        room = QRectF(self.rect()).adjusted(_LEFT, _TOP, -_RIGHT, -_BOTTOM)
        side = min(room.width(), room.height() * 1.25)
        return QRectF(room.left(), room.top(), max(20.0, side), max(20.0, room.height()))

    def place(self, x: float, y: float) -> QPointF:
        """The pixel of two shares."""
        area = self.area
        return QPointF(area.left() + x * area.width(), area.bottom() - y * area.height())

    def _look_changed(self) -> None:
        self._picture.forget()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._picture.forget()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._picture.draw(painter)
        if self.dot is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self.look.color("surface"), 2))
            painter.setBrush(self.look.color("accent"))
            painter.drawEllipse(self.place(*self.dot), 6, 6)

    def _paint_still(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self.area
        painter.setFont(self.look.font(11, 600))
        painter.setPen(self.look.color("text"))
        title = QRectF(area.left(), 0, self.width() - area.left(), _TOP - 6)
        painter.drawText(title, int(Qt.AlignmentFlag.AlignVCenter), self.title)
        self._paint_axes(painter, area)
        if self.bars is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(blend(self.look.color("accent"), self.look.color("surface"), 0.35))
            for low, high, height in zip(self.bars.edges[:-1], self.bars.edges[1:], self.bars.heights, strict=True):
                if np.isfinite(height):
                    corner = self.place(float(low), float(height))
                    wide = (high - low) * area.width()
                    painter.drawRect(QRectF(corner.x() + 1, corner.y(), wide - 2, area.bottom() - corner.y()))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for line in self.lines:
            pen = QPen(self.look.color(line.color), 1.2 if line.dashed else 2.0)
            pen.setStyle(Qt.PenStyle.DashLine if line.dashed else Qt.PenStyle.SolidLine)
            painter.setPen(pen)
            x, y = area.left() + line.x * area.width(), area.bottom() - line.y * area.height()
            painter.drawPolyline(polygon(x, y))
            if line.dots:
                painter.setBrush(self.look.color(line.color))
                for at in range(len(x)):
                    painter.drawEllipse(QPointF(x[at], y[at]), 2.5, 2.5)
                painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_axes(self, painter: QPainter, area: QRectF) -> None:
        painter.setFont(self.look.font(11))
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        middle = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            at = round(area.bottom() - share * area.height()) + 0.5
            painter.setPen(QPen(self.look.color("line"), 1))
            painter.drawLine(QPointF(area.left(), at), QPointF(area.right(), at))
            painter.setPen(self.look.color("text_quiet"))
            painter.drawText(QRectF(0, at - 8, _LEFT - 6, 16), right, f"{share:g}")
            across = area.left() + share * area.width()
            painter.drawText(QRectF(across - 30, area.bottom() + 4, 60, 14), middle, f"{share:g}")
        painter.drawText(QRectF(area.left(), area.bottom() + 18, area.width(), 16), middle,
                         f"{self.across}  ·  ↑ {self.up}")  # fmt: skip


def _thinned(line: UnitLine) -> UnitLine:
    """At most so many points, the first and the last among them."""
    if len(line.x) <= _MOST:
        return line
    places = np.unique(np.linspace(0, len(line.x) - 1, _MOST).astype(np.int64))
    return UnitLine(line.x[places], line.y[places], line.color, line.dashed, line.dots)
