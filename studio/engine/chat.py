"""Talking to a loaded model: a conversation laid out as the model was taught, within what it sees at once."""

from bisect import bisect_left
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from studio.core.channel import RunControl
from studio.core.config import Sampling
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.shelf import PROMPTS
from studio.engine.loaded import TAUGHT, Asked, LoadedModel
from studio.engine.pieces import Piece
from studio.gate.chat_templates import recognised
from studio.hub.pieces import Answer
from studio.prompts import Prompt, Segment, Turn
from studio.rows.model_prompt import NAME
from studio.rows.rendering import render, special_token
from studio.store.own_prompts import find_prompt
from studio.tokenizers import Tokenizer

LEAST_ROOM = 16  # tokens that an answer has at least; what was said long ago is forgotten for them
_SPELLED = 16  # characters a token: of a conversation that is longer, not even all of it is tried


class TooLongError(StudioError):
    """What must be read leaves no room for an answer."""


@dataclass(frozen=True)
class ContextUse:
    """How full the context is: `tokens` of what is read, of `room` in all, `reserved` of it for the answer.

    Turns before `kept_from` are forgotten; a system text never is.
    """

    tokens: int
    room: int
    reserved: int
    kept_from: int


def reply(
    loaded: LoadedModel, prompt: Prompt, turns: Sequence[Turn], sampling: Sampling, control: Asked | None = None
) -> Iterator[Piece]:
    """What the model answers to a conversation, piece by piece; it ends where its template ends an answer.

    Where the last turn is the assistant's, its answer has begun already and goes on behind that text.
    """
    tokenizer = _tokenizer(loaded)
    ids, use = _laid(loaded, prompt, turns, sampling.tokens)
    most = min(sampling.tokens, use.room - use.tokens)
    asked = replace(sampling, prompt="", tokens=most, stop=(*sampling.stop, *prompt.stops))
    yield from loaded.answer(ids, asked, end_ids(prompt, tokenizer), control)


def context_of(loaded: LoadedModel, prompt: Prompt, turns: Sequence[Turn], longest: int = 0) -> ContextUse:
    """What a conversation takes of the context if an answer may have `longest` tokens."""
    return _laid(loaded, prompt, turns, longest)[1]


def read_text(loaded: LoadedModel, prompt: Prompt, turns: Sequence[Turn], longest: int = 0) -> str:
    """Letter by letter what the model reads before it answers: marks spelled out, without what is forgotten."""
    ids, _ = _laid(loaded, prompt, turns, longest)
    tokenizer = _tokenizer(loaded)
    return "".join(_spelled(tokenizer, ids))


def _spelled(tokenizer: Tokenizer, ids: Sequence[int]) -> Iterator[str]:
    """Stretches of text and the spelling of each special token; a character may take several tokens."""
    marks = {token: spelling for spelling, token in tokenizer.special.items()}
    plain: list[int] = []
    for token in ids:
        if token in marks:
            yield tokenizer.decode(plain)
            yield marks[token]
            plain = []
        else:
            plain.append(token)
    yield tokenizer.decode(plain)


def end_ids(prompt: Prompt, tokenizer: Tokenizer) -> list[int]:
    """The tokens at which an answer is over, as far as the template's marks are tokens here."""
    found = (special_token(tokenizer, mark) for mark in prompt.stops)
    return [token for token in found if token is not None]


def default_prompt(loaded: LoadedModel) -> Prompt:
    """The template that fits a model: what it was taught with, else what its special tokens speak for, else plain.

    One that came with the model is followed only where it equals one of ours; it may start a process to find that out.
    """
    if loaded.template and (loaded.template != NAME or loaded.config.objective in TAUGHT):
        return find_prompt(Path(), loaded.template, loaded.template_text)
    if loaded.template_text and (known := recognised(loaded.template_text)):
        return find_prompt(Path(), known)
    special = set(loaded.tokenizer.special) if loaded.tokenizer is not None else set()
    for name in ("llama3", "chatml", "phi3"):
        candidate: Prompt = PROMPTS.load(name)
        if special.issuperset(candidate.specials):
            return candidate
    plain: Prompt = PROMPTS.load("plain")
    return plain


