"""What part of a chart is shown: the whole run until somebody zooms. Pure state, no Qt."""

import math
from dataclasses import dataclass

Range = tuple[float, float]


@dataclass
class CurveView:
    """Ranges of both axes; None means "everything there is", which for the vertical one is what fits."""

    x: Range | None = None
    y: Range | None = None
    logarithmic: bool = False

    @property
    def whole(self) -> bool:
        """Whether everything is shown."""
        return self.x is None and self.y is None

    def reset(self) -> None:
        """Show everything again."""
        self.x = self.y = None

    def zoom_x(self, now: Range, around: float, factor: float) -> None:
        """Make the horizontal range `factor` times as wide, keeping `around` where it is."""
        low, high = now
        width = (high - low) * factor
        if width > 1e-9 * max(1.0, abs(around)):
            share = (around - low) / (high - low)
            self.x = (around - share * width, around + (1 - share) * width)

    def zoom_y(self, now: Range, around: float, factor: float) -> None:
        """The same for the vertical range, by the logarithm on a logarithmic axis."""
        low, high, middle = (self._warp(value) for value in (*now, around))
        height = (high - low) * factor
        if height > 1e-12 * max(1.0, abs(middle)):
            share = (middle - low) / (high - low)
            self.y = (self._unwarp(middle - share * height), self._unwarp(middle + (1 - share) * height))

    def pan_x(self, now: Range, share: float) -> None:
        """Move the horizontal range by a share of its width."""
        step = (now[1] - now[0]) * share
        self.x = (now[0] + step, now[1] + step)

    def pan_y(self, now: Range, share: float) -> None:
        """Move the vertical range by a share of its height."""
        low, high = self._warp(now[0]), self._warp(now[1])
        step = (high - low) * share
        self.y = (self._unwarp(low + step), self._unwarp(high + step))

    def _warp(self, value: float) -> float:
        return math.log10(max(value, 1e-300)) if self.logarithmic else value

    def _unwarp(self, value: float) -> float:
        return float(10.0 ** min(max(value, -300.0), 300.0)) if self.logarithmic else value


def fitted(low: float, high: float, logarithmic: bool) -> Range:
    """A vertical range with a little air around [low, high]; works for empty and for flat data."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return (0.1, 10.0) if logarithmic else (0.0, 1.0)
    if logarithmic:
        low, high = max(low, 1e-300), max(high, 1e-300)
        air = max((math.log10(high) - math.log10(low)) * 0.06, 0.02)
        return (10 ** (math.log10(low) - air), 10 ** (math.log10(high) + air))
    if high == low:
        air = abs(high) * 0.1 or 1.0
        return (low - air, high + air)
    air = (high - low) * 0.06
    # Quantities that are never negative keep their zero line: no empty strip below it.
    return (0.0 if 0.0 <= low <= air else low - air, high + air)
