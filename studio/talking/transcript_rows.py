"""Where the messages of a conversation stand, one row under the other: heights that are guessed until seen."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF

from studio.talking.answer import Said
from studio.talking.ink import Ink
from studio.talking.message_view import MessageView

GAP, BETWEEN = 18.0, 16.0  # pixels between rows, and between the columns of a row
MARGIN = 20.0  # around everything
WIDEST = 920.0  # of a conversation in one column
_KEPT = 60  # messages that keep their letters though they are out of sight


class Spot(NamedTuple):
    """A message: its row, and its column in a row of several."""

    row: int
    column: int = 0


class TranscriptRows:
    """Rows of one message or of several side by side. All heights count from the top of the first row."""

    def __init__(self, ink: Ink) -> None:
        self.ink = ink
        self.rows: list[list[MessageView]] = []
        self.width = 0.0
        self.colored = False
        self._heights: npt.NDArray[np.float64] = np.zeros(0)
        self._tops: npt.NDArray[np.float64] | None = None
        self._lettered: dict[MessageView, None] = {}  # in the order in which they were seen

    # --- what there is -----------------------------------------------------------------------------------------

    def set(self, rows: Sequence[Sequence[Said]]) -> None:
        """Show other messages."""
        self.rows = [self._views(row) for row in rows]
        self._lettered.clear()
        self._measure_all()

    def append(self, row: Sequence[Said]) -> None:
        """One more row at the end."""
        self.rows.append(self._views(row))
        self._place(self.rows[-1])
        self._heights = np.append(self._heights, _height(self.rows[-1]))
        self._tops = None

    def cut(self, length: int) -> None:
        """Keep the first rows only."""
        for row in self.rows[length:]:
            for view in row:
                self._lettered.pop(view, None)
        del self.rows[length:]
        self._heights, self._tops = self._heights[:length], None

    def _views(self, row: Sequence[Said]) -> list[MessageView]:
        return [MessageView(said, self.ink, len(row) > 1, self.colored) for said in row]

    def set_width(self, width: float) -> None:
        """Another width for everything."""
        if width != self.width:
            self.width = width
            self._measure_all()

    def set_colored(self, on: bool) -> None:
        """Colour all answers by surprise, or none."""
        self.colored = on
        for row in self.rows:
            for view in row:
                view.set_colored(on)
        self._measure_all()

    def redraw(self, ink: Ink) -> None:
        """The theme changed."""
        self.ink = ink
        for row in self.rows:
            for view in row:
                view.redraw(ink)
        self._measure_all()

    # --- measure -----------------------------------------------------------------------------------------------

    def _measure_all(self) -> None:
        for row in self.rows:
            self._place(row)
        self._heights = np.array([_height(row) for row in self.rows], dtype=np.float64)
        self._tops = None

    def _place(self, row: list[MessageView]) -> None:
        width = self.column_width(len(row))
        for view in row:
            view.set_width(width)

    def column_width(self, columns: int) -> float:
        """Pixels of one of so many columns."""
        room = self.width - 2 * MARGIN
        if columns == 1:
            return max(160.0, min(room, WIDEST))
        return max(160.0, (room - BETWEEN * (columns - 1)) / columns)

    def left_of(self, spot: Spot) -> float:
        """Where a message's frame begins."""
        columns = len(self.rows[spot.row])
        wide = self.column_width(columns)
        if columns == 1:
            return MARGIN + max(0.0, (self.width - 2 * MARGIN - wide) / 2) if self._single else (
                self.width - MARGIN - wide if self.rows[spot.row][0].own else MARGIN
            )  # fmt: skip
        return MARGIN + spot.column * (wide + BETWEEN)

    @property
    def _single(self) -> bool:
        """Whether the newest answers stand in one column, which is then centred."""
        return all(len(row) == 1 for row in self.rows[-2:])

    @property
    def tops(self) -> npt.NDArray[np.float64]:
        """(rows + 1,) where each row begins, and where the last one ends."""
        if self._tops is None:
            self._tops = MARGIN + np.concatenate([[0.0], np.cumsum(self._heights + GAP)])
        return self._tops

    @property
    def height(self) -> float:
        """Of everything."""
        return float(self.tops[-1]) - GAP + MARGIN if self.rows else 0.0

    def row_at(self, y: float) -> int:
        """The row that stands at a height, or the nearest one."""
        found = int(np.searchsorted(self.tops, y, side="right")) - 1
        return min(max(0, found), len(self.rows) - 1)

    def update(self, row: int) -> float:
        """Measure one row again; by how much its height changed."""
        height = _height(self.rows[row])
        change = height - float(self._heights[row])
        if change:
            self._heights[row] = height
            if self._tops is not None:
                self._tops[row + 1 :] += change
        return change

    def lay_out(self, top: float, bottom: float) -> float:
        """Make sure of everything between two heights; by how much the first of these rows changed."""
        if not self.rows:
            return 0.0
        first = row = self.row_at(top)
        shift = 0.0
        while row < len(self.rows) and self.tops[row] < bottom:
            for view in self.rows[row]:
                inner = view.top + float(self.tops[row])
                view.text.lay_out(top - inner, bottom - inner)
                self._lettered.pop(view, None)
                self._lettered[view] = None
            change = self.update(row)
            shift += change if row == first else 0.0
            row += 1
        self._tidy()
        return shift

    def _tidy(self) -> None:
        while len(self._lettered) > _KEPT:
            view = next(iter(self._lettered))
            del self._lettered[view]
            view.let_go()

    def seen(self, top: float, bottom: float) -> list[Spot]:
        """The messages between two heights."""
        found: list[Spot] = []
        row = self.row_at(top) if self.rows else 0
        while row < len(self.rows) and self.tops[row] < bottom:
            found += [Spot(row, column) for column in range(len(self.rows[row]))]
            row += 1
        return found

    # --- places ------------------------------------------------------------------------------------------------

    def view(self, spot: Spot) -> MessageView:
        """The message at a spot."""
        row = self.rows[spot.row]
        return row[min(spot.column, len(row) - 1)]

    def spot_at(self, point: QPointF, nearest: bool = False) -> Spot | None:
        """The message under a point; the `nearest` one where there is none."""
        if not self.rows:
            return None
        row = self.row_at(point.y())
        count = len(self.rows[row])
        step = self.column_width(count) + BETWEEN
        column = min(max(0, int((point.x() - self.left_of(Spot(row))) // step)), count - 1) if count > 1 else 0
        spot = Spot(row, column)
        inner = self.inner(spot, point)
        view = self.view(spot)
        inside = 0 <= inner.x() <= view.width and 0 <= inner.y() <= view.height
        return spot if inside or nearest else None

    def inner(self, spot: Spot, point: QPointF) -> QPointF:
        """The same point, counted from the corner of a message."""
        return QPointF(point.x() - self.left_of(spot), point.y() - float(self.tops[spot.row]))


def _height(row: Sequence[MessageView]) -> float:
    return max(view.height for view in row)
