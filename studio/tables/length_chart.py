"""How many rows are how long, with a line for the context that a person drags."""

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.controls.stepping import next_value
from studio.core.language import tr
from studio.tables.length_scene import LEFT, RIGHT, TOP, LengthScene
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.rows.lengths import LengthTable

LEAST, MOST = 2, 1_048_576  # what a context can be
_REACH = 8  # pixels from which the line is taken up
_PULL = 4  # pixels from which powers of two draw the line to themselves
_HOME = 128  # a context like those that models have: arrows step from one such number to the next


class LengthChart(QWidget):
    """Bars by doubling length. Dragging emits `context_moved`, letting go `context_chosen`; a bar opens its rows."""

    context_moved = Signal(int)
    context_chosen = Signal(int)
    bar_opened = Signal(int, int)  # from this length on, below that one

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.scene = LengthScene()
        self._pointed = -1
        self._held = self._keyed = False  # by the mouse, by keys
        self._pressed = -1
        self._began = _HOME  # where the context was before the line was taken up
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Lengths of the rows, with the context as a line that can be moved"))
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(480, 210)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 170)

    def set_table(self, table: "LengthTable") -> None:
        """Show these lengths; without a line where they are not tokens."""
        edges, counts = table.histogram()
        scene = self.scene
        scene.edges, scene.counts, scene.unit = edges.tolist(), counts.tolist(), table.unit
        scene.shortest, scene.longest = max(1, table.shortest), max(1, table.longest)
        self._pointed = -1
        self._fit()

    def set_context(self, context: int) -> None:
        """Move the line silently, unless a person holds it."""
        if not self._held and not self._keyed:
            self.scene.context = self._began = min(max(context, LEAST), MOST)
            self._fit()

    # --- painting -------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.scene.paint(painter, self.look, self._pointed, self._held or self.hasFocus())
        if self.hasFocus():
            painter.setPen(QPen(self.look.color("focus"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.end()

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self.scene.width, self.scene.height = self.width(), self.height()

    # --- mouse ----------------------------------------------------------------------------------------------------

    def _near_line(self, point: QPointF) -> bool:
        return self.scene.line and (abs(point.x() - self.scene.line_at) <= _REACH or point.y() < TOP - 8)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if self._near_line(event.position()):
            self._held, self._began = True, self.scene.context
        else:
            self._pressed = self.scene.bar_at(event.position())
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held:
            self._go(self._context_at(event.position().x()))
            return
        near = self._near_line(event.position())
        self._point(-1 if near else self.scene.bar_at(event.position()))
        self.setCursor(Qt.CursorShape.SplitHCursor if near else self._bar_cursor())
        if self._pointed >= 0:
            QToolTip.showText(event.globalPosition().toPoint(), self.scene.bar_words(self._pointed), self)
        else:
            QToolTip.hideText()

    def _bar_cursor(self) -> Qt.CursorShape:
        filled = self._pointed >= 0 and self.scene.counts[self._pointed] > 0
        return Qt.CursorShape.PointingHandCursor if filled else Qt.CursorShape.ArrowCursor

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if self._held:
            self._held = False
            self._choose()
        elif self._pressed >= 0 and self._pressed == self.scene.bar_at(event.position()):
            self._open(self._pressed)
        self._pressed = -1

    def leaveEvent(self, _event: QEvent) -> None:
        self._point(-1)

    # --- keyboard -------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and Right step by one, Page keys to the next usual context, End to the longest row; Up, Down, Enter."""
        key, keys = event.key(), Qt.Key
        if key in (keys.Key_Left, keys.Key_Right) and self.scene.line:
            self._step(self.scene.context + (1 if key == keys.Key_Right else -1))
        elif key in (keys.Key_PageUp, keys.Key_PageDown) and self.scene.line:
            direction = 1 if key == keys.Key_PageUp else -1
            self._step(int(next_value(self.scene.context, direction, True, _HOME, LEAST, MOST)))
        elif key == keys.Key_End and self.scene.line:
            self._step(self.scene.longest)
        elif key in (keys.Key_Up, keys.Key_Down) and self.scene.counts:
            self._walk(1 if key == keys.Key_Up else -1)
        elif key in (keys.Key_Return, keys.Key_Enter, keys.Key_Space) and self._pointed >= 0:
            self._open(self._pointed)
        elif key == keys.Key_Escape and self._held:
            self._held = False
            self._go(self._began)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """What the keys moved is chosen when they are let go."""
        if not event.isAutoRepeat() and self._keyed:
            self._keyed = False
            self._choose()
        super().keyReleaseEvent(event)

    def focusInEvent(self, _event: QEvent) -> None:
        self.update()

    def focusOutEvent(self, _event: QEvent) -> None:
        if self._keyed:
            self._keyed = False
            self._choose()
        self.update()

    # --- inside ---------------------------------------------------------------------------------------------------

    @property
    def context(self) -> int:
        """Where the line is."""
        return self.scene.context

    def _fit(self) -> None:
        self.scene.fit()
        self.update()

    def _context_at(self, x: float) -> int:
        free = self.scene.scale.value(min(max(x, LEFT), self.width() - RIGHT)) - 0.5
        whole = min(max(round(free), LEAST), MOST)
        power = 2 ** round(math.log2(max(LEAST, free)))
        return power if abs(self.scene.scale.pixel(power + 0.5) - x) <= _PULL else whole

    def _step(self, context: int) -> None:
        self._keyed = True
        self._go(min(max(context, LEAST), MOST))
        if not LEFT <= self.scene.line_at <= self.width() - RIGHT:
            self._fit()

    def _go(self, context: int) -> None:
        if context != self.scene.context:
            self.scene.context = context
            self.context_moved.emit(context)
            self.update()

    def _choose(self) -> None:
        if self.scene.context != self._began:
            self._began = self.scene.context
            self.context_chosen.emit(self.scene.context)
        self._fit()

    def _walk(self, direction: int) -> None:
        """Point at the next bar that has rows."""
        filled = [bar for bar, rows in enumerate(self.scene.counts) if rows]
        ahead = [bar for bar in filled if (bar - self._pointed) * direction > 0]
        if self._pointed < 0 or not ahead:
            ahead = filled
        if ahead:
            self._point(ahead[0 if direction > 0 else -1])

    def _open(self, bar: int) -> None:
        if self.scene.counts[bar]:
            self.bar_opened.emit(self.scene.edges[bar], self.scene.edges[bar + 1])

    def _point(self, bar: int) -> None:
        if bar != self._pointed:
            self._pointed = bar
            self.setAccessibleDescription(self.scene.bar_words(bar) if bar >= 0 else "")
            self.update()
