"""The words of a picture of lines: tokens, what is not drawn of them, and what they get."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from studio.attention.line_layouts import HIDDEN
from studio.views.bars import percent_text
from studio.widgets.blend import blend
from studio.widgets.look import Look


def paint_token(
    painter: QPainter, box: QRectF, text: str, weight: float, look: Look, role: str | int = "accent"
) -> None:
    """A token, its ground as strong as its weight."""
    painter.setFont(look.font(13, mono=True))
    if weight > 0:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(blend(look.color(role), look.color("surface"), 0.34 * min(1.0, weight**0.5)))
        painter.drawRoundedRect(box, 4, 4)
    painter.setPen(look.color("text"))
    text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(box.width()) - 8)
    painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)


def paint_hidden(painter: QPainter, room: QRectF, share: float, look: Look) -> None:
    """How much of a token's attention is not drawn, averaged over the heads."""
    words = percent_text(share) if np.isfinite(share) else "NaN"
    _small(
        painter, room, Qt.AlignmentFlag.AlignRight if room.height() > 16 else Qt.AlignmentFlag.AlignHCenter, words, look
    )


def paint_heads(painter: QPainter, heads: Sequence[tuple[QRectF, str]], look: Look) -> None:
    """What the columns are."""
    sides = (Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignLeft)
    for (room, words), side in zip(heads, sides, strict=False):
        _small(painter, room, side, words, look)


def paint_number(painter: QPainter, box: QRectF, words: str, look: Look) -> None:
    """The weight that a token gets from the one that is pointed at."""
    room = QRectF(box.right() + 6, box.top(), HIDDEN, box.height())
    _small(painter, room, Qt.AlignmentFlag.AlignLeft, words, look)


def _small(painter: QPainter, room: QRectF, side: Qt.AlignmentFlag, words: str, look: Look) -> None:
    painter.setFont(look.font(11))
    painter.setPen(look.color("text_quiet"))
    painter.drawText(room, int(side | Qt.AlignmentFlag.AlignVCenter), words)
