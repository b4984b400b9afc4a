"""Where the tiles of a mosaic stand, and the words beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from studio.maps.colours import Numbers
from studio.widgets.look import Look

Place = tuple[int, int]

GAP = 6.0
BADGE = 16.0  # pixels below a tile for its badge
_BESIDE = 8.0  # pixels beside a tile for a badge that has no room below
_HEAD = 18.0  # pixels above or beside the tiles for the numbers of columns and rows
_CAPTION = 14.0  # pixels above a tile for its own name
_LEAST, _MOST = 28.0, 168.0  # pixels along a tile
_WRITTEN, _NUMBER = 38.0, 26.0  # pixels along a tile whose badge has room for its number, and of that number


@dataclass(frozen=True)
class Grid:
    """Tiles of `tile` pixels, `across` of them in a line; `sorted` ones carry their own names."""

    places: tuple[Place, ...] = ()
    across: int = 1
    tile: float = 0.0
    left: float = 0.0
    top: float = 0.0
    pitch: tuple[float, float] = (1.0, 1.0)
    sorted: bool = False
    beside: bool = False  # badges stand at the right of their tiles

    @property
    def height(self) -> float:
        """Of everything, in pixels."""
        lines = -(-len(self.places) // self.across)
        return self.top + lines * self.pitch[1]

    def rect(self, at: int) -> QRectF:
        """Where the tile at a place in the order stands."""
        line, place = divmod(at, self.across)
        caption = _CAPTION if self.sorted else 0.0
        return QRectF(
            round(self.left + place * self.pitch[0]), round(self.top + caption + line * self.pitch[1]),
            self.tile, self.tile,
        )  # fmt: skip

    def at(self, point: QPointF) -> Place | None:
        """The tile under a point, its badge included."""
        place = int((point.x() - self.left) // self.pitch[0])
        line = int((point.y() - self.top) // self.pitch[1])
        at = line * self.across + place
        inside = point.x() >= self.left and point.y() >= self.top and place < self.across and at < len(self.places)
        return self.places[at] if inside else None

    def between(self, top: float, bottom: float) -> range:
        """The tiles that lie, at least partly, between two heights."""
        first = max(0, int((top - self.top) // self.pitch[1])) * self.across
        last = (max(0, int((bottom - self.top) // self.pitch[1])) + 1) * self.across
        return range(min(first, len(self.places)), min(last, len(self.places)))

    def paint_words(
        self, painter: QPainter, look: Look, seen: range, badges: Numbers | None, names: tuple[str, str]
    ) -> None:
        """Numbers of rows and columns or the names of sorted tiles, and a bar and a number under each."""
        painter.setFont(look.font(11))
        painter.setPen(look.color("text_quiet"))
        if not self.sorted:
            self._paint_heads(painter, seen)
        for at in seen:
            frame, (row, column) = self.rect(at), self.places[at]
            if self.sorted:
                painter.setPen(look.color("text_quiet"))
                words = f"{names[0]}{row} {names[1]}{column}" if self.tile >= 2 * _LEAST else f"{row}.{column}"
                room = QRectF(frame.left() - 2, frame.top() - _CAPTION, self.pitch[0], _CAPTION)
                painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), words)
            if badges is not None and not self.beside and self.tile >= _WRITTEN:
                value = float(badges[row, column])
                painter.setPen(look.color("text_quiet"))
                room = QRectF(frame.right() - _NUMBER, frame.bottom(), _NUMBER, BADGE)
                number = f"{value:.2f}".removeprefix("0") if np.isfinite(value) else "–"
                painter.drawText(room, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), number)

    def _paint_heads(self, painter: QPainter, seen: range) -> None:
        centred = int(Qt.AlignmentFlag.AlignCenter)
        for place in range(min(self.across, len(self.places))):
            frame = self.rect(place)
            painter.drawText(QRectF(frame.left(), 0, frame.width(), _HEAD), centred, str(self.places[place][1]))
        for at in seen:
            if at % self.across == 0:
                frame = self.rect(at)
                painter.drawText(
                    QRectF(0, frame.top(), self.left - 4, frame.height()), centred, str(self.places[at][0])
                )

    def bars(self, seen: range, badges: Numbers) -> tuple[Numbers, Numbers]:
        """The grounds of the tiles' badges and their parts that are as long as the numbers are large.

        Both (tiles, 4): left, top, right, bottom.
        """
        shares = np.nan_to_num(np.clip([badges[self.places[at]] for at in seen], 0.0, 1.0), nan=0.0)
        line, place = np.divmod(np.asarray(seen), self.across)
        caption = _CAPTION if self.sorted else 0.0
        left = np.round(self.left + place * self.pitch[0])
        top = np.round(self.top + caption + line * self.pitch[1])
        if self.beside:
            ground = np.stack([left + self.tile + 3, top, left + self.tile + 7, top + self.tile], axis=1)
            filled = ground.copy()
            filled[:, 1] += self.tile * (1.0 - shares)
            return ground, filled
        width = self.tile - (_NUMBER if self.tile >= _WRITTEN else 0.0)
        ground = np.stack([left, top + self.tile + 6, left + width, top + self.tile + 10], axis=1)
        filled = ground.copy()
        filled[:, 2] = left + width * shares
        return ground, filled


def grid_for(shape: Place, order: Sequence[Place] | None, room: tuple[float, float], badges: bool) -> Grid:
    """Tiles as large as the room allows, not smaller than can be recognised; badges where they cost least of it."""
    if order is not None:
        words = _CAPTION + (BADGE if badges else 0.0)
        across, tile = _across(len(order), room, words)
        return Grid(tuple(order), across, tile, 2.0, 2.0, (tile + GAP, tile + GAP + words), sorted=True)
    rows, columns = max(1, shape[0]), max(1, shape[1])
    places = tuple((row, column) for row in range(shape[0]) for column in range(shape[1]))
    wide, high = (room[0] - _HEAD) / columns - GAP, (room[1] - _HEAD) / rows - GAP
    below, beside = min(wide, high - BADGE), min(wide - _BESIDE, high)
    sideways = badges and beside > 1.1 * below
    tile = (beside if sideways else below) if badges else min(wide, high)
    tile = min(max(_LEAST, float(int(tile))), _MOST, max(12.0, float(int(wide - _BESIDE * sideways))))
    pitch = tile + GAP + _BESIDE * sideways, tile + GAP + (BADGE if badges and not sideways else 0.0)
    return Grid(places, columns, tile, _HEAD, _HEAD, pitch, beside=sideways)


def _across(count: int, room: tuple[float, float], words: float) -> tuple[int, float]:
    """How many tiles in a line make them largest while all are seen; the smallest ones where not all can be."""
    best, found = 0.0, 1
    for across in range(1, max(1, count) + 1):
        lines = -(-max(1, count) // across)
        tile = min((room[0] - 2) / across - GAP, (room[1] - 2) / lines - GAP - words, _MOST)
        if tile > best:
            best, found = tile, across
    if best >= 1.5 * _LEAST:
        return found, float(int(best))
    across = max(1, int((room[0] - 2) // (1.5 * _LEAST + GAP)))
    return across, float(int(1.5 * _LEAST))
