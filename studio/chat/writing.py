"""What the Chat page asks of a model on a worker thread, and the arithmetic of its bars; no Qt, no torch."""

import dataclasses
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.core.channel import RunControl
from studio.core.config import Sampling
from studio.core.language import tr
from studio.core.sampling import probabilities
from studio.parts.wording import count

SHOWN = 12  # bars


@dataclass(frozen=True, slots=True)
class Written:
    """One token on the screen: the text it added, how likely it was, and when it came (seconds since the start)."""

    text: str
    id: int
    probability: float
    seconds: float
    done: str = ""

    @property
    def surprise(self) -> float:
        """Bits: 0 for a certain token, 1 for one chance in two."""
        return -math.log2(self.probability) if self.probability > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of the next-token chart; a removed token shows the chance it had before the controls cut it."""

    id: int
    probability: float
    removed: bool


@dataclass(frozen=True, slots=True)
class Distribution:
    """The likeliest tokens after all controls, the share of all others, and how many tokens each control left."""

    bars: tuple[Bar, ...]
    rest: float
    left: tuple[tuple[str, int], ...]  # ("all", vocabulary), then each control that is on
    entropy: float  # bits


def write(model: Any, sampling: Sampling, control: RunControl) -> Iterator[Written]:
    """Tokens as they come, each with the moment it was ready; for a worker thread."""
    started = time.perf_counter()
    for piece in model.complete(sampling, control):
        yield Written(piece.text, piece.id, piece.probability, time.perf_counter() - started, piece.done)


def distribution(
    logits: npt.ArrayLike, sampling: Sampling, seen: Sequence[int] = (), shown: int = SHOWN
) -> Distribution:
    """What `sampling` makes of these logits: no forward pass, so it keeps up with a slider."""
    stages = _stages(sampling)
    warm = probabilities(logits, stages[0][1], seen)
    chances = warm
    left = [("all", len(warm))]
    for name, stage in stages[1:]:
        chances = probabilities(logits, stage, seen)
        left.append((name, int(np.count_nonzero(chances))))
    order = _largest(warm, shown)
    bars = tuple(
        Bar(int(token), float(chances[token] or warm[token]), bool(chances[token] == 0.0)) for token in order
    )  # fmt: skip
    kept = sum(bar.probability for bar in bars if not bar.removed)
    alive = chances[chances > 0]
    return Distribution(bars, max(0.0, 1.0 - kept), tuple(left), float(-(alive * np.log2(alive)).sum()))


def _stages(sampling: Sampling) -> list[tuple[str, Sampling]]:
    """Temperature and penalty alone, then one more control at a time; those that are off are left out."""
    stage = dataclasses.replace(sampling, top_k=0, top_p=1.0, min_p=0.0)
    stages = [("all", stage)]
    if sampling.temperature == 0:
        return [("all", dataclasses.replace(stage, temperature=1.0)), ("temperature", stage)]
    off = {"top_k": 0, "top_p": 1.0, "min_p": 0.0}
    for name, nothing in off.items():
        value = getattr(sampling, name)
        if value != nothing:
            stage = dataclasses.replace(stage, **{name: value})
            stages.append((name, stage))
    return stages


def _largest(chances: npt.NDArray[np.float64], shown: int) -> npt.NDArray[np.int64]:
    few = len(chances) <= shown
    candidates = np.arange(len(chances)) if few else np.argpartition(-chances, shown)[:shown]
    ordered: npt.NDArray[np.int64] = candidates[np.argsort(-chances[candidates], kind="stable")]
    return ordered


_WORDS = {"top_k": "top-k", "top_p": "top-p", "min_p": "min-p", "temperature": "temperature 0"}


def removed_words(found: Distribution) -> str:
    """What each control took away: top-k removed 25 · top-p removed 12 · 28 of 65 tokens are left."""
    parts: list[str] = []
    before = found.left[0][1]
    for name, left in found.left[1:]:
        parts.append(tr("{control} removed {count}", control=_WORDS[name], count=count(before - left)))
        before = left
    if not parts:
        return tr("All {total} tokens can come next.", total=count(before))
    left_words = tr("{left} of {total} tokens are left.", left=count(before), total=count(found.left[0][1]))
    return " · ".join([*parts, left_words])


def summary_words(written: Sequence[Written]) -> str:
    """How the writing went: 41 tokens/s · first token 38 ms · surprise 2.9 bits."""
    tokens = [item for item in written if item.id >= 0]
    if not tokens:
        return ""
    seconds = tokens[-1].seconds
    parts = [tr("{count} tokens", count=count(len(tokens)))]
    if seconds > 0 and len(tokens) > 1:
        parts.append(tr("{rate} tokens/s", rate=count(round(len(tokens) / seconds))))
    parts.append(tr("first token {ms} ms", ms=count(round(1000 * tokens[0].seconds))))
    surprise = sum(item.surprise for item in tokens) / len(tokens)
    parts.append(tr("surprise {bits} bits", bits=f"{surprise:.1f}"))
    ends = {"end": tr("the model ended the text"), "stopped": tr("stopped")}
    if written[-1].done in ends:
        parts.append(ends[written[-1].done])
    return " · ".join(parts)


def token_words(token: Written) -> str:
    """One token under the pointer: “·warm” had 55 % · surprise 0.9 bits · id 4123."""
    text = token.text.replace("\n", "↵").replace(" ", "·")
    chance, bits = f"{100 * token.probability:.3g} %", f"{token.surprise:.1f}"
    return tr(
        "“{words}” had {chance} · surprise {bits} bits · id {id}", words=text, chance=chance, bits=bits, id=token.id
    )
