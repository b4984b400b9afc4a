"""What lies over the dots of a scatter map: trails, lines to neighbours, names, axes; and what the hand does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF, QStaticText, QTransform

from studio.maps.label_layout import HEIGHT
from studio.maps.scatter_picture import Floats
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.maps.scatter_map import ScatterMap

_PAD = 5.0  # around the words of the card beside a point
_CARD = 22.0
_CROSS = 28.0  # pixels of an axis in the small cross


@dataclass(frozen=True)
class Trail:
    """Where one point has been: (moments, 2 or 3), the oldest first; drawn in the colour of its point.

    A `quiet` one is a thin line of the ground's own colours, as for a path through many points.
    """

    index: int
    points: Floats
    quiet: bool = False


def paint_over(painter: QPainter, map_: ScatterMap) -> None:
    """What belongs to the picture: it changes with the view only."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _paint_trails(painter, map_)
    _paint_links(painter, map_)
    _paint_labels(painter, map_)
    _paint_axes(painter, map_)


def paint_hand(painter: QPainter, map_: ScatterMap, outline: Sequence[tuple[float, float]]) -> None:
    """What follows the pointer: rings, the name of what is pointed at, the outline that is being drawn."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _paint_ring(painter, map_, map_.locked, "accent")
    _paint_pointed(painter, map_)
    if outline:
        fill = map_.look.color("accent")
        fill.setAlphaF(0.12)
        painter.setPen(QPen(map_.look.color("accent"), 1.5, Qt.PenStyle.DashLine))
        painter.setBrush(fill)
        painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in outline]))
    if map_.hasFocus():
        painter.setPen(QPen(map_.look.color("focus"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(map_.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)


def _paint_trails(painter: QPainter, map_: ScatterMap) -> None:
    """Older stretches are fainter; a dot at each moment but the last."""
    for trail in map_.trails:
        if len(trail.points) < 2 or not np.isfinite(trail.points).all():
            continue
        x, y, _ = map_.picture.camera.project(trail.points)
        corners = [QPointF(*corner) for corner in zip(x.tolist(), y.tolist(), strict=True)]
        if trail.quiet:
            painter.setPen(QPen(map_.look.color("line"), 1))
            painter.drawPolyline(QPolygonF(corners))
            continue
        color = QColor.fromRgb(int(map_.picture.colors[trail.index]))
        for place, (before, after) in enumerate(pairwise(corners)):
            color.setAlphaF(0.25 + 0.75 * (place + 1) / (len(corners) - 1))
            painter.setPen(QPen(color, 1.4))
            painter.drawLine(before, after)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            painter.drawEllipse(before, 2.0, 2.0)


def _paint_links(painter: QPainter, map_: ScatterMap) -> None:
    start = map_.picture.at(map_.locked)
    if start is None:
        return
    color = map_.look.color("accent")
    color.setAlphaF(0.55)
    for index in map_.linked:
        end = map_.picture.at(index)
        if end is not None:
            painter.setPen(QPen(color, 1))
            painter.drawLine(QPointF(*start), QPointF(*end))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(map_.look.color("accent"))
            painter.drawEllipse(QPointF(*end), 3.0, 3.0)


def _paint_labels(painter: QPainter, map_: ScatterMap) -> None:
    """Each on a veil of the ground; beside a token's neighbours all other names are quiet."""
    look = map_.look
    ground, strong, quiet = look.color("surface"), look.color("text"), look.color("text_quiet")
    ground.setAlphaF(0.66)
    important = {map_.locked, *map_.linked}
    alike = map_.picture.lit is not None or not map_.linked
    painter.setFont(look.font(11, mono=True))
    for label in map_.labels():
        painter.fillRect(QRectF(label.left - 2, label.top, label.width + 4, HEIGHT), ground)
        painter.setPen(strong if alike or label.index in important else quiet)
        painter.drawStaticText(QPointF(label.left, label.top - 0.5), map_.name(label.index))


def name_of(words: str, look: Look) -> QStaticText:
    """A name as it stands beside a point, laid out once."""
    text = QStaticText(words)
    text.setTextFormat(Qt.TextFormat.PlainText)
    text.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
    text.prepare(QTransform(), look.font(11, mono=True))
    return text


def _paint_axes(painter: QPainter, map_: ScatterMap) -> None:
    """In two dimensions their names at the edges; in three a small cross that turns along."""
    painter.setFont(map_.look.font(11))
    painter.setPen(map_.look.color("text_quiet"))
    wide, high = map_.width(), map_.height()
    if not map_.picture.camera.solid:
        if len(map_.axes) > 1:
            flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            painter.drawText(QRectF(wide - 308, high - 20, 300, 16), flags, f"{map_.axes[0]} →")
            painter.drawText(QPointF(8, 16), f"↑ {map_.axes[1]}")
        return
    middle = QPointF(44, high - 44)
    for name, axis in zip(map_.axes, np.eye(3), strict=False):
        right, up, _near = (map_.picture.camera.turned @ axis).tolist()
        end = middle + QPointF(_CROSS * right, -_CROSS * up)
        painter.drawLine(middle, end)
        wide_name = painter.fontMetrics().horizontalAdvance(name)
        painter.drawText(end + QPointF(3 if right >= 0 else -3 - wide_name, 4), name)


def _paint_ring(painter: QPainter, map_: ScatterMap, index: int, role: str) -> None:
    at = map_.picture.at(index)
    if at is not None:
        painter.setBrush(QColor.fromRgb(int(map_.picture.colors[index])))
        painter.setPen(QPen(map_.look.color(role), 2))
        painter.drawEllipse(QPointF(*at), 5.0, 5.0)


def _paint_pointed(painter: QPainter, map_: ScatterMap) -> None:
    at, look = map_.picture.at(map_.pointed), map_.look
    if at is None:
        return
    _paint_ring(painter, map_, map_.pointed, "text")
    font, words = look.font(13, mono=True), map_.words(map_.pointed)
    wide = QFontMetricsF(font).horizontalAdvance(words) + 2 * _PAD
    left = at[0] + 10 if at[0] + 10 + wide <= map_.width() else at[0] - 10 - wide
    box = QRectF(left, min(max(at[1] - _CARD / 2, 2.0), map_.height() - _CARD - 2), wide, _CARD)
    painter.setPen(QPen(look.color("edge"), 1))
    painter.setBrush(look.color("raised"))
    painter.drawRoundedRect(box, 4, 4)
    painter.setFont(font)
    painter.setPen(look.color("text"))
    painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), words)
