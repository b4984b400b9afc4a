"""The picture of a chart: draws once per change into a pixmap, and the hover line over it."""

import math

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QWidget

from studio.curves.frame import Frame, Scene, make_frame
from studio.curves.gestures import Gestures
from studio.curves.item import Mark, convert
from studio.curves.marks import paint_mark, placed_marks
from studio.curves.paint import paint_scene
from studio.curves.reading import Reading, describe, mark_title, read_at, reading_rows, reading_title
from studio.curves.view import CurveView, Range, fitted
from studio.widgets.by_hand import ByHand
from studio.widgets.hover_card import CardRow, HoverCard, card_height
from studio.widgets.look import Look


class CurveCanvas(ByHand):
    """Shows a `Scene` through a `CurveView`; `redraw()` after changing either."""

    mark_clicked = Signal(str, int)
    hover_moved = Signal(object)  # the step under the pointer, or None
    view_changed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.scene = Scene()
        self.view = CurveView()
        self.follow = True
        self.value_format = ""
        self.reading: Reading | None = None
        self.mark: Mark | None = None
        self.box: QRectF | None = None
        self._card_at: QPoint | None = None
        self._frame: Frame | None = None
        self._picture: QPixmap | None = None
        self._newest = -math.inf
        self.card = HoverCard(look, self)
        self.hands = Gestures(self)
        self.setMinimumSize(160, 100)
        look.changed.connect(self.redraw)

    def sizeHint(self) -> QSize:
        return QSize(640, 320)

    def whole_x(self) -> Range:
        """From 0 to the newest point, the planned end, or the last published point."""
        curves = [curve for curve in self.scene.curves if len(curve)]
        shown = [curve for curve in curves if curve.visible] or curves
        ends = [float(curve.x(self.scene.axis)[-1]) for curve in shown]
        if self.scene.total:
            known = curves or self.scene.axis == "step"
            ends.append(convert(curves, self.scene.total, self.scene.axis) if known else 0.0)
        ends += [
            convert(curves, float(item.steps.max()), self.scene.axis)
            for item in self.scene.references
            if len(item.steps)
        ]
        high = max(ends, default=0.0)
        return (0.0, high if high > 0 else 1.0)

    def x_range(self) -> Range:
        """The horizontal range shown."""
        return self.view.x or self.whole_x()

    def y_range(self) -> Range:
        """The vertical range shown: chosen, or fitting what the horizontal range holds."""
        if self.view.y is not None:
            return self.view.y
        low, high = math.inf, -math.inf
        first, last = self.x_range()
        for curve in self.scene.curves:
            if curve.visible:
                below, above = curve.bounds(self.scene.axis, first, last, self.view.logarithmic)
                low, high = min(low, below), max(high, above)
        for reference in self.scene.references:
            for step, value in zip(reference.steps.tolist(), reference.values.tolist(), strict=True):
                inside = first <= convert(self.scene.curves, step, self.scene.axis) <= last
                if inside and math.isfinite(value) and (value > 0 or not self.view.logarithmic):
                    low, high = min(low, value), max(high, value)
        return fitted(low, high, self.view.logarithmic)

    @property
    def frame(self) -> Frame:
        """Where things stand at the present size."""
        if self._frame is None:
            size = (float(self.width()), float(self.height()))
            logarithmic = self.view.logarithmic
            self._frame = make_frame(self.look, size, self.x_range(), self.y_range(), self.scene, logarithmic)
        return self._frame

    def redraw(self) -> None:
        """Something changed: draw anew when Qt next paints."""
        self._frame = self._picture = None
        self.update()

    def grown(self) -> None:
        """Histories have new points: draw, and let a zoomed window slide along if it showed the newest one."""
        newest = max(
            (float(curve.x(self.scene.axis)[-1]) for curve in self.scene.curves if len(curve)), default=-math.inf
        )
        if self.follow and self.view.x is not None:
            low, high = self.view.x
            if low <= self._newest <= high < newest:
                self.view.x = (newest - (high - low), newest)
        self._newest = newest
        self.redraw()
        if self.reading is not None:
            self.show_reading(self.reading.x, self._card_at)

    def set_view_x(self, span: Range | None) -> None:
        """Show this horizontal range without telling anybody (a linked chart moved)."""
        self.view.x = span
        if span is None:
            self.view.y = None
        self.redraw()

    def changed_view(self) -> None:
        """The person zoomed or moved: draw and tell the linked charts."""
        self.redraw()
        self.view_changed.emit()

    def show_reading(self, x: float | None, at: QPoint | None = None) -> None:
        """Put the hover line at a place on the axis; None takes it away. `at` is where the card should stand."""
        self.reading = read_at(self.scene, x) if x is not None else None
        self._card_at = at
        if self.reading is None:
            self.card.hide()
        elif self.mark is None:
            place = at or QPoint(round(self.frame.x.pixel(self.reading.x)), round(self.frame.area.top()) + 10)
            rows = reading_rows(self.reading, self.value_format)
            self.card.show_rows(reading_title(self.scene, self.reading), rows, place, self.rect())
        self.update()

    def show_mark(self, mark: Mark | None) -> None:
        """Explain one of the circles under the axis."""
        self.mark = mark
        if mark is None:
            self.card.hide()
        else:
            self.reading = None
            x = self.frame.x.pixel(convert(self.scene.curves, mark.step, self.scene.axis))
            rows = [CardRow(line) for line in mark.text.splitlines()[:6] if line]
            y = round(self.frame.area.bottom()) - card_height(1 + len(rows)) - 4
            self.card.show_rows(mark_title(mark), rows, QPoint(round(x), y), self.rect())
        self.update()

    def forget(self) -> None:
        """What was pointed at is gone."""
        self.mark, self.reading = None, None
        self.card.hide()

    def mark_at(self, point: QPointF) -> Mark | None:
        """The circle within reach of a point."""
        best, reach = None, 8.0
        for mark, x in placed_marks(self.frame, self.scene):
            if mark.kind in self.frame.rows and abs(point.y() - self.frame.row_y(mark.kind)) <= 6.0:
                distance = abs(point.x() - x)
                if distance < reach:
                    best, reach = mark, distance
        return best

    def picture(self, ratio: float) -> QPixmap:
        """The chart without hover, at `ratio` real pixels to a logical one."""
        pixmap = QPixmap(max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio)))
        pixmap.fill(self.look.color("surface"))
        painter = QPainter(pixmap)
        paint_scene(painter, self.frame, self.scene, self.look, ratio)
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        return pixmap

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        if self._picture is None or self._picture.devicePixelRatio() != ratio:
            self._picture = self.picture(ratio)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.reading is not None:
            self._paint_hover(painter, self.reading)
        if self.mark is not None and self.mark.kind in self.frame.rows:
            x = self.frame.x.pixel(convert(self.scene.curves, self.mark.step, self.scene.axis))
            paint_mark(painter, QPointF(x, self.frame.row_y(self.mark.kind)), self.mark.kind, self.look.color("accent"))
        if self.box is not None:
            fill = self.look.color("accent")
            fill.setAlphaF(0.14)
            painter.setPen(QPen(self.look.color("accent"), 1))
            painter.setBrush(fill)
            painter.drawRect(self.box)
        if self.hasFocus() and self.by_keyboard:
            painter.setPen(QPen(self.look.color("focus"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)

    def _paint_hover(self, painter: QPainter, reading: Reading) -> None:
        area = self.frame.area
        x = round(self.frame.x.pixel(reading.x)) + 0.5
        if not area.left() <= x <= area.right() + 1:
            return
        painter.setPen(QPen(self.look.color("text_quiet"), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setPen(QPen(self.look.color("surface"), 1.5))
        for value in reading.values:
            shown = value.raw if value.smooth is None else value.smooth
            at = QPointF(
                self.frame.x.pixel(value.x), self.frame.y.pixel(shown) if math.isfinite(shown) else area.bottom()
            )
            if area.contains(at):
                painter.setBrush(self.look.color(value.curve.color))
                painter.drawEllipse(at, 3.5, 3.5)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.setAccessibleDescription(describe(self.scene, self.value_format))
        super().focusInEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._frame = self._picture = None
