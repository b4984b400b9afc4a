"""What is selected in a conversation: letters from one message to another, within one column."""

from PySide6.QtCore import QPointF

from studio.talking.flowing_text import END, Chosen, Place
from studio.talking.transcript_rows import Spot, TranscriptRows

_Mark = tuple[int, Place]  # row, gap between letters


class TranscriptChoice:
    """`begin` where the button goes down, `reach` where it is moved to."""

    def __init__(self, rows: TranscriptRows) -> None:
        self._rows = rows
        self.column = 0
        self._from: _Mark | None = None
        self._to: _Mark | None = None

    def clear(self) -> None:
        """Select nothing."""
        self._from = self._to = None

    def begin(self, point: QPointF) -> None:
        """Start at the letter nearest to a point."""
        spot = self._rows.spot_at(point, nearest=True)
        self.clear()
        if spot is not None:
            self.column = spot.column
            self._from = self._to = self._mark(spot.row, point)

    def reach(self, point: QPointF) -> None:
        """Select up to the letter nearest to a point."""
        spot = self._rows.spot_at(point, nearest=True)
        if spot is not None and self._from is not None:
            self._to = self._mark(spot.row, point)

    def all(self, column: int) -> None:
        """Select everything in one column."""
        self.column = column
        if self._rows.rows:
            self._from, self._to = (0, Place()), (len(self._rows.rows) - 1, Place(END, END, END))

    def whole(self, spot: Spot) -> None:
        """Select one message."""
        self.column = spot.column
        self._from, self._to = (spot.row, Place()), (spot.row, Place(END, END, END))

    def _mark(self, row: int, point: QPointF) -> _Mark:
        spot = Spot(row, self.column)
        return row, self._rows.view(spot).place_at(self._rows.inner(spot, point))

    @property
    def any(self) -> bool:
        """Whether at least one letter is selected."""
        return self._from is not None and self._from != self._to

    def of(self, spot: Spot) -> Chosen | None:
        """What is selected of one message."""
        if self._from is None or self._to is None or self._from == self._to:
            return None
        first, last = sorted((self._from, self._to))
        count = len(self._rows.rows[spot.row])
        if not first[0] <= spot.row <= last[0] or (count > 1 and spot.column != self.column):
            return None
        start = first[1] if spot.row == first[0] else Place()
        end = last[1] if spot.row == last[0] else Place(END, END, END)
        return start, end

    def text(self) -> str:
        """All selected letters; a message that is selected whole gives what was written, signs and all."""
        if self._from is None or self._to is None:
            return ""
        rows = range(min(self._from[0], self._to[0]), max(self._from[0], self._to[0]) + 1)
        parts = []
        for row in rows:
            spot = Spot(row, min(self.column, len(self._rows.rows[row]) - 1))
            if (chosen := self.of(spot)) is not None:
                parts.append(self._rows.view(spot).copied(chosen))
        return "\n\n".join(parts)
