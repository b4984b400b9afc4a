"""One query against one key, dimension by dimension: the two vectors and their products as bars under one another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.maps.labels import step_for
from studio.widgets.look import Look

_LEFT, _RIGHT, _BOTTOM, _HEAD = 8.0, 56.0, 18.0, 20.0
_WIDEST, _LEAST = 96.0, 2.0  # pixels of a bar with the gap beside it


@dataclass(frozen=True)
class BarRow:
    """A vector: its words, its numbers, and the same before or after turning as a mark beside each bar."""

    title: str
    values: npt.NDArray[np.float64]
    ghost: npt.NDArray[np.float64]
    color: int
    below: int = -1  # the series of bars below zero; the same where left out


class DimensionBars(QWidget):
    """Rows of bars over the same dimensions in the same order; `pointed` tells the dimension, −1 on leaving."""

    pointed = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.rows: tuple[BarRow, ...] = ()
        self.order: tuple[int, ...] = ()
        self.dimension = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Query and key by dimension"))
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(520, 300)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 180)

    def show_rows(self, rows: Sequence[BarRow], order: Sequence[int]) -> None:
        """Other numbers; the dimensions stand in this order from the left."""
        self.rows, self.order = tuple(rows), tuple(order)
        if self.dimension not in self.order:
            self.dimension = -1
        self._describe()
        self.update()

    def point(self, dimension: int) -> None:
        """Bring one dimension forward; −1 none."""
        if dimension != self.dimension:
            self.dimension = dimension
            self._describe()
            self.update()
            self.pointed.emit(dimension)

    def _describe(self) -> None:
        at = self.dimension
        words = "; ".join(f"{row.title}: {row.values[at]:.4f}" for row in self.rows) if at >= 0 else ""
        self.setAccessibleDescription(tr("Dimension {number}. {words}", number=at, words=words) if words else "")

    # --- places ---------------------------------------------------------------------------------------------------

    @property
    def slot(self) -> float:
        """Pixels of a bar with the gap beside it."""
        room = self.width() - _LEFT - _RIGHT
        return min(_WIDEST, max(_LEAST, room / max(1, len(self.order))))

    def dimension_at(self, x: float) -> int:
        """The dimension over a pixel, −1 beside all."""
        place = int((x - _LEFT) // self.slot) if x >= _LEFT else -1
        return self.order[place] if 0 <= place < len(self.order) else -1

    def _band(self, number: int) -> QRectF:
        """Where one row's bars are."""
        high = (self.height() - _BOTTOM) / max(1, len(self.rows))
        return QRectF(_LEFT, number * high + _HEAD, self.slot * len(self.order), high - _HEAD - 6)

    # --- painting -------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.dimension >= 0:
            left = _LEFT + self.order.index(self.dimension) * self.slot
            painter.fillRect(QRectF(left, 0, self.slot, self.height() - _BOTTOM), self._look.color("raised"))
        for number, row in enumerate(self.rows):
            self._paint_row(painter, row, self._band(number))
        self._paint_numbers(painter)
        if self.hasFocus():
            painter.setPen(QPen(self._look.color("focus"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()

    def _paint_row(self, painter: QPainter, row: BarRow, band: QRectF) -> None:
        color = self._look.color
        both = np.concatenate((row.values, row.ghost))
        most = float(np.abs(both[np.isfinite(both)]).max(initial=0.0)) or 1.0
        zero, unit = band.center().y(), band.height() / 2 / most
        painter.setFont(self._look.font(11, 600))
        painter.setPen(color("text"))
        painter.drawText(QPointF(_LEFT, band.top() - 6), row.title)
        painter.setFont(self._look.font(11))
        painter.setPen(color("text_quiet"))
        beside = QRectF(band.right() + 6, band.top() - 7, _RIGHT, 14)
        for at, words in ((band.top(), f"{most:.3g}"), (zero, "0"), (band.bottom(), f"−{most:.3g}")):
            beside.moveTop(at - 7)
            painter.drawText(beside, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), words)
        painter.setPen(QPen(color("line"), 1))
        painter.drawLine(QPointF(band.left(), round(zero) + 0.5), QPointF(band.right(), round(zero) + 0.5))
        gap = 0.0 if self.slot < 4 else min(4.0, 0.2 * self.slot)
        for place, dimension in enumerate(self.order):
            value, ghost = float(row.values[dimension]), float(row.ghost[dimension])
            left = band.left() + place * self.slot + gap / 2
            if np.isfinite(value):
                shade = color(row.below if value < 0 and row.below >= 0 else row.color)
                top, bottom = sorted((zero, zero - value * unit))
                painter.fillRect(QRectF(left, top, self.slot - gap, bottom - top), shade)
            if np.isfinite(ghost) and ghost != value:
                painter.setPen(QPen(color("text"), 1.5))
                y = zero - ghost * unit
                painter.drawLine(QPointF(left, y), QPointF(left + self.slot - gap, y))

    def _paint_numbers(self, painter: QPainter) -> None:
        painter.setFont(self._look.font(11, mono=True))
        step = step_for(self.slot, 24.0)
        for place in range(0, len(self.order), step):
            dimension = self.order[place]
            painter.setPen(self._look.color("text" if dimension == self.dimension else "text_quiet"))
            middle = _LEFT + (place + 0.5) * self.slot
            room = QRectF(middle - 20, self.height() - _BOTTOM + 2, 40, 14)
            painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), str(dimension))

    # --- pointer and keyboard -------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.point(self.dimension_at(event.position().x()))

    def leaveEvent(self, event: QEvent) -> None:
        self.point(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and Right walk from bar to bar."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if event.key() in steps and self.order:
            place = self.order.index(self.dimension) if self.dimension >= 0 else -1
            self.point(self.order[min(max(place + steps[Qt.Key(event.key())], 0), len(self.order) - 1)])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: object) -> None:
        self.update()

    def focusOutEvent(self, event: object) -> None:
        self.update()
