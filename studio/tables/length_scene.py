"""How many rows are how long, drawn: bars whose area is rows, an axis of powers of two, the line of the context."""

import itertools
import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from studio.core.language import tr
from studio.curves.axis import Scale
from studio.parts.wording import count, short_count
from studio.widgets.blend import blend
from studio.widgets.look import Look

LEFT, RIGHT, TOP, BOTTOM = 8, 8, 36, 28
_HEAD = 20  # height of the words above the line
_EDGE = 5  # what is free around everything, for the ring of the keyboard


class LengthScene:
    """`counts[i]` rows are at least `edges[i]` and less than `edges[i + 1]` long."""

    def __init__(self) -> None:
        self.edges: Sequence[int] = ()
        self.counts: Sequence[int] = ()
        self.unit = "tokens"
        self.shortest = self.longest = 1
        self.context = 128
        self.width, self.height = 480, 210
        self._low, self._high = 1.0, 2.0

    def fit(self) -> None:
        """Let the axis reach from a power of two to another, with room for every row and for the line."""
        least = min(self.shortest, self.context) if self.line else self.shortest
        most = max([*self.edges[-1:], 2, self.context * 1.15 if self.line else 2])
        self._low = 2.0 ** max(0, math.floor(math.log2(max(1, least))) - 1)
        self._high = 2.0 ** math.ceil(math.log2(most))

    @property
    def line(self) -> bool:
        """Whether there is a line: a context is in tokens."""
        return self.unit == "tokens"

    @property
    def scale(self) -> Scale:
        """Lengths over pixels; a whole length stands in the middle of its own half steps."""
        return Scale(self._low - 0.5, self._high, LEFT, max(LEFT + 1, self.width - RIGHT), logarithmic=True)

    @property
    def line_at(self) -> float:
        """The pixel of the line: between the context and the first length that is cut."""
        return self.scale.pixel(self.context + 0.5)

    def bar_rect(self, bar: int) -> QRectF:
        """Where a bar stands."""
        left, right = (self.scale.pixel(edge - 0.5) for edge in self.edges[bar : bar + 2])
        gap = 1.0 if right - left > 4 else 0.0
        bottom = self.height - BOTTOM
        high = (bottom - TOP) * self._density(bar) / max(map(self._density, range(len(self.counts))))
        high = max(high, 2.0) if self.counts[bar] else 0.0
        return QRectF(left, bottom - high, right - left - gap, high)

    def _density(self, bar: int) -> float:
        """Rows for the width of a bar, so that its area is what stands for its rows: short lengths make wide bars."""
        low, high = self.edges[bar], self.edges[bar + 1]
        return max(self.counts[bar], 1e-9) / math.log((high - 0.5) / (low - 0.5))

    def bar_at(self, point: QPointF) -> int:
        """The bar whose column is under a point, or -1."""
        if point.x() < 0 or not self.counts or not TOP <= point.y() <= self.height - BOTTOM:
            return -1
        columns = itertools.pairwise(self.scale.pixel(edge - 0.5) for edge in self.edges)
        return next((bar for bar, (left, right) in enumerate(columns) if left <= point.x() < right), -1)

    def bar_words(self, bar: int) -> str:
        """What a bar stands for: 64 to 75 tokens: 35 rows."""
        low, high = self.edges[bar], self.edges[bar + 1] - 1
        unit = tr("tokens") if self.unit == "tokens" else tr("characters")
        span = count(low) if low == high else tr("{low} to {high}", low=count(low), high=count(high))
        return tr("{span} {unit}: {rows} rows", span=span, unit=unit, rows=count(self.counts[bar]))

    def paint(self, painter: QPainter, look: Look, pointed: int, strong: bool) -> None:
        """Draw everything; the pointed bar and a `strong` line stand out."""
        self._paint_bars(painter, look, pointed)
        self._paint_axis(painter, look)
        if self.line:
            self._paint_line(painter, look, strong)

    def _paint_bars(self, painter: QPainter, look: Look, pointed: int) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        line = self.line_at if self.line else math.inf
        for bar in range(len(self.counts)):
            rect = self.bar_rect(bar)
            if rect.left() < line:
                kept = QRectF(rect)
                kept.setRight(min(rect.right(), line))
                painter.fillRect(kept, shade(look, "accent", bar == pointed))
            if rect.right() > line:
                rect.setLeft(max(rect.left(), line))
                painter.fillRect(rect, shade(look, "warning", bar == pointed))

    def _paint_axis(self, painter: QPainter, look: Look) -> None:
        metrics = QFontMetricsF(look.font(11))
        floor = QRectF(LEFT, self.height - BOTTOM, self.width - LEFT - RIGHT, 1)
        painter.fillRect(floor, look.color("line"))
        painter.setFont(look.font(11))
        painter.setPen(look.color("text_quiet"))
        bottom, free = self.height - BOTTOM, -math.inf
        for power in range(int(math.log2(self._low)), int(math.log2(self._high)) + 1):
            words = short_count(2**power) if power >= 14 else count(2**power)
            wide = metrics.horizontalAdvance(words)
            x = self.scale.pixel(2**power)
            left = min(x - wide / 2, self.width - wide - _EDGE)
            if left > max(free + 10, _EDGE):
                painter.drawText(QPointF(left, bottom + 18), words)
                free = left + wide

    def _paint_line(self, painter: QPainter, look: Look, strong: bool) -> None:
        x, bottom = self.line_at, self.height - BOTTOM
        metrics = QFontMetricsF(look.font(11, 600))
        words = tr("context {count}", count=count(self.context))
        wide = metrics.horizontalAdvance(words) + 16
        left = min(max(x - wide / 2, _EDGE), self.width - wide - _EDGE)
        painter.setPen(QPen(look.color("text"), 2 if strong else 1.5))
        painter.drawLine(QPointF(x, _EDGE + _HEAD), QPointF(x, bottom))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color("text"))
        painter.drawRoundedRect(QRectF(left, _EDGE, wide, _HEAD), 6, 6)
        painter.drawRoundedRect(QRectF(x - 3, (bottom + _HEAD) / 2 - 12, 6, 24), 3, 3)
        painter.setFont(look.font(11, 600))
        painter.setPen(look.color("surface"))
        painter.drawText(QRectF(left, _EDGE, wide, _HEAD), int(Qt.AlignmentFlag.AlignCenter), words)


def shade(look: Look, role: str, pointed: bool) -> QColor:
    """The colour of a bar, fuller under the pointer."""
    colour = look.color(role)
    return colour if pointed else blend(colour, look.color("surface"), 0.72)
