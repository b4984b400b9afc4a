"""A matrix as a picture: every cell is seen at every size, and pointing at one gives its very number."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen, QRegion, QResizeEvent
from PySide6.QtWidgets import QWidget

from studio.core.language import tr
from studio.maps.cells import NOWHERE, Cell, Marks, touched
from studio.maps.colours import Colouring, Numbers, limits_of
from studio.maps.content import Content
from studio.maps.gestures import MapGestures
from studio.maps.labels import Labels, label_rects, paint_pointed
from studio.maps.plane import LARGEST, Plane
from studio.maps.profile import DEPTH, GAP, paint_profile, strip
from studio.maps.pyramid import Pyramid
from studio.widgets.by_hand import ByHand
from studio.widgets.hover_card import CardRow, HoverCard
from studio.widgets.look import Look

Describe = Callable[[int, int], tuple[str, Sequence[CardRow]]]

_ROOMY, _TIGHT = 280, 200  # pixels of height from which on there are bars, and below which columns have no names


class HeatMap(ByHand):
    """Wheel zooms at the pointer, dragging moves, a double click shows all; a click or the arrow keys lock a cell.

    A pixel that covers several cells has the colour of the furthest number among them, and pointing at it reads that
    one. `describe` writes the card at the pointer; without it the card holds names and number.
    """

    hovered = Signal(int, int)  # row, column; -1, -1 on leaving
    clicked = Signal(int, int)
    view_changed = Signal()  # zoomed or moved

    def __init__(self, look: Look, parent: QWidget | None = None, *, square: bool = True) -> None:
        super().__init__(parent)
        self.look = look
        self.plane = Plane(square)
        self.content = Content()
        self.describe: Describe | None = None
        self.locked: Cell = NOWHERE
        self._marked: Cell = NOWHERE
        self._with_profiles = False
        self._picture: QImage | None = None
        self._marks = Marks(look)
        self.hands = MapGestures(self)
        self._card = HoverCard(look, self)
        self.setMinimumSize(120, 120)
        self.setAccessibleName(tr("Map"))
        look.changed.connect(self._tinted)

    def sizeHint(self) -> QSize:
        return QSize(480, 480)

    # --- what is shown ----------------------------------------------------------------------------------------------

    @property
    def values(self) -> Numbers:
        """The numbers themselves, (rows, columns)."""
        return self.content.values

    @property
    def colouring(self) -> Colouring:
        """How they become colours."""
        return self.content.colouring

    def set_values(
        self,
        values: Numbers | Pyramid,
        *,
        low: float | None = None,
        high: float | None = None,
        ramp: str = "viridis",
        scale: str = "linear",
    ) -> None:
        """Show (rows, columns); limits left out are those of the numbers. Large ones better come as a `Pyramid`."""
        if low is None or high is None:
            lowest, highest = limits_of(values.values if isinstance(values, Pyramid) else values)
            low, high = lowest if low is None else low, highest if high is None else high
        self.content.set_values(values, Colouring(low, high, ramp, scale))
        self._marked, self.locked = self._inside(self._marked), self._inside(self.locked)
        self.plane.set_shape(*self.values.shape)
        self.redraw()

    def set_colouring(self, colouring: Colouring) -> None:
        """Other limits or another scale for the same numbers."""
        if colouring != self.colouring:
            self.content.set_values(self.content.pyramid, colouring)
            self.redraw()

    def set_labels(
        self, rows: Sequence[str], columns: Sequence[str], *, numbered: bool = False, axes: tuple[str, str] = ("", "")
    ) -> None:
        """A name for each row and column; `numbered` rows show their number too, `axes` names the two sides."""
        self.content.set_labels(Labels(tuple(rows), tuple(columns), numbered, axes))
        self.redraw()

    def set_veil(self, hides: Numbers | None) -> None:
        """Hatch the cells that are True (rows, columns); their colours stay visible between the lines."""
        self.content.set_veil(hides)
        self.redraw()

    def set_profiles(self, on: bool) -> None:
        """Bars along two sides: the row and the column pointed at."""
        self._with_profiles = on
        self.redraw()

    def width_for(self, height: int) -> int:
        """How wide a map of square cells is at a height, its names and profiles included."""
        around = self.content.margins(self.look, height < _TIGHT)
        side = DEPTH + GAP if self._with_profiles and height >= _ROOMY else 0.0
        rows, columns = self.plane.rows, self.plane.columns
        cell = min(LARGEST, max(1.0, height - around.top() - around.bottom() - side) / rows)
        return round(cell * columns + around.left() + max(around.right(), side)) + 1

    # --- pointing ---------------------------------------------------------------------------------------------------

    def mark(self, row: int | None, column: int | None, locked: bool = False) -> None:
        """Point at a cell, or at a whole row or column; None takes it away. A `locked` one stays under the other."""
        cell = self._inside((row, column))
        if cell == (self.locked if locked else self._marked):
            return
        before = self.pointed
        if locked:
            self.locked = cell
        else:
            self._marked = cell
        self.setAccessibleDescription("; ".join(self.content.words(*self.pointed)))
        self.update() if locked else self._update_pointing(before, self.pointed)

    def _update_pointing(self, before: Cell, now: Cell) -> None:
        """Paint only what moves with the pointer: of a large map all of it would be too much for each move."""
        region = QRegion()
        for cell in (before, now):
            for area in (*touched(self.plane, cell), *label_rects(self.plane, self.content.labels, cell)):
                region += area
        for side, across in ((0, True), (1, False)) if self._profiled else ():
            if before[side] != now[side]:
                region += strip(self.plane, across).toAlignedRect().adjusted(-1, -1, 1, 1)
        self.update(region)

    def lock(self, row: int, column: int) -> None:
        """Keep a cell, as a click does."""
        self.mark(row, column, locked=True)
        self.clicked.emit(row, column)

    @property
    def pointed(self) -> Cell:
        """What is pointed at, else what is locked."""
        return self._marked if self._marked != NOWHERE else self.locked

    @property
    def lines(self) -> list[str]:
        """What the card at the pointer says; empty while there is none."""
        return self._card.lines if not self._card.isHidden() else []

    def point_at(self, point: QPointF | None) -> None:
        """Read the cell under the pointer; None: the pointer has left."""
        cell = self.cell_at(point) if point is not None else None
        if cell is None or point is None:
            self._card.hide()
        else:
            title, rows = self.describe(*cell) if self.describe is not None else self._reading(*cell)
            self._card.show_rows(title, rows, point.toPoint() + QPoint(8, 12), self.rect())
        before = self._marked
        self.mark(*(cell or NOWHERE))
        if self._marked != before:
            self.hovered.emit(*(cell or (-1, -1)))

    def cell_at(self, point: QPointF) -> tuple[int, int] | None:
        """The cell under a point; of several under one pixel the one whose colour the pixel has."""
        cell, ratio = self.plane.cell_at(point) if self.values.size else None, self.devicePixelRatioF()
        if cell is None or min(self.plane.cell) * ratio >= 1.0:
            return cell
        (rows, columns), inside = self.plane.sides(ratio), (point - self.plane.box.topLeft()) * ratio
        pixel = min(int(inside.y()), rows[2] - 1), min(int(inside.x()), columns[2] - 1)
        pyramid = self.content.pyramid
        return pyramid.strongest(*pyramid.block_at(rows, columns, pixel))

    def _reading(self, row: int, column: int) -> tuple[str, list[CardRow]]:
        names, number = self.content.words(row, column)
        return number, [CardRow(names, mono=True)]

    def _inside(self, cell: Cell) -> Cell:
        row, column = (
            at if at is not None and 0 <= at < size else None for at, size in zip(cell, self.values.shape, strict=True)
        )
        return row, column

    # --- drawing ----------------------------------------------------------------------------------------------------

    @property
    def _profiled(self) -> bool:
        """Whether bars are wanted and the cells can spare the room."""
        return self._with_profiles and self.height() >= _ROOMY

    def redraw(self) -> None:
        """Something changed: draw anew when Qt next paints."""
        around = self.content.margins(self.look, self.height() < _TIGHT)
        room = QRectF(self.rect()).marginsRemoved(around)
        if self._profiled:
            room.adjust(0, DEPTH + GAP, -max(0.0, DEPTH + GAP - around.right()), 0)
        self.plane.set_area(QRectF(round(room.left()), round(room.top()), room.width(), room.height()))
        self._picture = None
        self.update()

    def _tinted(self) -> None:
        self._marks = Marks(self.look)
        self.redraw()

    def moved(self) -> None:
        """Another part is seen."""
        self.redraw()
        self.view_changed.emit()

    def picture(self, ratio: float) -> QImage:
        """Cells and names at `ratio` real pixels to a logical one, nothing pointed at."""
        return self.content.picture(self.plane, self.look, self.size(), ratio)

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        if self._picture is None or self._picture.devicePixelRatio() != ratio:
            self._picture = self.picture(ratio)
        painter = QPainter(self)
        painter.drawImage(QPoint(0, 0), self._picture)
        if self.values.size:
            self._paint_pointing(painter, event.region())
        if self.hasFocus() and self.by_keyboard:
            painter.setPen(QPen(self.look.color("focus"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.plane.box.adjusted(-2.5, -2.5, 1.5, 1.5))
        painter.end()

    def _paint_pointing(self, painter: QPainter, region: QRegion) -> None:
        self._marks.paint(painter, self.plane, self._marked, self.locked)
        row, column = self.pointed
        named = row, None if self.height() < _TIGHT else column
        paint_pointed(painter, self.plane, self.content.labels, self.look, named)
        for across, at in zip((True, False), self.pointed, strict=True):
            if self._profiled and region.intersects(strip(self.plane, across).toAlignedRect()):
                profile = self.content.profile(across, at)
                paint_profile(painter, self.plane, profile, self.colouring, self.look, self.devicePixelRatioF())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.redraw()
