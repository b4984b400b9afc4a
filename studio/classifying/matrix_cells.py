"""How one cell of a confusion matrix is written and coloured."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from studio.widgets.blend import blend
from studio.widgets.look import Look

Cells = npt.NDArray[Any]
MODES = ("counts", "rows", "columns")
_LARGE, _SMALL = 64.0, 21.0  # pixels of a square from which its number is large, and below which it has none


def shown(counts: Cells, mode: str) -> list[list[str]]:
    """What stands in each cell; shares of nothing are a dash."""
    if mode == "counts":
        return [[f"{int(count):,}" for count in row] for row in counts]
    sums = counts.sum(0 if mode == "columns" else 1, keepdims=True)
    shares = 100.0 * counts / np.maximum(sums, 1)
    known = np.broadcast_to(sums > 0, counts.shape)
    return [
        [f"{share:.1f}" if there else "–" for share, there in zip(row, line, strict=True)]
        for row, line in zip(shares, known, strict=True)
    ]


def cell_colors(counts: Cells, look: Look) -> list[list[QColor]]:
    """Blue for what is right, orange for what is not; as deep as the share of the row, small errors still seen."""
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    ground, empty = look.color("surface"), look.color("raised")
    found = []
    for truth, row in enumerate(shares):
        line = []
        for guess, share in enumerate(row):
            depth = 0.12 + 0.64 * share if truth == guess else 0.10 + 0.80 * share**0.5
            line.append(blend(look.color(0 if truth == guess else 1), ground, depth) if share > 0 else empty)
        found.append(line)
    return found


def paint_cell(painter: QPainter, rect: QRectF, color: QColor, words: str, look: Look) -> None:
    """A rounded square and its number, in the ink that reads best on it."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    corner = min(6.0, rect.width() / 6)
    painter.drawRoundedRect(rect, corner, corner)
    large = rect.width() >= _LARGE
    painter.setFont(look.font(20 if large else 11, 600 if large else 400))
    room = painter.fontMetrics().horizontalAdvance(words)
    if rect.width() < _SMALL or room > rect.width() - 2 or (not large and words in ("0", "0.0")):
        return
    painter.setPen(ink_on(color, look))
    painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), words)


def ink_on(ground: QColor, look: Look) -> QColor:
    """The text colour of the theme, or its opposite, whichever stands out more from `ground`."""
    here = luminance(ground)
    inks = tuple(look.color(role) for role in ("text", "surface", "window"))
    return max(inks, key=lambda ink: contrast(luminance(ink), here))


def contrast(one: float, other: float) -> float:
    """The ratio of two luminances as WCAG 2 defines it."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def luminance(color: QColor) -> float:
    """Relative luminance as WCAG 2 defines it, 0 to 1."""
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (color.redF(), color.greenF(), color.blueF())
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
