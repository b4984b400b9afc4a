"""The words of the OpenAI interface: requests of other programs read strictly, answers and pieces of answers written.

What is not supported is refused and named, never ignored; how many tokens were used is not told, as nobody counts them.
"""

import json
import math
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from studio.core.config import Sampling
from studio.core.knobs import problems
from studio.core.text_stream import without_halves
from studio.gate.names import visible
from studio.prompts import Turn

MOST_TURNS = 4_096
MOST_STOPS, LONGEST_STOP = 8, 1_000  # at each token the text is held against all of them
_FAR = 10**15
_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
# What would change the answer, and the values that change nothing.
_UNSUPPORTED: dict[str, tuple[Any, ...]] = {
    "n": (1,), "best_of": (1,), "tools": ([],), "functions": ([],), "logprobs": (False, 0), "top_logprobs": (0,),
    "logit_bias": ({},), "presence_penalty": (0,), "frequency_penalty": (0,), "echo": (False,), "suffix": ("",),
    "response_format": ({"type": "text"},), "audio": (),
}  # fmt: skip
_NUMBERS = ("temperature", "top_p", "min_p", "repetition_penalty", "top_k")


class RefusedError(Exception):
    """A request that gets no answer: an HTTP status, a sentence, and a word that programs may look for."""

    def __init__(self, status: int, message: str, code: str = "invalid_request") -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


@dataclass(frozen=True)
class Asked:
    """What a program wants: turns to answer, or no turns and a prompt in `sampling` to go on from."""

    turns: tuple[Turn, ...]
    sampling: Sampling
    stream: bool


def read_request(body: bytes, chat: bool, model: str, defaults: Sampling) -> Asked:
    """The wish in a request's body; anything that cannot be granted is a `RefusedError`."""
    try:
        data = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RefusedError(400, "The body is not JSON in UTF-8.") from error
    if not isinstance(data, dict):
        raise RefusedError(400, "The body is not a JSON object.")
    wanted = data.get("model")
    if wanted not in (None, "", model):
        shown = visible(without_halves(str(wanted)))
        raise RefusedError(404, f"The model “{shown}” is not served here; “{model}” is.", "model_not_found")
    for name, harmless in _UNSUPPORTED.items():
        if data.get(name) is not None and data[name] not in harmless:
            raise RefusedError(400, f"“{name}” is not supported.", "unsupported")
    stream = data.get("stream")
    if stream not in (None, True, False):
        raise RefusedError(400, "“stream” is true or false.")
    sampling = _sampling(data, defaults)
    if chat:
        return Asked(_turns(data.get("messages")), sampling, bool(stream))
    return Asked((), replace(sampling, prompt=_prompt(data.get("prompt"))), bool(stream))


def _sampling(data: Mapping[str, Any], defaults: Sampling) -> Sampling:
    found: dict[str, Any] = {name: _number(data, name) for name in _NUMBERS if data.get(name) is not None}
    if "top_k" in found:
        found["top_k"] = int(found["top_k"])
    for name in ("max_tokens", "max_completion_tokens"):
        if data.get(name) is not None:
            found["tokens"] = int(_number(data, name))
    seed = data.get("seed")
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
        raise RefusedError(400, "“seed” is a whole number.")
    found["seed"] = secrets.randbelow(1 << 31) if seed is None else seed % (1 << 31)
    found["stop"] = _stops(data.get("stop"))
    sampling = replace(defaults, **found)
    if wrong := problems(sampling):
        name = {"tokens": "max_tokens"}.get(wrong[0].field, wrong[0].field)
        raise RefusedError(400, f"“{name}”: {wrong[0].message}")
    return sampling


def _number(data: Mapping[str, Any], name: str) -> float:
    value = data[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) == math.inf:
        raise RefusedError(400, f"“{name}” is a number.")
    return float(max(-_FAR, min(value, _FAR)))  # a whole number of JSON may be larger than any float


