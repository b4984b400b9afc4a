"""The stations of the step-through as a line: where one is, a click goes there, a drag goes anywhere between."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.widgets.look import Look

_SIDE, _DOT, _THUMB, _Y = 36, 4.0, 6.0, 12.0


class Track(QWidget):
    """`dragged` is a place between the first station (0) and the last, `chosen` the number of a station."""

    dragged = Signal(float)
    chosen = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._labels: tuple[str, ...] = ()
        self._at, self._held = 0.0, False
        self.setAccessibleName(tr("Steps of attention"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        look.changed.connect(self.update)

    def set_labels(self, labels: Sequence[str]) -> None:
        """The stations' words, from the first to the last."""
        self._labels = tuple(labels)
        self._describe()
        self.update()

    def set_position(self, at: float) -> None:
        """Where one is, silently."""
        if at != self._at:
            self._at = at
            self._describe()
            self.update()

    @property
    def position(self) -> float:
        """Where one is: a whole number at a station."""
        return self._at

    def _describe(self) -> None:
        if self._labels:
            place = round(self._at)
            words = tr("{label}, step {place} of {count}", label=self._labels[place], place=place + 1,
                       count=len(self._labels))  # fmt: skip
            self.setAccessibleDescription(words)

    def sizeHint(self) -> QSize:
        return QSize(640, 38)

    def minimumSizeHint(self) -> QSize:
        return QSize(320, 38)

    def x_of(self, place: float) -> float:
        """Pixels from the left of a place on the line."""
        return _SIDE + place * (self.width() - 2 * _SIDE) / max(1, len(self._labels) - 1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The line, filled up to where one is; a dot and a word for each station."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color, last = self._look.color, max(0, len(self._labels) - 1)
        painter.setPen(QPen(color("line"), 2))
        painter.drawLine(QPointF(self.x_of(0), _Y), QPointF(self.x_of(last), _Y))
        painter.setPen(QPen(color("accent"), 2))
        painter.drawLine(QPointF(self.x_of(0), _Y), QPointF(self.x_of(self._at), _Y))
        for place, label in enumerate(self._labels):
            painter.setPen(QPen(color("window"), 2))
            painter.setBrush(color("accent" if place <= self._at else "edge"))
            painter.drawEllipse(QPointF(self.x_of(place), _Y), _DOT, _DOT)
            here = place == round(self._at)
            painter.setFont(self._look.font(11, 600 if here else 400))
            painter.setPen(color("text" if here else "text_quiet"))
            room = QRectF(self.x_of(place) - 60, _Y + 9, 120, 16)
            painter.drawText(room, int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop), self._fitting(label))
        painter.setPen(QPen(color("window"), 2))
        painter.setBrush(color("accent"))
        painter.drawEllipse(QPointF(self.x_of(self._at), _Y), _THUMB, _THUMB)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(color("focus"), 1))
            painter.drawEllipse(QPointF(self.x_of(self._at), _Y), _THUMB + 2.5, _THUMB + 2.5)
        painter.end()

    def _fitting(self, label: str) -> str:
        """A station's word, cut where its neighbours begin."""
        room = max(20.0, self.x_of(1) - self.x_of(0) - 6)
        return QFontMetricsF(self._look.font(11, 600)).elidedText(label, Qt.TextElideMode.ElideRight, room)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._labels:
            self._held = True

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Held, the thumb follows."""
        if self._held:
            self.dragged.emit(self._place_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go, it comes to rest at the nearest station; a click goes there."""
        if self._held:
            self._held = False
            self.chosen.emit(round(self._place_at(event.position().x())))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go from station to station, Home and End to the ends."""
        last = len(self._labels) - 1
        steps = {
            Qt.Key.Key_Left: round(self._at) - 1, Qt.Key.Key_Right: round(self._at) + 1, Qt.Key.Key_Home: 0,
            Qt.Key.Key_Up: round(self._at) - 1, Qt.Key.Key_Down: round(self._at) + 1, Qt.Key.Key_End: last,
        }  # fmt: skip
        if event.key() in steps and last >= 0:
            self.chosen.emit(min(max(steps[Qt.Key(event.key())], 0), last))
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Never steals the page's wheel."""
        event.ignore()

    def focusInEvent(self, event: object) -> None:
        self.update()

    def focusOutEvent(self, event: object) -> None:
        self.update()

    def _place_at(self, x: float) -> float:
        last = max(0, len(self._labels) - 1)
        return min(max((x - _SIDE) / max(1.0, self.width() - 2 * _SIDE) * last, 0.0), float(last))
