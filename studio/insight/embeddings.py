"""Tables of vectors and how they lie: exact principal components, neighbours in the original space, positions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.insight.attention import tables
from studio.insight.capture import Capture
from studio.insight.reading import Doubles, Floats, Numbers, array_of, blocks
from studio.layers.decoder import Decoder

ROWS = 4_096  # of a table that are multiplied at once
EXACT = 8_000_000_000  # rows · width² up to which the products are in float64 (about a second on two cores)


@dataclass(frozen=True)
class Basis:
    """Directions of a space: points are (x − mean) · directionsᵀ. `variances` of each, `share` of all variance."""

    mean: Doubles
    directions: Doubles  # (dimensions, width), each of length 1
    variances: Doubles
    share: Doubles
    left_out: int  # rows that were no numbers

    def project(self, table: Numbers) -> Floats:
        """(rows, width) to (rows, dimensions); rows that are no numbers stay none."""
        if table.shape[-1] != len(self.mean):
            raise StudioError(
                tr("These vectors have {one} numbers, the map was made for {other}.", one=table.shape[-1],
                   other=len(self.mean)),
                tr("Only models of the same width share a map."),
            )  # fmt: skip
        found = np.empty((*table.shape[:-1], len(self.directions)), np.float32)
        for start in range(0, len(table), ROWS):  # a large table in float64 at once would fill the memory
            found[start : start + ROWS] = (table[start : start + ROWS] - self.mean) @ self.directions.T
        return found


@dataclass(frozen=True)
class Spread:
    """How the rows of a table scatter about their mean: the sum of (x − mean)ᵀ(x − mean) over `count` of them."""

    count: int
    mean: Doubles
    products: Doubles  # (width, width)
    left_out: int  # rows that were no numbers


def spread(table: Numbers, keep_going: Callable[[], bool] = lambda: True) -> Spread:
    """The scatter of all rows; small tables are multiplied in float64, large ones in float32, summed in float64.

    Asked to stop between two pieces it is a `StudioError`.
    """
    whole = np.isfinite(table).all(axis=1)
    rows = table if whole.all() else table[whole]
    width = table.shape[1]
    mean = rows.mean(axis=0, dtype=np.float64) if len(rows) else np.zeros(width)
    kind: npt.DTypeLike = np.float64 if len(rows) * width * width <= EXACT else np.float32
    total = np.zeros((width, width))
    for start in range(0, len(rows), ROWS):
        if not keep_going():
            raise StudioError(tr("The map was called off before it was drawn."), tr("Nothing was changed."))
        centred = (rows[start : start + ROWS] - mean).astype(kind)
        total += centred.T @ centred
    return Spread(len(rows), mean, total, int((~whole).sum()))


def together(parts: Sequence[Spread]) -> Spread:
    """The scatter of several tables as if they were one (Chan, Golub and LeVeque 1979)."""
    count = sum(part.count for part in parts)
    mean = np.sum([part.mean * part.count for part in parts], axis=0) / max(1, count)
    between = [part.count * np.outer(part.mean - mean, part.mean - mean) for part in parts]
    products = np.sum([part.products for part in parts], axis=0) + np.sum(between, axis=0)
    return Spread(count, mean, products, sum(part.left_out for part in parts))


def basis_of(found: Spread, dimensions: int = 3) -> Basis:
    """The directions in which a table is widest; the largest loading of each is positive."""
    if found.count < 2:
        raise StudioError(tr("There are fewer than two vectors to compare."), tr("Choose more tokens."))
    values, vectors = np.linalg.eigh(found.products / (found.count - 1))
    kept = min(dimensions, len(values))
    variances = np.maximum(values[::-1], 0.0)
    directions = vectors[:, ::-1][:, :kept].T
    largest = np.abs(directions).argmax(axis=1)
    directions = directions * np.where(directions[np.arange(kept), largest] < 0, -1.0, 1.0)[:, None]
    everything = variances.sum()
    share = variances[:kept] / everything if everything > 0 else np.zeros(kept)
    return Basis(found.mean, directions, variances[:kept], share, found.left_out)


def principal(table: Numbers, dimensions: int = 3) -> Basis:
    """Exact principal components by the covariance of all rows."""
    return basis_of(spread(table), dimensions)


@dataclass(frozen=True)
class Neighbours:
    """The nearest vectors of the original space, nearest first, the smaller id first among equals.

    `closeness` is the cosine, or the distance where that was asked for; `left_out` had no direction or were no numbers.
    """

    ids: tuple[int, ...]
    closeness: tuple[float, ...]
    left_out: int


def neighbours(table: Numbers, row: int, k: int = 10, by: str = "cosine") -> Neighbours:
    """The k rows nearest to one, itself left out; `by` is cosine or euclidean."""
    if by not in ("cosine", "euclidean"):
        raise StudioError(tr("Nearness is by cosine or euclidean, not by “{name}”.", name=by))
    own = table[row].astype(np.float64)
    length = np.linalg.norm(table, axis=1)
    usable = np.isfinite(length) & ((length > 0) | (by == "euclidean"))
    if not usable[row]:
        raise StudioError(
            tr("Token {id} has no direction: its vector is zero or not a number.", id=row), tr("Choose another token.")
        )
    if by == "cosine":
        with np.errstate(divide="ignore", invalid="ignore"):
            closeness = (table @ (own / np.linalg.norm(own)).astype(table.dtype)) / length
        order = np.argsort(np.where(usable, -closeness, np.inf), kind="stable")
    else:
        closeness = _distances(table, own)
        order = np.argsort(np.where(usable, closeness, np.inf), kind="stable")
    chosen = [int(number) for number in order[: usable.sum()] if number != row][:k]
    return Neighbours(tuple(chosen), tuple(float(closeness[n]) for n in chosen), int((~usable).sum()))


def _distances(table: Numbers, own: Doubles) -> Doubles:
    """Of every row from one vector, in float64, piece by piece: all at once would fill the memory."""
    found = np.empty(len(table))
    for start in range(0, len(table), ROWS):
        found[start : start + ROWS] = np.sqrt(((table[start : start + ROWS] - own) ** 2).sum(axis=1))
    return found


def is_tied(model: Decoder) -> bool:
    """Whether both tables are one."""
    return model.lm_head.weight is model.embed_tokens.weight


def states(captured: Capture, layer: int) -> Floats:
    """(time, width): the text's tokens in their context after `layer` blocks; 0 is before the first."""
    stream = captured.residual
    if not 0 <= layer < len(stream):
        raise StudioError(
            tr("This model has {count} layers.", count=len(stream) - 1), tr("Choose a number from 0 to that one.")
        )
    return stream[layer]


