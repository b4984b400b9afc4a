"""How long the rows are, as bars, and where the model stops reading."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.rows.lengths import LengthTable
from studio.widgets.look import Look

_LEFT, _RIGHT, _TOP, _BOTTOM = 4.0, 4.0, 18.0, 20.0


class LengthBars(QWidget):
    """Lengths by their logarithm; what lies beyond the line is not read."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self._edges, self._counts = np.asarray([1, 2]), np.asarray([0])
        self._limit, self._words = 0, ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Lengths of the rows"))
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(400, 150)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 120)

    def set_table(self, table: LengthTable, limit: int) -> None:
        """Show these lengths; the line is drawn where they are tokens."""
        edges, counts = table.histogram()
        filled = np.nonzero(counts)[0]
        first = int(filled[0]) if len(filled) else 0
        self._edges, self._counts = edges[first:], counts[first:]
        self._limit = limit if table.unit == "tokens" else 0
        self._words = tr("median {median} · 95 % up to {most} · longest {longest} {unit}",
                         median=f"{table.quantile(0.5):,}", most=f"{table.quantile(0.95):,}",
                         longest=f"{table.longest:,}", unit=tr(table.unit))  # fmt: skip
        if self._limit:
            self._words += " · " + tr("read up to {limit}", limit=f"{limit:,}")
        self.setAccessibleDescription(self._words)
        self.update()

    def _x(self, length: float) -> float:
        low = max(1.0, float(self._edges[0]))
        high = max(low * 2, float(self._edges[-1]), float(self._limit) * 1.1)
        room = self.width() - _LEFT - _RIGHT
        return _LEFT + room * float(np.log(max(length, low) / low) / np.log(high / low))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        bottom = self.height() - _BOTTOM
        painter.setFont(self.look.font(11))
        painter.setPen(self.look.color("text_quiet"))
        painter.drawText(QRectF(0, 0, self.width(), 16), int(Qt.AlignmentFlag.AlignVCenter), self._words)
        most = max(1, int(self._counts.max())) if len(self._counts) else 1
        for low, high, count in zip(self._edges[:-1], self._edges[1:], self._counts, strict=True):
            left, right = self._x(float(low)), self._x(float(high))
            height = (bottom - _TOP - 6) * int(count) / most
            beyond = self._limit and low > self._limit
            painter.fillRect(QRectF(left, bottom - height, max(1.0, right - left - 1), height),
                             self.look.color("warning" if beyond else "accent"))  # fmt: skip
        painter.setPen(QPen(self.look.color("line"), 1))
        painter.drawLine(QPointF(_LEFT, bottom + 0.5), QPointF(self.width() - _RIGHT, bottom + 0.5))
        painter.setPen(self.look.color("text_quiet"))
        mark = 1
        while mark <= self._edges[-1]:
            if mark >= self._edges[0]:
                left = min(self._x(mark) - 30, self.width() - 60.0)
                painter.drawText(QRectF(left, bottom + 3, 60, 14),
                                 int(Qt.AlignmentFlag.AlignHCenter), f"{mark:,}")  # fmt: skip
            mark *= 2 if self._edges[-1] < 16 * self._edges[0] else 4
        if self._limit:
            at = round(self._x(self._limit)) + 0.5
            painter.setPen(QPen(self.look.color("text"), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(at, _TOP), QPointF(at, bottom))
