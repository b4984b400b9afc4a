"""Lines over any axis, every point of which was computed: steps of a run, places of a text, ways between weights."""

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEngine, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.curves.axis import Scale, value_text
from studio.curves.frame import pixels
from studio.curves.line_scene import Level, Line, LineScene
from studio.widgets.hover_card import CardRow, HoverCard
from studio.widgets.look import Look

__all__ = ["Level", "Line", "LineChart"]

_REACH = 24.0  # pixels from the pointer to a point that is still pointed at


class LineChart(QWidget):
    """Hover finds the nearest point of all lines; arrows walk along them; a click or Enter chooses a point."""

    hovered = Signal(int, int)  # line, point; -1, -1 on leaving
    clicked = Signal(int, int)

    def __init__(self, look: Look, name: str, across: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.scene = LineScene(look, across)
        self.point = (-1, -1)  # under the pointer or the keyboard
        self._marker: float | None = None
        self._empty = ""
        self._picture: QPixmap | None = None
        self._card = HoverCard(look, self)
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 100)
        look.changed.connect(self._redraw)

    def sizeHint(self) -> QSize:
        return QSize(480, 240)

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is drawn; the last one lies on top."""
        return self.scene.lines

    @property
    def level(self) -> Level | None:
        """The line across."""
        return self.scene.level

    def set_lines(self, lines: Sequence[Line], level: Level | None = None) -> None:
        """Draw these."""
        self.scene.lines, self.scene.level = tuple(lines), level
        if not (0 <= self.point[0] < len(lines) and self.point[1] < len(lines[self.point[0]].x)):
            self.point_at(-1, -1)
        said = [f"{line.name}: {value_text(float(line.y[-1]))}" for line in lines[:12] if len(line.y)]
        self.setAccessibleDescription("; ".join(said) or self._empty)
        self._redraw()

    def set_limits(self, low: float, high: float) -> None:
        """Keep the vertical axis at these values instead of fitting it."""
        self.scene.limits = (low, high)
        self._redraw()

    def set_logarithmic(self, on: bool) -> None:
        """Vertical axis by the logarithm."""
        self.scene.logarithmic = on
        self._redraw()

    def set_empty_text(self, text: str) -> None:
        """What stands there while there is nothing to draw."""
        self._empty = text
        self._redraw()

    def choose(self, line: int) -> None:
        """Bring one line to the front; -1: none."""
        if line != self.scene.chosen:
            self.scene.chosen = line
            self._redraw()

    def set_marker(self, x: float | None) -> None:
        """A line from top to bottom: the place that the rest of the page shows."""
        if x != self._marker:
            self._marker = x
            self.update()

    def scales(self) -> tuple[Scale, Scale]:
        """Both axes at the present size."""
        self.scene.size = (float(self.width()), float(self.height()))
        return self.scene.scales()

    def nearest(self, at: QPointF) -> tuple[int, int]:
        """Line and point nearest to a place of the widget; (-1, -1) where none is near."""
        x, y = self.scales()
        best, found = _REACH, (-1, -1)
        for number, line in enumerate(self.lines):
            if not len(line.x):
                continue
            places = np.hypot(pixels(x, line.x) - at.x(), pixels(y, line.y) - at.y())
            places = np.where(np.isfinite(line.y), places, np.inf)
            point = int(places.argmin())
            if places[point] < best:
                best, found = float(places[point]), (number, point)
        return found

    # --- drawing ----------------------------------------------------------------------------------------------------

    def _redraw(self) -> None:
        self._picture = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.scene.size = (float(self.width()), float(self.height()))
        engine = painter.paintEngine()
        if self.scene.blank:
            painter.setFont(self.look.font(13))
            painter.setPen(self.look.color("text_quiet"))
            flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            painter.drawText(self.rect().adjusted(16, 4, -16, -4), flags, self._empty)
        elif engine is not None and engine.type() == QPaintEngine.Type.SVG:
            self.scene.paint(painter)
        else:
            painter.drawPixmap(0, 0, self._pixmap())
            self._paint_marks(painter)
        if self.hasFocus():
            painter.setPen(QPen(self.look.color("focus"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _pixmap(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        if self._picture is None or self._picture.devicePixelRatio() != ratio:
            self._picture = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill(Qt.GlobalColor.transparent)
            inner = QPainter(self._picture)
            self.scene.paint(inner)
            inner.end()
        return self._picture

    def _paint_marks(self, painter: QPainter) -> None:
        x, y = self.scales()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._marker is not None and x.low <= self._marker <= x.high:
            at = round(x.pixel(self._marker)) + 0.5
            painter.setPen(QPen(self.look.color("accent"), 1))
            painter.drawLine(QPointF(at, y.end), QPointF(at, y.start))
        number, point = self.point
        if number >= 0 and math.isfinite(self.lines[number].y[point]):
            line = self.lines[number]
            painter.setPen(QPen(self.look.color("surface"), 1.5))
            painter.setBrush(self.look.color(line.color))
            painter.drawEllipse(QPointF(x.pixel(float(line.x[point])), y.pixel(float(line.y[point]))), 4, 4)
            painter.setBrush(Qt.BrushStyle.NoBrush)

    # --- pointing ---------------------------------------------------------------------------------------------------

    def point_at(self, number: int, point: int) -> None:
        """Show one point as hovered; -1 none."""
        if (number, point) == self.point:
            return
        self.point = (number, point)
        if number < 0:
            self._card.hide()
        else:
            line, (x, y) = self.lines[number], self.scales()
            value, where = float(line.y[point]), float(line.x[point])
            row = CardRow(f"{self.scene.across} {where:,.6g}", value_text(value), line.color)
            up = y.pixel(value) if math.isfinite(value) else self.height() / 2  # the card says what is not drawn
            at = QPoint(round(x.pixel(where)), round(up) - 40)
            self._card.show_rows(line.name, [row], at, self.rect())
        self.update()
        self.hovered.emit(number, point)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.point_at(*self.nearest(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self.point_at(-1, -1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        found = self.nearest(event.position())
        if event.button() == Qt.MouseButton.LeftButton and found[0] >= 0:
            self.clicked.emit(*found)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        number, point = self.point
        along = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        between = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        full = [place for place, line in enumerate(self.lines) if len(line.x)]
        if not full or event.key() not in (*along, *between, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
        elif event.key() in between:
            at = full.index(number) if number >= 0 else -1
            number = full[(at + between[Qt.Key(event.key())]) % len(full)]
            self.point_at(number, min(max(point, 0), len(self.lines[number].x) - 1))
        elif event.key() in along:
            number = number if number >= 0 else full[0]
            self.point_at(number, min(max(point + along[Qt.Key(event.key())], 0), len(self.lines[number].x) - 1))
        elif number >= 0:
            self.clicked.emit(number, point)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._redraw()
