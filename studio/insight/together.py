"""Queries and keys of one head as points of one map, so placed that near means a large score (Yeh et al. 2023)."""

from dataclasses import dataclass

import numpy as np

from studio.insight.embeddings import basis_of, spread
from studio.insight.reading import Doubles, Numbers

_WIDTHS = np.exp(np.linspace(-4.0, 4.0, 161))  # factors between queries and keys that are tried


@dataclass(frozen=True)
class Together:
    """`points` (queries + keys, dimensions), the queries first; `share` of all spread that each dimension holds.

    Queries are multiplied by `factor`; keys lose their mean, which changes no softmax, and are divided by it, so that
    every product stays. `correlation` is that of closeness and score over the pairs that may be seen, in all
    dimensions and on the map; NaN where nothing differs.
    """

    points: Numbers
    share: tuple[float, ...]
    factor: float
    correlation: float
    on_map: float


def together(queries: Numbers, keys: Numbers, hides: Numbers, dimensions: int = 2) -> Together:
    """(rows, head_dim) and (time, head_dim), `hides` (rows, time) what a query may not see."""
    q, k = np.asarray(queries, np.float64), np.asarray(keys, np.float64)
    finite = k[np.isfinite(k).all(axis=1)]
    k = k - (finite.mean(axis=0) if len(finite) else 0.0)
    known = np.isfinite(q).all(axis=1, keepdims=True) & np.isfinite(k).all(axis=1)
    seen: Numbers = known & ~np.asarray(hides, bool)
    scores = (q @ k.T)[seen]
    factor, best = _factor(q, k, scores, seen)
    points = np.concatenate((q * factor, k / factor))
    basis = basis_of(spread(points), dimensions)
    placed = basis.project(points)
    return Together(
        placed, tuple(float(part) for part in basis.share), factor, best,
        correlation(-_squares(placed[: len(q)], placed[len(q) :])[seen], scores),
    )  # fmt: skip


def _factor(q: Doubles, k: Doubles, scores: Doubles, seen: Numbers) -> tuple[float, float]:
    """The factor with which closeness follows the score best, and how well."""
    rows, columns = np.nonzero(seen)
    long, other = (q**2).sum(axis=1)[rows], (k**2).sum(axis=1)[columns]
    middle = (float(other.mean()) / float(long.mean())) ** 0.25 if len(scores) and long.any() and other.any() else 1.0
    best, found = (middle, float("nan"))
    for factor in middle * _WIDTHS:
        # |q·c − k/c|² = c²|q|² + |k|²/c² − 2 q·k
        follows = correlation(2.0 * scores - factor**2 * long - other / factor**2, scores)
        if np.isnan(found) or follows > found:
            best, found = float(factor), follows
    return best, found


def _squares(one: Numbers, other: Numbers) -> Doubles:
    """(rows of one, rows of other) squared distances."""
    a, b = np.asarray(one, np.float64), np.asarray(other, np.float64)
    found: Doubles = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2.0 * a @ b.T
    return found


def correlation(one: Doubles, other: Doubles) -> float:
    """Pearson's; NaN where one of them does not differ."""
    a, b = one - one.mean() if len(one) else one, other - other.mean() if len(other) else other
    both = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum() / both) if both > 1e-300 else float("nan")
