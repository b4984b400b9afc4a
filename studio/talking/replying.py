"""What a conversation asks of models on a worker thread: answers in columns, one after the other, token by token."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from studio.core.config import Sampling
from studio.core.shelf import resolve
from studio.prompts import Prompt, Turn
from studio.talking.answer import AnswerToken, Rival
from studio.views.token_text import token_label

REPLY, CONTEXT = "studio.engine.chat:reply", "studio.engine.chat:context_of"
READ = "studio.engine.chat:read_text"
EVERY = 0.04  # seconds between two batches of tokens


@dataclass(frozen=True)
class Question:
    """One column's wish: a model, the adapter that counts on it (None: the base), and everything said so far."""

    model: Any
    prompt: Prompt
    turns: tuple[Turn, ...]
    sampling: Sampling
    adapter: str | None = None
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class Step:
    """Tokens of one column; the last step of each says in `facts` how it went."""

    column: int
    tokens: tuple[AnswerToken, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Control:
    """What the engine asks before every token, answered by the job that it runs in."""

    keep_going: Callable[[], bool]


def answer(
    questions: Sequence[Question], keep_going: Callable[[], bool], reply: Callable[..., Iterator[Any]] | None = None
) -> Iterator[Step]:
    """All columns, from the left to the right; for a worker thread. `reply` stands in for the engine's."""
    speak = reply or resolve(REPLY)
    for column, question in enumerate(questions):
        if not keep_going():
            return
        wear(question.model, question.adapter, question.strength)
        yield from _one(speak, column, question, keep_going)


def wear(model: Any, adapter: str | None, strength: float) -> None:
    """Let an adapter count on a model that has some, or the base alone."""
    known = model.adapters() if hasattr(model, "adapters") else ()
    if not known or (adapter is not None and adapter not in known):
        return
    if (model.adapter, model.strength if adapter is not None else strength) != (adapter, strength):
        model.use(adapter, strength)


def _one(
    speak: Callable[..., Iterator[Any]], column: int, question: Question, keep_going: Callable[[], bool]
) -> Iterator[Step]:
    """One answer in batches, and its facts at the end."""
    started = sent = time.perf_counter()
    first, count, bits, done = 0.0, 0, 0.0, ""
    waiting: list[AnswerToken] = []
    pieces = speak(question.model, question.prompt, question.turns, question.sampling, _Control(keep_going))
    for piece in pieces:
        token = _told(piece, question.model)
        now = time.perf_counter()
        if token.id >= 0:
            first = first or now - started
            count += 1
            bits += token.surprise
        done = piece.done or done
        waiting.append(token)
        if now - sent >= EVERY or count == 1:
            yield Step(column, tuple(waiting))
            waiting, sent = [], now
    seconds = time.perf_counter() - started
    facts = {"done": done or "stopped", "count": count, "first": round(first, 4), "seconds": round(seconds, 3)}
    if count:
        facts["surprise"] = round(bits / count, 3)
    if count > 1 and seconds > first:
        facts["rate"] = round((count - 1) / (seconds - first), 2)
    yield Step(column, tuple(waiting), facts)


def _told(piece: Any, model: Any) -> AnswerToken:
    """The engine's piece with the texts of its rivals."""
    tokenizer = model.tokenizer
    rivals = tuple(
        Rival(one.id, token_label(tokenizer, one.id), one.probability, one.removed,
              getattr(one, "raw", 0.0), getattr(one, "rank", 0))
        for one in piece.rivals
    )  # fmt: skip
    return AnswerToken(piece.text, piece.id, piece.probability, rivals)


def used(model: Any, prompt: Prompt, turns: Sequence[Turn], longest: int) -> Any:
    """How much of the context a conversation takes, the engine's `ContextUse`; for a worker thread."""
    return resolve(CONTEXT)(model, prompt, tuple(turns), longest)


def read_by(model: Any, prompt: Prompt, turns: Sequence[Turn], longest: int) -> str:
    """What a model would read of a conversation, letter by letter; for a worker thread."""
    return str(resolve(READ)(model, prompt, tuple(turns), longest))
