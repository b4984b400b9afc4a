"""Findings under one another: what, how many, which share; a click or Enter opens the rows behind one."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.parts.wording import count
from studio.views.bars import percent_text
from studio.widgets.blend import blend
from studio.widgets.look import Look

ROW = 36
_SHARE, _COUNT = 58, 72  # widths of the last two columns
PAD = 8  # of the ground under the pointer around the words


@dataclass(frozen=True)
class Line:
    """One finding as it is shown; `role` colours its bar."""

    name: str
    label: str
    about: str
    rows: int
    share: float
    role: str | int = "accent"


class FindingRows(QWidget):
    """Lines with thin bars on one scale; `opened` says the name of the line."""

    opened = Signal(str)

    def __init__(self, look: Look, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self._lines: list[Line] = []
        self._pointed = -1
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.update)

    @property
    def lines(self) -> list[Line]:
        """What is shown, from the top."""
        return list(self._lines)

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Show these from top to bottom."""
        before = len(self._lines)
        self._lines = list(lines)
        self._pointed = min(self._pointed, len(self._lines) - 1)
        said = [f"{line.label} {count(line.rows)} ({percent_text(line.share)})" for line in lines]
        self.setAccessibleDescription(", ".join(said))
        if before != len(self._lines):
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(280, ROW * max(1, len(self._lines)))

    def minimumSizeHint(self) -> QSize:
        return QSize(220, self.sizeHint().height())

    def row_at(self, point: QPointF) -> int:
        """The line under a point, or -1."""
        row = int(point.y() // ROW)
        return row if 0 <= row < len(self._lines) and 0 <= point.x() < self.width() else -1

    # --- painting -------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for row, line in enumerate(self._lines):
            self._paint_line(painter, row, line)
        painter.end()

    def _paint_line(self, painter: QPainter, row: int, line: Line) -> None:
        top, right = ROW * row, self.width() - PAD
        if row == self._pointed:
            painter.setPen(QPen(self.look.color("focus"), 1) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(self.look.color("hover"))
            painter.drawRoundedRect(QRectF(0.5, top + 0.5, self.width() - 1, ROW - 1), 4, 4)
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        ending = middle | int(Qt.AlignmentFlag.AlignRight)
        words = QRectF(PAD, top + 3, right - PAD - _SHARE - _COUNT, 20)
        painter.setFont(self.look.font(13))
        painter.setPen(self.look.color("text"))
        label = painter.fontMetrics().elidedText(line.label, Qt.TextElideMode.ElideRight, int(words.width()))
        painter.drawText(words, middle, label)
        painter.setFont(self.look.font(13, 600))
        painter.drawText(QRectF(right - _SHARE - _COUNT, top + 3, _COUNT, 20), ending, count(line.rows))
        painter.setPen(self.look.color("text_quiet"))
        painter.setFont(self.look.font(11))
        painter.drawText(QRectF(right - _SHARE, top + 3, _SHARE, 20), ending, percent_text(line.share))
        self._paint_bar(painter, QRectF(PAD, top + 26, right - PAD, 3), line)

    def _paint_bar(self, painter: QPainter, room: QRectF, line: Line) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(blend(self.look.color("line"), self.look.color("surface"), 0.6))
        painter.drawRoundedRect(room, 1.5, 1.5)
        painter.setBrush(self.look.color(line.role))
        room.setWidth(max(3.0, room.width() * min(1.0, line.share)))
        painter.drawRoundedRect(room, 1.5, 1.5)

    # --- hands ----------------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """A line's own explanation as its tooltip."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            row = self.row_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self._lines[row].about if row >= 0 else "", self)
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        row = self.row_at(event.position())
        self.setCursor(Qt.CursorShape.PointingHandCursor if row >= 0 else Qt.CursorShape.ArrowCursor)
        self._point(row)

    def leaveEvent(self, _event: QEvent) -> None:
        if not self.hasFocus():
            self._point(-1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._open(self.row_at(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.key() in keys and self._lines:
            self._point(min(max(self._pointed + keys[Qt.Key(event.key())], 0), len(self._lines) - 1))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._open(self._pointed)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, _event: QEvent) -> None:
        self._point(min(max(self._pointed, 0), len(self._lines) - 1))
        self.update()

    def focusOutEvent(self, _event: QEvent) -> None:
        self._point(-1)
        self.update()

    def _point(self, row: int) -> None:
        if row != self._pointed:
            self._pointed = row
            self.update()

    def _open(self, row: int) -> None:
        if row >= 0:
            self.opened.emit(self._lines[row].name)
