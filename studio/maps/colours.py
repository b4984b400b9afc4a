"""Numbers as colours: tables that are even to the eye, and where on one of them a value lies."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.store.places import places

Numbers = npt.NDArray[Any]
Colours = npt.NDArray[np.uint32]  # 0xAARRGGBB, as QImage.Format_RGB32 reads it

MAGNITUDES = ("viridis", "cividis")
DIFFERENCE = "difference"  # diverging: blue below zero, orange above
MORE, LESS = 1, 0  # series of both sides of it: of A and what it has more of, of B and what A has less of
SCALES = ("linear", "sqrt", "log")
DECADES = 4.0  # that a logarithmic scale shows below its highest value


@lru_cache(maxsize=8)
def ramp(name: str, dark: bool = False) -> Colours:
    """256 colours from the lowest to the highest value; differences have a table of their own on a `dark` ground."""
    folder = places().resources / "colours"
    path = folder / f"{name}-dark.txt"
    path = path if dark and path.exists() else folder / f"{name}.txt"
    found = np.array([0xFF000000 | int(line[1:], 16) for line in path.read_text("ascii").split()], np.uint32)
    found.flags.writeable = False
    return found


def painted(values: Numbers, low: float, high: float, table: Colours, missing: int) -> Colours:
    """The colour of each value, the table's ends at `low` and `high`; what is no finite number gets `missing`."""
    with np.errstate(invalid="ignore", over="ignore"):
        share = np.asarray(values, np.float32) - np.float32(low)
        share *= np.float32(1.0 / ((high - low) or 1.0))
    return _looked_up(share, table, missing)


def _looked_up(share: Numbers, table: Colours, missing: int) -> Colours:
    """Colours for shares of the table, float32; the shares are used up."""
    odd = ~np.isfinite(share)
    some = bool(odd.any())
    if some:
        share[odd] = 0.0
    np.clip(share, 0.0, 1.0, out=share)
    share *= np.float32(len(table) - 1)
    share += np.float32(0.5)
    found: Colours = table.take(share.astype(np.uint8))
    if some:
        found[odd] = missing
    return found


@dataclass(frozen=True)
class Colouring:
    """How values become colours: from `low` to `high` on a table, evenly, by their root or by their logarithm.

    On the diverging table zero is always in the middle and the larger of the two limits counts on both sides.
    """

    low: float = 0.0
    high: float = 1.0
    ramp: str = "viridis"
    scale: str = "linear"
    missing: str = "danger"  # role of what is no number; "raised" where it is only not known yet

    @property
    def signed(self) -> bool:
        """Whether the sign has a colour of its own."""
        return self.ramp == DIFFERENCE

    @property
    def limits(self) -> tuple[float, float]:
        """The values of the first and the last colour."""
        if self.signed:
            most = max(abs(self.low), abs(self.high))
            return -most, most
        return self.low, self.high

    def share(self, values: Numbers | float) -> Numbers:
        """Where values lie between the first colour (0) and the last (1); NaN and infinities stay what they are."""
        x = np.asarray(values)
        x = x if x.dtype in (np.float32, np.float64) else x.astype(np.float32)
        low, high = self.limits
        odd = ~np.isfinite(x)
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            if self.signed:
                found: Numbers = 0.5 + 0.5 * np.sign(x) * self._bent(np.abs(x) / x.dtype.type(high or 1.0))
            else:
                found = self._bent((x - x.dtype.type(low)) / x.dtype.type((high - low) or 1.0))
        return np.where(odd, x, found) if odd.any() else found

    def _bent(self, share: Numbers) -> Numbers:
        inside: Numbers = np.clip(share, 0.0, 1.0)
        if self.scale == "sqrt":
            inside = np.sqrt(inside)
        if self.scale == "log":
            inside = np.clip(1.0 + np.log10(inside) / inside.dtype.type(DECADES), 0.0, 1.0)
        return inside

    def value(self, share: float) -> float:
        """The value that lies at a share of the table: the other way round."""
        low, high = self.limits
        if self.signed:
            return math.copysign(self._straight(abs(2.0 * share - 1.0)) * high, share - 0.5)
        return low + self._straight(share) * (high - low)

    def _straight(self, share: float) -> float:
        if self.scale == "sqrt":
            return share * share
        if self.scale == "log":
            return float(10.0 ** ((share - 1.0) * DECADES))
        return share

    def paint(self, values: Numbers, dark: bool, missing: int) -> Colours:
        """The colour of each value."""
        return _looked_up(np.array(self.share(values), np.float32), ramp(self.ramp, dark), missing)


def limits_of(values: Numbers) -> tuple[float, float]:
    """Lowest and highest finite value; (0, 1) where there is none."""
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def number_text(value: float) -> str:
    """A value beside a map: four digits that count, fewer zeros than it takes."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"
    size = abs(value)
    if size and (size < 1e-4 or size >= 1e5):
        head, _, power = f"{value:.1e}".partition("e")
        return f"{head}e{int(power)}".replace("-", "−")
    digits = 4 if size < 10 else max(0, 4 - len(str(int(size))))
    return f"{value:,.{digits}f}".replace("-", "−")


def signed_text(value: float) -> str:
    """A number with its sign: +1.25, −0.04."""
    text = number_text(value)
    return text if text.startswith("−") or value != value else f"+{text}"
