"""What a chat is made of, as plain values, and how texts and facts are made fit to be kept."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio.core.errors import StudioError
from studio.core.text_stream import without_halves

ROLES = ("system", "user", "assistant")
LONGEST = 16_000_000  # characters of a message; ten million are a thick shelf of books
LONGEST_TITLE = 200
_decode = json.JSONDecoder().raw_decode  # quicker than `json.loads`, for thousands of short ones
MESSAGE = "id, chat, parent, role, text, facts, made, complete, rating"  # what `message_of` takes


@dataclass(frozen=True)
class ChatInfo:
    """One chat in a list."""

    id: int
    title: str
    folder: str
    pinned: bool
    changed: float  # seconds since 1970
    messages: int


@dataclass(frozen=True)
class Message:
    """One message of a chat's tree; `facts["interrupted"]` is True where the end of the program cut it off."""

    id: int
    chat: int
    parent: int | None
    role: str
    text: str
    facts: dict[str, Any]
    made: float
    complete: bool
    rating: int = 0  # 1 liked, -1 not, 0 not rated


@dataclass(frozen=True)
class Opened:
    """A chat as it is shown: one branch from the top down, and which of its messages have other versions."""

    info: ChatInfo
    system: str
    settings: dict[str, Any]
    messages: tuple[Message, ...]
    versions: dict[int, tuple[int, ...]]  # id of a shown message to all of its siblings, itself too


@dataclass(frozen=True)
class Hit:
    """Where a search found its words."""

    chat: int
    message: int | None  # None: in the title
    snippet: str
    title: str
    spans: tuple[tuple[int, int], ...] = ()  # where the words stand in the snippet


def info_of(row: tuple[Any, ...]) -> ChatInfo:
    """From id, title, folder, pinned, changed, count."""
    number, title, folder, pinned, changed, count = row
    return ChatInfo(number, title, folder, bool(pinned), changed, count)


def message_of(row: tuple[Any, ...]) -> Message:
    """From the columns of `MESSAGE`."""
    number, chat, parent, role, text, facts, made, complete, rating = row
    return Message(number, chat, parent, role, text, unpacked(facts), made, bool(complete), rating)


def kept_text(text: str) -> str:
    """A text as it can be kept: halves of characters replaced; an overlong one is a `StudioError`."""
    if len(text) > LONGEST:
        raise StudioError(
            f"This message has {len(text):,} characters; at most {LONGEST:,} are kept.",
            "Shorten it, or bring it in as a text on the Data page.",
        )
    return without_halves(text)


def kept_line(text: str, longest: int = LONGEST_TITLE) -> str:
    """A title or a name: one line, not too long."""
    return without_halves(" ".join(text[: 8 * longest].replace("\x00", " ").split())[:longest]).strip()


def packed(values: Mapping[str, Any]) -> str:
    """Facts or settings as JSON; what JSON cannot hold is a `StudioError`."""
    try:
        return without_halves(json.dumps(dict(values), ensure_ascii=False, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise StudioError("These facts hold a value that cannot be kept.", "Use texts, numbers and lists.") from error


def unpacked(text: str) -> dict[str, Any]:
    """The way back; what somebody has damaged counts as nothing."""
    if text == "{}":
        return {}
    try:
        found, _end = _decode(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
