"""Names beside points that keep apart: the more important first, few enough to read, steady while the map moves."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

MOST = 150
TRIED = 400  # points that are asked for a place, the most important first
HEIGHT = 14.0
GAP = 5.0  # pixels between a point and its name
_CELL = 4.0  # pixels of the grid that remembers what is taken
_STEADY = 1.6  # a change of zoom up to which names stay where they are if they can

SIDES = ("right", "left", "above", "below")
_ORDERS = {side: (side, *(other for other in SIDES if other != side)) for side in SIDES}
Spot = tuple[int, float, float]  # an id and the pixel of its point


@dataclass(frozen=True, slots=True)
class Placed:
    """A name and where its box begins; the box is `HEIGHT` high."""

    index: int
    left: float
    top: float
    width: float
    side: str


class _Grid:
    """What is taken of a surface: for each row of cells a number with a bit for each cell."""

    def __init__(self, size: tuple[float, float]) -> None:
        self._rows = [0] * (int(size[1] / _CELL) + 1)
        self._right = size[0]

    def take(self, left: float, top: float, width: float) -> bool:
        """Take a box if it is inside and free."""
        if left < 1 or top < 1 or left + width + 2 > self._right:
            return False
        first, last = int(top / _CELL), int((top + HEIGHT) / _CELL)
        if last >= len(self._rows):
            return False
        start = int((left - 2) / _CELL) if left > 2 else 0
        bits = ((1 << (int((left + width + 2) / _CELL) - start + 1)) - 1) << start
        rows = self._rows
        for row in range(first, last + 1):
            if rows[row] & bits:
                return False
        for row in range(first, last + 1):
            rows[row] |= bits
        return True


@dataclass
class LabelLayout:
    """Remembers which names were shown on which side, so that the next layout keeps them."""

    sides: dict[int, str] = field(default_factory=dict)
    zoom: float = 0.0

    def forget(self) -> None:
        """Other points, other names."""
        self.sides, self.zoom = {}, 0.0

    def place(
        self,
        first: Iterable[Spot],
        second: Iterable[Spot],
        width: Callable[[int], float],
        size: tuple[float, float],
        zoom: float,
    ) -> list[Placed]:
        """Names of the first group, then of the second, in their order as far as there is room; `size` is the surface.

        Of the second group those that were there before come first, unless the zoom became quite another one.
        """
        if self.zoom and not 1 / _STEADY <= zoom / self.zoom <= _STEADY:
            self.sides = {}
        self.zoom = self.zoom if self.sides else zoom
        others = list(second)
        kept = [spot for spot in others if spot[0] in self.sides]
        fresh = [spot for spot in others if spot[0] not in self.sides]
        grid, found = _Grid(size), dict[int, Placed]()
        for index, x, y in (*first, *kept, *fresh):
            if len(found) >= MOST:
                break
            if index not in found:
                placed = _fit(grid, (index, x, y), width(index), self.sides.get(index, SIDES[0]))
                if placed is not None:
                    found[index] = placed
        self.sides = {index: placed.side for index, placed in found.items()}
        return list(found.values())


def _fit(grid: _Grid, spot: Spot, width: float, before: str) -> Placed | None:
    """The first side with room, the former one before the others; takes the room."""
    index, x, y = spot
    for side in _ORDERS[before]:
        if side == "right":
            left, top = x + GAP, y - HEIGHT / 2
        elif side == "left":
            left, top = x - GAP - width, y - HEIGHT / 2
        else:
            left, top = x - width / 2, y - GAP - HEIGHT if side == "above" else y + GAP
        if grid.take(left, top, width):
            return Placed(index, left, top, width, side)
    return None
