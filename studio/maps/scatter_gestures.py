"""How a scatter map answers to hand and keyboard: move, turn, zoom, point, lock, draw around; the same by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

from studio.maps.picking import inside, towards

if TYPE_CHECKING:
    from studio.maps.scatter_map import ScatterMap

_CLICK = 4.0  # pixels a hand may tremble in a click
_STEP = 3.0  # pixels between two corners of a drawn outline
_TURN = 0.008  # radians for each pixel
_KEY_MOVE, _KEY_TURN, _KEY_ZOOM = 48.0, 0.12, 1.25
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1),
}  # fmt: skip


class ScatterGestures:
    """Turns events into changes of the map's camera, hover and outline."""

    def __init__(self, map_: ScatterMap) -> None:
        self._map = map_
        self._start: QPointF | None = None
        self._last = QPointF()
        self._moved = False
        self._aside = False  # pressed with the button that only moves
        self.outline: list[tuple[float, float]] = []

    def press(self, event: QMouseEvent) -> None:
        """Begin to move, to turn, or to draw around: with that tool, or with Shift."""
        self._start = self._last = event.position()
        self._moved = False
        self._aside = event.button() != Qt.MouseButton.LeftButton
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        draws = not self._aside and (self._map.tool == "lasso" or shift)
        self.outline = [(self._last.x(), self._last.y())] if draws else []

    def move(self, event: QMouseEvent) -> None:
        """Go on with what was begun, else point at what is under the pointer."""
        at = event.position()
        if self._start is None:
            self._map.point_at(self._map.index_at(at))
            return
        if not self._moved and (at - self._start).manhattanLength() <= _CLICK:
            return
        self._moved = True
        step, self._last = at - self._last, at
        camera = self._map.picture.camera
        if self.outline:
            corner = self.outline[-1]
            if abs(at.x() - corner[0]) + abs(at.y() - corner[1]) >= _STEP:
                self.outline.append((at.x(), at.y()))
            self._map.update()
        elif camera.solid and not self._aside:
            camera.turn(step.x() * _TURN, step.y() * _TURN)
            self._map.view_moved(only_moved=True)
        else:
            camera.move(step.x(), step.y())
            self._map.view_moved(only_moved=True)

    def release(self, event: QMouseEvent) -> None:
        """A click locks what is under the pointer, an outline takes what is inside."""
        start, outline = self._start, self.outline
        self._start, self.outline = None, []
        if start is None:
            return
        if not self._moved:
            if not self._aside:
                self._map.clicked.emit(self._map.index_at(event.position()))
        elif outline:
            places = self._map.picture.places
            self._map.lassoed.emit(places.ids[inside(outline, places.x, places.y)])
            self._map.update()
        else:
            self._map.view_moved()

    def reset(self) -> None:
        """Show everything."""
        self._map.show_all()

    def leave(self) -> None:
        """Nothing is pointed at any more."""
        self._map.point_at(-1)

    def wheel(self, event: QWheelEvent) -> None:
        """Zoom at the pointer; what was pointed at is looked for again."""
        turns = (event.angleDelta().y() or event.angleDelta().x()) / 120
        self._map.picture.camera.zoom_at(event.position().x(), event.position().y(), 1.2**turns)
        self._map.view_moved()
        self._map.point_at(self._map.index_at(event.position()))
        event.accept()

    def key(self, event: QKeyEvent) -> bool:
        """Arrows go to the next point, with Shift they move or turn; Enter locks; + − 0 zoom; Escape ends drawing."""
        key, camera = Qt.Key(event.key()), self._map.picture.camera
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        middle = (self._map.width() / 2, self._map.height() / 2)
        if key in _ARROWS and shift:
            right, down = _ARROWS[key]
            if camera.solid:
                camera.turn(right * _KEY_TURN, down * _KEY_TURN)
            else:
                camera.move(-right * _KEY_MOVE, -down * _KEY_MOVE)
        elif key in _ARROWS:
            self._map.point_at(self._next(_ARROWS[key]))
            return True
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._map.clicked.emit(self._map.pointed)
            return True
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            camera.zoom_at(*middle, _KEY_ZOOM)
        elif key == Qt.Key.Key_Minus:
            camera.zoom_at(*middle, 1 / _KEY_ZOOM)
        elif key == Qt.Key.Key_0:
            camera.home()
        elif key == Qt.Key.Key_Escape and self.outline:
            self._start, self.outline = None, []
        else:
            return False
        self._map.view_moved()
        return True

    def _next(self, direction: tuple[int, int]) -> int:
        """The point beside the one that is pointed at or locked; without one, the point nearest to the middle."""
        picture = self._map.picture
        places = picture.places
        if not len(places.ids):
            return -1
        row = picture.row(self._map.pointed if self._map.pointed >= 0 else self._map.locked)
        if row < 0:
            row = int(((places.x - self._map.width() / 2) ** 2 + (places.y - self._map.height() / 2) ** 2).argmin())
            return int(places.ids[row])
        other = towards(places.x, places.y, row, direction)
        return int(places.ids[other if other >= 0 else row])
