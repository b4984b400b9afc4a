"""Where tokens stand and how lines run between them: in two columns, or as arcs over the text in one line."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QPainterPath

from studio.core.language import tr
from studio.widgets.look import Look

PITCH, _WIDEST = 24.0, 40.0  # least and most pixels from one token of a column to the next
HIDDEN = 64.0  # pixels beside a query for what is not drawn of it
_TEXT = 168.0  # most pixels of a token
_PAD = 6.0
_FILLED, _APART = 0.9, 28.0  # share of the width that a short text takes, and pixels that this parts its tokens by
_FLOOR = 78.0  # pixels below the text for what looks at a token
_TOP, _NAMED = 20.0, 48.0  # pixels above the columns for their names, and least of a column that has one
_SMALL = 34.0  # pixels of a token in a line that has no room for a number under it
_BEND = 0.35

Hit = tuple[str, int]  # "row" (a token that looks) or "column" (one that is looked at), and its place


class LineLayout(Protocol):
    """What a canvas asks; everything in pixels of the whole picture, scrolled or not."""

    @property
    def size(self) -> QSizeF:
        """Of everything."""
        ...

    def row_rect(self, place: int) -> QRectF:
        """The token that looks."""
        ...

    def column_rect(self, place: int) -> QRectF:
        """The token that is looked at."""
        ...

    def path(self, row: int, column: int, aside: float = 0.0, below: bool = False) -> QPainterPath:
        """A line's way, some pixels `aside` of the straight one; `below` the text where the layout has room there."""
        ...

    def heads(self) -> list[tuple[QRectF, str]]:
        """What the columns are, and where that is written."""
        ...

    def hidden_rect(self, place: int) -> QRectF:
        """Where it stands how much of a token's attention is not drawn."""
        ...

    def hit(self, point: QPointF) -> Hit | None:
        """The token under a point."""
        ...

    def near(self, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], seen: QRectF) -> npt.NDArray[np.bool_]:
        """Which lines may cross what is seen."""
        ...


def text_widths(tokens: Sequence[str], look: Look) -> list[float]:
    """Width of each token's text; every different one is measured once."""
    metrics = QFontMetricsF(look.font(13, mono=True))
    known = {text: min(_TEXT, metrics.horizontalAdvance(text)) for text in set(tokens)}
    return [known[text] for text in tokens]


class Columns:
    """All tokens twice, one under the other: at the left those that look, at the right those that are looked at."""

    def __init__(self, tokens: Sequence[str], look: Look, room: QSizeF) -> None:
        self._widths = text_widths(tokens, look)
        widest = max(_NAMED, max(self._widths, default=0.0) + 2 * _PAD)
        wide = min(room.width(), 2 * widest + 2 * HIDDEN + 460.0)
        start = (room.width() - wide) / 2
        self._start = start
        self._left = start + HIDDEN + widest
        self._right = max(self._left + 60.0, start + wide - HIDDEN - widest)
        self._room = room
        spread = (room.height() - _TOP - 4.0) / max(1, len(tokens))
        self._pitch = min(max(PITCH, spread), _WIDEST)  # a short text takes the room there is

    @property
    def size(self) -> QSizeF:
        """Of everything."""
        return QSizeF(self._room.width(), len(self._widths) * self._pitch + _TOP + 4.0)

    def _middle(self, place: int) -> float:
        return (
            _TOP + 0.5 + (round((place + 0.5) * self._pitch))
        )  # half a pixel down, or a level line would lie across two rows of them

    def row_rect(self, place: int) -> QRectF:
        """The token that looks."""
        wide = self._widths[place] + 2 * _PAD
        return QRectF(self._left - wide, self._middle(place) - 10, wide, 20)

    def column_rect(self, place: int) -> QRectF:
        """The token that is looked at."""
        return QRectF(self._right, self._middle(place) - 10, self._widths[place] + 2 * _PAD, 20)

    def hidden_rect(self, place: int) -> QRectF:
        """Where it stands how much of a token's attention is not drawn."""
        return QRectF(self._start, self._middle(place) - 10, HIDDEN - 12, 20)

    def heads(self) -> list[tuple[QRectF, str]]:
        """What the columns are, and where that is written."""
        return [
            (QRectF(self._start - 20, 0, HIDDEN + 8, _TOP - 4), tr("not drawn")),
            (QRectF(self._left - 80, 0, 80 - _PAD, _TOP - 4), tr("looks")),
            (QRectF(self._right + _PAD, 0, 120, _TOP - 4), tr("is looked at")),
        ]

    def path(self, row: int, column: int, aside: float = 0.0, below: bool = False) -> QPainterPath:
        """A line's way, some pixels `aside` of the straight one."""
        start = QPointF(self._left, self._middle(row) + aside)
        end = QPointF(self._right, self._middle(column) + aside)
        bend = QPointF((self._right - self._left) * _BEND, 0)
        path = QPainterPath(start)
        path.cubicTo(start + bend, end - bend, end)
        return path

    def hit(self, point: QPointF) -> Hit | None:
        """The token under a point."""
        place = int((point.y() - _TOP) // self._pitch)
        if point.y() < _TOP or not 0 <= place < len(self._widths):
            return None
        if point.x() <= self._left:
            return "row", place
        return ("column", place) if point.x() >= self._right else None

    def near(self, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], seen: QRectF) -> npt.NDArray[np.bool_]:
        """Which lines may cross what is seen."""
        first, last = (seen.top() - _TOP) / self._pitch - 1, (seen.bottom() - _TOP) / self._pitch + 1
        found: npt.NDArray[np.bool_] = (np.maximum(rows, columns) >= first) & (np.minimum(rows, columns) <= last)
        return found


