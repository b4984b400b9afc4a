"""How a chart answers to hand and keyboard: box, wheel, pan, double-click; plus, minus, 0, arrows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

from studio.curves.item import Mark
from studio.curves.view import Range

if TYPE_CHECKING:
    from studio.curves.canvas import CurveCanvas

_CLICK = 4.0  # pixels a hand may tremble in a click
_FLAT = 12.0  # a box less high than this zooms the horizontal axis alone
_PAN_BUTTONS = Qt.MouseButton.RightButton | Qt.MouseButton.MiddleButton


class Gestures:
    """Turns events into changes of the canvas' view and hover."""

    def __init__(self, canvas: CurveCanvas) -> None:
        self._canvas = canvas
        self._start: QPointF | None = None
        self._panning = False
        self._pan_x: Range = (0.0, 1.0)
        self._pan_y: Range = (0.0, 1.0)

    def press(self, event: QMouseEvent) -> None:
        """Begin a box (left) or a move (right, middle)."""
        self._start = event.position()
        self._panning = bool(event.button() & _PAN_BUTTONS)
        self._pan_x, self._pan_y = self._canvas.x_range(), self._canvas.y_range()
        if self._panning:
            self._canvas.setCursor(Qt.CursorShape.ClosedHandCursor)

    def move(self, event: QMouseEvent) -> None:
        """Grow the box, move the picture, or read values."""
        canvas, at = self._canvas, event.position()
        if self._start is not None and self._panning:
            self._pan(at - self._start)
            return
        area = canvas.frame.area
        if self._start is not None and (at - self._start).manhattanLength() > _CLICK and area.contains(self._start):
            canvas.show_reading(None)
            flat = abs(at.y() - self._start.y()) < _FLAT
            top = area.top() if flat else self._start.y()
            end = QPointF(at.x(), area.bottom() if flat else at.y())
            canvas.box = QRectF(QPointF(self._start.x(), top), end).normalized() & area
            canvas.update()
            return
        self._hover(at)

    def _hover(self, at: QPointF) -> None:
        canvas = self._canvas
        mark = canvas.mark_at(at)
        if mark != canvas.mark:
            canvas.show_mark(mark)
            canvas.setCursor(Qt.CursorShape.PointingHandCursor if mark else Qt.CursorShape.ArrowCursor)
        area = canvas.frame.area
        inside = mark is None and area.left() - 2 <= at.x() <= area.right() + 2 and at.y() <= area.bottom() + 4
        x = canvas.frame.x.value(at.x()) if inside else None
        canvas.show_reading(x, QPoint(round(at.x()), round(at.y()) - 8) if inside else None)
        canvas.hover_moved.emit(canvas.reading.step if canvas.reading is not None else None)

    def _pan(self, moved: QPointF) -> None:
        canvas = self._canvas
        area = canvas.frame.area
        canvas.show_reading(None)
        canvas.view.pan_x(self._pan_x, -moved.x() / area.width())
        if canvas.view.y is not None:
            canvas.view.pan_y(self._pan_y, moved.y() / area.height())
        canvas.changed_view()

    def release(self, event: QMouseEvent) -> None:
        """Zoom into the box, or take the press as a click on a circle."""
        canvas, start, box = self._canvas, self._start, self._canvas.box
        self._start, canvas.box = None, None
        canvas.setCursor(Qt.CursorShape.ArrowCursor)
        if self._panning or start is None:
            return
        if box is not None and box.width() > _CLICK:
            frame = canvas.frame
            low, high = frame.x.value(box.left()), frame.x.value(box.right())
            whole_height = box.height() >= frame.area.height() - 1
            bottom, top = frame.y.value(box.bottom()), frame.y.value(box.top())
            canvas.view.x = (low, high)
            canvas.view.y = canvas.view.y if whole_height else (bottom, top)
            canvas.changed_view()
            return
        canvas.update()
        if event.button() == Qt.MouseButton.LeftButton and (mark := canvas.mark_at(start)) is not None:
            canvas.mark_clicked.emit(mark.kind, mark.step)

    def reset(self) -> None:
        """Show everything."""
        self._start = self._canvas.box = None
        self._canvas.view.reset()
        self._canvas.changed_view()

    def wheel(self, event: QWheelEvent) -> None:
        """Zoom around the pointer; with Ctrl the vertical axis, with Shift move sideways."""
        canvas, frame = self._canvas, self._canvas.frame
        turn = (event.angleDelta().y() or event.angleDelta().x()) / 120.0
        if not turn:
            return
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            canvas.view.pan_x(canvas.x_range(), -0.1 * turn)
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            canvas.view.zoom_y(canvas.y_range(), frame.y.value(event.position().y()), 0.8**turn)
        else:
            self._zoom_x(frame.x.value(event.position().x()), 0.8**turn)
        canvas.changed_view()
        event.accept()

    def _zoom_x(self, around: float, factor: float) -> None:
        """Zoom sideways; out of everything again means the whole run, which follows."""
        canvas = self._canvas
        canvas.view.zoom_x(canvas.x_range(), around, factor)
        low, high = canvas.x_range()
        first, last = canvas.whole_x()
        if factor > 1 and low <= first and high >= last:
            canvas.view.x = None

    def key(self, event: QKeyEvent) -> bool:
        """Answer to a key; False if it means nothing here."""
        canvas = self._canvas
        low, high = canvas.x_range()
        middle = (low + high) / 2
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        key = event.key()
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self._zoom_x(middle, 0.8)
        elif key == Qt.Key.Key_Minus:
            self._zoom_x(middle, 1.25)
        elif key == Qt.Key.Key_0:
            canvas.view.reset()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            side = -1 if key == Qt.Key.Key_Left else 1
            if control:
                self._walk(side)
                return True
            canvas.view.pan_x((low, high), 0.1 * side)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            canvas.view.pan_y(canvas.y_range(), 0.1 if key == Qt.Key.Key_Up else -0.1)
        else:
            return self._other_key(key)
        canvas.changed_view()
        return True

    def _other_key(self, key: int) -> bool:
        """Marks by Page Up and Page Down, Enter opens one, Escape ends what is shown."""
        canvas = self._canvas
        marks = sorted(canvas.scene.marks, key=_mark_order)
        if key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown) and marks:
            side = 1 if key == Qt.Key.Key_PageDown else -1
            at = marks.index(canvas.mark) + side if canvas.mark in marks else (0 if side > 0 else -1)
            canvas.show_mark(marks[at % len(marks)])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and canvas.mark is not None:
            canvas.mark_clicked.emit(canvas.mark.kind, canvas.mark.step)
        elif key == Qt.Key.Key_Escape and (
            canvas.mark is not None or canvas.reading is not None or canvas.box is not None
        ):
            self._start = canvas.box = None
            self.leave()
        else:
            return False
        return True

    def _walk(self, side: int) -> None:
        """Read the values a hundredth of the width further on, from the newest point at first."""
        canvas = self._canvas
        low, high = canvas.x_range()
        if canvas.reading is None:
            canvas.show_reading(high)
        else:
            canvas.show_reading(canvas.reading.x + side * (high - low) / 100)
        if canvas.reading is not None:
            canvas.setAccessibleDescription("; ".join(canvas.card.lines))
            canvas.hover_moved.emit(canvas.reading.step)

    def leave(self) -> None:
        """Nothing is pointed at any more."""
        self._canvas.show_mark(None)
        self._canvas.show_reading(None)
        self._canvas.hover_moved.emit(None)


def _mark_order(mark: Mark) -> tuple[int, str]:
    return mark.step, mark.kind
