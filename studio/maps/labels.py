"""The names along the sides of a map: as many as there is room for, each beside its row or under its column."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QMarginsF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from studio.maps.cells import Cell
from studio.maps.plane import Plane
from studio.widgets.look import Look

_LINE = 14.0  # pixels of a line of text
_CLOSE, _SLANTED = 12.5, 13.5  # least pixels from one row's name to the next, and from one column's, turned by 45°
_LONGEST, _SHORT = 96.0, 12  # most pixels of a name, and letters of one that surely takes less
_GAP = 6.0
_LAST = _LINE / 2 + 1  # how far the name of the last row may reach below the cells
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
_SLOPE = 0.7072


@dataclass(frozen=True)
class Labels:
    """Names of rows and columns; with `numbered` a row's name stands beside its number, since names may repeat."""

    rows: Sequence[str] = ()
    columns: Sequence[str] = ()
    numbered: bool = False
    axes: tuple[str, str] = ("", "")  # what rows and what columns are


def margins(labels: Labels, look: Look) -> QMarginsF:
    """The room that the names need around the cells."""
    metrics = QFontMetricsF(look.font(11, mono=True))
    widest = _widest(metrics, labels.rows)
    number = metrics.horizontalAdvance(f"{len(labels.rows):,} ") if labels.numbered else 0.0
    across = _widest(metrics, labels.columns) * _SLOPE
    left = widest + number + _GAP + 2 if labels.rows else 0.0
    bottom = across + _LINE if labels.columns else 0.0
    return QMarginsF(left, 0.0, min(across, 40.0) if labels.columns else 0.0, bottom)


def _widest(metrics: QFontMetricsF, names: Sequence[str]) -> float:
    longest = sorted(set(names), key=len)[-8:]  # of one font and nearly one width
    return min(_LONGEST, max((metrics.horizontalAdvance(name) for name in longest), default=0.0))


def step_for(size: float, least: float) -> int:
    """Every how many cells of `size` pixels a name has `least` pixels of room."""
    return next((step for step in _STEPS if step * size >= least), _STEPS[-1])


def paint_labels(painter: QPainter, plane: Plane, labels: Labels, look: Look) -> None:
    """All names that there is room for, and what the axes are."""
    box, (wide, high) = plane.box, plane.cell
    (top, down, _), (left, across, _) = plane.sides()
    painter.setFont(look.font(11, mono=True))
    painter.setPen(look.color("text_quiet"))
    step = step_for(high, _CLOSE)
    for row in range(-(-int(top) // step) * step, min(len(labels.rows), int(top + down + 0.999)), step):
        _write_row(painter, _row_room(plane, row), labels, row)
    step = step_for(wide, _SLANTED)
    for column in range(-(-int(left) // step) * step, min(len(labels.columns), int(left + across + 0.999)), step):
        _write_column(painter, plane, labels, column, None)
    if any(labels.axes) and labels.rows and labels.columns:
        painter.setFont(look.font(11))
        down_words, across_words = f"{labels.axes[0]} ↓", f"{labels.axes[1]} →"
        room = QRectF(0, box.bottom() + _LAST + 1, max(0.0, box.left() - _GAP), 2 * _LINE)
        one_line = f"{down_words}  {across_words}"
        fits = painter.fontMetrics().horizontalAdvance(one_line) <= room.width()
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
        painter.drawText(room, int(flags), one_line if fits else f"{down_words}\n{across_words}")


def paint_pointed(painter: QPainter, plane: Plane, labels: Labels, look: Look, cell: Cell) -> None:
    """The names of the row and the column that are pointed at, strong, each on a ground of its own."""
    row, column = cell
    if not labels.rows and not labels.columns:
        return
    painter.setFont(look.font(11, 600, mono=True))
    painter.setPen(look.color("text"))
    if labels.rows and row is not None:
        room = _row_room(plane, row)
        painter.fillRect(_ground_of(plane, row), look.color("surface"))
        _write_row(painter, room, labels, row)
    if labels.columns and column is not None:
        _write_column(painter, plane, labels, column, look.color("surface"))


def label_rects(plane: Plane, labels: Labels, cell: Cell) -> list[QRect]:
    """The pixels where the names of a row and a column may stand."""
    row, column = cell
    found = [_ground_of(plane, row)] if row is not None and labels.rows else []
    if column is not None and labels.columns:
        long = _LONGEST * _SLOPE + _LINE
        found.append(QRectF(plane.rect_of(0, column).center().x() - _LINE, plane.box.bottom(), long + _LINE, long))
    return [area.toAlignedRect().adjusted(-4, -4, 4, 4) for area in found]


def _row_room(plane: Plane, row: int) -> QRectF:
    highest = max(plane.box.top(), _LINE / 2)  # the first name of small cells would be cut by the edge
    middle = min(max(plane.rect_of(row, 0).center().y(), highest), plane.box.bottom())
    return QRectF(0, middle - _LINE / 2 - 1, plane.box.left() - _GAP, _LINE + 2)


def _ground_of(plane: Plane, row: int) -> QRectF:
    """What the strong name of a row covers: names of close rows whole, rather than by half."""
    beyond = 0.75 * _LINE if plane.cell[1] < _CLOSE else 0.0
    ground = _row_room(plane, row).adjusted(0, -beyond, 0, beyond)
    ground.setBottom(min(ground.bottom(), plane.box.bottom() + _LAST))  # what the axes are stands below
    return ground


def _cut(painter: QPainter, name: str) -> str:
    """A name that is too long ends in an ellipsis."""
    if len(name) <= _SHORT:
        return name
    return painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(_LONGEST))


def _write_row(painter: QPainter, room: QRectF, labels: Labels, row: int) -> None:
    name = _cut(painter, labels.rows[row])
    flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    painter.drawText(room, flags, f"{row:,} {name}" if labels.numbered else name)


def _write_column(painter: QPainter, plane: Plane, labels: Labels, column: int, ground: QColor | None) -> None:
    middle = min(max(plane.rect_of(0, column).center().x(), plane.box.left()), plane.box.right())
    name = _cut(painter, labels.columns[column])
    painter.save()
    painter.translate(QPointF(middle - 2, plane.box.bottom() + 9))
    painter.rotate(45)
    if ground is not None:
        painter.fillRect(QRectF(-3, -9, painter.fontMetrics().horizontalAdvance(name) + 6, 13), ground)
    painter.drawText(QPointF(0, 0), name)
    painter.restore()