def _tokenizer(loaded: LoadedModel) -> Tokenizer:
    if loaded.tokenizer is None:
        raise StudioError(tr("This model came without a tokenizer, so it cannot be talked to."))
    return loaded.tokenizer


def _laid(loaded: LoadedModel, prompt: Prompt, turns: Sequence[Turn], longest: int) -> tuple[list[int], ContextUse]:
    """Ids of the conversation, with as many of the oldest turns left out as it takes to leave room for an answer."""
    room = loaded.context_length
    reserved = max(1, min(max(longest, LEAST_ROOM), room // 2))
    layout = _Layout(prompt, turns, _tokenizer(loaded))
    start = layout.first_that_fits(room - reserved)
    ids = layout.ids(start)
    if len(ids) >= room:
        raise TooLongError(
            tr("The last message, with what always stands around it, takes {tokens:,} tokens; the model sees {room:,} "
               "at once.", tokens=len(ids), room=room),
            tr("Shorten it or the system text, or choose a model with a longer context."),
        )  # fmt: skip
    return ids, ContextUse(len(ids), room, min(reserved, room - len(ids)), start)


class _Layout:
    """A conversation from any of its questions on, the system text before it and a begun answer behind it."""

    def __init__(self, prompt: Prompt, turns: Sequence[Turn], tokenizer: Tokenizer) -> None:
        begun = bool(turns) and turns[-1].role == "assistant"
        self._said = tuple(turns[:-1] if begun else turns)
        self._prompt = _going_on(prompt, turns[-1].text) if begun else prompt
        self._tokenizer = tokenizer
        self._system = tuple(turn for turn in self._said[:1] if turn.role == "system")
        asks = [place for place, turn in enumerate(self._said) if turn.role == "user"]
        self._starts = [0, *asks[1:]]
        self._known: dict[int, list[int]] = {}

    def ids(self, start: int) -> list[int]:
        """What the model reads if it hears everything from that turn on."""
        if start not in self._known:
            turns = (*self._system, *self._said[start:]) if start else self._said
            self._known[start] = render(self._prompt, turns, self._tokenizer, answering=True).ids.tolist()
        return self._known[start]

    def first_that_fits(self, most: int) -> int:
        """The turn from which on no more than `most` tokens are read, if need be the last question.

        Looked for from the end in growing steps: a long conversation is not laid out as a whole.
        """

        def fits(number: int) -> bool:
            return len(self.ids(self._starts[number])) <= most

        if sum(len(turn.whole) for turn in self._said) <= most * _SPELLED and fits(0):
            return 0
        low, high, step = 0, len(self._starts) - 1, 1
        while high and fits(low := max(0, high - step)):
            high, step = low, 2 * step
        return self._starts[bisect_left(range(high), True, lo=min(low + 1, high), key=fits) if high else 0]


def _going_on(prompt: Prompt, begun: str) -> Prompt:
    """The same template where an answer has begun with this text."""

    def segments(turns: Sequence[Turn], answering: bool) -> list[Segment]:
        return [*prompt.segments(turns, answering), Segment(begun, True)]

    return replace(prompt, segments=segments)


def serve_answers(loaded: LoadedModel) -> Answer:
    """Who answers other programs: the model, by the template that fits it; the generator returns "stop" or "length"."""

    def answer(turns: tuple[Turn, ...], sampling: Sampling, control: RunControl) -> Generator[str, None, str]:
        done = ""
        pieces = (
            reply(loaded, default_prompt(loaded), turns, sampling, control)
            if turns
            else loaded.complete(sampling, control)
        )
        for piece in pieces:
            done = piece.done
            if piece.text:
                yield piece.text
        return "length" if done == "length" else "stop"

    return answer
