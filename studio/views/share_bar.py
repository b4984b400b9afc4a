"""Parts of a whole side by side, with a legend that says each one's amount and share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.widgets.look import Look

_BAR, _ROW, _GAP = 12, 24, 12


@dataclass(frozen=True)
class Share:
    """One part: its name, its amount, an optional series index (its place in the list until given), a hint."""

    name: str
    amount: float
    series: int | None = None
    hint: str = ""


class ShareBar(QWidget):
    """`text` writes an amount ("38.6 M"); parts of 0 keep their legend row and no width."""

    def __init__(
        self, look: Look, text: Callable[[float], str] = "{:,.0f}".format, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.look, self._text = look, text
        self._shares: tuple[Share, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.update)

    def set_shares(self, shares: Sequence[Share]) -> None:
        """Show these parts from left to right."""
        self._shares = tuple(shares)
        total = self._total()
        said = ", ".join(f"{s.name} {self._text(s.amount)} ({percent(s.amount, total)})" for s in self._shares)
        self.setAccessibleDescription(said)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """The bar and one legend row for each part."""
        return QSize(240, _BAR + (_GAP + _ROW * len(self._shares) if self._shares else 0))

    def minimumSizeHint(self) -> QSize:
        """Narrower than this the legend would be cut."""
        return QSize(200, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A rounded bar in series colours, one pixel of ground between parts, then the legend."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(0, 0, self.width(), _BAR)
        shape = QPainterPath()
        shape.addRoundedRect(bar, 4, 4)
        painter.setClipPath(shape)
        painter.fillRect(bar, self.look.color("raised"))
        for index, (left, right) in enumerate(self._spans()):
            if right > left:
                painter.fillRect(QRectF(left, 0, max(1.0, right - left - 1), _BAR), self._color(index))
        painter.setClipping(False)
        for index in range(len(self._shares)):
            self._paint_legend(painter, index)
        painter.end()

    def _paint_legend(self, painter: QPainter, index: int) -> None:
        share, top = self._shares[index], _BAR + _GAP + index * _ROW
        middle = top + _ROW / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._color(index))
        painter.drawRoundedRect(QRectF(0, middle - 4, 8, 8), 2, 2)
        painter.setFont(self.look.font(13))
        right = self.width()
        left, center = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignVCenter
        painter.setPen(self.look.color("text_quiet"))
        painter.drawText(QRectF(16, top, right - 160, _ROW), left | center, share.name)
        painter.drawText(
            QRectF(right - 56, top, 56, _ROW),
            Qt.AlignmentFlag.AlignRight | center,
            percent(share.amount, self._total()),
        )
        painter.setPen(self.look.color("text"))
        painter.drawText(
            QRectF(right - 200, top, 140, _ROW), Qt.AlignmentFlag.AlignRight | center, self._text(share.amount)
        )

    def event(self, event: QEvent) -> bool:
        """The hint of the part under the mouse, in the bar or in the legend."""
        if isinstance(event, QHelpEvent):
            index = self.part_at(event.pos())
            share = self._shares[index] if index is not None else None
            words = f"{share.name}: {self._text(share.amount)}\n{share.hint}".strip() if share else ""
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

    def part_at(self, at: QPoint) -> int | None:
        """Index of the part at a point, or None."""
        if at.y() <= _BAR:
            return next((i for i, (left, right) in enumerate(self._spans()) if left <= at.x() < right), None)
        index = (at.y() - _BAR - _GAP) // _ROW
        return index if 0 <= index < len(self._shares) else None

    def _spans(self) -> list[tuple[float, float]]:
        total, left = self._total(), 0.0
        spans = []
        for share in self._shares:
            width = share.amount / total * self.width() if total else 0.0
            spans.append((left, left + width))
            left += width
        return spans

    def _total(self) -> float:
        return sum(share.amount for share in self._shares)

    def _color(self, index: int) -> QColor:
        series = self._shares[index].series
        return self.look.color(index if series is None else series)


def percent(amount: float, total: float) -> str:
    """A share in words: whole percents, one decimal below ten, "< 0.1 %" for what is there but tiny."""
    share = 100 * amount / total if total else 0.0
    if 0 < share < 0.1:
        return "< 0.1 %"
    return f"{share:.0f} %" if share >= 10 or share == 0 else f"{share:.1f} %"
