"""The dots of a scatter map as one picture: where they stand, in which order they lie, which of them stand out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage

from studio.maps.camera import Camera
from studio.maps.splat import BORDER, Pixels, blank, crowd, mixed, splat

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]

_SIZES = ((20_000, 1.25), (4_000, 1.4), (800, 2.0), (0, 3.0))  # radius of a dot where there are more than so many
_LARGEST = 6.0
_QUIET = 0.30  # of its colour that a dot keeps beside others that stand out
_FAR = 0.35  # of its colour that the farthest dot of a space keeps
CELL = 3  # pixels of a cell of the crowd's picture


@dataclass(frozen=True)
class Places:
    """The points that are on the map: their ids, their pixels, and how near they are in three dimensions."""

    ids: Ids
    x: Floats
    y: Floats
    near: Floats | None


class ScatterPicture:
    """Points by id (their row); a row that holds no numbers is no point. Colours are 0xFFRRGGBB for each row."""

    def __init__(self) -> None:
        self.camera = Camera()
        self.points: Floats = np.zeros((0, 2), np.float32)
        self.colors: Pixels = np.zeros(0, np.uint32)
        self.lit: Ids | None = None  # those that stand out; None: all are alike
        self._ids: Ids = np.zeros(0, np.int64)
        self._rows: Ids = np.zeros(0, np.int64)  # by id: where it is among the points that are on the map, else −1
        self._whole = self.points
        self._places: Places | None = None
        self.camera.look_at(self.points)

    def __len__(self) -> int:
        return len(self._ids)

    def set_points(self, points: Floats, frame: Floats | None = None) -> None:
        """(rows, 2 or 3); `frame` are the points that the view takes in, these if not told."""
        self.points = np.ascontiguousarray(points, np.float32)
        self._ids = np.flatnonzero(np.isfinite(self.points).all(axis=1))
        self._rows = np.full(len(self.points), -1, np.int64)
        self._rows[self._ids] = np.arange(len(self._ids))
        self._whole = self.points if len(self._ids) == len(self.points) else self.points[self._ids]
        if len(self.colors) != len(self.points):
            self.colors = np.zeros(len(self.points), np.uint32)
        if frame is not None and frame.shape[1] == self.points.shape[1]:
            self.camera.look_at(frame[np.isfinite(frame).all(axis=1)])
        else:
            self.camera.look_at(self._whole)
        self.moved()

    def moved(self) -> None:
        """The camera did something: pixels are asked for anew."""
        self._places = None

    @property
    def places(self) -> Places:
        """Where everything stands now."""
        if self._places is None:
            self._places = Places(self._ids, *self.camera.project(self._whole))
        return self._places

    def at(self, index: int) -> tuple[float, float] | None:
        """The pixel of one point, None where it is not on the map."""
        row = int(self._rows[index]) if 0 <= index < len(self._rows) else -1
        places = self.places
        return (float(places.x[row]), float(places.y[row])) if row >= 0 else None

    def spots(
        self, indexes: Sequence[int] | Ids, within: tuple[float, float] | None = None
    ) -> list[tuple[int, float, float]]:
        """Ids with their pixels, without those that are not on the map, or not `within` so many pixels of it."""
        asked = np.asarray(indexes, np.int64).reshape(-1)
        asked = asked[(asked >= 0) & (asked < len(self._rows))]
        rows = self._rows[asked]
        asked, rows = asked[rows >= 0], rows[rows >= 0]
        x, y = self.places.x[rows], self.places.y[rows]
        if within is not None:
            seen = (x >= 0) & (x < within[0]) & (y >= 0) & (y < within[1])
            asked, x, y = asked[seen], x[seen], y[seen]
        return list(zip(asked.tolist(), x.tolist(), y.tolist(), strict=True))

    def row(self, index: int) -> int:
        """Where an id is among `places`, else −1."""
        return int(self._rows[index]) if 0 <= index < len(self._rows) else -1

    def radius(self, ratio: float = 1.0) -> float:
        """Of a dot, in pixels: larger where there are few, and growing slowly as one comes closer."""
        size = next(size for least, size in _SIZES if len(self) > least or not least)
        return float(min(size * max(1.0, self.camera.zoom) ** 0.25, _LARGEST)) * ratio

    def image(self, ratio: float, ground: int, crowded: Pixels | None = None) -> QImage:
        """The map at `ratio` real pixels to a logical one; with a table of colours, how many dots lie where instead."""
        places, camera = self.places, self.camera
        width, height = max(1, round(camera.width * ratio)), max(1, round(camera.height * ratio))
        canvas = blank(width, height, ground)
        x, y = (places.x, places.y) if ratio == 1.0 else (places.x * ratio, places.y * ratio)
        colors = self.colors if len(self._ids) == len(self.colors) else self.colors[self._ids]
        if crowded is None:
            quiet = mixed(colors, ground, _QUIET) if self.lit is not None else colors
            quiet = self._faded(quiet, places, ground)
            order = self._order(places)
            dots = (x, y, quiet) if order is None else (x[order], y[order], quiet[order])
            splat(canvas, dots, self.radius(ratio), ground)
        else:
            _paint_crowd(canvas, crowd(x, y, (width, height), CELL), crowded)
        lit = self._lit_rows()
        if len(lit):
            splat(canvas, (x[lit], y[lit], colors[lit]), self.radius(ratio) + 0.75 * ratio, ground)
        return self._as_image(canvas, width, height, ratio)

    def _lit_rows(self) -> Ids:
        if self.lit is None:
            return self._ids[:0]
        rows = self._rows[self.lit[self.lit < len(self._rows)]]
        found: Ids = rows[rows >= 0]
        return found

    def _faded(self, colors: Pixels, places: Places, ground: int) -> Pixels:
        """Further away is fainter."""
        if places.near is None:
            return colors
        return mixed(colors, ground, np.clip(_FAR + (1 - _FAR) * (places.near + 1) / 2, _FAR, 1).astype(np.float32))

    @staticmethod
    def _order(places: Places) -> Ids | None:
        """From the farthest to the nearest, in 256 slices: bytes sort in one pass."""
        if places.near is None:
            return None
        return np.argsort(np.clip((places.near + 1) * 128, 0, 255).astype(np.uint8), kind="stable")

    @staticmethod
    def _as_image(canvas: Pixels, width: int, height: int, ratio: float) -> QImage:
        """The canvas without its border, in memory of its own."""
        stride = canvas.shape[1]
        inner = canvas.reshape(-1)[BORDER * stride + BORDER :]
        image = QImage(inner.data, width, height, 4 * stride, QImage.Format.Format_RGB32).copy()
        image.setDevicePixelRatio(ratio)
        return image


def _paint_crowd(canvas: Pixels, counts: Floats, table: Pixels) -> None:
    """Cells by the logarithm of how many lie there; an empty one shows the ground."""
    most = float(np.log1p(counts.max(initial=0.0))) or 1.0
    shades = table[(np.log1p(counts) / most * (len(table) - 1)).astype(np.intp)]
    inner = canvas[BORDER:-BORDER, BORDER:-BORDER]
    large = shades.repeat(CELL, axis=0).repeat(CELL, axis=1)[: inner.shape[0], : inner.shape[1]]
    some = (counts > 1e-3).repeat(CELL, axis=0).repeat(CELL, axis=1)[: inner.shape[0], : inner.shape[1]]
    np.copyto(inner, large, where=some)
