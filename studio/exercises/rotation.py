"""Rotary positions as what they are: pairs of numbers that turn like the hands of clocks, by a model's own code."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.layers.rotary import frequencies, turned

Doubles = npt.NDArray[np.float64]

QUERY = (1.0, 0.6, 0.4, 0.8, 0.3, -0.5, 0.7, 0.2)
KEY = (0.9, 0.2, 0.6, 0.5, -0.2, 0.4, 0.8, 0.6)


@dataclass(frozen=True, eq=False)
class Turning:
    """A query at one place and a key at another, before and after turning; pair i is (number i, number i + half).

    `radians` is how far each pair turns from one token to the next. `scores[place]` is the product of the turned query
    with the key turned as if it stood at `place`; `moved` is the same pair of places shifted along the text together.
    """

    radians: Doubles  # (pairs,)
    query: tuple[Doubles, Doubles]  # (pairs, 2), before and after
    key: tuple[Doubles, Doubles]
    score: float
    scores: Doubles  # (places,)
    moved: float


def turn(
    config: ModelConfig,
    query: Sequence[float] = QUERY,
    key: Sequence[float] = KEY,
    places: tuple[int, int] = (5, 2),
    shift: int = 7,
    length: int = 64,
) -> Turning:
    """Turn a query and a key of `head_dim` numbers by their places; `config` gives base and scaling."""
    width = len(query)
    if width != len(key) or width % 2:
        raise StudioError(tr("Query and key need the same, even count of numbers."), tr("They turn in pairs."))
    shape = replace(config, head_width=width)
    cos, sin = _tables(shape, max(length, max(places) + shift + 1))
    q, k = (torch.tensor(list(each), dtype=torch.float64) for each in (query, key))
    here, there = places
    standing = turned(q[None], cos[here : here + 1], sin[here : here + 1])[0]
    every = turned(k[None].expand(len(cos), -1), cos, sin)  # the key at every place
    further = turned(q[None], cos[here + shift : here + shift + 1], sin[here + shift : here + shift + 1])[0]
    return Turning(
        frequencies(shape).double().numpy(), (_pairs(q), _pairs(standing)), (_pairs(k), _pairs(every[there])),
        float(standing @ every[there]), (every[:length] @ standing).numpy(), float(further @ every[there + shift]),
    )  # fmt: skip


def _tables(config: ModelConfig, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosines and sines (places, pairs) in float64, so that what should be equal is."""
    angles = torch.outer(torch.arange(length, dtype=torch.float64), frequencies(config).double())
    return angles.cos(), angles.sin()


def _pairs(vector: torch.Tensor) -> Doubles:
    """(head_dim,) to (pairs, 2): the first half is paired with the second."""
    found: Doubles = torch.stack(vector.chunk(2), dim=1).numpy().copy()
    return found