class Arcs:
    """The text in one line: arcs above it lead from a token to those it looks at, below from those that look at it."""

    def __init__(self, tokens: Sequence[str], look: Look, room: QSizeF) -> None:
        widths = [width + 2 * _PAD for width in text_widths(tokens, look)]
        spread = (_FILLED * room.width() - sum(widths)) / max(1, len(tokens))
        widths = [width + min(max(0.0, spread), _APART) for width in widths]
        total = sum(widths)
        start = max(8.0, (room.width() - total) / 2)
        self._lefts = start + np.concatenate(([0.0], np.cumsum(widths)))
        self._widths = widths
        self._room = room
        self._line = max(120.0, room.height() - _FLOOR - 28.0)

    @property
    def size(self) -> QSizeF:
        """Of everything."""
        end = float(self._lefts[-1]) + 8.0
        return QSizeF(max(self._room.width(), end), self._room.height())

    def row_rect(self, place: int) -> QRectF:
        """The token that looks."""
        return QRectF(float(self._lefts[place]), self._line, self._widths[place], 22)

    def column_rect(self, place: int) -> QRectF:
        """The token that is looked at."""
        return self.row_rect(place)

    def hidden_rect(self, place: int) -> QRectF:
        """Where it stands how much of a token's attention is not drawn."""
        box = self.row_rect(place)
        return QRectF(box.left() - 20, box.bottom() + 2, box.width() + 40, 14) if box.width() > _SMALL else QRectF()

    def heads(self) -> list[tuple[QRectF, str]]:
        """What the columns are, and where that is written."""
        return []

    def _centre(self, place: int) -> float:
        return float(self._lefts[place]) + self._widths[place] / 2

    def path(self, row: int, column: int, aside: float = 0.0, below: bool = False) -> QPainterPath:
        """A line's way, some pixels `aside` of the straight one."""
        start, end = self._centre(row) + aside, self._centre(column) + aside
        y, room = (self._line + 24.0, _FLOOR - 24.0) if below else (self._line - 2.0, self._line - 12.0)
        if row == column:
            end, start = start - 5.0, start + 5.0
        high = min(room * 4 / 3, abs(start - end) * 0.6 + 14.0 + 2 * aside) * (1.0 if below else -1.0)
        path = QPainterPath(QPointF(start, y))
        path.cubicTo(QPointF(start, y + high), QPointF(end, y + high), QPointF(end, y))
        return path

    def hit(self, point: QPointF) -> Hit | None:
        """The token under a point."""
        place = int(np.searchsorted(self._lefts, point.x(), "right")) - 1
        inside = 0 <= place < len(self._widths) and self._line - 4 <= point.y() <= self._line + 26
        return ("row", place) if inside else None

    def near(self, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], seen: QRectF) -> npt.NDArray[np.bool_]:
        """Which lines may cross what is seen."""
        left, right = self._lefts[np.minimum(rows, columns)], self._lefts[np.maximum(rows, columns) + 1]
        found: npt.NDArray[np.bool_] = (right >= seen.left()) & (left <= seen.right())
        return found
