"""How the next token is chosen from logits. One implementation serves generation and every picture of it."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from studio.core.config import Sampling

Floats = npt.NDArray[np.float64]


def probabilities(logits: npt.ArrayLike, sampling: Sampling, seen: Sequence[int] = ()) -> Floats:
    """Distribution over the whole vocabulary after every control: (vocabulary,) logits in, (vocabulary,) chances out.

    Order: repetition penalty (Keskar et al. 2019), temperature, top-k, top-p, min-p, as in `transformers`.
    """
    scores = np.array(logits, dtype=np.float64)
    if seen and sampling.repetition_penalty != 1.0:
        ids = np.unique(np.asarray(seen, dtype=np.int64))
        scores[ids] = np.where(
            scores[ids] > 0, scores[ids] / sampling.repetition_penalty, scores[ids] * sampling.repetition_penalty
        )
    if sampling.temperature == 0.0:
        certain = np.zeros_like(scores)
        certain[int(scores.argmax())] = 1.0
        return certain
    chances = softmax(scores / sampling.temperature)
    if 0 < sampling.top_k < len(chances):
        chances = _keep(chances, np.argpartition(-chances, sampling.top_k - 1)[: sampling.top_k])
    if sampling.top_p < 1.0:
        chances = _keep(chances, _nucleus(chances, sampling.top_p))
    if sampling.min_p > 0.0:
        chances = _keep(chances, np.flatnonzero(chances >= sampling.min_p * chances.max()))
    return chances


def softmax(scores: Floats) -> Floats:
    """Exponentials that sum to 1, computed without overflow."""
    powers = np.exp(scores - scores.max())
    return np.asarray(powers / powers.sum())


def draw(chances: Floats, random: np.random.Generator) -> int:
    """One token id, drawn with the given probabilities from one uniform number."""
    cumulative = np.cumsum(chances)
    return int(np.searchsorted(cumulative, random.random() * cumulative[-1], side="right"))


def _nucleus(chances: Floats, share: float) -> npt.NDArray[np.int64]:
    """Ids of the likeliest tokens up to and including the one that reaches `share`."""
    order = np.argsort(-chances, kind="stable")
    reached = np.cumsum(chances[order])
    return order[: int(np.searchsorted(reached, share)) + 1]


def _keep(chances: Floats, ids: npt.NDArray[np.int64]) -> Floats:
    kept = np.zeros_like(chances)
    kept[ids] = chances[ids]
    return np.asarray(kept / kept.sum())
