"""What a chart of lines shows, where it stands in a picture of a certain size, and how it is painted."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from studio.curves.axis import Scale, tick_text, ticks
from studio.curves.frame import finite_runs, pixels, polygon
from studio.curves.view import fitted
from studio.widgets.look import Look

Floats = npt.NDArray[np.float64]

_FAINT = 0.30  # of a line that stands behind the others
_BELOW, _CAPTION, _TOP, _RIGHT = 22.0, 16.0, 10.0, 14.0
_NAMED, _LINE = 20, 14.0  # lines that may carry their names, and pixels from one name to the next


@dataclass(frozen=True)
class Line:
    """A named line; `color` is a series or a role, `quiet` ones are faint unless they are chosen."""

    name: str
    x: Floats
    y: Floats
    color: int | str = 0
    quiet: bool = False


@dataclass(frozen=True)
class Level:
    """A line across at one value, such as what chance would score."""

    value: float
    words: str


@dataclass
class LineScene:
    """Everything but the pointer. `limits` keeps the vertical axis where it is instead of fitting it."""

    look: Look
    across: str
    lines: tuple[Line, ...] = ()
    level: Level | None = None
    chosen: int = -1
    limits: tuple[float, float] | None = None
    logarithmic: bool = False
    size: tuple[float, float] = field(default=(1.0, 1.0))

    @property
    def blank(self) -> bool:
        """Whether no line has a number to draw."""
        return not any(np.isfinite(line.y).any() for line in self.lines)

    def scales(self) -> tuple[Scale, Scale]:
        """Both axes at the present size."""
        low, high = self._bounds()
        found, metrics = self._ups(low, high), QFontMetricsF(self.look.font(11))
        left = max([28.0, *(metrics.horizontalAdvance(tick_text(value, found)) + 12 for value in found)])
        words = [self.lines[at].name for at in self._named()] + ([self.level.words] if self.level is not None else [])
        names = max((metrics.horizontalAdvance(name) + 6 for name in words), default=0.0)
        ends = [edge for line in self.lines if len(line.x) for edge in (float(line.x[0]), float(line.x[-1]))]
        first, last = (min(ends), max(ends)) if ends else (0.0, 1.0)
        bottom = max(_TOP + 20.0, self.size[1] - _BELOW - _CAPTION)
        right = max(left + 20.0, self.size[0] - names - _RIGHT)
        return (
            Scale(first, last if last > first else first + 1.0, left, right),
            Scale(low, high, bottom, _TOP, self.logarithmic),
        )

    def _bounds(self) -> tuple[float, float]:
        if self.limits is not None:
            return self.limits
        every = [line.y[np.isfinite(line.y) & ((line.y > 0) | (not self.logarithmic))] for line in self.lines]
        ends = [float(end) for values in every if len(values) for end in (values.min(), values.max())]
        if self.level is not None:
            ends.append(self.level.value)
        return fitted(min(ends, default=math.inf), max(ends, default=-math.inf), self.logarithmic)

    def _ups(self, low: float, high: float) -> list[float]:
        return ticks(low, high, max(3, round(self.size[1] / 70)), self.logarithmic)

    def _named(self) -> list[int]:
        """The lines whose names stand at their ends: those that are not quiet, and the chosen one; few of them only."""
        found = [at for at, line in enumerate(self.lines) if len(line.x) and (not line.quiet or at == self.chosen)]
        return found if len(self.lines) > 1 and len(found) <= _NAMED else []

    # --- painting ---------------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter) -> None:
        """Axes, lines from the faint to the chosen one, the level, and the names."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x, y = self.scales()
        self._paint_axes(painter, x, y)
        painter.save()
        painter.setClipRect(QRectF(x.start - 2, y.end - 4, x.end - x.start + 4, y.start - y.end + 8))
        for at in sorted(range(len(self.lines)), key=lambda at: (at == self.chosen, not self.lines[at].quiet)):
            self._paint_line(painter, x, y, at)
        painter.restore()
        if self.level is not None:
            self._paint_level(painter, x, y, self.level)
        self._paint_names(painter, x, y)

    def _paint_axes(self, painter: QPainter, x: Scale, y: Scale) -> None:
        painter.setFont(self.look.font(11))
        line, ink = QPen(self.look.color("line"), 1), self.look.color("text_quiet")
        found = self._ups(y.low, y.high)
        side = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for value in found:
            at = round(y.pixel(value)) + 0.5
            painter.setPen(line)
            painter.drawLine(QPointF(x.start, at), QPointF(x.end, at))
            painter.setPen(ink)
            painter.drawText(QRectF(0, at - 8, x.start - 6, 16), side, tick_text(value, found))
        below = ticks(x.low, x.high, max(2, round((x.end - x.start) / 96)))
        middle = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        for value in below:
            painter.drawText(QRectF(x.pixel(value) - 60, y.start + 5, 120, 16), middle, tick_text(value, below))
        painter.drawText(QRectF(x.start, y.start + _BELOW - 2, x.end - x.start, 16), middle, self.across)

    def _paint_level(self, painter: QPainter, x: Scale, y: Scale, level: Level) -> None:
        at = y.pixel(level.value)
        painter.setPen(QPen(self.look.color("text_quiet"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x.start, at), QPointF(x.end, at))

    def _paint_names(self, painter: QPainter, x: Scale, y: Scale) -> None:
        """Each name beside the end of its line, moved apart where lines end close to one another."""
        ends: list[tuple[float, str, int | str]] = []
        for line in (self.lines[at] for at in self._named()):
            known = line.y[np.isfinite(line.y)]
            if len(known):
                ends.append((y.pixel(float(known[-1])), line.name, line.color))
        if self.level is not None:
            ends.append((y.pixel(self.level.value), self.level.words, "text_quiet"))
        ends.sort(key=lambda end: end[0])
        places = [min(max(end[0], y.end), y.start) for end in ends]
        painter.setFont(self.look.font(11))
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for middle, (_, words, color) in zip(spread(places, _LINE, y.start), ends, strict=True):
            painter.setPen(self.look.color(color))
            room = QRectF(x.end + 6, middle - 8, self.size[0] - x.end - 6, 16)
            painter.drawText(room, flags, words)

    def _paint_line(self, painter: QPainter, x: Scale, y: Scale, number: int) -> None:
        line = self.lines[number]
        color, strong = QColor(self.look.color(line.color)), number == self.chosen
        if line.quiet and not strong:
            color.setAlphaF(_FAINT)
        painter.setPen(QPen(color, 2.0 if strong else 1.4))
        across, up = pixels(x, line.x), pixels(y, line.y)
        for first, last in finite_runs(np.isfinite(line.y)):
            if last - first > 1:
                painter.drawPolyline(polygon(across[first:last], up[first:last]))
            else:
                painter.setBrush(color)
                painter.drawEllipse(QPointF(across[first], up[first]), 1.6, 1.6)
                painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self.look.color("danger"), 1.6))
        for place in across[~np.isfinite(line.y)]:  # what is no number stands as a stroke on the axis
            painter.drawLine(QPointF(place, y.start - 5), QPointF(place, y.start))


def spread(places: Sequence[float], least: float, lowest: float) -> list[float]:
    """Ascending places moved as little as need be so that each is `least` below the one before, none under `lowest`."""
    found: list[float] = []
    for place in places:
        found.append(max(place, found[-1] + least) if found else place)
    for at in range(len(found) - 1, -1, -1):
        limit = lowest if at == len(found) - 1 else found[at + 1] - least
        found[at] = min(found[at], limit)
    return found