# --- positions ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LearnedPositions:
    """A table of places: cosines (context, context), lengths (context,), and the first principal components."""

    cosines: Floats
    lengths: Floats
    points: Floats
    share: Doubles


@dataclass(frozen=True)
class TurnedPositions:
    """Where nothing is learned: radians per token of each pair, and by distance what equal vectors score (1 at 0)."""

    radians: Doubles
    by_distance: Doubles


def positions(model: Decoder, distances: int = 256) -> LearnedPositions | TurnedPositions:
    """How the model knows which token came first; a family without a table shows how it turns instead."""
    if model.embed_positions is None:
        attention = next(blocks(model)).self_attn
        assert attention.rotary is not None
        cos, sin = tables(attention.rotary, max(2, distances), attention.head_dim)
        return TurnedPositions(np.arctan2(sin[1], cos[1]), cos.mean(axis=1))
    return learned(array_of(model.embed_positions.weight))


def learned(table: Floats) -> LearnedPositions:
    """The same of a table (context, width)."""
    basis = principal(table)
    return LearnedPositions(cosines(table), np.linalg.norm(table, axis=1), basis.project(table), basis.share)


def cosines(table: Numbers) -> Floats:
    """(rows, rows), symmetric, 1 on the diagonal; a zero vector is at right angles to every other."""
    wide = table.astype(np.float64)
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    even = (wide / np.where(length == 0, 1.0, length)).astype(np.float32)
    found: Floats = np.clip(even @ even.T, -1.0, 1.0)
    found = np.triu(found) + np.triu(found, 1).T
    np.fill_diagonal(found, 1.0)
    return found


# --- through time ---------------------------------------------------------------------------------------------------


def aligned(table: Numbers, reference: Numbers) -> Floats:
    """`table` turned as a whole so that it lies on `reference` as closely as it can (orthogonal Procrustes).

    One that lies there already is not turned: a table less itself is zero and not merely small.
    """
    if np.array_equal(table, reference):
        return table.astype(np.float32)
    left, _, right = np.linalg.svd(table.astype(np.float64).T @ reference.astype(np.float64))
    found: Floats = (table @ (left @ right)).astype(np.float32)
    return found
