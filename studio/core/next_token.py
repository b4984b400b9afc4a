"""What the controls make of one next token: before, after, and what each of them took away; no forward pass."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.core.config import Sampling
from studio.core.language import tr
from studio.core.sampling import Candidate, Floats, candidates, penalized, softmax, steps

SHOWN = 12  # bars
CONTROLS = {"top_k": "top-k", "top_p": "top-p", "min_p": "min-p", "temperature": "temperature 0"}


@dataclass(frozen=True, slots=True)
class Cut:
    """One control that removes tokens: how many stayed, and the share that the removed ones had before any cut."""

    control: str
    removed: int
    left: int
    mass: float


@dataclass(frozen=True, slots=True)
class Distribution:
    """The likeliest tokens after all controls, the share of all others, and how many tokens each control left.

    `raw`, `warm` and `chances` are (vocabulary,): the model's own softmax, after penalty and temperature, after all.
    """

    bars: tuple[Candidate, ...]
    rest: float
    left: tuple[tuple[str, int], ...]  # ("all", vocabulary), then each control that is on
    entropy: float  # bits
    cuts: tuple[Cut, ...]
    raw: Floats
    warm: Floats
    chances: Floats


def distribution(
    logits: npt.ArrayLike, sampling: Sampling, seen: Sequence[int] = (), shown: int = SHOWN
) -> Distribution:
    """What `sampling` makes of these logits: cheap enough to keep up with a slider."""
    (_, warm), *rest = steps(logits, sampling, seen)
    chances, left, cuts = warm, [("all", len(warm))], []
    count, mass = len(warm), 1.0
    for control, found in rest:
        alive = np.flatnonzero(found)
        held = float(warm[alive].sum()) if len(alive) < count else mass
        cuts.append(Cut(control, count - len(alive), len(alive), max(0.0, mass - held)))
        left.append((control, len(alive)))
        chances, count, mass = found, len(alive), held
    bars = candidates(chances, warm, shown)
    kept = sum(bar.probability for bar in bars if not bar.removed)
    sure = chances[chances > 0]
    entropy = float(-(sure * np.log2(sure)).sum()) or 0.0  # no minus before nothing
    plain = sampling.temperature == 1.0 and (sampling.repetition_penalty == 1.0 or not seen)
    raw = warm if plain else softmax(np.array(logits, dtype=np.float64))
    return Distribution(bars, max(0.0, 1.0 - kept), tuple(left), entropy, tuple(cuts), raw, warm, chances)


def removed_words(found: Distribution) -> str:
    """What each control took away: top-k removed 25 · top-p removed 12 · 28 of 65 tokens are left."""
    total = found.left[0][1]
    if not found.cuts:
        return tr("All {total} tokens can come next.", total=f"{total:,}")
    parts = [
        tr("{control} removed {count}", control=CONTROLS[cut.control], count=f"{cut.removed:,}") for cut in found.cuts
    ]
    left_words = tr("{left} of {total} tokens are left.", left=f"{found.left[-1][1]:,}", total=f"{total:,}")
    return " · ".join([*parts, left_words])


def ending_words(text: str) -> str:
    """What the bars stand for: after “…walked down to the”, cut where a word begins."""
    if not text:
        return tr("at the beginning of a text")
    ending = text[-40:]
    if len(text) > len(ending):
        ending = "…" + (ending[ending.find(" ") + 1 :] if " " in ending[:-1] else ending)
    return tr("after “{words}”", words=ending.replace("\n", "↵"))


def order_of(logits: npt.ArrayLike, sampling: Sampling, seen: Sequence[int]) -> npt.NDArray[np.int64]:
    """Ids from the likeliest to the least likely, the smaller id first among equals; temperature changes no order."""
    scores = penalized(np.array(logits, dtype=np.float64), sampling, seen)
    return np.argsort(-scores, kind="stable")
