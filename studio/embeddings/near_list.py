"""The nearest of a token in the space it lives in: names, bars and numbers, never read off the map."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.widgets.look import Look
from studio.widgets.pointed_rows import PointedRows

_ROW, _NUMBER = 22, 50
_NAME = 0.44  # of the width that names may take


class NearList(PointedRows):
    """Rows of (id, name, number, share of the bar); the pointer previews one, a click or Enter goes there."""

    pointed = Signal(int)  # id, −1 on leaving
    chosen = Signal(int)  # id

    def __init__(self, look: Look, name: str, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.rows: tuple[tuple[int, str, str, float], ...] = ()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(220, _ROW * max(1, len(self.rows)))

    def minimumSizeHint(self) -> QSize:
        return QSize(140, self.sizeHint().height())

    def set_rows(self, rows: Sequence[tuple[int, str, str, float]]) -> None:
        """Show these from top to bottom."""
        if tuple(rows) == self.rows:
            return
        before = len(self.rows)
        self.rows, self.pointed_at = tuple(rows), -1
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
            if place == self.pointed_at:
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
        if self.pointed_at < 0:
            self.paint_focus(painter)
        painter.end()

    def count(self) -> int:
        return len(self.rows)

    def place_at(self, point: QPointF) -> int:
        """The row under a point, or -1."""
        row = int(point.y() // _ROW)
        return row if 0 <= row < len(self.rows) else -1

    def _preview(self, place: int) -> None:
        self.pointed.emit(self.rows[place][0] if place >= 0 else -1)

    def _take(self, place: int) -> None:
        self.chosen.emit(self.rows[place][0])
