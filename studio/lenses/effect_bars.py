"""What one part of the model does to the logits: the tokens it raises most, and those it lowers most."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.maps.colours import LESS, MORE, signed_text
from studio.views.token_text import visible_text
from studio.widgets.look import Look

_ROW, _NUMBER, _HEAD = 20, 62, 18


@dataclass(frozen=True)
class Change:
    """One token and by how much its logit moves."""

    id: int
    text: str
    value: float


class EffectBars(QWidget):
    """Two lists under one another on one scale; a click chooses a token."""

    chosen = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.raised: tuple[Change, ...] = ()
        self.lowered: tuple[Change, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Promoted and suppressed tokens"))
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(240, 2 * _HEAD + _ROW * (len(self.raised) + len(self.lowered)) + 8)

    def minimumSizeHint(self) -> QSize:
        return QSize(180, self.sizeHint().height())

    def set_changes(self, raised: Sequence[Change], lowered: Sequence[Change]) -> None:
        """Show these, the strongest first in both."""
        self.raised, self.lowered = tuple(raised), tuple(lowered)
        said = (f"{one.text} {signed_text(one.value)}" for one in (*raised, *lowered))
        self.setAccessibleDescription("; ".join(said))
        self.updateGeometry()
        self.update()

    def change_at(self, point: QPointF) -> Change | None:
        """The token under a point."""
        return next((one for one, top in self._places() if top <= point.y() < top + _ROW), None)

    def _places(self) -> list[tuple[Change, float]]:
        """Every row with its top."""
        below = _HEAD + _ROW * len(self.raised) + 8 + _HEAD
        return [
            *((one, _HEAD + _ROW * at) for at, one in enumerate(self.raised)),
            *((one, below + _ROW * at) for at, one in enumerate(self.lowered)),
        ]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.raised:
            return
        flags = int(Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(self.look.font(11))
        painter.setPen(self.look.color("text_quiet"))
        painter.drawText(QRectF(0, 0, self.width(), _HEAD), flags, tr("raises"))
        lower = _HEAD + _ROW * len(self.raised) + 8
        painter.drawText(QRectF(0, lower, self.width(), _HEAD), flags, tr("lowers"))
        most = max(abs(one.value) for one in (*self.raised, *self.lowered)) or 1.0
        for one, top in self._places():
            self._paint_row(painter, one, top, most)

    def _paint_row(self, painter: QPainter, one: Change, top: float, most: float) -> None:
        wide = self.width() * 0.4
        painter.setFont(self.look.font(13, mono=True))
        painter.setPen(QPen(self.look.color("text")))
        flags = int(Qt.AlignmentFlag.AlignVCenter)
        words = painter.fontMetrics().elidedText(visible_text(one.text), Qt.TextElideMode.ElideRight, int(wide - 8))
        painter.drawText(QRectF(2, top, wide - 4, _ROW), flags, words)
        painter.setFont(self.look.font(11))
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.setPen(self.look.color("text_quiet"))
        painter.drawText(QRectF(self.width() - _NUMBER, top, _NUMBER - 2, _ROW), right, signed_text(one.value))
        room = self.width() - wide - _NUMBER
        if one.value != one.value or room <= 0:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.look.color(MORE if one.value >= 0 else LESS))
        painter.drawRoundedRect(QRectF(wide, top + 6, max(1.5, room * abs(one.value) / most), _ROW - 12), 2, 2)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        one = self.change_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and one is not None:
            self.chosen.emit(one.id)
