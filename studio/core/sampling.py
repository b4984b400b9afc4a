"""How the next token is chosen from logits. One implementation serves generation and every picture of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from studio.core.config import Sampling

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One token that could have come; a removed one keeps the chance it had before the controls cut it."""

    id: int
    probability: float
    removed: bool = False


def probabilities(logits: npt.ArrayLike, sampling: Sampling, seen: Sequence[int] = ()) -> Floats:
    """Distribution over the whole vocabulary after every control: (vocabulary,) logits in, (vocabulary,) chances out.

    Order: repetition penalty (Keskar et al. 2019), temperature, top-k, top-p, min-p, as in `transformers`.
    """
    scores = penalized(np.array(logits, dtype=np.float64), sampling, seen)
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


def penalized(scores: Floats, sampling: Sampling, seen: Sequence[int]) -> Floats:
    """`scores` with every token of `seen` made less likely, once however often it was there; changes them in place."""
    if seen and sampling.repetition_penalty != 1.0:
        ids = np.unique(np.asarray(seen, dtype=np.int64))
        scores[ids] = np.where(
            scores[ids] > 0, scores[ids] / sampling.repetition_penalty, scores[ids] * sampling.repetition_penalty
        )
    return scores


def uncut(sampling: Sampling) -> Sampling:
    """The same without what removes tokens: top-k, top-p, min-p and temperature 0."""
    return replace(sampling, top_k=0, top_p=1.0, min_p=0.0, temperature=sampling.temperature or 1.0)


def candidates(chances: Floats, before: Floats, shown: int) -> tuple[Candidate, ...]:
    """The tokens that were likeliest `before` anything was cut, with their final `chances`; both (vocabulary,)."""
    few = len(before) <= shown
    found = np.arange(len(before)) if few else np.argpartition(-before, shown)[:shown]
    ordered = found[np.argsort(-before[found], kind="stable")]
    return tuple(
        Candidate(int(token), float(chances[token] or before[token]), bool(chances[token] == 0.0)) for token in ordered
    )


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
