"""Mixing sources: how much of each by weight and temperature, and which documents are drawn, by seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError

Lengths = npt.NDArray[np.int64]  # characters of each document of a source, (documents,)


@dataclass(frozen=True)
class Part:
    """One source in a mixture: its share, its characters, and how often it is read for them."""

    share: float
    characters: int
    epochs: float


def shares(weights: Sequence[float], alpha: float) -> list[float]:
    """p_i = w_i^α / Σ w_j^α: 1 keeps the weights, 0 makes all equal; a weight of 0 stays out at any α.

    Multilingual sampling as in Conneau and Lample 2019, section 3.1.
    """
    if any(weight < 0 or not np.isfinite(weight) for weight in weights) or not any(weights):
        raise StudioError(
            "The weights do not make a mixture.", "Give at least one source a weight above 0, none below."
        )
    logs = np.array([alpha * np.log(weight) if weight else -np.inf for weight in weights])
    parts = np.exp(logs - logs.max())  # nothing overflows
    return [float(part) for part in parts / parts.sum()]


def plan(sizes: Sequence[int], weights: Sequence[float], alpha: float, characters: int) -> list[Part]:
    """What each source of `sizes` characters gives to a mixture of so many characters."""
    found = []
    for size, share in zip(sizes, shares(weights, alpha), strict=True):
        if share and not size:
            raise StudioError("A source without any text has a weight.", "Take it out, or give it a weight of 0.")
        wanted = round(share * characters)
        found.append(Part(share, wanted, wanted / size if size else 0.0))
    return found


def draw(lengths: Sequence[Lengths], wanted: Sequence[int], seed: int) -> npt.NDArray[np.int64]:
    """Which documents make the mixture, in its order: (drawn, 2) of source and document.

    Each source is read in a new random order in every epoch, until it has given the characters wanted of it, the last
    document counting where it brings them nearer, and the first in any case; then all are shuffled together.
    """
    parts = []
    for source, (sizes, characters) in enumerate(zip(lengths, wanted, strict=True)):
        chosen = _documents(sizes, characters, np.random.default_rng([seed, source]))
        parts.append(np.stack([np.full(len(chosen), source), chosen], axis=1))
    everything = np.concatenate(parts) if parts else np.zeros((0, 2), np.int64)
    return np.asarray(np.random.default_rng([seed, len(lengths)]).permutation(everything), np.int64)


def _documents(sizes: Lengths, characters: int, random: np.random.Generator) -> npt.NDArray[Any]:
    """Document numbers of one source that together have about so many characters."""
    total = int(sizes.sum())
    if not total or characters <= 0:
        return np.zeros(0, np.int64)
    whole, rest = divmod(characters, total)
    orders = [random.permutation(len(sizes)) for _ in range(whole)]
    last = random.permutation(len(sizes))
    sums = np.cumsum(sizes[last])
    count = int(np.searchsorted(sums, rest))  # documents that end before the rest is full
    over = sums[min(count, len(sums) - 1)] - rest
    under = rest - (sums[count - 1] if count else 0)
    orders.append(last[: count + (1 if over < under else 0)])
    chosen = np.concatenate(orders)
    return chosen if sizes[chosen].any() else last[[int(np.argmax(sizes[last] > 0))]]
