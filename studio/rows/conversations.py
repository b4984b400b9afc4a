"""Rows as conversations: instructions, prompts, messages and preferences become turns, or a reason why they do not."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from studio.core.errors import StudioError
from studio.gate.names import visible
from studio.prompts import Turn
from studio.rows import Values
from studio.rows.kinds import KINDS, Reading, kind_of, spoken

NO_ANSWER, NOTHING_ASKED, OUT_OF_ORDER = "no answer", "nothing is asked", "roles are out of order"
SAME_ANSWERS, DISLIKED = "both answers are the same", "the answer was not liked"
NOT_TEXT, NO_TURNS = "a turn holds something other than text", "there is no list of turns"
_ROLES = {
    "system": "system", "developer": "system", "user": "user", "human": "user", "prompter": "user",
    "assistant": "assistant", "gpt": "assistant", "model": "assistant", "chatgpt": "assistant", "bot": "assistant",
}  # fmt: skip


class RowFault(Exception):  # noqa: N818
    """Why a row is no conversation to learn from, in a few words that begin with a small letter."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def turns_of(reading: Reading, values: Values) -> tuple[Turn, ...]:
    """The turns of a row; of a preference those before its two answers. A row that has none is a `RowFault`."""
    if reading.kind not in _READ:
        able = " or ".join(f"“{KINDS[name].label}”" for name in _READ)
        raise StudioError(f"Rows of the kind “{kind_of(reading).label}” have no answers.", f"Read them as {able}.")
    return _READ[reading.kind](reading, values)


def chosen_rejected(reading: Reading, values: Values) -> tuple[str, str]:
    """The answer that was liked better and the other one."""
    return _answer(_value(reading, values, "chosen")), _answer(_value(reading, values, "rejected"))


def whole_turns(reading: Reading, values: Values) -> tuple[Turn, ...]:
    """The turns with what is to be learned: behind a prompt with two answers stands the one that was liked better."""
    turns = turns_of(reading, values)
    if reading.kind == "preference":
        return *turns, Turn("assistant", chosen_rejected(reading, values)[0])
    return turns


def told_pair(reading: Reading, values: Values) -> tuple[str, str]:
    """Both answers of a pair that says which one is better: equal ones say nothing."""
    answers = chosen_rejected(reading, values)
    if answers[0] == answers[1]:
        raise RowFault(SAME_ANSWERS)
    return answers


def refuse_disliked(values: Values) -> None:
    """Answers that a person rated below zero stand in a dataset to be seen, not to be learned."""
    rating = values.get("rating")
    if isinstance(rating, int | float) and rating < 0:
        raise RowFault(DISLIKED)


def asks(reading: Reading) -> bool:
    """Whether rows that are read so hold questions."""
    return reading.kind in _READ


def question_of(reading: Reading, values: Values) -> tuple[Turn, ...]:
    """What is to be answered in a row: its turns up to the last question, whether an answer stands there or not."""
    if reading.kind in ("alpaca", "completion"):
        return (_asked(reading, values, "instruction" if reading.kind == "alpaca" else "prompt"),)
    if reading.kind not in ("messages", "sharegpt"):
        return turns_of(reading, values)
    who, what = ("role", "content") if reading.kind == "messages" else ("from", "value")
    turns = _told(_value(reading, values, KINDS[reading.kind].roles[0].name), who, what)
    while turns and turns[-1].role == "assistant":
        turns.pop()
    if not turns:
        raise RowFault(NOTHING_ASKED)
    return _in_order(turns)


def answered(turns: Sequence[Turn]) -> bool:
    """Whether somebody answers in it."""
    return any(turn.role == "assistant" for turn in turns)


def _alpaca(reading: Reading, values: Values) -> tuple[Turn, ...]:
    return _asked(reading, values, "instruction"), Turn("assistant", _answer(_value(reading, values, "output")))


def _completion(reading: Reading, values: Values) -> tuple[Turn, ...]:
    return _asked(reading, values, "prompt"), Turn("assistant", _answer(_value(reading, values, "completion")))


def _preference(reading: Reading, values: Values) -> tuple[Turn, ...]:
    prompt = _value(reading, values, "prompt")
    if not isinstance(prompt, list):
        return (_asked(reading, values, "prompt"),)
    turns = _in_order(_told(prompt, "role", "content"))
    if turns[-1].role != "user":
        raise RowFault(OUT_OF_ORDER)
    return turns


def _messages(reading: Reading, values: Values) -> tuple[Turn, ...]:
    return _conversation(_told(_value(reading, values, "messages"), "role", "content"))


def _sharegpt(reading: Reading, values: Values) -> tuple[Turn, ...]:
    return _conversation(_told(_value(reading, values, "conversations"), "from", "value"))


_READ: Mapping[str, Callable[[Reading, Values], tuple[Turn, ...]]] = {
    "alpaca": _alpaca, "completion": _completion, "messages": _messages, "sharegpt": _sharegpt,
    "preference": _preference,
}  # fmt: skip


def _value(reading: Reading, values: Values, role: str) -> Any:
    column = reading.roles.get(role)
    return values.get(column) if column else None


def _asked(reading: Reading, values: Values, role: str) -> Turn:
    """What is asked, with its input where there is one."""
    text = spoken(_value(reading, values, role))
    if not text.strip():
        raise RowFault(NOTHING_ASKED)
    return Turn("user", text, spoken(_value(reading, values, "input")))


def _answer(value: Any) -> str:
    """An answer; of a whole conversation the last one."""
    if isinstance(value, list):
        value = next((turn.text for turn in reversed(_told(value, "role", "content")) if turn.role == "assistant"), "")
    text = spoken(value)
    if not text.strip():
        raise RowFault(NO_ANSWER)
    return text


def _told(value: Any, who: str, what: str) -> list[Turn]:
    """Turns as the row lists them, roles by the names of the field."""
    if not isinstance(value, list) or not value:
        raise RowFault(NO_TURNS)
    turns = []
    for turn in value:
        if not isinstance(turn, dict):
            raise RowFault(NOT_TEXT)
        role = str(turn.get(who)).casefold()
        if role not in _ROLES:
            raise RowFault(f"the role “{visible(role, 20)}” is not known here")
        turns.append(Turn(_ROLES[role], _written(turn.get(what))))
    return turns


def _written(value: Any) -> str:
    """The text of a turn, or of its parts where it is a list of them; nothing is an empty text."""
    if isinstance(value, list) and all(isinstance(part, dict) and isinstance(part.get("text"), str) for part in value):
        return "".join(part["text"] for part in value)
    if value is not None and not isinstance(value, str):
        raise RowFault(NOT_TEXT)
    return value or ""


def _conversation(turns: list[Turn]) -> tuple[Turn, ...]:
    """Turns in order, with an answer; a last question without one stays, for there is nothing to learn in it."""
    if not answered(turns):
        raise RowFault(NO_ANSWER)
    return _in_order(turns)


def _in_order(turns: list[Turn]) -> tuple[Turn, ...]:
    """A system text may come first; then user and assistant take turns, and none of them is silent."""
    spoken_turns = turns[1:] if turns[0].role == "system" else turns
    for place, turn in enumerate(spoken_turns):
        if turn.role != ("user", "assistant")[place % 2]:
            raise RowFault(OUT_OF_ORDER)
        if not turn.text.strip():
            raise RowFault(NO_ANSWER if turn.role == "assistant" else NOTHING_ASKED)
    if not spoken_turns:
        raise RowFault(NOTHING_ASKED)
    return tuple(turns)
