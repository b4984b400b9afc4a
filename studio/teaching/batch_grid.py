"""A batch as the loader gives it: one window in each row, its tokens in boxes, and where in the text it begins."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.parts.wording import count
from studio.views.token_text import Token, visible
from studio.views.token_view import tint
from studio.widgets.hover_card import CardRow, HoverCard
from studio.widgets.look import Look

_ROW, _BOX, _PAD, _HEAD = 28, 22, 4.0, 104.0


class BatchGrid(QWidget):
    """As high as its rows; what does not fit at the right is counted there. Pointing at a token names its roles."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.rows: list[list[Token]] = []
        self.starts: list[int] = []
        self._texts: list[list[str]] = []
        self._point = (-1, -1)
        self._card = HoverCard(look, self)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Windows of the batch"))
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(480, max(1, len(self.rows)) * _ROW + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.sizeHint().height())

    def set_batch(self, rows: Sequence[Sequence[Token]], starts: Sequence[int]) -> None:
        """Rows of context + 1 tokens and the places of their first."""
        self.rows, self.starts = [list(row) for row in rows], list(starts)
        self._texts = [[visible(token) for token in row] for row in rows]
        self._point = (-1, -1)
        self._card.hide()
        self.updateGeometry()
        self.update()

    def _boxes(self, row: int) -> list[tuple[float, float]]:
        metrics = QFontMetricsF(self.look.font(13, mono=True))
        found, left, room = [], _HEAD, self.width() - 56.0
        known: Callable[[str], float] = metrics.horizontalAdvance
        for words in self._texts[row]:
            wide = known(words) + 2 * _PAD
            if left + wide > room:
                break
            found.append((left, wide))
            left += wide + 2
        return found

    def paintEvent(self, event: QPaintEvent) -> None:
        """Only the rows that can be seen."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        first = max(0, event.rect().top() // _ROW)
        for row in range(first, min(len(self.rows), event.rect().bottom() // _ROW + 1)):
            self._paint_row(painter, row)
        if self.hasFocus():
            painter.setPen(QPen(self.look.color("focus"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()

    def _paint_row(self, painter: QPainter, row: int) -> None:
        top, boxes = row * _ROW + 3.0, self._boxes(row)
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(self.look.font(11))
        painter.setPen(self.look.color("text_quiet"))
        painter.drawText(QRectF(2, top, _HEAD - 8, _BOX), middle, tr("from {place}", place=count(self.starts[row])))
        painter.setFont(self.look.font(13, mono=True))
        for at, (left, wide) in enumerate(boxes):
            box = QRectF(left, top, wide, _BOX)
            painter.setPen(QPen(self.look.color("accent"), 1) if (row, at) == self._point else Qt.PenStyle.NoPen)
            painter.setBrush(tint(self.look, at))
            painter.drawRoundedRect(box, 3, 3)
            painter.setPen(self.look.color("text"))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), self._texts[row][at])
        if (hidden := len(self.rows[row]) - len(boxes)) > 0:
            left = boxes[-1][0] + boxes[-1][1] + 6 if boxes else _HEAD
            painter.setFont(self.look.font(11))
            painter.setPen(self.look.color("text_quiet"))
            painter.drawText(QRectF(left, top, 60, _BOX), middle, f"+ {count(hidden)}")

    def _show(self, row: int, at: int) -> None:
        self._point = (row, at)
        self.update()
        if row < 0:
            self._card.hide()
            return
        token, last = self.rows[row][at], len(self.rows[row]) - 1
        roles = [tr("input {number}", number=at + 1)] if at < last else []
        roles += [tr("target {number}", number=at)] if at else []
        lines = [
            CardRow(tr("id {id}", id=token.id)),
            CardRow(tr("token {number}", number=count(self.starts[row] + at))),
        ]
        left, wide = self._boxes(row)[at]
        corner = QPoint(round(left + wide / 2), row * _ROW + _ROW)
        self._card.show_rows(" · ".join(roles), lines, corner, self.rect())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Name the token under the pointer."""
        row, x = int(event.position().y()) // _ROW, event.position().x()
        boxes = self._boxes(row) if 0 <= row < len(self.rows) else []
        at = next((at for at, (left, wide) in enumerate(boxes) if left <= x < left + wide), -1)
        self._show(row if at >= 0 else -1, at)

    def leaveEvent(self, _event: QEvent) -> None:
        """Nothing is pointed at."""
        self._show(-1, -1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go from token to token."""
        moves = {
            Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0),
        }  # fmt: skip
        if event.key() not in moves or not self.rows:
            super().keyPressEvent(event)
            return
        down, across = moves[Qt.Key(event.key())]
        row = min(max(self._point[0] + down, 0), len(self.rows) - 1)
        at = min(max(self._point[1] + across, 0), len(self._boxes(row)) - 1)
        if at >= 0:  # else not even its first token has room
            self._show(row, at)
