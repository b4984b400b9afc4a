"""Where an axis puts its ticks and how it writes them. Pure arithmetic, no Qt."""

import itertools
import math
from dataclasses import dataclass

AXES = ("step", "tokens", "time")
_MINUTE, _HOUR, _DAY = 60.0, 3_600.0, 86_400.0
_TIME_STEPS = (
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, _MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE,
    _HOUR, 2 * _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY, 2 * _DAY, 7 * _DAY,
)  # fmt: skip


@dataclass(frozen=True)
class Scale:
    """A range of values laid over a range of pixels, evenly or by the logarithm."""

    low: float
    high: float
    start: float  # the pixel of `low`
    end: float  # the pixel of `high`
    logarithmic: bool = False

    def pixel(self, value: float) -> float:
        """Where a value stands; on a logarithmic scale values up to 0 stand far below."""
        low, high = self._ends()
        return self.start + (self._warp(value) - low) / (high - low) * (self.end - self.start)

    def value(self, pixel: float) -> float:
        """What stands at a pixel."""
        low, high = self._ends()
        warped = low + (pixel - self.start) / (self.end - self.start) * (high - low)
        return 10.0**warped if self.logarithmic else warped

    def _ends(self) -> tuple[float, float]:
        low, high = self._warp(self.low), self._warp(self.high)
        return (low, high) if high > low else (low, low + 1.0)

    def _warp(self, value: float) -> float:
        if not self.logarithmic:
            return value
        return math.log10(value) if value > 0 else -300.0


def ticks(low: float, high: float, most: int, logarithmic: bool = False) -> list[float]:
    """Round values in [low, high], at most about `most` of them: steps of 1, 2 or 5 times a power of ten."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low or most < 1:
        return []
    if logarithmic and low > 0 and high / low >= 10.0:
        return _log_ticks(low, high, most)
    step = nice_step((high - low) / most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def _log_ticks(low: float, high: float, most: int) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1, 2, 3, 5), (1, 2, 5), (1, 3), (1,)):
        found = [factor * 10.0**power for power in decades for factor in factors]
        found = [value for value in found if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]
        if len(found) <= most:
            return found
    return found[:: math.ceil(len(found) / most)]


def time_ticks(low: float, high: float, most: int) -> list[float]:
    """Round points in time (seconds), in steps that people count in."""
    if high <= low or most < 1:
        return []
    rough = (high - low) / most
    step = next((step for step in _TIME_STEPS if step >= rough), nice_step(rough / _DAY) * _DAY)
    if rough < 1.0:
        step = nice_step(rough)
    return [index * step for index in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def nice_step(rough: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is at least `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough * (1 - 1e-9))


def tick_text(value: float, values: list[float]) -> str:
    """A tick's label, with just enough digits to tell it from its neighbours."""
    if value == 0.0:
        return "0"
    size = max(abs(item) for item in values) if values else abs(value)
    if size >= 1e15 or abs(value) < 1e-4:
        return short_exponent(f"{value:.1e}")
    gaps = [b - a for a, b in itertools.pairwise(values) if b > a]
    finest = min([*gaps, abs(value)]) if gaps else abs(value)
    digits = max(0, min(8, math.ceil(-math.log10(finest) - 1e-9) + (0 if gaps else 2)))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def count_text(value: float, most: float) -> str:
    """Steps in full below ten million, larger counts as 12.5 M; `most` is the axis' largest value."""
    for size, sign in ((1e12, "T"), (1e9, "B"), (1e6, "M")):
        if most >= 10 * size or (size > 1e6 and most >= size):
            return f"{value / size:,.2f}".rstrip("0").rstrip(".") + (f" {sign}" if value else "")
    if abs(value - round(value)) > 1e-6:
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    return f"{round(value):,}"


def time_text(seconds: float, exact: bool = False) -> str:
    """ "40 s", "4 min 11 s", "2 h 5 min", "3 d 4 h"; `exact` keeps tenths below ten seconds."""
    if seconds < 10 and (exact or seconds != round(seconds)):
        return f"{seconds:.1f} s"
    whole = round(seconds)
    pairs = ((_DAY, "d", _HOUR, "h"), (_HOUR, "h", _MINUTE, "min"), (_MINUTE, "min", 1.0, "s"))
    for size, sign, inner, inner_sign in pairs:
        if whole >= size:
            rest = int(whole % size // inner)
            return f"{int(whole // size)} {sign}" + (f" {rest} {inner_sign}" if rest else "")
    return f"{whole} s"


def value_text(value: float, form: str = "") -> str:
    """A measured value: by `form` if given, else four significant digits, small or huge ones with an exponent."""
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinite" if value > 0 else "−infinite"
    if form:
        return short_exponent(f"{value:{form}}")
    size = abs(value)
    if size != 0.0 and (size < 1e-3 or size >= 1e9):
        return short_exponent(f"{value:.2e}")
    if size >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.3f}" if size < 10 else f"{value:.2f}" if size < 100 else f"{value:.1f}"


def short_exponent(text: str) -> str:
    """1.0e-03 as 1.0e-3."""
    head, sign, power = text.partition("e")
    return f"{head}e{int(power)}" if sign else text
