"""What chats are begun with: system prompts and settings of sampling, each kept under a name."""

from collections.abc import Mapping
from typing import Any

from studio.core.errors import StudioError
from studio.store.chat_file import ChatFile
from studio.store.chat_rows import kept_line, kept_text, packed, unpacked

LONGEST_NAME = 80


class ChatLibrary(ChatFile):
    """Names are unique; saving again under a name replaces what it meant."""

    def system_prompts(self) -> dict[str, str]:
        """All system prompts by name."""
        return dict(self.read("SELECT name, text FROM system_prompts ORDER BY name COLLATE NOCASE"))

    def save_system_prompt(self, name: str, text: str) -> None:
        """Keep a system prompt."""
        values = (_named(name), kept_text(text))
        with self.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO system_prompts (name, text) VALUES (?, ?)", values)

    def forget_system_prompt(self, name: str) -> None:
        """Take one off the list; chats that began with it keep its words."""
        with self.writing() as connection:
            connection.execute("DELETE FROM system_prompts WHERE name = ?", (kept_line(name, LONGEST_NAME),))

    def presets(self) -> dict[str, dict[str, Any]]:
        """All settings of sampling by name."""
        rows = self.read("SELECT name, settings FROM presets ORDER BY name COLLATE NOCASE")
        return {name: unpacked(settings) for name, settings in rows}

    def save_preset(self, name: str, settings: Mapping[str, Any]) -> None:
        """Keep settings of sampling."""
        values = (_named(name), packed(settings))
        with self.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO presets (name, settings) VALUES (?, ?)", values)

    def forget_preset(self, name: str) -> None:
        """Take one off the list."""
        with self.writing() as connection:
            connection.execute("DELETE FROM presets WHERE name = ?", (kept_line(name, LONGEST_NAME),))


def _named(name: str) -> str:
    kept = kept_line(name, LONGEST_NAME)
    if not kept:
        raise StudioError("It needs a name.", "Write one, such as “Short answers”.")
    return kept
