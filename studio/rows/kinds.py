"""What the rows of a dataset are meant for: the kinds that there are, recognised by columns and by what they hold."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from studio.core.errors import StudioError
from studio.rows import Values

_FEW = 20  # different values that a column of labels may have
_SHORT = 40  # characters that a label may have


@dataclass(frozen=True)
class Role:
    """One part that a column plays in a row."""

    name: str
    label: str
    about: str
    required: bool = True


@dataclass(frozen=True)
class Kind:
    """What rows can be, and the roles that their columns play, in reading order."""

    name: str
    label: str
    about: str
    roles: tuple[Role, ...]


@dataclass(frozen=True)
class Reading:
    """How rows are read: their kind, which column plays which role, and a sentence on why."""

    kind: str
    roles: Mapping[str, str] = field(default_factory=dict)  # role to column
    why: str = ""


def _kind(name: str, label: str, about: str, *roles: Role) -> tuple[str, Kind]:
    return name, Kind(name, label, about, roles)


_INPUT = Role("input", "Input", "What the instruction is about; may be empty or missing.", required=False)

KINDS: dict[str, Kind] = dict(
    (
        _kind("text", "Text", "Plain text to learn to write like.", Role("text", "Text", "What the model reads.")),
        _kind(
            "labelled", "Text and label", "Texts that are sorted into classes, such as spam and not spam.",
            Role("text", "Text", "What is to be judged."), Role("label", "Label", "The class that it belongs to."),
        ),
        _kind(
            "alpaca", "Instruction and answer", "Tasks with the answers that a helpful model should give.",
            Role("instruction", "Instruction", "What is asked for."), _INPUT, Role("output", "Output", "The answer."),
        ),
        _kind(
            "completion", "Prompt and completion", "A beginning, and how it should go on.",
            Role("prompt", "Prompt", "The beginning."), Role("completion", "Completion", "How it goes on."),
        ),
        _kind(
            "preference", "Preferred answers", "Two answers to each prompt, of which one was liked better.",
            Role("prompt", "Prompt", "What both answers answer."), _INPUT,
            Role("chosen", "Chosen", "The answer that was liked better."),
            Role("rejected", "Rejected", "The other answer."),
        ),
        _kind(
            "messages", "Conversation", "Turns with “role” and “content”, as most chat models are trained on.",
            Role("messages", "Messages", "The list of turns."),
        ),
        _kind(
            "sharegpt", "Conversation (ShareGPT)", "Turns with “from” and “value”.",
            Role("conversations", "Conversations", "The list of turns."),
        ),
    )
)  # fmt: skip

# Role to the names that its column has in the wild, the most telling first.
_NAMES = {
    "text": ("text", "sentence", "message", "content", "document", "body", "review", "comment", "sms", "tweet", "v2"),
    "label": ("label", "labels", "class", "category", "target", "sentiment", "is_spam", "tag", "v1"),
    "instruction": ("instruction", "instructions", "task"),
    "input": ("input", "context"),
    "output": ("output", "response", "answer"),
    "prompt": ("prompt", "instruction", "question", "query", "input"),
    "completion": ("completion", "response", "answer", "output", "continuation"),
    "chosen": ("chosen", "preferred"),
    "rejected": ("rejected", "dispreferred"),
}


def recognise(columns: Sequence[str], sample: Sequence[Values]) -> Reading:
    """The likeliest reading of a table, from the names of its columns and from what its first rows hold."""
    for kind, keys in (("messages", ("role", "content")), ("sharegpt", ("from", "value"))):
        for column in columns:
            if _holds(sample, column, lambda value, keys=keys: _is_turns(value, keys)):  # type: ignore[misc]
                why = f"“{column}” holds lists of turns with “{keys[0]}” and “{keys[1]}”."
                return Reading(kind, {KINDS[kind].roles[0].name: column}, why)
    for kind in ("preference", "alpaca", "completion", "labelled"):
        if roles := _by_name(kind, columns):
            return Reading(kind, roles, f"There are columns named {_listed(list(roles.values()))}.")
    return _by_content(columns, sample)


def missing(reading: Reading) -> tuple[Role, ...]:
    """The required roles that no column plays."""
    return tuple(role for role in kind_of(reading).roles if role.required and not reading.roles.get(role.name))


def kind_of(reading: Reading) -> Kind:
    """The kind of a reading; an unknown one is a `StudioError` that lists what there is."""
    if reading.kind not in KINDS:
        raise StudioError(f"There is no kind of rows “{reading.kind}”.", f"There are: {', '.join(KINDS)}.")
    return KINDS[reading.kind]


def text_of(reading: Reading, values: Values) -> str:
    r"""All that a model would read of a row, in reading order, joined by "\n"; a label is not read."""
    columns = [reading.roles.get(role.name) for role in kind_of(reading).roles if role.name != "label"]
    parts = [spoken(values.get(column)) for column in columns if column]
    return "\n".join(part for part in parts if part)


def label_of(reading: Reading, values: Values) -> str | None:
    """The class of a row as text, 1 and 1.0 alike; None where it has none or the kind knows no labels."""
    column = reading.roles.get("label")
    value = values.get(column) if column else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return None if value is None or value == "" else spoken(value).strip()


def spoken(value: Any) -> str:
    """A value as the text that stands for it: turns one below the other, other structures as JSON, nothing as ""."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list) and (_is_turns(value, ("role", "content")) or _is_turns(value, ("from", "value"))):
        return "\n".join(filter(None, (spoken(turn.get("content", turn.get("value"))) for turn in value)))
    return json.dumps(value, ensure_ascii=False)


