"""The picture of the step-through: the matrices of a station, or those of two on their way from one to the other."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.controls.cell_field import CellField
from studio.core.language import tr
from studio.steps.arrangement import Arrangement, arrange, between
from studio.steps.matrix_picture import MatrixPicture, Part, Shown
from studio.steps.stages import Matrix, Stage
from studio.widgets.look import Look

_LARGEST = 1_000.0  # of a number in a vector; softmax of much larger ones says nothing


@dataclass(frozen=True)
class Spot:
    """One number of one matrix."""

    key: str
    row: int
    column: int


class StepCanvas(QWidget):
    """Draws the station at `position`; tells what is pointed at, and the number that somebody typed into a vector."""

    hovered = Signal(object)  # Spot, or None
    clicked = Signal(object)  # Spot
    edited = Signal(int, int, float)  # row, column and number of the vectors

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.stages: tuple[Stage, ...] = ()
        self.pictures: dict[str, MatrixPicture] = {}
        self.position = 0.0
        self.spot: Spot | None = None  # the number that is explained
        self._parts: dict[str, Part] = {}
        self._pointing = False
        self._arranged: dict[int, Arrangement] = {}
        self.edit = CellField(look, self, _LARGEST)
        self.edit.given.connect(self.edited)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Matrices of this step"))
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(900, 320)

    def minimumSizeHint(self) -> QSize:
        return QSize(480, 180)

    # --- what is shown --------------------------------------------------------------------------------------------

    def show_stages(self, stages: Sequence[Stage], matrices: Mapping[str, Matrix]) -> None:
        """Other matrices; the place on the way stays."""
        self.stages = tuple(stages)
        self.pictures = {key: MatrixPicture(matrix, self._look) for key, matrix in matrices.items()}
        self._arranged.clear()
        self.edit.hide()
        self.update()

    def set_position(self, position: float) -> None:
        """Where on the way from station to station."""
        if position != self.position:
            self.position = position
            self.edit.hide()
            self.update()

    def point_out(self, spot: Spot | None, parts: Mapping[str, Part]) -> None:
        """Mark one number and what it was made from; while the pointer is on the canvas the rest steps back."""
        self.spot, self._parts = spot, dict(parts)
        words = ""
        if spot is not None and spot.key in self.pictures:
            matrix = self.pictures[spot.key].matrix
            words = f"{matrix.title}: {matrix.rows[spot.row]}, {matrix.columns[spot.column]}"
        self.setAccessibleDescription(words)
        self.update()

    @property
    def station(self) -> int:
        """The station that is shown, or nearer."""
        return min(max(round(self.position), 0), max(0, len(self.stages) - 1))

    @property
    def stage(self) -> Stage | None:
        """The same, None while there is nothing."""
        return self.stages[self.station] if self.stages else None

    def arrangement(self, station: int) -> Arrangement:
        """Where the matrices of a station are now."""
        if station not in self._arranged:
            area = QRectF(self.rect()).adjusted(4, 0, -12, 0)
            self._arranged[station] = arrange(self.stages[station], self.pictures, area, self._look)
        return self._arranged[station]

    def place_of(self, spot: Spot) -> QPointF | None:
        """The middle of a number on the canvas, None where it is not shown."""
        box = self.arrangement(self.station).box_of(spot.key) if self.stages else None
        return self.pictures[spot.key].rect_of(box, spot.row, spot.column).center() if box is not None else None

    def spot_at(self, point: QPointF) -> Spot | None:
        """The number under a point; only at rest."""
        if not self.stages or self.position != self.station:
            return None
        for one in self.arrangement(self.station).placed:
            cell = self.pictures[one.key].cell_at(one.box, point)
            if cell is not None:
                return Spot(one.key, *cell)
        return None

    # --- painting -------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """At rest one station, else two that melt into one another."""
        if not self.stages:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        first, last = math.floor(self.position), math.ceil(self.position)
        start, end = self.arrangement(first), self.arrangement(last)
        rest = first == last
        for placed, opacity in between(start, end, self.position - first):
            if opacity > 0:
                painter.setOpacity(opacity)
                shown = self._shown(placed.key) if rest else Shown()
                self.pictures[placed.key].paint(painter, placed, shown)
        share = self.position - first
        for arrangement, opacity in ((start, 1.0 - 3.0 * share), (end, 3.0 * share - 2.0)):
            if opacity > 0:
                painter.setOpacity(opacity)
                self._paint_signs(painter, arrangement)
        if self.hasFocus():
            painter.setOpacity(1.0)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._look.color("focus"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.end()

    def _shown(self, key: str) -> Shown:
        spot = self.spot
        if spot is None:
            return Shown()
        cell = (spot.row, spot.column) if spot.key == key else None
        return Shown(self._parts.get(key), cell, self._pointing)

    def _paint_signs(self, painter: QPainter, arrangement: Arrangement) -> None:
        painter.setFont(self._look.font(20))
        painter.setPen(self._look.color("text_quiet"))
        for sign in arrangement.signs:
            painter.drawText(sign.box, int(Qt.AlignmentFlag.AlignCenter), sign.text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arranged.clear()
        self.edit.hide()

    # --- pointer and keyboard -------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """What is pointed at is explained."""
        spot = self.spot_at(event.position())
        over = self._editable(spot)
        self.setCursor(Qt.CursorShape.IBeamCursor if over else Qt.CursorShape.ArrowCursor)
        self._pointing = spot is not None
        self.hovered.emit(spot)

    def leaveEvent(self, event: QEvent) -> None:
        self._pointing = False
        self.hovered.emit(None)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click keeps the number that is explained."""
        spot = self.spot_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and spot is not None:
            self.clicked.emit(spot)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """On a vector of an example: another number can be typed."""
        self.edit_spot(self.spot_at(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows walk from number to number, Enter or a digit changes one that may be changed."""
        steps = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        spot, typed = self.spot, event.text()
        if spot is not None and spot.key in self.pictures and event.key() in steps:
            down, across = steps[Qt.Key(event.key())]
            rows, columns = self.pictures[spot.key].matrix.values.shape
            row, column = min(max(spot.row + down, 0), rows - 1), min(max(spot.column + across, 0), columns - 1)
            self.clicked.emit(Spot(spot.key, row, column))
        elif self._editable(spot) and (event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) or typed in _TYPED):
            self.edit_spot(spot, typed if typed in _TYPED else "")
        else:
            super().keyPressEvent(event)

    def edit_spot(self, spot: Spot | None, typed: str = "") -> None:
        """Open the field over a number that may be changed."""
        if spot is None or not self._editable(spot):
            return
        box = self.arrangement(self.station).box_of(spot.key)
        if box is not None:
            picture = self.pictures[spot.key]
            value = float(picture.matrix.values[spot.row, spot.column])
            self.edit.open(picture.rect_of(box, spot.row, spot.column), (spot.row, spot.column), value, typed)

    def _editable(self, spot: Spot | None) -> bool:
        return spot is not None and spot.key in self.pictures and self.pictures[spot.key].matrix.editable

    def focusInEvent(self, event: object) -> None:
        self.update()

    def focusOutEvent(self, event: object) -> None:
        self.update()


_TYPED = tuple("0123456789.-")
