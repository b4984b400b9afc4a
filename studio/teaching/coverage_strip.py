"""A whole text as a strip: how often each part of it is read in an epoch, and where the window lies."""

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.parts.wording import count
from studio.teaching.window_numbers import Cut
from studio.widgets.blend import blend
from studio.widgets.hover_card import CardRow, HoverCard
from studio.widgets.look import Look

_BAR, _TOP = 22, 2


class CoverageStrip(QWidget):
    """`moved` tells the window a person dragged to. Arrows go one window, Page keys ten, Home and End to the ends."""

    moved = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.cut = Cut(0, 1, 1)
        self.window_number = 0
        self._shades: np.ndarray = np.zeros(0)
        self._card = HoverCard(look, self)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Where the window lies in the text"))
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(400, _BAR + 2 * _TOP)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, _BAR + 2 * _TOP)

    def set_cut(self, cut: Cut) -> None:
        """Another text, or other windows."""
        self.cut = cut
        self.window_number = min(self.window_number, max(0, cut.windows - 1))
        self._measure()

    def set_window(self, number: int) -> None:
        """Mark a window."""
        if number != self.window_number:
            self.window_number = number
            self.update()
        self.setAccessibleDescription(tr("window {number} of {count}", number=number + 1, count=self.cut.windows))

    def resizeEvent(self, _event: QEvent) -> None:
        """Each pixel has its own stretch of the text."""
        self._measure()

    def _measure(self) -> None:
        edges = np.unique(np.linspace(0, self.cut.tokens, max(2, self.width()) + 1).astype(np.int64))
        self._shades = self.cut.mean_times(edges) if self.cut.windows else np.zeros(0)
        self.update()

    @property
    def most(self) -> float:
        """How often the part that is read most is read."""
        return float(self._shades.max()) if self._shades.size else 0.0

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Darker is read more often; the window is framed."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(0, _TOP, self.width(), _BAR)
        painter.fillRect(bar, self.look.color("raised"))
        most, size = self.most or 1.0, len(self._shades)
        changes = np.flatnonzero(np.diff(self._shades, prepend=-1.0)) if size else np.zeros(0, np.int64)
        for place, start in enumerate(changes.tolist()):  # a stretch of equal shade at a time
            end = int(changes[place + 1]) if place + 1 < len(changes) else size
            shade = blend(
                self.look.color("accent"), self.look.color("surface"), 0.5 * float(self._shades[start]) / most
            )
            left, right = start / size * self.width(), end / size * self.width()
            painter.fillRect(QRectF(left, _TOP, right - left, _BAR), shade if self._shades[start] else
                             self.look.color("raised"))  # fmt: skip
        if self.cut.windows:
            left, right = (self._x(self.cut.start(self.window_number) + end) for end in (0, self.cut.context))
            painter.setPen(QPen(self.look.color("text"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(left, _TOP, max(4.0, right - left), _BAR).adjusted(0, 1, 0, -1), 2, 2)
        if self.hasFocus():
            painter.setPen(QPen(self.look.color("focus"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.end()

    def _x(self, token: int) -> float:
        return token / max(1, self.cut.tokens) * self.width()

    def _go(self, window: int) -> None:
        window = min(max(window, 0), self.cut.windows - 1)
        if self.cut.windows and window != self.window_number:
            self.set_window(window)
            self.moved.emit(window)

    def _window_at(self, x: float) -> int:
        token = x / max(1, self.width()) * self.cut.tokens - self.cut.context / 2
        return round(token / self.cut.stride)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The window comes to the pointer."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(self._window_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """And follows it; without a button the card says how often a token is read."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(self._window_at(event.position().x()))
        token = int(event.position().x() / max(1, self.width()) * self.cut.tokens)
        if not self.cut.windows or not 0 <= token < self.cut.tokens:
            self._card.hide()
            return
        times = int(self.cut.times(np.array([token]))[0])
        words = tr("read once an epoch") if times == 1 else tr("read {times} times an epoch", times=times)
        words = words if times else tr("never read as input")
        at = QPoint(round(event.position().x()), -2)
        self._card.show_rows(tr("token {number}", number=count(token)), [CardRow(words)], at, self.rect())

    def leaveEvent(self, _event: QEvent) -> None:
        """Nothing is pointed at."""
        self._card.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, Page keys, Home and End."""
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_PageUp: -10, Qt.Key.Key_PageDown: 10,
            Qt.Key.Key_Home: -self.cut.windows, Qt.Key.Key_End: self.cut.windows,
        }  # fmt: skip
        if event.key() in steps:
            self._go(self.window_number + steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)
