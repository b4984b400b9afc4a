"""Chats for other programs and for paper: the shown branch as Markdown, the whole tree as JSON."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from studio.store.chat_rows import Message, Opened

VERSION = 1
_NAMES = {"system": "System", "user": "You", "assistant": "Model"}
# A line inside a message that reads like the beginning of another message.
_POSING = re.compile(rf"^(\s*#+\s*(?:{'|'.join(_NAMES.values())})\b)", re.MULTILINE)


def as_markdown(opened: Opened) -> str:
    """The branch that is shown; a heading for each message, which no text can pretend to be."""
    parts = [f"# {opened.info.title or 'Chat'}"]
    if opened.system.strip():
        parts += ["## System", _quoted(opened.system)]
    for message in opened.messages:
        ending = "" if message.complete else " (not finished)"
        parts += [f"## {_NAMES.get(message.role, 'Message')}{ending}", _quoted(message.text)]
    return "\n\n".join(parts) + "\n"


def as_json(opened: Opened, tree: Sequence[Message]) -> str:
    """Everything about a chat: settings, all branches, and which messages are shown."""
    shown = {message.id for message in opened.messages}
    value: dict[str, Any] = {
        "version": VERSION,
        "title": opened.info.title,
        "folder": opened.info.folder,
        "system": opened.system,
        "settings": opened.settings,
        "messages": [
            {
                "id": message.id, "parent": message.parent, "role": message.role, "content": message.text,
                "made": datetime.fromtimestamp(message.made, UTC).isoformat(timespec="seconds"),
                "complete": message.complete, "rating": message.rating, "shown": message.id in shown,
                "facts": message.facts,
            }
            for message in tree
        ],
    }  # fmt: skip
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _quoted(text: str) -> str:
    return _POSING.sub(lambda found: "\\" + found[1].lstrip(), text.replace("\x00", "\u2400").strip("\n"))
