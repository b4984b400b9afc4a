"""A slider drawn from the theme: a thin track, filled up to a round thumb that shows when it matters."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.widgets.look import Look

_THUMB = 6


class Slider(QWidget):
    """A share from 0 to 1; `moved` is emitted by a person only. Arrows go 1 %, Page keys 10 %, Home and End."""

    moved = Signal(float)

    def __init__(self, look: Look, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look, self._share, self._held = look, 0.0, False
        self.step, self.ticks = 0.01, ()
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        look.changed.connect(self.update)

    def share(self) -> float:
        """Where the thumb is."""
        return self._share

    def set_share(self, share: float) -> None:
        """Move it silently."""
        self._share = min(max(share, 0.0), 1.0)
        self.update()

    def sizeHint(self) -> QSize:
        """Room for the thumb and its ring."""
        return QSize(160, 18)

    def minimumSizeHint(self) -> QSize:
        """Short enough for a narrow side."""
        return QSize(60, 18)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Track, filled part, thumb."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color, middle, at = self.look.color, self.height() / 2, self._position()
        if not self.isEnabled():
            painter.setOpacity(0.45)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color("line"))
        painter.drawRoundedRect(QRectF(0, middle - 2, self.width(), 4), 2, 2)
        thumb = self.underMouse() or self.hasFocus() or self._held
        filled = at if thumb else self._share * self.width()  # at rest, nothing looks like nothing and all like all
        painter.setBrush(color("accent"))
        if filled > 0:
            painter.drawRoundedRect(QRectF(0, middle - 2, max(filled, 4), 4), 2, 2)
        if thumb:
            painter.setPen(QPen(color("surface"), 2))
            painter.drawEllipse(QPointF(at, middle), _THUMB, _THUMB)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(color("focus"), 1))
            painter.drawEllipse(QPointF(at, middle), _THUMB + 2, _THUMB + 2)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The thumb comes to the mouse."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = True
            self._go(self._share_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """And follows it while held."""
        if self._held:
            self._go(self._share_at(event.position().x()))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Until it is let go."""
        self._held = False
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, Page keys, Home and End."""
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1,
            Qt.Key.Key_PageDown: -10, Qt.Key.Key_PageUp: 10, Qt.Key.Key_Home: -1e9, Qt.Key.Key_End: 1e9,
        }  # fmt: skip
        if event.key() in steps:
            self._go(self._share + steps[Qt.Key(event.key())] * self.step)
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Only while it has the keyboard."""
        if self.hasFocus() and event.angleDelta().y():
            self._go(self._share + (self.step if event.angleDelta().y() > 0 else -self.step))
        else:
            event.ignore()

    def _position(self) -> float:
        return (_THUMB + 2) + self._share * (self.width() - 2 * (_THUMB + 2))

    def _share_at(self, x: float) -> float:
        return (x - (_THUMB + 2)) / max(1, self.width() - 2 * (_THUMB + 2))

    def _go(self, share: float) -> None:
        before = self._share
        self.set_share(share)
        if self._share != before:
            self.moved.emit(self._share)
