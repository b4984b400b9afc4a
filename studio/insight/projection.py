"""Many vectors as points: principal components of all of them, t-SNE and UMAP of a stated part, and their honesty."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.insight.capture import Capture
from studio.insight.embeddings import ROWS, Basis, Spread, basis_of, is_tied, spread, states, together
from studio.insight.reading import Floats, Numbers
from studio.layers.decoder import Decoder

Mask = npt.NDArray[np.bool_]
Ids = npt.NDArray[np.int64]
KeepGoing = Callable[[], bool]
Progress = Callable[[int, int], None]

METHODS = ("pca", "tsne", "umap")
SOURCES = ("tokens", "head", "positions", "states")
SUBSET = 2_000  # vectors that the slower methods take
LEAST = 10  # vectors below which a neighbourhood says nothing
NEIGHBOURS = 10  # that the map's honesty is measured with
SAMPLE = 100  # vectors whose neighbours are looked for
STAGE = 250  # iterations after which there is a picture: the fewest that scikit-learn allows
STAGES = 4
EXAGGERATION = 12.0


@dataclass(frozen=True)
class Wish:
    """A method and everything that its result depends on; the same wish gives the same map."""

    method: str = "pca"
    dimensions: int = 2  # principal components are always three, of which two may be shown
    limit: int = SUBSET
    seed: int = 0
    perplexity: float = 30.0
    neighbours: int = 15
    distance: float = 0.1  # that UMAP keeps points apart at least


@dataclass(frozen=True)
class Projection:
    """`points` (rows of the table, dimensions), NaN for rows that are not on the map: `left_out` of them are zero or
    no numbers. `share` is each component's part of all variance. `recall` by dimensions shown: the share of the ten
    true neighbours that are still among the ten nearest on the map, over `sampled` of its points; empty until measured.
    """

    wish: Wish
    points: Floats
    chosen: int
    left_out: int
    rule: str  # how the part was chosen, as a sentence; empty where all are on the map
    share: tuple[float, ...] = ()
    recall: Mapping[int, float] = field(default_factory=dict)
    sampled: int = 0
    iterations: int = 0
    basis: Basis | None = None


@dataclass(frozen=True)
class Table:
    """Vectors of a model, (rows, width), not copied where they lie in memory in fp32."""

    source: str
    vectors: Numbers
    tied: bool  # whether the token table and the output head are one
    lengths: Floats  # (rows,): the norm of each


def table_of(model: Decoder, captured: Capture, source: str, layer: int = 0) -> Table:
    """The vectors that a map is made of: what tokens enter with, what the output is compared with, places, states."""
    tied = is_tied(model)
    if source == "states":
        return measured(source, states(captured, layer), tied)
    if source == "positions":
        if model.embed_positions is None:
            raise StudioError(
                tr("This model has no table of positions: it turns queries and keys instead."),
                tr("The Positions view shows how."),
            )
        return measured(source, shared(model.embed_positions.weight), tied)
    return measured(source, shared((model.lm_head if source == "head" else model.embed_tokens).weight), tied)


def measured(source: str, vectors: Numbers, tied: bool = False) -> Table:
    """A table with the length of each row."""
    pieces = [np.linalg.norm(vectors[start : start + ROWS], axis=1) for start in range(0, len(vectors), ROWS)]
    return Table(source, vectors, tied, np.concatenate(pieces).astype(np.float32))


def shared(weight: Any) -> Numbers:
    """A weight as numbers that nobody can change; a copy only where it is not fp32 in the processor's memory."""
    found: Numbers = weight.detach().float().cpu().numpy()
    found = found.view()
    found.flags.writeable = False
    return found


def usable(table: Numbers) -> Mask:
    """Rows that are numbers and not all zero: the others have no direction and no place on a map."""
    found = np.empty(len(table), bool)
    for start in range(0, len(table), ROWS):
        piece = table[start : start + ROWS]
        found[start : start + ROWS] = np.isfinite(piece).all(axis=1) & (piece != 0).any(axis=1)
    return found


