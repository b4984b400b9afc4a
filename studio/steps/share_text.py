"""The text with each token as deep as its share: where something could come from, read in place."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.views.bars import percent_text
from studio.views.token_text import visible_text
from studio.views.token_view import weight_tint
from studio.widgets.look import Look

_BOX, _PAD, _GAP, _MARK = 40, 5, 2, 3
_MORE, _LESS = 1, 0  # series of what is above and below zero, as the ramp of differences has them


def share_words(share: float, signed: bool) -> str:
    """55 %, and of a difference +55 % or −55 %."""
    if not signed or share == 0 or not np.isfinite(share):
        return percent_text(share)
    return f"{'+' if share > 0 else '−'}{percent_text(abs(share))}"


class ShareText(QWidget):
    """Boxes that wrap like text: the token, under it its number; `hovered` tells the place, −1 on leaving."""

    hovered = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._words: list[str] = []
        self.shares: npt.NDArray[np.float64] = np.zeros(0)
        self._at, self._pointed, self._signed = -1, -1, False
        self._boxes: list[QRectF] = []
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Shares of the tokens"))
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(280, max(_BOX, self.minimumHeight()))

    def minimumSizeHint(self) -> QSize:
        return QSize(180, max(_BOX, self.minimumHeight()))

    def show_shares(
        self,
        words: Sequence[str],
        shares: "npt.NDArray[np.float64]",
        at: int,
        pointed: int | None = None,
        signed: bool = False,
    ) -> None:
        """One share for each token; `at` is the one they belong to. `signed` ones are differences of two models."""
        self._words, self.shares, self._at = [visible_text(word) for word in words], shares, at
        self._pointed, self._signed = -1 if pointed is None else pointed, signed
        order = np.argsort(-np.abs(np.nan_to_num(shares)), kind="stable")[:5]
        spoken = (f"{self._words[place]} {share_words(float(shares[place]), signed)}" for place in order)
        self.setAccessibleDescription(", ".join(spoken))
        self._place()
        self.update()

    def _place(self) -> None:
        metrics = QFontMetricsF(self._look.font(13, mono=True))
        small = QFontMetricsF(self._look.font(11))
        self._boxes, left, top = [], 0.0, 0.0
        for word in self._words:
            least = small.horizontalAdvance(share_words(0.0055, self._signed))
            wide = max(metrics.horizontalAdvance(word), least) + 2 * _PAD
            if left and left + wide > self.width():
                left, top = 0.0, top + _BOX + _GAP
            self._boxes.append(QRectF(left, top, wide, _BOX))
            left += wide + _GAP
        high = round(top) + _BOX
        if self.height() != high or self.minimumHeight() != high:
            self.setFixedHeight(high)

    def place_at(self, point: QPointF) -> int:
        """The token under a point, −1 between them."""
        return next((place for place, box in enumerate(self._boxes) if box.contains(point)), -1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        most = float(np.abs(np.nan_to_num(self.shares)).max(initial=0.0)) or 1.0
        for place, (word, box) in enumerate(zip(self._words, self._boxes, strict=True)):
            share = float(self.shares[place])
            known = np.isfinite(share)
            painter.setPen(Qt.PenStyle.NoPen)
            role: str | int = ("accent" if not self._signed else _MORE if share > 0 else _LESS) if known else "accent"
            painter.setBrush(weight_tint(self._look, role, (abs(share) / most) ** 0.5 if known else 0.0))
            painter.drawRoundedRect(box, 4, 4)
            if place in (self._at, self._pointed):
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(self._look.color("accent" if place == self._at else "text"), 1.5))
                painter.drawRoundedRect(box.adjusted(0.75, 0.75, -0.75, -0.75), 4, 4)
            quiet = not known or (share == 0 if self._signed else share <= 0)
            painter.setFont(self._look.font(13, mono=True))
            painter.setPen(self._look.color("text_quiet" if quiet else "text"))
            painter.drawText(box.adjusted(0, _MARK, 0, -17), int(Qt.AlignmentFlag.AlignCenter), word)
            painter.setFont(self._look.font(11))
            painter.setPen(self._look.color("text_quiet" if quiet else "text"))
            words = share_words(share, self._signed) if known else "…"
            painter.drawText(box.adjusted(0, 20, 0, -_MARK), int(Qt.AlignmentFlag.AlignCenter), words)
        painter.end()

    def resizeEvent(self, event: QEvent) -> None:
        self._place()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.hovered.emit(self.place_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit(-1)
