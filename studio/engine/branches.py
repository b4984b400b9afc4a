"""What could come next, several tokens deep: the likeliest continuations as a tree that grows level by level."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from studio.core.config import ModelConfig, Sampling
from studio.core.sampling import Floats, probabilities
from studio.engine.generate import check_prompt
from studio.engine.reader import Reader, Rows
from studio.insight.reading import alone
from studio.layers.decoder import Decoder

ROOT = -1


@dataclass(frozen=True, slots=True)
class Branch:
    """One token of the tree. `parent` is its place among all branches, `ROOT` for those of the first level.

    `probability` is behind its parent, `path` that of everything from the root to here; `ends`: nothing follows it.
    """

    parent: int
    depth: int
    id: int
    probability: float
    path: float
    ends: bool = False


def grow(
    model: Decoder,
    config: ModelConfig,
    ids: Sequence[int],
    sampling: Sampling,
    keep_going: Callable[[], bool] = lambda: True,
    stop_at: Sequence[int] = (),
) -> Iterator[tuple[Branch, ...]]:
    """The tree behind `ids`, level by level, `sampling.tokens` of them: each has the `sampling.beams` likeliest ways.

    Every probability is under `sampling`, as if it were drawn from; one level costs one token for each branch.
    """
    check_prompt(Reader(model, config, cached=False), ids)
    reader = Reader(model, config)
    with alone(model):
        first = reader.read_from(ids, keep_going)
    if first is None:
        return
    chances = [probabilities(first, sampling, ids)]
    rows = Rows(reader, 1)
    parents, paths, count = [ROOT], [1.0], 0
    for level in range(sampling.tokens):
        found = _level(chances, parents, paths, sampling.beams, level, stop_at)
        if not found or not keep_going():
            return
        yield tuple(branch for _, branch in found)
        growing = [(row, count + place, branch) for place, (row, branch) in enumerate(found) if not branch.ends]
        count += len(found)
        if level + 1 == sampling.tokens or not growing:
            return
        rows.keep([row for row, _, _ in growing])
        with alone(model):
            logits = rows.read([branch.id for _, _, branch in growing])
        chances = [probabilities(one, sampling, text) for one, text in zip(logits, rows.ids, strict=True)]
        parents = [place for _, place, _ in growing]
        paths = [branch.path for _, _, branch in growing]


def _level(
    chances: Sequence[Floats],
    parents: Sequence[int],
    paths: Sequence[float],
    width: int,
    level: int,
    stop_at: Sequence[int],
) -> list[tuple[int, Branch]]:
    """The likeliest continuations of all rows together, by the row they go on from, likeliest first in each."""
    table = np.array(chances) * np.array(paths)[:, None]  # (rows, vocabulary)
    flat = table.ravel()
    best = np.argpartition(-flat, width)[:width] if width < len(flat) else np.arange(len(flat))
    order = best[np.argsort(-flat[best], kind="stable")]
    picked = [divmod(int(place), table.shape[1]) for place in order if flat[place] > 0]
    picked.sort(key=lambda pair: pair[0])
    return [
        (
            row,
            Branch(parents[row], level, token, float(chances[row][token]), float(table[row, token]), token in stop_at),
        )
        for row, token in picked
    ]
