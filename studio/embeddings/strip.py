"""A row of numbers as a line, each of which can be pointed at: norms, wavelengths, scores by distance."""

import math
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy

from studio.curves.axis import Scale, tick_text, ticks
from studio.maps.colours import number_text
from studio.widgets.look import Look
from studio.widgets.pointed_rows import PointedRows

_LEFT, _TOP, _BOTTOM, _RIGHT = 52.0, 20.0, 34.0, 8.0


class Strip(PointedRows):
    """`values` over their index (which is called `across`)."""

    hovered = Signal(int)  # −1 on leaving
    clicked = Signal(int)
    steps: ClassVar = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}

    def __init__(self, look: Look, name: str, across: str, *, logarithmic: bool = False) -> None:
        super().__init__(look)
        self.name, self.across = name, across
        self.values: npt.NDArray[np.float64] = np.zeros(0)
        self.locked = -1
        self._logarithmic = logarithmic
        self.words: Callable[[int], str] = self._plain
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 110)

    def sizeHint(self) -> QSize:
        return QSize(320, 170)

    def set_kind(self, name: str, words: Callable[[int], str] | None = None, *, logarithmic: bool = False) -> None:
        """What the values are called, what is said of one, and whether they go up by their logarithm."""
        self.name, self.words, self._logarithmic = name, words or self._plain, logarithmic
        self.setAccessibleName(name)

    def set_values(self, values: npt.ArrayLike) -> None:
        """Draw these."""
        self.values = np.asarray(values, np.float64)
        self.pointed_at = self.locked = -1
        finite = self.values[np.isfinite(self.values)]
        ends = f"{number_text(float(finite.min()))} – {number_text(float(finite.max()))}" if len(finite) else ""
        self.setAccessibleDescription(ends)
        self.update()

    def mark(self, pointed: int, locked: int = -1) -> None:
        """Point at one from outside; −1 at none."""
        pair = tuple(place if 0 <= place < len(self.values) else -1 for place in (pointed, locked))
        if pair != (self.pointed_at, self.locked):
            self.pointed_at, self.locked = pair
            self.update()

    def scales(self) -> tuple[Scale, Scale]:
        """Both axes at the present size; upwards from zero, or by the logarithm."""
        finite = self.values[np.isfinite(self.values)]
        if self._logarithmic:
            finite = finite[finite > 0]
        low = float(finite.min()) if len(finite) else 0.0
        high = float(finite.max()) if len(finite) else 1.0
        if not self._logarithmic:
            low, high = min(0.0, low), max(0.0, high)
        high = high if high > low else low + 1.0
        last = max(1.0, float(len(self.values) - 1))
        return (
            Scale(0.0, last, _LEFT, max(_LEFT + 8.0, self.width() - _RIGHT)),
            Scale(low, high, max(_TOP + 8.0, self.height() - _BOTTOM), _TOP, self._logarithmic),
        )

    def _plain(self, place: int) -> str:
        return f"{self.across} {place:,}: {number_text(float(self.values[place]))}"

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.look.font(11))
        x, y = self.scales()
        shown = self._walk_from()
        painter.setPen(self.look.color("text" if shown >= 0 else "text_quiet"))
        title = self.words(shown) if shown >= 0 else self.name
        painter.drawText(QRectF(_LEFT, 0, self.width() - _LEFT, 16), int(Qt.AlignmentFlag.AlignVCenter), title)
        self._paint_axes(painter, x, y)
        self._paint_line(painter, x, y)
        for place, role in ((self.locked, "accent"), (self.pointed_at, "text")):
            if place >= 0 and math.isfinite(self.values[place]):
                at = QPointF(x.pixel(place), y.pixel(float(self.values[place])))
                painter.setPen(QPen(self.look.color(role), 1))
                painter.drawLine(QPointF(at.x(), y.end), QPointF(at.x(), y.start))
                painter.setBrush(self.look.color(role))
                painter.drawEllipse(at, 3.5, 3.5)
        self.paint_focus(painter)
        painter.end()

    def _paint_axes(self, painter: QPainter, x: Scale, y: Scale) -> None:
        found = ticks(y.low, y.high, max(2, round(self.height() / 56)), self._logarithmic)
        side = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for value in found:
            at = round(y.pixel(value)) + 0.5
            painter.setPen(QPen(self.look.color("line"), 1))
            painter.drawLine(QPointF(x.start, at), QPointF(x.end, at))
            painter.setPen(self.look.color("text_quiet"))
            painter.drawText(QRectF(0, at - 8, x.start - 6, 16), side, tick_text(value, found))
        below = [place for place in ticks(0, x.high, max(2, round(self.width() / 90))) if place == int(place)]
        middle = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        painter.setPen(self.look.color("text_quiet"))
        for place in below:
            painter.drawText(QRectF(x.pixel(place) - 40, y.start + 3, 80, 14), middle, f"{int(place):,}")
        painter.drawText(QRectF(x.start, y.start + 17, x.end - x.start, 14), middle, self.across)

    def _paint_line(self, painter: QPainter, x: Scale, y: Scale) -> None:
        painter.setPen(QPen(self.look.color(0), 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        line: list[QPointF] = []
        for place, value in enumerate(self.values.tolist()):
            if math.isfinite(value) and (value > 0 or not self._logarithmic):
                line.append(QPointF(x.pixel(place), y.pixel(value)))
                continue
            painter.drawPolyline(QPolygonF(line))
            line = []
        painter.drawPolyline(QPolygonF(line))

    def count(self) -> int:
        return len(self.values)

    def place_at(self, point: QPointF) -> int:
        """The number that is nearest to a point; -1 without any."""
        if not len(self.values):
            return -1
        return min(max(round(self.scales()[0].value(point.x())), 0), len(self.values) - 1)

    def _walk_from(self) -> int:
        return self.pointed_at if self.pointed_at >= 0 else self.locked

    def _preview(self, place: int) -> None:
        self.hovered.emit(place)

    def _take(self, place: int) -> None:
        self.clicked.emit(place)
