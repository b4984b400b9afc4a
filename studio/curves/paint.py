"""How the curves of a chart are drawn, on a pixmap and on an SVG alike: faint raw values behind the smooth curve."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from studio.curves.axis import tick_text
from studio.curves.band import paint_band
from studio.curves.frame import CAPTION, ROW, Floats, Frame, Scene, axis_text, finite_runs, pixels, polygon
from studio.curves.item import Curve
from studio.curves.marks import paint_marks, paint_reference
from studio.widgets.blend import blend
from studio.widgets.look import Look

_THICK = 1.6  # of a line that is meant to be looked at


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
    strong = bool(smoothing) or last - first < width / 2
    thickness = (_THICK if strong else 1.0) * ratio if calm else 1.0
    pen = QPen(painter.pen().color())
    pen.setWidthF(thickness if curve.dashed else 1.0)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if curve.dashed:
        pen.setDashPattern([4.0, 3.0])
    painter.setPen(pen)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, calm)
    if dense:
        paint_band(painter, px, top, bottom)
        return
    for begin, end in finite_runs(np.isfinite(top)):
        if end - begin == 1:
            _paint_dot(painter, px[begin], top[begin], ratio)
        else:
            for shift in [0.0] if curve.dashed else _shifts(thickness):
                painter.drawPolyline(polygon(px[begin:end], top[begin:end] + shift))


def _shifts(thickness: float) -> list[float]:
    """Heights of the thin lines that make a thick one: Qt draws two of 1 px in 0.4 ms and one of 1.6 px in 28."""
    count = max(1, round(thickness))
    return [(place - (count - 1) / 2) * (thickness - 1) / max(1, count - 1) for place in range(count)]


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


def _scaled(rect: QRectF, ratio: float) -> QRectF:
    return QRectF(rect.x() * ratio, rect.y() * ratio, rect.width() * ratio, rect.height() * ratio)
