"""The steps of a cleaning under one another: chosen, moved by dragging or Alt and arrows, taken away by Delete."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QSizePolicy, QToolTip, QWidget

from studio.core.language import tr
from studio.widgets.look import Look

ROW = 44
_PAD, _PLACE, _CROSS = 8, 22, 28
_GRIP = "⠿"


@dataclass(frozen=True)
class StepLine:
    """One step: what it does, and what came of it; `wrong` says that it cannot work."""

    words: str
    result: str = ""
    wrong: bool = False


class StepList(QWidget):
    """`chosen`, `moved` (from, to) and `removed` are wishes; the list changes when it is given other lines."""

    chosen = Signal(int)
    moved = Signal(int, int)
    removed = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self._lines: list[StepLine] = []
        self._current = self._pointed = -1
        self._pressed: QPointF | None = None
        self._dragged = False
        self._pointer = QPointF()
        self.setAccessibleName(tr("Steps of the cleaning"))
        self.setToolTipDuration(8_000)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.update)

    @property
    def current(self) -> int:
        """The place of the chosen step, -1 for none."""
        return self._current

    @property
    def lines(self) -> list[StepLine]:
        """What is shown, from the top."""
        return list(self._lines)

    def set_lines(self, lines: Sequence[StepLine], current: int) -> None:
        """Show these, one of them chosen."""
        grown = len(lines) != len(self._lines)
        self._lines, self._current = list(lines), min(current, len(lines) - 1)
        said = [f"{place}. {line.words}, {line.result}" for place, line in enumerate(lines, 1)]
        self.setAccessibleDescription("; ".join(said))
        if grown:
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(260, ROW * len(self._lines))

    def place_at(self, y: float) -> int:
        """The step at this height, or -1."""
        place = int(y // ROW)
        return place if 0 <= place < len(self._lines) else -1

    # --- painting -------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for place, line in enumerate(self._lines):
            self._paint_line(painter, place, line)
        if self._dragged:
            self._paint_target(painter)
        painter.end()

    def _paint_line(self, painter: QPainter, place: int, line: StepLine) -> None:
        top, color = ROW * place, self.look.color
        room = QRectF(0.5, top + 1.5, self.width() - 1, ROW - 3)
        if place in (self._current, self._pointed):
            ring = place == self._current and self.hasFocus()
            painter.setPen(QPen(color("focus"), 1) if ring else Qt.PenStyle.NoPen)
            painter.setBrush(color("selection" if place == self._current else "hover"))
            painter.drawRoundedRect(room, 6, 6)
        held = self._dragged and place == self._current
        left, right = _PAD + _PLACE, self.width() - _CROSS - 4
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.setPen(color("text_quiet"))
        painter.setFont(self.look.font(11))
        grip = _GRIP if place == self._pointed or held else f"{place + 1}"
        painter.drawText(QRectF(_PAD, top, _PLACE, ROW), middle, grip)
        painter.setFont(self.look.font(13, 600 if place == self._current else 400))
        painter.setPen(color("text_quiet" if held else "text"))
        words = painter.fontMetrics().elidedText(line.words, Qt.TextElideMode.ElideRight, int(right - left))
        painter.drawText(QRectF(left, top + 4, right - left, 20 if line.result else ROW - 8), middle, words)
        painter.setFont(self.look.font(11))
        painter.setPen(color("danger" if line.wrong else "text_quiet"))
        result = painter.fontMetrics().elidedText(line.result, Qt.TextElideMode.ElideRight, int(right - left))
        painter.drawText(QRectF(left, top + 22, right - left, 18), middle, result)
        if place in (self._pointed, self._current):
            cross = self.look.pixmap("close", 12, "text_quiet", self.devicePixelRatioF())
            painter.drawPixmap(QPointF(self.width() - _CROSS + 8, top + (ROW - 12) / 2), cross)

    def _paint_target(self, painter: QPainter) -> None:
        """A line where the step would go."""
        to = self._target()
        y = ROW * (to + 1 if to > self._current else to)
        y = min(max(y, 1), self.height() - 1)
        painter.setPen(QPen(self.look.color("accent"), 2))
        painter.drawLine(QPointF(4, y), QPointF(self.width() - 4, y))

    def _target(self) -> int:
        return min(max(int(self._pointer.y() // ROW), 0), len(self._lines) - 1)

    # --- hands ----------------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """A step's whole words as its tooltip."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = self.place_at(event.pos().y())
            hint = tr("Drag to move it, or press Alt and an arrow; Delete takes it away.")
            words = f"{self._lines[place].words}\n{self._lines[place].result}\n{hint}" if place >= 0 else ""
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(event.position().y())
        if event.button() != Qt.MouseButton.LeftButton or place < 0:
            return
        if event.position().x() >= self.width() - _CROSS:
            self.removed.emit(place)
            return
        self._pressed = event.position()
        self._choose(place)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        if self._pressed is not None:
            far = (self._pointer - self._pressed).manhattanLength() >= QApplication.startDragDistance()
            self._dragged = self._dragged or far
            self.setCursor(Qt.CursorShape.ClosedHandCursor if self._dragged else Qt.CursorShape.ArrowCursor)
        self._point(self.place_at(self._pointer.y()))
        if self._dragged:
            self.update()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        dragged, self._dragged, self._pressed = self._dragged, False, None
        self.unsetCursor()
        self.update()
        if dragged and self._target() != self._current:
            self.moved.emit(self._current, self._target())

    def leaveEvent(self, _event: QEvent) -> None:
        self._point(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        to = self._current + step
        if step and 0 <= to < len(self._lines):
            if event.modifiers() & Qt.KeyboardModifier.AltModifier:
                self.moved.emit(self._current, to)
            else:
                self._choose(to)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._current >= 0:
            self.removed.emit(self._current)
        elif event.key() == Qt.Key.Key_Escape and self._dragged:
            self._dragged, self._pressed = False, None
            self.update()
        elif not step:
            super().keyPressEvent(event)

    def _choose(self, place: int) -> None:
        if place != self._current:
            self._current = place
            self.update()
            self.chosen.emit(place)

    def _point(self, place: int) -> None:
        if place != self._pointed:
            self._pointed = place
            self.update()
