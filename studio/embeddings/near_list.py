"""The nearest of a token in the space it lives in: names, bars and numbers, never read off the map."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.widgets.look import Look

_ROW, _NUMBER = 22, 50
_NAME = 0.44  # of the width that names may take


class NearList(QWidget):
    """Rows of (id, name, number, share of the bar); the pointer previews one, a click or Enter goes there."""

    pointed = Signal(int)  # id, −1 on leaving
    chosen = Signal(int)  # id

    def __init__(self, look: Look, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.rows: tuple[tuple[int, str, str, float], ...] = ()
        self._at = -1
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(220, _ROW * max(1, len(self.rows)))

    def minimumSizeHint(self) -> QSize:
        return QSize(140, self.sizeHint().height())

    def set_rows(self, rows: Sequence[tuple[int, str, str, float]]) -> None:
        """Show these from top to bottom."""
        if tuple(rows) == self.rows:
            return
        before = len(self.rows)
        self.rows, self._at = tuple(rows), -1
        self.setAccessibleDescription(", ".join(f"{name} {number}" for _, name, number, _ in rows))
        if len(rows) != before:
            self.updateGeometry()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        names = self.look.font(13, mono=True)
        painter.setFont(names)
        widest = max((painter.fontMetrics().horizontalAdvance(row[1]) for row in self.rows), default=0)
        room = min(widest + 10.0, self.width() * _NAME)
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        for place, (_, name, number, share) in enumerate(self.rows):
            top = _ROW * place
            if place == self._at:
                painter.setPen(self.look.color("focus") if self.hasFocus() else Qt.PenStyle.NoPen)
                painter.setBrush(self.look.color("hover"))
                painter.drawRoundedRect(QRectF(0.5, top + 0.5, self.width() - 1, _ROW - 1), 4, 4)
            painter.setFont(names)
            painter.setPen(self.look.color("text"))
            words = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(room - 8))
            painter.drawText(QRectF(4, top, room - 4, _ROW), middle, words)
            bar = QRectF(room, top + _ROW / 2 - 2, max(8.0, self.width() - room - _NUMBER), 4)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.look.color("line"))
            painter.drawRoundedRect(bar, 2, 2)
            bar.setWidth(bar.width() * min(max(share, 0.0), 1.0))
            painter.setBrush(self.look.color("accent"))
            painter.drawRoundedRect(bar, 2, 2)
            painter.setFont(self.look.font(11))
            painter.setPen(self.look.color("text_quiet"))
            right = int(Qt.AlignmentFlag.AlignRight) | middle
            painter.drawText(QRectF(self.width() - _NUMBER, top, _NUMBER - 4, _ROW), right, number)
        if self.hasFocus() and self._at < 0:
            painter.setPen(self.look.color("focus"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()

    def _row(self, at: QPointF) -> int:
        row = int(at.y() // _ROW)
        return row if 0 <= row < len(self.rows) else -1

    def _point(self, row: int) -> None:
        if row != self._at:
            self._at = row
            self.pointed.emit(self.rows[row][0] if row >= 0 else -1)
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self._row(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._point(-1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        row = self._row(event.position())
        if row >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self.rows[row][0])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.key() in steps and self.rows:
            self._point(min(max(self._at + steps[Qt.Key(event.key())], 0), len(self.rows) - 1))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._at >= 0:
            self.chosen.emit(self.rows[self._at][0])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QEvent) -> None:
        self.update()
