"""What the Chat page asks of a model on a worker thread, and the arithmetic of its bars; no Qt, no torch."""

import dataclasses
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.core.config import Sampling
from studio.core.language import tr
from studio.core.sampling import Candidate, candidates, probabilities, uncut
from studio.parts.wording import count

SHOWN = 12  # bars
RIVALS_KEPT = 20_000  # tokens of one writing that keep their rivals; a long text would hold too many


@dataclass(frozen=True, slots=True)
class Rival:
    """A token that could have come instead, as it reads by itself; `removed` if the controls had cut it."""

    id: int
    text: str
    probability: float
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """One token on the screen: the text it added, how likely it was, and when it came (seconds since the start)."""

    text: str
    id: int
    probability: float
    seconds: float
    done: str = ""
    sample: int = 0  # which of several texts it belongs to
    rivals: tuple[Rival, ...] = ()  # the likeliest at that moment

    @property
    def surprise(self) -> float:
        """Bits: 0 for a certain token, 1 for one chance in two."""
        return -math.log2(self.probability) if self.probability > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Distribution:
    """The likeliest tokens after all controls, the share of all others, and how many tokens each control left."""

    bars: tuple[Candidate, ...]
    rest: float
    left: tuple[tuple[str, int], ...]  # ("all", vocabulary), then each control that is on
    entropy: float  # bits


@dataclass(frozen=True)
class _Asking:
    """What the engine asks before every token, answered by the job that it runs in."""

    keep_going: Callable[[], bool]


def write(model: Any, sampling: Sampling, keep_going: Callable[[], bool]) -> Iterator[Written]:
    """Tokens as they come, each with the moment it was ready; for a worker thread."""
    started = time.perf_counter()
    for number, piece in enumerate(model.complete(sampling, _Asking(keep_going))):
        told = piece.rivals if number < RIVALS_KEPT else ()
        rivals = tuple(
            Rival(rival.id, token_label(model.tokenizer, rival.id), rival.probability, rival.removed) for rival in told
        )
        seconds = time.perf_counter() - started
        yield Written(piece.text, piece.id, piece.probability, seconds, piece.done, piece.sample, rivals)


def token_label(tokenizer: Any, token: int) -> str:
    """What a token reads by itself; half a character shows as its bytes."""
    text: str = tokenizer.token_text(token)
    return str(tokenizer.token_bytes(token).hex(" ")) if "\ufffd" in text else text


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
    bars = candidates(chances, warm, shown)
    kept = sum(bar.probability for bar in bars if not bar.removed)
    alive = chances[chances > 0]
    return Distribution(bars, max(0.0, 1.0 - kept), tuple(left), float(-(alive * np.log2(alive)).sum()))


def _stages(sampling: Sampling) -> list[tuple[str, Sampling]]:
    """Temperature and penalty alone, then one more control at a time; those that are off are left out."""
    stage = uncut(sampling)
    stages = [("all", stage)]
    if sampling.temperature == 0:
        return [*stages, ("temperature", dataclasses.replace(stage, temperature=0.0))]
    off = {"top_k": 0, "top_p": 1.0, "min_p": 0.0}
    for name, nothing in off.items():
        value = getattr(sampling, name)
        if value != nothing:
            stage = dataclasses.replace(stage, **{name: value})
            stages.append((name, stage))
    return stages


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
        return tr("ended at a stop string") if written and written[-1].done == "stop" else ""
    seconds = tokens[-1].seconds
    parts = [tr("{count} tokens", count=count(len(tokens)))]
    if seconds > 0 and len(tokens) > 1:
        parts.append(tr("{rate} tokens/s", rate=count(round(len(tokens) / seconds))))
    parts.append(tr("first token {ms} ms", ms=count(round(1000 * tokens[0].seconds))))
    surprise = sum(item.surprise for item in tokens) / len(tokens)
    parts.append(tr("surprise {bits} bits", bits=f"{surprise:.1f}"))
    ends = {"end": tr("the model ended the text"), "stop": tr("ended at a stop string"), "stopped": tr("stopped")}
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


def ending_words(text: str) -> str:
    """What the bars stand for: after “…walked down to the”, cut where a word begins."""
    if not text:
        return tr("at the beginning of a text")
    ending = text[-40:]
    if len(text) > len(ending):
        ending = "…" + (ending[ending.find(" ") + 1 :] if " " in ending[:-1] else ending)
    return tr("after “{words}”", words=ending.replace("\n", "↵"))
