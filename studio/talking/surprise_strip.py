"""A strip over an answer: how surprising each of its tokens was, from the first to the last."""

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from studio.talking.answer import FULL_BITS
from studio.talking.ink import Ink

HEIGHT = 22.0
_WIDEST = 6.0  # pixels of one token's bar


def bars(bits: npt.NDArray[np.float32], columns: int) -> npt.NDArray[np.float32]:
    """(columns or fewer,) shares of the strip's height; of several tokens in one column the most surprising counts."""
    if not len(bits) or columns < 1:
        return np.zeros(0, dtype=np.float32)
    if len(bits) > columns:
        bits = np.maximum.reduceat(bits, np.arange(columns) * len(bits) // columns)
    return np.asarray(np.minimum(bits / np.float32(FULL_BITS), 1.0), dtype=np.float32)


def bar_width(tokens: int, width: float) -> float:
    """Pixels of one column: at most a few, however short the answer is."""
    return min(_WIDEST, max(1.0, width / max(1, tokens)))


def token_under(x: float, tokens: int, width: float) -> int:
    """The token whose bar is at `x`, or -1."""
    columns = min(tokens, int(width))
    place = int(x // bar_width(tokens, width)) if x >= 0 else -1
    return place * tokens // columns if 0 <= place < columns else -1


def paint_strip(painter: QPainter, area: QRectF, shares: npt.NDArray[np.float32], step: float, ink: Ink) -> None:
    """Bars that stand on a quiet line."""
    painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), ink.line)
    color = ink.look.color("warning")
    wide = max(1.0, step - 1.0 if step > 2 else step)
    for place, share in enumerate(shares.tolist()):
        tall = max(1.0, share * (area.height() - 2))
        painter.fillRect(QRectF(area.left() + place * step, area.bottom() - 1 - tall, wide, tall), color)
