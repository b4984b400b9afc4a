"""How large the numbers of a tensor are: counts in bins that never change, negative ones mirrored at the left."""

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.views.bars import percent_text
from studio.widgets.hover_card import CardRow, HoverCard
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.insight.health import Histogram

LOWEST, HIGHEST = -12, 4  # powers of ten between which the bins lie, four to a decade
_DECADE = 4
_BELOW, _TOP = 20.0, 6.0


class SizeBars(QWidget):
    """Bars from the largest negative to the largest positive sizes; the middle one is what is (nearly) zero."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.counts: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self._first = 0  # decades left out at the small end
        self._hover = -1
        self._card = HoverCard(look, self)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Histogram of sizes"))
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(320, 130)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 90)

    def set_histogram(self, found: "Histogram | None") -> None:
        """Show these counts, empty decades at the small and the large end left out; None shows nothing."""
        self._hover = -1
        self._card.hide()
        if found is None or not found.count:
            self.counts = np.zeros(0, np.int64)
        else:
            used = np.flatnonzero(found.negative + found.positive)
            bins = len(found.positive)
            first = int(used[0]) // _DECADE * _DECADE if len(used) else bins - _DECADE
            last = min(bins, (int(used[-1]) // _DECADE + 1) * _DECADE) if len(used) else bins
            self._first = LOWEST + first // _DECADE
            small = found.small + found.negative[:first].sum() + found.positive[:first].sum()
            self.counts = np.concatenate((found.negative[first:last][::-1], [small], found.positive[first:last]))
            words = tr("{count} numbers; {nan} NaN, {infinite} infinite", count=f"{found.count:,}",
                       nan=f"{found.nan:,}", infinite=f"{found.infinite:,}")  # fmt: skip
            self.setAccessibleDescription(words)
        self.update()

    def edges(self, bar: int) -> tuple[float, float]:
        """Between which sizes the numbers of a bar lie, their sign kept."""
        half = len(self.counts) // 2
        if bar == half:
            return -(10.0**self._first), 10.0**self._first
        low = 10.0 ** (self._first + (abs(bar - half) - 1) / _DECADE)
        high = low * 10.0 ** (1 / _DECADE)
        return (low, high) if bar > half else (-high, -low)

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(8, _TOP, -8, -_BELOW)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not len(self.counts):
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area, most = self._area(), float(self.counts.max())
        wide, half = area.width() / len(self.counts), len(self.counts) // 2
        painter.setPen(Qt.PenStyle.NoPen)
        for bar, count in enumerate(self.counts.tolist()):
            if count:
                height = max(1.0, area.height() * count / most)
                role: int | str = "text_quiet" if bar == half else 1 if bar < half else 0
                painter.setBrush(self.look.color("accent" if bar == self._hover else role))
                painter.drawRect(QRectF(area.left() + bar * wide, area.bottom() - height, max(1.0, wide - 1), height))
        painter.setPen(QPen(self.look.color("line"), 1))
        painter.drawLine(QPointF(area.left(), area.bottom() + 0.5), QPointF(area.right(), area.bottom() + 0.5))
        self._paint_decades(painter, area, wide, half)
        painter.end()

    def _paint_decades(self, painter: QPainter, area: QRectF, wide: float, half: int) -> None:
        painter.setFont(self.look.font(11))
        painter.setPen(self.look.color("text_quiet"))
        every = max(1, math.ceil(52.0 / (wide * _DECADE)))
        places = [(half + 0.5, "0")]
        for decade in range(every, half // _DECADE + 1, every):
            words = power_text(self._first + decade)
            places += [(half + 1 + decade * _DECADE, words), (half - decade * _DECADE, f"−{words}")]
        for place, words in places:
            x = area.left() + place * wide
            room = QRectF(min(max(x - 30, 0.0), self.width() - 60.0), area.bottom() + 4, 60, 16)
            side = Qt.AlignmentFlag.AlignHCenter
            if x < 30:
                side = Qt.AlignmentFlag.AlignLeft
            elif x > self.width() - 30:
                side = Qt.AlignmentFlag.AlignRight
            painter.drawText(room, int(side | Qt.AlignmentFlag.AlignTop), words)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        area = self._area()
        bar = int((event.position().x() - area.left()) / area.width() * len(self.counts)) if len(self.counts) else -1
        self._point(bar if 0 <= bar < len(self.counts) else -1, event.position().toPoint())

    def leaveEvent(self, event: QEvent) -> None:
        self._point(-1, QPoint())

    def _point(self, bar: int, at: QPoint) -> None:
        self._hover = bar
        if bar < 0:
            self._card.hide()
        else:
            low, high = self.edges(bar)
            count = int(self.counts[bar])
            title = tr("{low} to {high}", low=f"{low:.2g}", high=f"{high:.2g}")
            rows = [
                CardRow(tr("{count} numbers", count=f"{count:,}"), percent_text(count / max(1, int(self.counts.sum()))))
            ]
            self._card.show_rows(title, rows, at, self.rect())
        self.update()


def power_text(power: int) -> str:
    """A power of ten under an axis: 0.01, 1, 100, 1e-5."""
    return f"{10.0**power:g}" if -3 <= power <= 4 else f"1e{power}"
