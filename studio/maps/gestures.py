"""How a map answers to hand and keyboard: click, drag, wheel, double click; arrows, plus, minus, 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

if TYPE_CHECKING:
    from studio.maps.heat_map import HeatMap

_TREMBLE = 4.0  # pixels a hand may move in a click
_STEP = 1.25  # how much closer one click of the wheel gets
_FAR = 10  # cells that Page Up and Page Down go
_ARROWS = {
    Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_PageUp: (-_FAR, 0), Qt.Key.Key_PageDown: (_FAR, 0),
    Qt.Key.Key_Home: (0, -(1 << 30)), Qt.Key.Key_End: (0, 1 << 30),
}  # fmt: skip


class MapGestures:
    """Turns events into what a map shows and says."""

    def __init__(self, heat_map: HeatMap) -> None:
        self._map = heat_map
        self._start: QPointF | None = None
        self._last = QPointF()
        self._panning = False

    def press(self, event: QMouseEvent) -> None:
        """What may become a click or a move."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._start = self._last = event.position()
            self._panning = False

    def move(self, event: QMouseEvent) -> None:
        """Move the picture, or point at a cell."""
        at = event.position()
        if self._start is None:
            self._map.point_at(at)
            return
        if not self._panning and (at - self._start).manhattanLength() > _TREMBLE:
            self._panning = True
            self._map.point_at(None)
            if self._map.plane.zoomed:
                self._map.setCursor(Qt.CursorShape.ClosedHandCursor)
        if self._panning and self._map.plane.zoomed:
            self._map.plane.pan(at - self._last)
            self._map.moved()
        self._last = at

    def release(self, event: QMouseEvent) -> None:
        """The end of a move, or a click on a cell."""
        start, panned = self._start, self._panning
        self._start, self._panning = None, False
        self._map.unsetCursor()
        if start is not None and not panned and (cell := self._map.cell_at(start)) is not None:
            self._map.lock(*cell)

    def reset(self) -> None:
        """Show everything."""
        self._start = None
        self._map.plane.reset()
        self._map.moved()

    def leave(self) -> None:
        """Nothing is pointed at any more."""
        self._map.point_at(None)

    def wheel(self, event: QWheelEvent) -> None:
        """Zoom around the pointer."""
        turn = (event.angleDelta().y() or event.angleDelta().x()) / 120.0
        if turn:
            self._map.plane.zoom_at(event.position(), _STEP**turn)
            self._map.moved()
            self._map.point_at(event.position())
        event.accept()

    def key(self, event: QKeyEvent) -> bool:
        """Answer to a key; False if it means nothing here."""
        key, plane = Qt.Key(event.key()), self._map.plane
        if key in _ARROWS and self._map.values.size:
            self._walk(*_ARROWS[key], bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            row, column = self._map.locked
            here = plane.rect_of(row, column).center() if row is not None and column is not None else plane.box.center()
            plane.zoom_at(here, 1 / _STEP if key == Qt.Key.Key_Minus else _STEP)
            self._map.moved()
        elif key == Qt.Key.Key_0:
            self.reset()
        else:
            return False
        return True

    def _walk(self, down: int, across: int, far: bool) -> None:
        """Lock the cell so many away; the first one where none is locked, the last one with Control."""
        row, column = self._map.locked
        rows, columns = self._map.values.shape
        if row is None or column is None:
            row, column = 0, 0
        else:
            times = 1 << 30 if far else 1
            row = min(max(row + down * times, 0), rows - 1)
            column = min(max(column + across * times, 0), columns - 1)
        self._map.plane.reveal(row, column)
        self._map.moved()
        self._map.lock(row, column)
