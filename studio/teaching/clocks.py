"""Pairs of numbers as hands of clocks: where a query and a key point, before and after turning by their places."""

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.exercises.rotation import Turning

QUERY, KEY = 0, 1  # series
_WORDS, _LEGEND = 34.0, 14.0


class Clocks(QWidget):
    """One clock for each pair; faint hands are before the turn."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.found: Turning | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Turning pairs"))
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(640, 220)

    def minimumSizeHint(self) -> QSize:
        return QSize(320, 116)

    def show_turning(self, found: "Turning") -> None:
        """Other numbers."""
        self.found = found
        said = (tr("pair {number}: {radians} radians a token", number=at + 1, radians=f"{float(step):.4g}")
                for at, step in enumerate(found.radians))  # fmt: skip
        self.setAccessibleDescription(", ".join(said))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """As many clocks as pairs, the fastest first."""
        found = self.found
        if found is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._legend(painter)
        pairs = len(found.radians)
        slot = self.width() / pairs
        radius = max(20.0, min(slot / 2 - 10, (self.height() - _WORDS - _LEGEND) / 2 - 4))
        longest = max(1e-9, *(math.hypot(*hand) for side in (found.query[0], found.key[0]) for hand in side))
        for at in range(pairs):
            middle = QPointF((at + 0.5) * slot, _LEGEND + radius + 4)
            painter.setPen(QPen(self.look.color("line"), 1))
            painter.setBrush(self.look.color("raised"))
            painter.drawEllipse(middle, radius, radius)
            for (before, after), series in ((found.query, QUERY), (found.key, KEY)):
                self._hand(painter, middle, before[at] / longest * radius, series, faint=True)
                self._hand(painter, middle, after[at] / longest * radius, series, faint=False)
            self._words(painter, QRectF(at * slot, _LEGEND + 2 * radius + 10, slot, _WORDS), at)
        painter.end()

    def _legend(self, painter: QPainter) -> None:
        painter.setFont(self.look.font(11))
        left = 0.0
        for words, series in ((tr("query"), QUERY), (tr("key"), KEY), (tr("dotted: before the turn"), -1)):
            if series >= 0:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self.look.color(series))
                painter.drawEllipse(QPointF(left + 4, 7), 4, 4)
                left += 12
            painter.setPen(self.look.color("text_quiet"))
            painter.drawText(QPointF(left, 11), words)
            left += painter.fontMetrics().horizontalAdvance(words) + 14

    def _hand(self, painter: QPainter, middle: QPointF, hand: "object", series: int, faint: bool) -> None:
        x, y = (float(part) for part in hand)  # type: ignore[attr-defined]
        color = self.look.color(series)
        color.setAlphaF(0.35 if faint else 1.0)
        painter.setPen(QPen(color, 1.5 if faint else 2.5, Qt.PenStyle.DotLine if faint else Qt.PenStyle.SolidLine))
        end = QPointF(middle.x() + x, middle.y() - y)
        painter.drawLine(middle, end)
        if not faint:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            painter.drawEllipse(end, 4, 4)

    def _words(self, painter: QPainter, room: QRectF, at: int) -> None:
        assert self.found is not None
        step = float(self.found.radians[at])
        painter.setFont(self.look.font(11))
        painter.setPen(self.look.color("text"))
        top = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        painter.drawText(room, top, tr("{radians} rad a token", radians=f"{step:.4g}"))
        painter.setPen(self.look.color("text_quiet"))
        turn = 2 * math.pi / step
        words = tr("round in {tokens} tokens", tokens=f"{turn:,.1f}" if turn < 100 else f"{turn:,.0f}")
        painter.drawText(room.adjusted(0, 15, 0, 0), top, words)
