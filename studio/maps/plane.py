"""Which part of a matrix is seen, and where its cells lie on the screen."""

from PySide6.QtCore import QPointF, QRectF

LARGEST = 64.0  # pixels along a cell of a map that fits
_CLOSEST = 96.0  # pixels along a cell that a person may zoom to
_FEWEST = 2.0  # cells across that a person may zoom to

Side = tuple[float, float, int]


class Plane:
    """A window into (rows, columns), shown in `box`, the used part of the area it was given; lengths in logical pixels.

    With `square` a cell is as wide as it is high; else the cells share the width and the height there is.
    """

    def __init__(self, square: bool = True) -> None:
        self.rows = self.columns = 1
        self.square = square
        self.top = self.left = 0.0  # the first cell that is seen, and how much of it is not
        self.zoom = 1.0
        self._area = QRectF(0, 0, 1, 1)
        self.cell = (1.0, 1.0)  # width and height of a cell
        self.box = QRectF(0, 0, 1, 1)  # where the cells are

    def set_shape(self, rows: int, columns: int) -> None:
        """Another matrix; one of the same shape is seen through the same window."""
        if (rows, columns) != (self.rows, self.columns):
            self.rows, self.columns = max(1, rows), max(1, columns)
            self.reset()

    def set_area(self, area: QRectF) -> None:
        """The room there is."""
        self._area = area
        self._stay_inside()

    def reset(self) -> None:
        """Show everything."""
        self.zoom, self.top, self.left = 1.0, 0.0, 0.0
        self._measure()

    @property
    def zoomed(self) -> bool:
        """Whether some of the matrix may lie outside."""
        return self.zoom > 1.0

    def _fitting(self) -> tuple[float, float]:
        wide = max(1.0, self._area.width()) / self.columns
        high = max(1.0, self._area.height()) / self.rows
        if self.square:
            wide = high = min(wide, high, LARGEST)
        return wide, high

    def _measure(self) -> None:
        wide, high = self._fitting()
        self.cell = wide, high = wide * self.zoom, high * self.zoom
        width = min(self._area.width(), wide * self.columns)
        height = min(self._area.height(), high * self.rows)
        self.box = QRectF(self._area.left(), self._area.top(), width, height)

    def sides(self, ratio: float = 1.0) -> tuple[Side, Side]:
        """Rows and columns as (first cell, cells, pixels) for a screen with `ratio` real pixels to a logical one."""
        box, (wide, high) = self.box, self.cell
        return (
            (self.top, box.height() / high, max(1, round(box.height() * ratio))),
            (self.left, box.width() / wide, max(1, round(box.width() * ratio))),
        )

    def place(self, point: QPointF) -> tuple[float, float] | None:
        """Row and column under a point, with their fractions; None outside."""
        box, (wide, high) = self.box, self.cell
        if not (box.left() <= point.x() < box.right() and box.top() <= point.y() < box.bottom()):
            return None
        return self.top + (point.y() - box.top()) / high, self.left + (point.x() - box.left()) / wide

    def cell_at(self, point: QPointF) -> tuple[int, int] | None:
        """The cell under a point."""
        place = self.place(point)
        if place is None:
            return None
        return min(int(place[0]), self.rows - 1), min(int(place[1]), self.columns - 1)

    def corner(self, row: int, column: int) -> tuple[float, float]:
        """Left and top of a cell, also of one that is not seen."""
        return self.box.left() + (column - self.left) * self.cell[0], self.box.top() + (row - self.top) * self.cell[1]

    def rect_of(self, row: int, column: int) -> QRectF:
        """Where a cell lies, also one that is not seen."""
        return QRectF(*self.corner(row, column), *self.cell)

    def zoom_at(self, point: QPointF, factor: float) -> None:
        """Grow or shrink, what is under the point staying there."""
        wide, high = self._fitting()
        most = max(1.0, min(_CLOSEST / max(wide, high), max(self.rows, self.columns) / _FEWEST))
        before = self.place(point) or (self.top + self.rows / 2, self.left + self.columns / 2)
        self.zoom = min(max(1.0, self.zoom * factor), most)
        self._measure()
        wide, high = self.cell
        self.top = before[0] - (point.y() - self._area.top()) / high
        self.left = before[1] - (point.x() - self._area.left()) / wide
        self._stay_inside()

    def pan(self, moved: QPointF) -> None:
        """Move what is seen by so many pixels."""
        wide, high = self.cell
        self.left -= moved.x() / wide
        self.top -= moved.y() / high
        self._stay_inside()

    def reveal(self, row: int, column: int) -> None:
        """Move as little as it takes for a cell to be seen."""
        box, (wide, high) = self.box, self.cell
        self.top = min(max(self.top, row + 1 - box.height() / high), row)
        self.left = min(max(self.left, column + 1 - box.width() / wide), column)
        self._stay_inside()

    def _stay_inside(self) -> None:
        self._measure()
        box, (wide, high) = self.box, self.cell
        self.top = max(0.0, min(self.top, self.rows - box.height() / high))
        self.left = max(0.0, min(self.left, self.columns - box.width() / wide))