def _stops(value: Any) -> tuple[str, ...]:
    stops = [value] if isinstance(value, str) else value or []
    if not isinstance(stops, list) or len(stops) > MOST_STOPS or not all(isinstance(stop, str) for stop in stops):
        raise RefusedError(400, f"“stop” is a text or a list of at most {MOST_STOPS} texts.")
    if any(len(stop) > LONGEST_STOP for stop in stops):
        raise RefusedError(400, f"A text of “stop” has at most {LONGEST_STOP:,} characters.")
    return tuple(without_halves(stop) for stop in stops if stop)


def _turns(value: Any) -> tuple[Turn, ...]:
    if not isinstance(value, list) or not value or len(value) > MOST_TURNS:
        raise RefusedError(400, f"“messages” is a list of 1 to {MOST_TURNS:,} messages.")
    return tuple(_turn(item, place) for place, item in enumerate(value))


def _turn(item: Any, place: int) -> Turn:
    role = item.get("role") if isinstance(item, dict) else None
    if not isinstance(role, str) or role not in _ROLES:
        raise RefusedError(400, f"Message {place} has no role that is known: {', '.join(_ROLES)}.")
    content = item.get("content")
    parts = content if isinstance(content, list) else [{"type": "text", "text": "" if content is None else content}]
    texts = [part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None for part in parts]
    if not all(isinstance(text, str) for text in texts):
        raise RefusedError(400, f"Message {place} holds something other than text.", "unsupported")
    return Turn(_ROLES[role], without_halves("".join(map(str, texts))))


def _prompt(value: Any) -> str:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str):
        raise RefusedError(400, "“prompt” is one text.", "unsupported")
    return without_halves(value)


@dataclass(frozen=True)
class Reply:
    """How one answer is written down, whole or in pieces."""

    model: str
    chat: bool
    number: str
    made: int

    @classmethod
    def begun(cls, model: str, chat: bool) -> "Reply":
        """With a number of its own, now."""
        return cls(model, chat, ("chatcmpl-" if chat else "cmpl-") + secrets.token_hex(12), int(time.time()))

    def whole(self, text: str, reason: str) -> dict[str, Any]:
        """The answer at once."""
        said = {"message": {"role": "assistant", "content": text}} if self.chat else {"text": text}
        return self._dressed("chat.completion" if self.chat else "text_completion", said, reason)

    def first(self) -> dict[str, Any] | None:
        """What comes before the first piece."""
        return self._piece({"role": "assistant", "content": ""}, None) if self.chat else None

    def piece(self, text: str) -> dict[str, Any]:
        """Some of the answer."""
        return self._piece({"content": text}, None, text)

    def last(self, reason: str) -> dict[str, Any]:
        """After the last piece: why it ended."""
        return self._piece({}, reason)

    def _piece(self, delta: Mapping[str, str], reason: str | None, text: str = "") -> dict[str, Any]:
        said = {"delta": dict(delta)} if self.chat else {"text": text}
        return self._dressed("chat.completion.chunk" if self.chat else "text_completion", said, reason)

    def _dressed(self, kind: str, said: Mapping[str, Any], reason: str | None) -> dict[str, Any]:
        choice = {"index": 0, **said, "logprobs": None, "finish_reason": reason}
        return {"id": self.number, "object": kind, "created": self.made, "model": self.model, "choices": [choice]}


def models(name: str, made: int) -> dict[str, Any]:
    """What is served here."""
    return {"object": "list", "data": [{"id": name, "object": "model", "created": made, "owned_by": "atelier"}]}


def fault(message: str, code: str) -> dict[str, Any]:
    """An error as programs expect it."""
    return {"error": {"message": message, "type": code, "param": None, "code": code}}


def event(value: Mapping[str, Any] | str) -> bytes:
    """One server-sent event."""
    text = value if isinstance(value, str) else json.dumps(value)
    return f"data: {text}\n\n".encode()


def joined(texts: Sequence[str]) -> str:
    """Pieces as one text that UTF-8 can hold."""
    return without_halves("".join(texts))
