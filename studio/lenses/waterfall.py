"""A sum as steps: every bar begins where the one above it ended, and the last is what they come to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.maps.colours import LESS, MORE, signed_text
from studio.widgets.look import Look
from studio.widgets.pointed_rows import PointedRows

_ROW, _NAME, _NUMBER = 21, 112, 64


@dataclass(frozen=True)
class Summand:
    """One step; `key` is given back when it is chosen. The `total` begins at 0."""

    name: str
    value: float
    key: Any = None
    total: bool = False


class Waterfall(PointedRows):
    """Rows from top to bottom. `chosen` and `pointed` carry the row, -1 when the pointer left."""

    chosen = Signal(int)
    pointed = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.summands: tuple[Summand, ...] = ()
        self._chosen = -1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("What the logit is the sum of"))

    def sizeHint(self) -> QSize:
        return QSize(420, _ROW * max(1, len(self.summands)) + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(250, self.sizeHint().height())

    def set_summands(self, summands: Sequence[Summand]) -> None:
        """Show these; the last one is their sum."""
        before = len(self.summands)
        self.summands = tuple(summands)
        self.pointed_at, self._chosen = -1, min(self._chosen, len(summands) - 1)
        self.setAccessibleDescription("; ".join(f"{one.name} {signed_text(one.value)}" for one in summands))
        if before != len(summands):
            self.updateGeometry()
        self.update()

    def choose(self, row: int) -> None:
        """Mark a row silently; -1 marks none."""
        self._chosen = row
        self.update()

    def spans(self) -> list[tuple[float, float]]:
        """Where each bar begins and ends, in the sum's own numbers."""
        found, so_far = [], 0.0
        for one in self.summands:
            start = 0.0 if one.total else so_far
            so_far = start + one.value
            found.append((start, so_far))
        return found

    def place_at(self, point: QPointF) -> int:
        """The row under a point, or -1."""
        row = int(point.y() // _ROW)
        return row if 0 <= row < len(self.summands) and point.y() >= 0 else -1

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        spans = [(start, end) for start, end in self.spans() if start == start and end == end]
        if not spans:
            return
        low, high = min(0.0, *(min(span) for span in spans)), max(0.0, *(max(span) for span in spans))
        room = QRectF(_NAME, 0, max(20.0, self.width() - _NAME - _NUMBER), self.height())
        scale = room.width() / ((high - low) or 1.0)
        zero = room.left() - low * scale
        painter.setPen(QPen(self.look.color("line"), 1))
        painter.drawLine(QPointF(zero, 0), QPointF(zero, self.height()))
        for row, (one, (start, end)) in enumerate(zip(self.summands, self.spans(), strict=True)):
            self._paint_row(painter, row, one, (zero + start * scale, zero + end * scale))
        self.paint_focus(painter)

    def _paint_row(self, painter: QPainter, row: int, one: Summand, ends: tuple[float, float]) -> None:
        top = row * _ROW
        if row in (self.pointed_at, self._chosen):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.look.color("selection" if row == self._chosen else "hover"))
            painter.drawRoundedRect(QRectF(0, top, self.width(), _ROW - 1), 4, 4)
        painter.setFont(self.look.font(11, 600 if one.total else 400))
        painter.setPen(self.look.color("text" if one.total or row in (self.pointed_at, self._chosen) else "text_quiet"))
        flags = int(Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(QRectF(6, top, _NAME - 10, _ROW - 1), flags, one.name)
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.setPen(self.look.color("text"))
        painter.drawText(QRectF(self.width() - _NUMBER, top, _NUMBER - 6, _ROW - 1), right, signed_text(one.value))
        left, wide = min(ends), max(1.5, abs(ends[1] - ends[0]))
        if left != left or wide != wide:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.look.color("accent" if one.total else MORE if one.value >= 0 else LESS))
        painter.drawRoundedRect(QRectF(left, top + 5, wide, _ROW - 11), 2, 2)
        if not one.total and row + 1 < len(self.summands):
            painter.setPen(QPen(self.look.color("edge"), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(ends[1], top + _ROW - 6), QPointF(ends[1], top + _ROW + 5))

    def count(self) -> int:
        return len(self.summands)

    def _walk_from(self) -> int:
        return self._chosen

    def _walk(self, place: int) -> None:
        """An arrow chooses at once."""
        self._take(place)

    def _preview(self, place: int) -> None:
        self.pointed.emit(place)

    def _take(self, place: int) -> None:
        self.chosen.emit(place)
