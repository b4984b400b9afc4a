"""What the colours of a map mean: a bar with its values, and in words what it measures."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.maps.cells import image_of
from studio.maps.colours import Colouring, number_text, ramp
from studio.widgets.look import Look

_BAR = 12.0  # pixels across
_TICK = 34.0  # pixels that a value's text needs along the bar
_SPACE = 6.0
_LINE = 14.0
_SCALES = {"linear": "", "sqrt": "√", "log": "log"}
_TICKS = {  # parts of the highest value that are written beside it, as many as there is room for
    "linear": ((0.0, 1.0), (0.0, 0.5, 1.0), (0.0, 0.25, 0.5, 0.75, 1.0)),
    "sqrt": ((0.0, 1.0), (0.0, 0.25, 1.0), (0.0, 0.05, 0.25, 0.5, 1.0)),
    "log": ((1e-4, 1.0), (1e-4, 1e-2, 1.0), (1e-4, 1e-3, 1e-2, 1e-1, 1.0)),
}


class ColourBar(QWidget):
    """Upright beside a map, or lying under it; `mark` points at a value. Clipped ends carry an arrowhead."""

    def __init__(self, look: Look, parent: QWidget | None = None, *, upright: bool = True) -> None:
        super().__init__(parent)
        self.look, self.upright = look, upright
        self.colouring = Colouring()
        self.label = ""
        self._marked: float | None = None
        self._cut = (False, False)
        fixed, free = QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding
        self.setSizePolicy(*((fixed, free) if upright else (free, fixed)))
        self.setAccessibleName(tr("Colours"))
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(64, 240) if self.upright else QSize(240, 46 if self.label else 30)

    def minimumSizeHint(self) -> QSize:
        return QSize(64, 80) if self.upright else QSize(120, 46 if self.label else 30)

    def set_range(
        self,
        low: float,
        high: float,
        ramp: str = "viridis",
        scale: str = "linear",
        label: str = "",
        cut: tuple[bool, bool] = (False, False),
    ) -> None:
        """Explain these colours; `cut` says at which ends some values lie beyond."""
        self.set_colouring(Colouring(low, high, ramp, scale), label, cut)

    def set_colouring(self, colouring: Colouring, label: str = "", cut: tuple[bool, bool] = (False, False)) -> None:
        """The same, for a colouring that is at hand."""
        self.colouring, self.label, self._cut = colouring, label, cut
        low, high = colouring.limits
        self.setAccessibleDescription(f"{label}: {number_text(low)} – {number_text(high)} {_SCALES[colouring.scale]}")
        self.updateGeometry()
        self.update()

    def mark(self, value: float | None) -> None:
        """Point at a value; None takes the pointer away."""
        if value != self._marked:
            self._marked = value
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self.look.font(11))
        bar = self._bar()
        ratio = self.devicePixelRatioF()
        length = max(2, round((bar.height() if self.upright else bar.width()) * ratio))
        shares = np.linspace(0.0, 255.0, length).round().astype(np.intp)
        line = ramp(self.colouring.ramp, self.look.theme.dark)[shares]
        picture = image_of(line[::-1, None] if self.upright else line[None, :])
        painter.drawImage(bar, picture)
        painter.setPen(QPen(self.look.color("line"), 1))
        painter.drawRect(bar.adjusted(-0.5, -0.5, 0.5, 0.5))
        self._paint_values(painter, bar)
        self._paint_label(painter, bar)
        if self._marked is not None and np.isfinite(self._marked):
            self._paint_mark(painter, bar, float(self.colouring.share(self._marked)))
        painter.end()

    def _bar(self) -> QRectF:
        if self.upright:
            top = _LINE * 2 if self.label else 8.0
            return QRectF(8, top, _BAR, max(16.0, self.height() - top - 8.0))
        return QRectF(8, _LINE + 2 if self.label else 1.0, max(16.0, self.width() - 16.0), _BAR)

    def _at(self, bar: QRectF, share: float) -> QPointF:
        """The place of a share on the side of the bar where its values stand."""
        if self.upright:
            return QPointF(bar.right(), bar.bottom() - share * bar.height())
        return QPointF(bar.left() + share * bar.width(), bar.bottom())

    def _values(self, bar: QRectF) -> list[float]:
        """Values that are written beside the bar, the lowest first."""
        low, high = self.colouring.limits
        length = (bar.height() if self.upright else bar.width()) / (2.0 if self.colouring.signed else 1.0)
        room = _TICK if self.upright else 2 * _TICK
        parts = [part for part in _TICKS[self.colouring.scale] if len(part) == 2 or length / (len(part) - 1) >= room][
            -1
        ]
        if not self.colouring.signed:
            return [low + part * (high - low) for part in parts]
        above = [part * high for part in parts if part > 0]
        return [*(-value for value in reversed(above)), 0.0, *above]

    def _paint_values(self, painter: QPainter, bar: QRectF) -> None:
        values = self._values(bar)
        painter.setPen(self.look.color("text_quiet"))
        for place, value in enumerate(values):
            at, text = self._at(bar, float(self.colouring.share(value))), tick_text(value)
            ends = place == 0 and self._cut[0], place == len(values) - 1 and self._cut[1]
            text = f"≤ {text}" if ends[0] else f"≥ {text}" if ends[1] else text
            if self.upright:
                room = QRectF(at.x() + _SPACE, at.y() - _LINE / 2, self.width() - at.x() - _SPACE, _LINE)
                painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text)
            else:
                width = QFontMetricsF(painter.font()).horizontalAdvance(text) + 2
                left = min(max(0.0, at.x() - width / 2), self.width() - width)
                painter.drawText(QRectF(left, at.y() + 2, width, _LINE), int(Qt.AlignmentFlag.AlignCenter), text)

    def _paint_label(self, painter: QPainter, bar: QRectF) -> None:
        if self.label:
            words = f"{self.label} {_SCALES[self.colouring.scale]}".strip()
            room = QRectF(0 if self.upright else bar.left(), 0, self.width(), _LINE)
            painter.setPen(self.look.color("text_quiet"))
            words = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(room.width()))
            painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), words)

    def _paint_mark(self, painter: QPainter, bar: QRectF, share: float) -> None:
        at = self._at(bar, share)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.look.color("surface"), 1))
        painter.setBrush(self.look.color("text"))
        if self.upright:
            at.setX(bar.left())
            painter.drawPolygon(QPolygonF([at + QPointF(1, 0), at + QPointF(-7, -5), at + QPointF(-7, 5)]))
        else:
            at.setY(bar.top())
            painter.drawPolygon(QPolygonF([at + QPointF(0, 1), at + QPointF(-5, -7), at + QPointF(5, -7)]))


def tick_text(value: float) -> str:
    """A value in three digits that count: 0.25, −0.011, 1.2e−5."""
    text = number_text(value) if 0 < abs(value) < 1e-4 or abs(value) >= 1e4 else f"{value:.3g}"
    return text.replace("-", "−")
