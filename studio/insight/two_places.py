"""How two models know the order of words: A's learned table or A's angles, less those of B."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.insight.embeddings import (
    LearnedPositions,
    TurnedPositions,
    aligned,
    learned,
    positions,
    principal,
)
from studio.insight.journey import distances
from studio.insight.reading import Doubles, Floats, array_of
from studio.layers.decoder import Decoder


@dataclass(frozen=True)
class LearnedDifference:
    """Two tables over the places that both have. `turned` (places, dimensions) is A's, turned as a whole onto B's and
    laid on B's components; `apart` (places,) how far each then is from B's. None where the two are not equally wide.
    """

    a: LearnedPositions
    b: LearnedPositions
    turned: Floats | None
    apart: Floats | None
    widths: tuple[int, int]
    left_out: int  # places that only one of them has

    @cached_property
    def cosines(self) -> Floats:
        """(places, places): A's cosine less B's."""
        return self.a.cosines - self.b.cosines

    @cached_property
    def lengths(self) -> Floats:
        """(places,): A's length less B's."""
        return self.a.lengths - self.b.lengths


@dataclass(frozen=True)
class TurnedDifference:
    """Two families of angles with as many pairs."""

    a: TurnedPositions
    b: TurnedPositions

    @cached_property
    def radians(self) -> Doubles:
        """(pairs,): how much faster A turns, in radians per token."""
        return self.a.radians - self.b.radians

    @cached_property
    def by_distance(self) -> Doubles:
        """(distances,): what equal vectors score in A less what they score in B."""
        return self.a.by_distance - self.b.by_distance


def positions_less(a: Decoder, b: Decoder) -> LearnedDifference | TurnedDifference:
    """A's positions less B's; what has no counterpart is a `StudioError`."""
    tables = [model.embed_positions for model in (a, b)]
    if (tables[0] is None) != (tables[1] is None):
        learns, turns = ("A", "B") if tables[0] is not None else ("B", "A")
        raise StudioError(
            tr("{learns} learns a table of places, {turns} turns queries and keys instead: nothing of the one can be "
               "subtracted from the other.", learns=learns, turns=turns),
            tr("Look at A or at B alone."),
        )  # fmt: skip
    if tables[0] is None or tables[1] is None:
        return _angles(positions(a), positions(b))
    one, other = (array_of(table.weight) for table in tables if table is not None)
    size = min(len(one), len(other))
    left_out, widths = max(len(one), len(other)) - size, (one.shape[1], other.shape[1])
    one, other = one[:size], other[:size]
    if widths[0] != widths[1]:
        return LearnedDifference(learned(one), learned(other), None, None, widths, left_out)
    whole = np.isfinite(one).all(axis=1) & np.isfinite(other).all(axis=1)
    on_b = np.full(one.shape, np.nan, np.float32)
    if whole.any():
        on_b[whole] = aligned(one[whole], other[whole])
    turned = principal(other).project(on_b)
    return LearnedDifference(learned(one), learned(other), turned, distances(other, on_b), widths, left_out)


def _angles(one: LearnedPositions | TurnedPositions, other: LearnedPositions | TurnedPositions) -> TurnedDifference:
    assert isinstance(one, TurnedPositions)
    assert isinstance(other, TurnedPositions)
    if len(one.radians) != len(other.radians):
        raise StudioError(
            tr("A turns {a} pairs of dimensions, B turns {b}.", a=len(one.radians), b=len(other.radians)),
            tr("Compare models with equally wide heads, or look at A or at B alone."),
        )
    return TurnedDifference(one, other)
