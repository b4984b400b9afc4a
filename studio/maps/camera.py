"""Where points of two or three dimensions stand on a surface: moved, zoomed at a place, and turned by hand."""

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

MARGIN = 36.0  # pixels around everything when all of it is shown
CLOSEST, FARTHEST = 400.0, 0.25  # times as large as when everything is shown
DISTANCE = 3.5  # of the eye from the middle, in times the farthest point's distance
START = (0.5, 0.35)  # radians about the upright and the level axis: a first look that is not along an axis


@dataclass
class Camera:
    """Keeps both axes at one scale, for a map whose distances mean something must not be stretched.

    `middle` stands in the middle of the surface, moved by `offset` pixels; `reach` is the farthest point's distance.
    """

    width: float = 1.0
    height: float = 1.0
    zoom: float = 1.0
    offset: tuple[float, float] = (0.0, 0.0)
    solid: bool = False  # three dimensions, else two
    middle: Floats = field(default_factory=lambda: np.zeros(3, np.float32))
    spans: Floats = field(default_factory=lambda: np.ones(3, np.float32))
    reach: float = 1.0
    wide: tuple[float, float] = (1.0, 1.0)  # half of what a space takes to the right and upwards as first seen
    turned: npt.NDArray[np.float64] = field(default_factory=lambda: turning(*START))

    def look_at(self, points: Floats) -> None:
        """Take in these (count, 2 or 3), all of them finite; where the view is moved to stays as it is."""
        self.solid = points.shape[1] > 2
        low, high = (points.min(axis=0), points.max(axis=0)) if len(points) else (np.zeros(2), np.ones(2))
        self.middle = ((low + high) / 2).astype(np.float32)
        self.spans = np.maximum(high - low, 1e-12).astype(np.float32)
        far = np.linalg.norm(points - self.middle, axis=1).max(initial=0.0) if len(points) else 1.0
        self.reach = float(far) or 1.0
        if self.solid and len(points):
            seen = (points - self.middle) @ turning(*START).T.astype(np.float32)
            size = DISTANCE / (DISTANCE - seen[:, 2:] / np.float32(self.reach))
            right, up = np.abs(seen[:, :2] * size).max(axis=0).tolist()
            self.wide = (right or 1.0, up or 1.0)

    def home(self) -> None:
        """Show everything, from where it was first looked at."""
        self.zoom, self.offset, self.turned = 1.0, (0.0, 0.0), turning(*START)

    @property
    def scale(self) -> float:
        """Pixels that one unit of the points takes."""
        wide, high = max(self.width - 2 * MARGIN, 16.0), max(self.height - 2 * MARGIN, 16.0)
        if self.solid:
            return self.zoom * min(wide / (2 * self.wide[0]), high / (2 * self.wide[1]))
        return self.zoom * min(wide / float(self.spans[0]), high / float(self.spans[1]))

    def project(self, points: Floats) -> tuple[Floats, Floats, Floats | None]:
        """Pixels to the right, pixels downwards, and in three dimensions how near, from −1 to 1."""
        across, down = self.width / 2 + self.offset[0], self.height / 2 + self.offset[1]
        scale, centred = np.float32(self.scale), points - self.middle
        if not self.solid:
            return centred[:, 0] * scale + np.float32(across), np.float32(down) - centred[:, 1] * scale, None
        seen = centred @ self.turned.T.astype(np.float32)
        near = seen[:, 2] / np.float32(self.reach)
        size = scale * (DISTANCE / (DISTANCE - near))
        return seen[:, 0] * size + np.float32(across), np.float32(down) - seen[:, 1] * size, near

    def zoom_at(self, x: float, y: float, factor: float) -> None:
        """Grow by `factor`; what is at that pixel stays there."""
        factor = min(max(self.zoom * factor, FARTHEST), CLOSEST) / self.zoom
        across, down = x - self.width / 2, y - self.height / 2
        self.zoom *= factor
        self.offset = (across - (across - self.offset[0]) * factor, down - (down - self.offset[1]) * factor)

    def move(self, x: float, y: float) -> None:
        """Shift by pixels."""
        self.offset = (self.offset[0] + x, self.offset[1] + y)

    def turn(self, right: float, down: float) -> None:
        """Turn by radians, as a hand on a ball would; the axes stay at right angles after any number of turns."""
        left, _, right_side = np.linalg.svd(turning(right, down) @ self.turned)
        self.turned = left @ right_side


def turning(right: float, down: float) -> npt.NDArray[np.float64]:
    """(3, 3): about the upright axis, then about the level one."""
    upright = [[math.cos(right), 0, math.sin(right)], [0, 1, 0], [-math.sin(right), 0, math.cos(right)]]
    level = [[1, 0, 0], [0, math.cos(down), -math.sin(down)], [0, math.sin(down), math.cos(down)]]
    found: npt.NDArray[np.float64] = np.array(level) @ np.array(upright)
    return found