def project(
    table: Table,
    wish: Wish,
    counts: Ids | None = None,
    progress: Progress = lambda done, total: None,
    keep_going: KeepGoing = lambda: True,
) -> Iterator[Projection]:
    """The map as soon as there is one, again after each stage, and at last with how far it can be trusted."""
    vectors, good = table.vectors, usable(table.vectors)
    if wish.method not in METHODS:
        raise StudioError(tr("There is no map called “{name}”.", name=wish.method), tr("Choose PCA, t-SNE or UMAP."))
    _refuse_few(int(good.sum()), wish)
    made = {"pca": _components, "tsne": _tsne, "umap": _umap}[wish.method](vectors, good, wish, (counts, keep_going))
    latest: Projection | None = None
    for latest in made:
        if wish.method != "pca":
            progress(latest.iterations, STAGE * STAGES)
        yield latest
        if not keep_going():
            return
    if latest is not None:
        shown = sorted({min(count, latest.points.shape[1]) for count in (2, latest.points.shape[1])})
        kept = trust(vectors, [latest.points[:, :count] for count in shown], wish.seed)
        yield replace(latest, recall=dict(zip(shown, kept, strict=True)), sampled=min(SAMPLE, latest.chosen))


def project_as(
    table: Table,
    method: str,
    dimensions: int = 2,
    counts: Ids | None = None,
    progress: Progress = lambda done, total: None,
    keep_going: KeepGoing = lambda: True,
) -> Iterator[Projection]:
    """The same by the method's name, everything else as `Wish` has it."""
    yield from project(table, Wish(method, dimensions), counts, progress, keep_going)


def _refuse_few(count: int, wish: Wish) -> None:
    least = 2 if wish.method == "pca" else LEAST
    if count < least:
        name = {"pca": tr("A map"), "tsne": tr("t-SNE"), "umap": tr("UMAP")}[wish.method]
        raise StudioError(
            tr("{method} needs at least {least} vectors; there are {count}.", method=name, least=least, count=count),
            tr("Take more of them.") if wish.method == "pca" else tr("Take more of them, or look at the PCA."),
        )


Extra = tuple[Ids | None, KeepGoing]


def _components(vectors: Numbers, good: Mask, wish: Wish, extra: Extra) -> Iterator[Projection]:
    basis = basis_of(spread(vectors if good.all() else vectors[good], extra[1]), 3)
    points = basis.project(vectors)
    points[~good] = np.nan
    share = tuple(float(part) for part in basis.share)
    yield Projection(wish, points, int(good.sum()), int((~good).sum()), "", share, basis=basis)


