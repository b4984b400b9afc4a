"""What the Chat page asks of a model on a worker thread, and how what it wrote is told; no Qt, no torch."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from studio.core.config import Sampling
from studio.core.language import tr
from studio.parts.wording import count
from studio.views.token_text import token_label

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
