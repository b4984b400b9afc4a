"""What accompanies the curves of a chart: published points, and the rows of checkpoints and samples under the axis."""

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from studio.core.language import tr
from studio.curves.frame import ROW, Frame, Scene, finite_runs, pixels, polygon
from studio.curves.item import Mark, Reference, convert
from studio.widgets.look import Look


def paint_reference(painter: QPainter, frame: Frame, scene: Scene, reference: Reference, look: Look) -> None:
    """Hollow diamonds on a dashed line."""
    color = look.color(reference.color)
    x = np.array([convert(scene.curves, float(step), scene.axis) for step in reference.steps])
    px, py = pixels(frame.x, x), pixels(frame.y, reference.values)
    painter.save()
    painter.setClipRect(frame.area.adjusted(-5, -5, 5, 5))
    painter.setPen(QPen(color, 1.0, Qt.PenStyle.DashLine))
    for begin, end in finite_runs(np.isfinite(py)):
        painter.drawPolyline(polygon(px[begin:end], py[begin:end]))
    painter.setPen(QPen(color, 1.2))
    painter.setBrush(look.color("surface"))
    for left, top in zip(px.tolist(), py.tolist(), strict=True):
        if np.isfinite(top) and frame.area.left() - 5 <= left <= frame.area.right() + 5:
            offsets = ((-3.5, 0.0), (0.0, -3.5), (3.5, 0.0), (0.0, 3.5))
            painter.drawPolygon([QPointF(left + right, top + down) for right, down in offsets])
    painter.restore()


def paint_marks(painter: QPainter, frame: Frame, scene: Scene, look: Look, strong: Mark | None = None) -> None:
    """The rows of small circles and what they mean; one that would cover its neighbour is left out."""
    painter.setFont(look.font(11))
    quiet = look.color("text_quiet")
    taken = dict.fromkeys(frame.rows, -1e9)
    for mark, x in placed_marks(frame, scene):
        if mark.kind in taken and x - taken[mark.kind] >= 5.0:
            taken[mark.kind] = x
            color = look.color("good") if mark.best else quiet
            paint_mark(painter, QPointF(x, frame.row_y(mark.kind)), mark.kind, color, filled=mark.best)
    if not frame.caption:
        return
    left, y = frame.area.left() + 3.5, frame.area.bottom() + ROW * len(frame.rows) + 19
    words = {"checkpoint": tr("checkpoints"), "sample": tr("samples")}
    for kind in frame.rows:
        paint_mark(painter, QPointF(left, y - 3.5), kind, quiet)
        painter.setPen(quiet)
        painter.drawText(QPointF(left + 9, y), words[kind])
        left += painter.fontMetrics().horizontalAdvance(words[kind]) + 26


def paint_mark(painter: QPainter, at: QPointF, kind: str, color: QColor, filled: bool = False) -> None:
    """A hollow circle for a checkpoint, a dot for a sample."""
    painter.setPen(QPen(color, 1.2))
    painter.setBrush(color if kind == "sample" or filled else Qt.BrushStyle.NoBrush)
    radius = 2.0 if kind == "sample" else 3.4
    painter.drawEllipse(at, radius, radius)


def placed_marks(frame: Frame, scene: Scene) -> list[tuple[Mark, float]]:
    """The marks in sight with their horizontal place, in the order of steps."""
    placed = [(mark, frame.x.pixel(convert(scene.curves, mark.step, scene.axis))) for mark in scene.marks]
    return [(mark, x) for mark, x in placed if frame.area.left() - 1 <= x <= frame.area.right() + 1]
