"""What a model is asked: tokens in a row, and below each the one it has to predict, which is the next one above."""

from collections.abc import Sequence
from itertools import zip_longest

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.views.token_text import Token, visible
from studio.views.token_view import tint
from studio.widgets.blend import blend
from studio.widgets.look import Look

_HIGH, _BETWEEN, _PAD, _GAP = 40.0, 20.0, 6.0, 2.0
_LEAST, _MOST = 40.0, 132.0
_HEAD = 56.0  # for the two names at the left


class PairRows(QWidget):
    """`pointed` tells the column under the pointer or the keyboard, -1 for none."""

    pointed = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.tokens: list[Token] = []  # one more than there are columns
        self.column = -1
        self._texts: list[str] = []
        self._first = 0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Input and target"))
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(480, round(2 * _HIGH + _BETWEEN) + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    @property
    def columns(self) -> int:
        """How many questions the window asks."""
        return max(0, len(self.tokens) - 1)

    def set_tokens(self, tokens: Sequence[Token]) -> None:
        """The inputs of a window and the one token behind them."""
        self.tokens = list(tokens)
        self._texts = [visible(token) for token in tokens]
        if self.column >= self.columns:
            self._point(-1)
        self._first = min(self._first, max(0, self.columns - 1))
        self._keep_in_sight()
        self.update()

    # --- where things stand ---------------------------------------------------------------------------------------

    def boxes(self) -> list[tuple[int, float, float]]:
        """Columns that can be seen: number, left, width."""
        metrics = QFontMetricsF(self.look.font(13, mono=True))
        small = QFontMetricsF(self.look.font(11, mono=True))
        found, left = [], _HEAD
        for column in range(self._first, self.columns):
            pair = (column, column + 1)
            wide = max(metrics.horizontalAdvance(self._texts[at]) for at in pair)
            wide = max(wide, *(small.horizontalAdvance(str(self.tokens[at].id)) for at in pair)) + 2 * _PAD
            wide = min(max(wide, _LEAST), _MOST)
            if left + wide > self.width():
                break
            found.append((column, left, wide))
            left += wide + _GAP
        return found

    def _keep_in_sight(self) -> None:
        if self.column < 0:
            return
        self._first = min(self._first, self.column)
        while self._first < self.column and self.column not in [column for column, _, _ in self.boxes()]:
            self._first += 1

    # --- painting -------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Inputs above, targets below, a thin line from each target to where it is the next input."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.look.font(11))
        painter.setPen(self.look.color("text_quiet"))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, 0, _HEAD, _HIGH), int(middle), tr("input"))
        painter.drawText(QRectF(0, _HIGH + _BETWEEN, _HEAD, _HIGH), int(middle), tr("target"))
        boxes = self.boxes()
        for (column, left, wide), following in zip_longest(boxes, boxes[1:]):
            lit = column == self.column
            self._box(painter, QRectF(left, 0, wide, _HIGH), column, lit, False)
            self._box(painter, QRectF(left, _HIGH + _BETWEEN, wide, _HIGH), column + 1, lit, True)
            if following is not None:
                painter.setPen(QPen(self.look.color("accent" if lit else "edge"), 1.5 if lit else 1))
                end = QPointF(following[1] + following[2] / 2, _HIGH + 2)
                painter.drawLine(QPointF(left + wide / 2, _HIGH + _BETWEEN - 2), end)
        if boxes and boxes[-1][0] < self.columns - 1 and boxes[-1][1] + boxes[-1][2] + 16 < self.width():
            painter.setPen(self.look.color("text_quiet"))
            painter.setFont(self.look.font(13))
            painter.drawText(QPointF(boxes[-1][1] + boxes[-1][2] + 4, _HIGH / 2 + 5), "…")
        if self.hasFocus():
            painter.setPen(QPen(self.look.color("focus"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()

    def _box(self, painter: QPainter, box: QRectF, at: int, lit: bool, target: bool) -> None:
        read = self.column >= 0 and at <= self.column and not target
        ground = tint(self.look, at)
        if self.column >= 0 and not lit and not read:
            ground = blend(ground, self.look.color("surface"), 0.45)
        painter.setPen(QPen(self.look.color("accent"), 1.5) if lit and target else Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 4, 4)
        painter.setPen(self.look.color("text"))
        painter.setFont(self.look.font(13, mono=True))
        words = painter.fontMetrics().elidedText(self._texts[at], Qt.TextElideMode.ElideMiddle, int(box.width()) - 6)
        spelled = self._texts[at] != str(self.tokens[at].id)
        painter.drawText(box.adjusted(0, 3, 0, -17 if spelled else -3), int(Qt.AlignmentFlag.AlignCenter), words)
        if not spelled:  # the number is all there is
            return
        painter.setPen(self.look.color("text_quiet"))
        painter.setFont(self.look.font(11, mono=True))
        painter.drawText(box.adjusted(0, 21, 0, -2), int(Qt.AlignmentFlag.AlignCenter), str(self.tokens[at].id))

    # --- pointing -------------------------------------------------------------------------------------------------

    def _point(self, column: int) -> None:
        if column != self.column:
            self.column = column
            self._keep_in_sight()
            self.pointed.emit(column)
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Point at a column."""
        x = event.position().x()
        self._point(next((column for column, left, wide in self.boxes() if left <= x < left + wide), -1))

    def leaveEvent(self, _event: QEvent) -> None:
        """The keyboard's column stays."""
        if not self.hasFocus():
            self._point(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and Right go along, Home and End to the ends."""
        targets = {
            Qt.Key.Key_Left: self.column - 1, Qt.Key.Key_Right: self.column + 1, Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: self.columns - 1,
        }  # fmt: skip
        if event.key() in targets and self.columns:
            self._point(min(max(targets[Qt.Key(event.key())], 0), self.columns - 1))
        else:
            super().keyPressEvent(event)