def reading_to_json(reading: Reading) -> dict[str, Any]:
    """Plain JSON values."""
    return {"kind": reading.kind, "roles": dict(reading.roles), "why": reading.why}


def reading_from_json(data: Any) -> Reading:
    """The reading that `reading_to_json` wrote; anything else is a `StudioError`."""
    roles = data.get("roles") if isinstance(data, dict) else None
    if not isinstance(roles, dict) or not all(isinstance(column, str) for column in roles.values()):
        raise StudioError("The roles of the columns cannot be read.", "Choose them again.")
    reading = Reading(
        str(data.get("kind")), {str(role): column for role, column in roles.items()}, str(data.get("why", ""))
    )
    kind_of(reading)
    return reading


def _by_name(kind: str, columns: Sequence[str]) -> dict[str, str]:
    """Roles by names of columns; empty unless every required one is found."""
    plain = {re.sub(r"[\s_-]+", "_", column.strip().casefold()): column for column in reversed(columns)}
    found: dict[str, str] = {}
    for role in KINDS[kind].roles:
        free = [plain[name] for name in _NAMES[role.name] if name in plain and plain[name] not in found.values()]
        if free:
            found[role.name] = free[0]
        elif role.required:
            return {}
    return found


def _by_content(columns: Sequence[str], sample: Sequence[Values]) -> Reading:
    """No name gives it away: the longest texts are the text, a column of few short repeated values the labels."""
    words = [column for column in columns if _holds(sample, column, lambda value: isinstance(value, str))]
    named = _by_name("text", words)
    text = named.get("text") or max(words, key=lambda column: _mean_length(sample, column), default="")
    if not text:
        return Reading("text", {}, "No column holds text.")
    labels = [column for column in columns if column != text and _looks_like_labels(sample, column)]
    if labels and not named:
        different = len({str(row.get(labels[0])) for row in sample})
        why = f"“{labels[0]}” has only {different} different values, “{text}” the longest texts."
        return Reading("labelled", {"text": text, "label": labels[0]}, why)
    if len(columns) == 1:
        return Reading("text", {"text": text}, f"“{text}” is the only column.")
    return Reading("text", {"text": text}, f"“{text}” {'is named so' if named else 'holds the longest texts'}.")


def _looks_like_labels(sample: Sequence[Values], column: str) -> bool:
    values = [row[column] for row in sample if row.get(column) not in (None, "")]
    if len(values) < 4 or not all(isinstance(value, str | int) and len(str(value)) <= _SHORT for value in values):
        return False
    return 2 <= len(set(map(str, values))) <= min(_FEW, len(values) // 2)


def _mean_length(sample: Sequence[Values], column: str) -> float:
    lengths = [len(row[column]) for row in sample if isinstance(row.get(column), str)]
    return sum(lengths) / len(lengths) if lengths else 0.0


def _holds(sample: Sequence[Values], column: str, fits: Callable[[Any], bool]) -> bool:
    """Whether most values of a column that are there fit."""
    values = [row[column] for row in sample if row.get(column) is not None]
    return bool(values) and sum(map(fits, values)) * 2 > len(values)


def _is_turns(value: Any, keys: tuple[str, str]) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(turn, dict) and keys[0] in turn for turn in value)


def _listed(columns: list[str]) -> str:
    quoted = [f"“{column}”" for column in columns]
    return " and ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))
