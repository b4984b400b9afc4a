"""A slider over all steps of a run: it rests only where something was kept, and shows where whole checkpoints lie."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.parts.wording import count
from studio.widgets.look import Look

_EDGE = 9  # pixels from the widget's side to the ends of the track
_THUMB = 6
_LEAST = 3  # pixels between two marks of snapshots, below which they would be one bar
_KEYS = {
    Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1,
    Qt.Key.Key_PageDown: -10, Qt.Key.Key_PageUp: 10,
}  # fmt: skip


class StepSlider(QWidget):
    """`chosen` tells the step under a hand, `moved` how many snapshots a key goes, `played` that Space was pressed.

    It moves only by `set_place`: whoever listens decides which snapshot is near.
    """

    chosen = Signal(int)
    moved = Signal(int)
    played = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._held, self._exact = look, False, False
        self._steps: tuple[int, ...] = ()
        self._checkpoints: tuple[int, ...] = ()
        self._place: int | None = None
        self.setAccessibleName(tr("Step of the run"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        look.changed.connect(self.update)

    def set_marks(self, steps: Sequence[int], checkpoints: Sequence[int]) -> None:
        """Where snapshots and checkpoints lie, each ascending."""
        if (tuple(steps), tuple(checkpoints)) != (self._steps, self._checkpoints):
            self._steps, self._checkpoints = tuple(steps), tuple(checkpoints)
            self.update()

    def set_place(self, step: int | None, exact: bool) -> None:
        """Where the thumb stands; hollow where an exact checkpoint is shown instead of a snapshot."""
        if (step, exact) != (self._place, self._exact):
            self._place, self._exact = step, exact
            self.setAccessibleDescription(tr("step {step}", step=count(step)) if step is not None else "")
            self.update()

    @property
    def ends(self) -> tuple[int, int]:
        """The steps at both ends of the track."""
        marks = [*self._steps[:1], *self._steps[-1:], *self._checkpoints[:1], *self._checkpoints[-1:]]
        marks += [self._place] if self._place is not None else []
        return (min(marks), max(marks)) if marks else (0, 0)

    def x_of(self, step: int) -> float:
        """Where a step lies, in pixels."""
        first, last = self.ends
        return _EDGE + (step - first) / max(1, last - first) * (self.width() - 2 * _EDGE)

    def step_at(self, x: float) -> int:
        """The step under a place, within the ends."""
        first, last = self.ends
        share = (x - _EDGE) / max(1, self.width() - 2 * _EDGE)
        return round(first + min(max(share, 0.0), 1.0) * (last - first))

    def sizeHint(self) -> QSize:
        """Room for the marks above and below the track."""
        return QSize(320, 28)

    def minimumSizeHint(self) -> QSize:
        """Short enough for a narrow window."""
        return QSize(80, 28)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Track, marks, thumb."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color, middle = self._look.color, self.height() / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color("line"))
        painter.drawRoundedRect(QRectF(_EDGE, middle - 2, self.width() - 2 * _EDGE, 4), 2, 2)
        if self._place is not None:
            painter.setBrush(color("accent"))
            painter.drawRoundedRect(QRectF(_EDGE, middle - 2, max(4.0, self.x_of(self._place) - _EDGE), 4), 2, 2)
        self._paint_marks(painter, middle)
        if self._place is not None:
            self._paint_thumb(painter, QPointF(self.x_of(self._place), middle))
        painter.end()

    def _paint_marks(self, painter: QPainter, middle: float) -> None:
        """Short marks for snapshots, as far as they stay apart, and longer ones for checkpoints."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(self._look.color("text_disabled"), 1))
        before = -_LEAST
        for x in (round(self.x_of(step)) for step in self._steps):
            if x - before >= _LEAST:
                painter.drawLine(QPointF(x, middle + 5), QPointF(x, middle + 7))
                before = x
        painter.setPen(QPen(self._look.color("text_quiet"), 1))
        for x in (round(self.x_of(step)) for step in self._checkpoints):
            painter.drawLine(QPointF(x, middle - 9), QPointF(x, middle - 4))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _paint_thumb(self, painter: QPainter, at: QPointF) -> None:
        color = self._look.color
        painter.setBrush(color("surface") if self._exact else color("accent"))
        painter.setPen(QPen(color("accent") if self._exact else color("surface"), 2))
        painter.drawEllipse(at, _THUMB - self._exact, _THUMB - self._exact)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(color("focus"), 1))
            painter.drawEllipse(at, _THUMB + 2, _THUMB + 2)

    # --- hands --------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The thumb comes to the mouse."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = True
            self.chosen.emit(self.step_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """And follows it while held; else the step under it is told."""
        step = self.step_at(event.position().x())
        if self._held:
            self.chosen.emit(step)
        self.setToolTip(tr("step {step}", step=count(step)))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Until it is let go."""
        self._held = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go one snapshot, Page keys ten; Home and End; Space plays."""
        key = Qt.Key(event.key())
        if key in _KEYS:
            self.moved.emit(_KEYS[key])
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.chosen.emit(self.ends[key == Qt.Key.Key_End])
        elif key == Qt.Key.Key_Space:
            self.played.emit()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Only while it has the keyboard."""
        if self.hasFocus() and event.angleDelta().y():
            self.moved.emit(1 if event.angleDelta().y() > 0 else -1)
        else:
            event.ignore()
