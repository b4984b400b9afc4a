"""How the curves of a chart are drawn, on a pixmap and on an SVG alike: faint raw values behind the smooth curve."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from studio.curves.axis import tick_text
from studio.curves.frame import CAPTION, ROW, Floats, Frame, Scene, axis_text, finite_runs, pixels, polygon
from studio.curves.item import Curve
from studio.curves.marks import paint_marks, paint_reference
from studio.widgets.blend import blend
from studio.widgets.look import Look

_PIECE = 64  # Qt strokes short lines fast and one long line slowly (measured: 2.6 against 5.4 ms, noisy 8 against 250)


def paint_scene(painter: QPainter, frame: Frame, scene: Scene, look: Look, ratio: float = 1.0) -> None:
    """Draw the whole picture; `painter` counts in real pixels, `ratio` of them to a logical one."""
    painter.save()
    painter.scale(ratio, ratio)
    paint_grid(painter, frame, scene, look)
    painter.restore()
    painter.save()
    painter.setClipRect(_scaled(frame.area.adjusted(0, -2, 2, 0), ratio))
    shown = [curve for curve in scene.curves if curve.visible and len(curve)]
    for curve in shown:
        paint_raw(painter, frame, scene, curve, look, ratio)
    for curve in shown if scene.smoothing else []:
        if curve.smoothed:
            painter.setPen(look.color(curve.color))
            _paint_line(painter, frame, scene, curve, scene.smoothing, ratio)
    painter.restore()
    painter.save()
    painter.scale(ratio, ratio)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for reference in scene.references:
        paint_reference(painter, frame, scene, reference, look)
    paint_marks(painter, frame, scene, look)
    if scene.blank and scene.empty:
        painter.setPen(look.color("text_quiet"))
        painter.setFont(look.font(13))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(frame.area.adjusted(24, 0, -24, 0), int(flags), scene.empty)
    painter.restore()


def paint_grid(painter: QPainter, frame: Frame, scene: Scene, look: Look) -> None:
    """Horizontal lines, and the labels of both axes."""
    area = frame.area
    painter.setFont(look.font(11))
    ratio = painter.transform().m11()  # lines keep to real pixels, so that all are equally thick
    line, text = look.color("line"), look.color("text_quiet")
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    for value in frame.y_ticks:
        y = round(frame.y.pixel(value) * ratio) / ratio
        painter.fillRect(QRectF(area.left(), y, area.width(), max(1, int(ratio)) / ratio), line)
        painter.setPen(text)
        painter.drawText(QRectF(0, y - 9, area.left() - 10, 18), int(right), tick_text(value, frame.y_ticks))
    top = area.bottom() + (ROW * len(frame.rows) + 6 if frame.rows else 0) + (CAPTION if frame.caption else 0)
    painter.setPen(text)
    metrics = painter.fontMetrics()
    taken = -1e9
    for value in frame.x_ticks:
        label = axis_text(value, frame.x.high, scene.axis)
        width = metrics.horizontalAdvance(label)
        left = min(max(frame.x.pixel(value) - width / 2, area.left() - 8), area.right() + 14 - width)
        if left >= taken:
            painter.drawText(QPointF(left, top + 16), label)
            taken = left + width + 12


def paint_raw(painter: QPainter, frame: Frame, scene: Scene, curve: Curve, look: Look, ratio: float) -> None:
    """Every value, faint when there will be a smooth curve over it, and ticks where values broke."""
    color = look.color(curve.color)
    if scene.smoothing and curve.smoothed:
        color = blend(color, look.color("surface"), 0.32 if look.theme.dark else 0.36)
    painter.setPen(color)
    _paint_line(painter, frame, scene, curve, 0.0, ratio)
    danger = look.color("danger")
    bottom = frame.area.bottom()
    for x in curve.broken(scene.axis, frame.x.low, frame.x.high):
        tick = QRectF(round(frame.x.pixel(float(x))) - 1, bottom - 8, 2, 8)
        painter.fillRect(_scaled(tick, ratio), danger)


def _paint_line(painter: QPainter, frame: Frame, scene: Scene, curve: Curve, smoothing: float, ratio: float) -> None:
    """Every stretch narrower than a pixel as a line from its lowest to its highest value, wider ones point by point."""
    width = max(1, round(frame.area.width() * ratio))
    first, last = curve.window(scene.axis, frame.x.low, frame.x.high)
    dense = last - first > 2 * width
    # A few more stretches than pixels: they come out up to an eighth wider than asked for, and no pixel may stay empty.
    # A line from point to point needs every point, else it would follow the highest of two and lose the lowest.
    stretches = width * 6 // 5 if dense else 2 * width + 2
    x, low, high = curve.columns(scene.axis, frame.x.low, frame.x.high, stretches, smoothing)
    px, top, bottom = pixels(frame.x, x) * ratio, pixels(frame.y, high) * ratio, pixels(frame.y, low) * ratio
    if dense and smoothing and _length(top, bottom) < 3.0 * width:
        top = bottom = (top + bottom) / 2
        dense = False
    if dense:
        # On the middle of a pixel, else a column now and then falls between two. The first stretch begins a point
        # before the picture: at its edge, else a spike in the first pixel would be cut away with it.
        px = np.maximum(np.floor(px), np.ceil(frame.area.left() * ratio)) + 0.5
    calm = not dense and _length(top, top) < 8.0 * width
    pen = QPen(painter.pen().color())
    strong = bool(smoothing) or last - first < width / 2
    pen.setWidthF((1.6 if strong else 1.0) * ratio if calm else 1.0)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if curve.dashed:
        pen.setDashPattern([4.0, 3.0])
    painter.setPen(pen)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, calm)
    for begin, end in finite_runs(np.isfinite(top)):
        if dense:
            painter.drawPolyline(_zigzag(px[begin:end], top[begin:end], bottom[begin:end]))
        elif end - begin == 1:
            _paint_dot(painter, px[begin], top[begin], ratio)
        else:
            piece = end - begin if curve.dashed else _PIECE
            for start in range(begin, end - 1, piece):
                stop = min(start + piece + 1, end)
                painter.drawPolyline(polygon(px[start:stop], top[start:stop]))


def _paint_dot(painter: QPainter, x: float, y: float, ratio: float) -> None:
    """A point without neighbours."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(painter.pen().color())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawEllipse(QPointF(x, y), 2 * ratio, 2 * ratio)
    painter.restore()


def _length(top: Floats, bottom: Floats) -> float:
    """Up and down of a line in pixels, which is what drawing it costs."""
    steps = np.abs(np.diff(top))
    spans = bottom - top
    return float(np.nansum(steps[np.isfinite(steps)]) + np.nansum(spans[np.isfinite(spans)]))


def _zigzag(x: Floats, top: Floats, bottom: Floats) -> QPolygonF:
    """Down one column and up the next, so that neighbours touch."""
    down = np.arange(len(x)) % 2 == 0
    y = np.empty(2 * len(x))
    y[0::2], y[1::2] = np.where(down, top, bottom), np.where(down, bottom, top)
    return polygon(np.repeat(x, 2), y)


def _scaled(rect: QRectF, ratio: float) -> QRectF:
    return QRectF(rect.x() * ratio, rect.y() * ratio, rect.width() * ratio, rect.height() * ratio)
