"""How far a figure may be off because there are only so many rows."""

import math
from collections.abc import Callable
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError
from studio.scores import Floats
from studio.scores.inputs import finite

_ROUNDS, _EXACT = 200, 1e-15
_BY_SERIES = 200  # degrees of freedom from which a series is as exact


def wilson(right: float, count: int, level: float = 0.95) -> tuple[float, float]:
    """The interval of a share `right / count` (Wilson 1927); of no rows it is everything, 0 to 1.

    `right` may hold halves, as ties do.
    """
    if not 0 <= right <= count:
        raise StudioError(f"{right:g} of {count:,} rows cannot be right.", "Count the right ones among the rows.")
    z = _normal(level)
    if not count:
        return 0.0, 1.0
    share = right / count
    whole = 1 + z * z / count
    middle = (share + z * z / (2 * count)) / whole
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / whole
    return (0.0 if right == 0 else middle - half), (1.0 if right == count else middle + half)


def bootstrap(
    values: npt.ArrayLike,
    statistic: Callable[[Floats], float | np.floating] = np.mean,
    draws: int = 2000,
    seed: int = 7,
    level: float = 0.95,
) -> tuple[float, float]:
    """The percentile interval of any figure of rows drawn again with replacement (Efron 1979).

    `values` (rows, ...) are drawn row by row; one draw at a time, so memory stays at one copy.
    """
    given = finite(values, "values", max(1, np.ndim(values)))
    if not len(given):
        raise StudioError("There are no rows to draw from.", "Score a set of at least 1 row.")
    _normal(level)
    random = np.random.default_rng(seed)
    found = [float(statistic(given[random.integers(0, len(given), len(given))])) for _ in range(draws)]
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def mean_interval(values: npt.ArrayLike, level: float = 0.95) -> tuple[float, float]:
    """The interval of the mean of a few measurements, such as seeds: mean ± t s / √n (Student 1908)."""
    given = finite(values, "values")
    if len(given) < 2:
        raise StudioError("One measurement has no interval.", "Measure at least twice, with different seeds.")
    half = student(level, len(given) - 1) * float(given.std(ddof=1)) / math.sqrt(len(given))
    mean = float(given.mean())
    return mean - half, mean + half


def student(level: float, freedom: int) -> float:
    """The two-sided quantile of Student's t: between -t and t lies `level` of it."""
    return float(students(level, np.array([freedom]))[0])


def students(level: float, freedom: npt.NDArray[np.int64]) -> Floats:
    """`student` for many degrees of freedom at once."""
    z, n = _normal(level), freedom.astype(np.float64)
    # Abramowitz and Stegun 26.7.5
    found: Floats = z + (z**3 + z) / 4 / n + (5 * z**5 + 16 * z**3 + 3 * z) / 96 / n**2
    found += (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384 / n**3
    found += (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160 / n**4
    for place in np.flatnonzero(freedom < _BY_SERIES):
        found[place] = _few(level, int(freedom[place]))
    return found


@lru_cache(maxsize=4 * _BY_SERIES)
def _few(level: float, freedom: int) -> float:
    """The quantile for few degrees of freedom, by Newton's method from below: the tail is convex."""
    height = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(freedom * math.pi)
    t = _normal(level)
    for _ in range(_ROUNDS):
        density = height * (1 + t * t / freedom) ** (-(freedom + 1) / 2)
        step = (_outside(t, freedom) - (1 - level)) / (2 * density)
        t += step
        if step <= 4 * _EXACT * t:
            break
    return t


def _normal(level: float) -> float:
    if not 0 < level < 1:
        raise StudioError(f"An interval cannot hold {level:g} of the cases.", "Give a level between 0 and 1: 0.95.")
    return NormalDist().inv_cdf((1 + level) / 2)


def _outside(t: float, freedom: int) -> float:
    """The chance of being beyond ±t: the incomplete beta function I_x(n/2, 1/2) at x = n / (n + t²)."""
    return _beta(freedom / (freedom + t * t), freedom / 2, 0.5)


def _beta(x: float, a: float, b: float) -> float:
    """The regularized incomplete beta function by its continued fraction (Abramowitz and Stegun 26.5.8, by Lentz)."""
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(1 - x, b, a)
    if x <= 0:
        return 0.0
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    ) / a  # fmt: skip
    upper, lower, value = 1.0, 0.0, 1.0
    for term in range(_ROUNDS):
        m = term // 2
        if term == 0:
            factor = 1.0
        elif term % 2 == 0:
            factor = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        else:
            factor = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        lower = 1 / (1 + factor * lower)
        upper = 1 + factor / upper
        value *= upper * lower
        if abs(upper * lower - 1) <= _EXACT:
            break
    return front * (value - 1)
