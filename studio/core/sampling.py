"""How the next token is chosen from logits. One implementation serves generation and every picture of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from studio.core.config import Sampling

Floats = npt.NDArray[np.float64]

_FEW = 1_024  # tokens that a nucleus is mostly within


@dataclass(frozen=True, slots=True)
class Candidate:
    """One token that could have come; a removed one keeps the chance it had before the controls cut it.

    `raw` and `rank` (from 1) are the model's own, before temperature, penalty and cuts; 0 where nobody asked for them.
    """

    id: int
    probability: float
    removed: bool = False
    raw: float = 0.0
    rank: int = 0


def probabilities(logits: npt.ArrayLike, sampling: Sampling, seen: Sequence[int] = ()) -> Floats:
    """Distribution over the whole vocabulary after every control: (vocabulary,) logits in, (vocabulary,) chances out.

    Order: repetition penalty (Keskar et al. 2019), temperature, top-k, top-p, min-p, as in `transformers`.
    """
    if sampling.temperature == 0.0:
        return _certain(penalized(np.array(logits, dtype=np.float64), sampling, seen))
    for _control, chances in steps(logits, sampling, seen):
        found = chances
    return found


def steps(logits: npt.ArrayLike, sampling: Sampling, seen: Sequence[int] = ()) -> Iterator[tuple[str, Floats]]:
    """The same after one control after the other: "all" with penalty and temperature, then each that removes tokens."""
    scores = penalized(np.array(logits, dtype=np.float64), sampling, seen)
    chances = softmax(scores / (sampling.temperature or 1.0))
    yield "all", chances
    if sampling.temperature == 0.0:
        yield "temperature", _certain(scores)
        return
    if sampling.top_k > 0:
        if sampling.top_k < len(chances):
            chances = _keep(chances, np.argpartition(-chances, sampling.top_k - 1)[: sampling.top_k])
        yield "top_k", chances
    if sampling.top_p < 1.0:
        chances = _keep(chances, _nucleus(chances, sampling.top_p))
        yield "top_p", chances
    if sampling.min_p > 0.0:
        chances = _keep(chances, np.flatnonzero(chances >= sampling.min_p * chances.max()))
        yield "min_p", chances


def certain(logits: npt.ArrayLike, sampling: Sampling, seen: Sequence[int] = ()) -> int:
    """The one token that temperature 0 takes: what `probabilities` gives all of the chance to, without the others."""
    scores = np.asarray(logits)
    if seen and sampling.repetition_penalty != 1.0:
        scores = penalized(np.array(logits, dtype=np.float64), sampling, seen)
    return int(scores.argmax())


def _certain(scores: Floats) -> Floats:
    found = np.zeros_like(scores)
    found[int(scores.argmax())] = 1.0
    return found


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


def ranked(found: Sequence[Candidate], logits: npt.ArrayLike) -> tuple[Candidate, ...]:
    """The same with what the model alone said: (vocabulary,) logits in, each token's chance and rank among all."""
    scores = np.array(logits, dtype=np.float64)
    powers = np.exp(scores - scores.max())
    total = powers.sum()
    return tuple(
        replace(one, raw=float(powers[one.id] / total), rank=1 + int((scores > scores[one.id]).sum())) for one in found
    )


def softmax(scores: Floats) -> Floats:
    """Exponentials that sum to 1, computed without overflow."""
    powers = np.exp(scores - scores.max())
    return np.asarray(powers / powers.sum())


def draw(chances: Floats, random: np.random.Generator) -> int:
    """One token id, drawn with the given probabilities from one uniform number."""
    cumulative = np.cumsum(chances)
    return int(np.searchsorted(cumulative, random.random() * cumulative[-1], side="right"))


def draws(chances: Floats, random: np.random.Generator, count: int) -> npt.NDArray[np.int64]:
    """The next `count` ids that `draw` would draw, at once."""
    cumulative = np.cumsum(chances)
    return np.asarray(np.searchsorted(cumulative, random.random(count) * cumulative[-1], side="right"))


def _nucleus(chances: Floats, share: float) -> npt.NDArray[np.int64]:
    """Ids of the likeliest tokens up to and including the one that reaches `share`."""
    likely = _likeliest(chances, share)
    order = likely[np.argsort(-chances[likely], kind="stable")]
    reached = np.cumsum(chances[order])
    return order[: int(np.searchsorted(reached, share)) + 1]


def _likeliest(chances: Floats, share: float) -> npt.NDArray[np.int64]:
    """Ids, ascending, among which the nucleus is: sorting a few is faster than sorting all."""
    alive = np.flatnonzero(chances)
    if len(alive) <= _FEW:
        return alive
    found = np.flatnonzero(chances >= np.partition(chances, -_FEW)[-_FEW])  # equals of the last are among them
    return found if chances[found].sum() > share else alive


def _keep(chances: Floats, ids: npt.NDArray[np.int64]) -> Floats:
    kept = np.zeros_like(chances)
    kept[ids] = chances[ids]
    return np.asarray(kept / kept.sum())
