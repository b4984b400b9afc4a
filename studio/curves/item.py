"""One curve of a chart: where its numbers come from and which of them a given width can show."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.core.history import History

Floats = npt.NDArray[np.float64]
COLUMNS = {"step": "step", "tokens": "tokens", "time": "seconds"}  # the chart's axis: the History's column


@dataclass(frozen=True)
class Mark:
    """A small circle under the axis: `kind` is "checkpoint" or "sample"; `text` stands in its card, `best` fills it."""

    kind: str
    step: int
    text: str = ""
    best: bool = False


@dataclass(frozen=True)
class Reference:
    """Published points to compare with: hollow diamonds on a dashed line, placed by step."""

    name: str
    label: str
    steps: Floats
    values: Floats
    color: int | str = "text_quiet"


@dataclass
class Curve:
    """A named line over a History; `color` is a series index or a role."""

    name: str
    label: str
    color: int | str = 0
    unit: str = ""
    dashed: bool = False
    smoothed: bool = True
    visible: bool = True
    history: History | None = None

    def __len__(self) -> int:
        return len(self.history) if self.history is not None else 0

    def x(self, axis: str) -> Floats:
        """Positions along the axis, ascending."""
        return self.history.axis(COLUMNS[axis]) if self.history is not None else np.empty(0)

    def window(self, axis: str, low: float, high: float) -> tuple[int, int]:
        """First and past-last position of the points in [low, high]."""
        x = self.x(axis)
        return int(np.searchsorted(x, low, "left")), int(np.searchsorted(x, high, "right"))

    def columns(
        self, axis: str, low: float, high: float, buckets: int, smoothing: float = 0.0
    ) -> tuple[Floats, Floats, Floats]:
        """(x, lowest, highest) of stretches that cover [low, high] and one point on either side, for drawing."""
        first, last = self.window(axis, low, high)
        first, last = max(0, first - 1), min(len(self), last + 1)
        if self.history is None or first >= last:
            return np.empty(0), np.empty(0), np.empty(0)
        starts, lowest, highest = self.history.extremes(first, last, buckets, smoothing)
        return self.x(axis)[starts], lowest, highest

    def bounds(self, axis: str, low: float, high: float, positive: bool = False) -> tuple[float, float]:
        """Lowest and highest finite value in [low, high]; (inf, -inf) without one. `positive`: of those above 0."""
        first, last = self.window(axis, low, high)
        if self.history is None or first >= last:
            return np.inf, -np.inf
        _, lowest, highest = self.history.extremes(first, last, 4_000 if positive else 64)
        both = np.concatenate((lowest, highest))
        both = both[both > 0] if positive else both[np.isfinite(both)]
        return (float(both.min()), float(both.max())) if len(both) else (np.inf, -np.inf)

    def nearest(self, axis: str, x: float) -> int:
        """Position of the point nearest to `x`, or -1."""
        line = self.x(axis)
        if not len(line):
            return -1
        after = int(np.searchsorted(line, x))
        if after in (0, len(line)):
            return min(after, len(line) - 1)
        return after if line[after] - x < x - line[after - 1] else after - 1

    def broken(self, axis: str, low: float, high: float, most: int = 2_000) -> Floats:
        """Where in [low, high] values are not finite; thinned out evenly above `most`."""
        places = self.history.non_finite if self.history is not None else np.empty(0, dtype=np.int64)
        if not len(places):
            return np.empty(0)
        first, last = self.window(axis, low, high)
        places = places[(places >= first) & (places < last)]
        return self.x(axis)[places[:: max(1, len(places) // most)]]


def convert(curves: list[Curve], step: float, axis: str) -> float:
    """A step on another axis, by the curve with the most points; beyond its end at its mean pace."""
    longest = max(curves, key=len, default=None)
    if axis == "step" or longest is None or not len(longest):
        return step
    steps, x = longest.x("step"), longest.x(axis)
    if step > steps[-1] and steps[-1] > 0:
        return float(x[-1] * step / steps[-1])
    if step < steps[0] and steps[0] > 0:
        return float(x[0] * step / steps[0])
    return float(np.interp(step, steps, x))


def between(curves: list[Curve], value: float, old: str, new: str) -> float:
    """A place on one axis, on another one, by the curve with the most points."""
    longest = max(curves, key=len, default=None)
    if longest is None or not len(longest):
        return value
    return convert([longest], float(np.interp(value, longest.x(old), longest.x("step"))), new)