def subset(good: Mask, limit: int, seed: int, counts: Ids | None = None) -> tuple[Ids, str]:
    """Rows of which a slow map is made, ascending, and the rule they were chosen by.

    Half are those that come most often, the rest is drawn; all are drawn where nothing was counted.
    """
    rows = np.flatnonzero(good)
    if len(rows) <= limit:
        return rows, ""
    often = rows[:0]
    if counts is not None and len(counts) >= len(good):
        seen = rows[counts[rows] > 0]
        often = seen[np.argsort(-counts[seen], kind="stable")][: limit // 2]
    others = np.setdiff1d(rows, often, assume_unique=True)
    drawn = np.random.default_rng(seed).choice(others, limit - len(often), replace=False)
    all_, seed_words = f"{len(rows):,}", f"{seed}"
    if not len(often):
        rule = tr("{count} of {all}, drawn with seed {seed}", count=f"{limit:,}", all=all_, seed=seed_words)
    else:
        rule = tr(
            "{count} of {all}: the {often} most frequent, {drawn} drawn with seed {seed}", count=f"{limit:,}", all=all_,
            often=f"{len(often):,}", drawn=f"{len(drawn):,}", seed=seed_words,
        )  # fmt: skip
    return np.sort(np.concatenate([often, drawn])), rule


class _CalledOffError(Exception):
    """Raised inside scikit-learn, caught where it was called."""


class _Asking(int):
    """A level of verbosity, 0. Every 50 iterations t-SNE compares it to see whether to print; then we ask, too."""

    keep_going: KeepGoing

    def __ge__(self, other: int) -> bool:
        if not self.keep_going():
            raise _CalledOffError
        return super().__ge__(other)

    __hash__ = int.__hash__


def _tsne(vectors: Numbers, good: Mask, wish: Wish, extra: Extra) -> Iterator[Projection]:
    """t-SNE (van der Maaten and Hinton 2008) in stages: the first exaggerates, each goes on from the one before.

    It starts from the principal components, so that the same tokens give the same map.
    """
    from sklearn.manifold import TSNE

    rows, rule = subset(good, wish.limit, wish.seed, extra[0])
    chosen = vectors[rows].astype(np.float32)
    start = basis_of(spread(chosen, extra[1]), wish.dimensions).project(chosen)
    if start.shape[1] < wish.dimensions:
        raise StudioError(tr("These vectors have a single number each."), tr("Look at the PCA instead."))
    points = start / max(float(start[:, 0].std()), 1e-30) * 1e-4
    asking = _Asking()
    asking.keep_going = extra[1]
    for stage in range(STAGES):
        solver = TSNE(
            wish.dimensions, perplexity=min(wish.perplexity, (len(rows) - 1) / 3), init=points, max_iter=STAGE,
            early_exaggeration=EXAGGERATION if stage == 0 else 1.0, random_state=wish.seed,
            learning_rate=max(len(rows) / EXAGGERATION / 4, 50.0), verbose=asking,
        )  # fmt: skip
        try:
            points = solver.fit_transform(chosen).astype(np.float32)
        except _CalledOffError:
            return
        yield _part(vectors, (rows, points), good, wish, rule, STAGE * (stage + 1))


def _umap(vectors: Numbers, good: Mask, wish: Wish, extra: Extra) -> Iterator[Projection]:
    """UMAP (McInnes, Healy and Melville 2018), where that package is installed."""
    try:
        from umap import UMAP
    except ImportError as error:
        raise StudioError(
            tr("UMAP is not installed here."), tr("Install the package umap-learn into .venv, or use t-SNE.")
        ) from error
    rows, rule = subset(good, wish.limit, wish.seed, extra[0])
    maker = UMAP(
        n_components=wish.dimensions, n_neighbors=min(wish.neighbours, len(rows) - 1), min_dist=wish.distance,
        random_state=wish.seed,
    )  # fmt: skip
    points = np.asarray(maker.fit_transform(vectors[rows].astype(np.float32)), np.float32)
    yield _part(vectors, (rows, points), good, wish, rule, STAGE * STAGES)


def _part(vectors: Numbers, made: tuple[Ids, Floats], good: Mask, wish: Wish, rule: str, iterations: int) -> Projection:
    """Points of some rows among those of all."""
    rows, placed = made
    points = np.full((len(vectors), placed.shape[1]), np.nan, np.float32)
    points[rows] = placed
    return Projection(wish, points, len(rows), int((~good).sum()), rule, iterations=iterations)


def trust(vectors: Numbers, maps: list[Floats], seed: int = 0, k: int = NEIGHBOURS) -> list[float]:
    """For each map: of the `k` nearest of a vector among those on it, the share that is also nearest on the map.

    Measured for `SAMPLE` of them, drawn with the seed; straight distances, the smaller id first among equals.
    """
    rows = np.flatnonzero(np.isfinite(maps[0]).all(axis=1))
    k = min(k, len(rows) - 1)
    if k < 1:
        return [float("nan")] * len(maps)
    sample = np.sort(np.random.default_rng(seed).permutation(len(rows))[:SAMPLE])
    true = _nearest(vectors, rows, sample, k)
    return [float((_nearest(points, rows, sample, k)[:, :, None] == true[:, None, :]).sum() / true.size)
            for points in maps]  # fmt: skip


def _nearest(vectors: Numbers, rows: Ids, sample: Ids, k: int) -> Ids:
    """(sample, k): places among `rows` of the nearest others, nearest first."""
    middle = vectors[rows[: 2 * ROWS]].mean(axis=0, dtype=np.float64)
    asked = (vectors[rows[sample]] - middle).astype(np.float64)
    squares = np.empty((len(sample), len(rows)))
    for start in range(0, len(rows), ROWS):
        piece = (vectors[rows[start : start + ROWS]] - middle).astype(np.float64)
        squares[:, start : start + ROWS] = (piece**2).sum(axis=1) - 2.0 * asked @ piece.T
    squares[np.arange(len(sample)), sample] = np.inf
    found = np.empty((len(sample), k), np.int64)
    for place, line in enumerate(squares):
        close = np.flatnonzero(line <= np.partition(line, k - 1)[k - 1])
        found[place] = close[np.argsort(line[close], kind="stable")][:k]
    return found


def joint_basis(tables: Iterator[Numbers], dimensions: int = 3, keep_going: KeepGoing = lambda: True) -> Basis:
    """One basis for several tables of the same width, as if all their rows were one table."""
    parts: list[Spread] = [spread(table, keep_going) for table in tables]
    return basis_of(together(parts), dimensions)
