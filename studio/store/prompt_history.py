"""The prompts a person used in a project, kept in its folder."""

from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.store.files import read_json, write_json

VERSION = 1
KEPT = 50
LONGEST = 20_000  # characters; a longer prompt is remembered only while the window is open


def load_prompts(folder: Path) -> list[str]:
    """The newest first; a missing, damaged or newer file counts as none."""
    try:
        data: Any = read_json(folder / "prompts.json")
    except StudioError:
        return []
    if not isinstance(data, dict) or data.get("version") != VERSION or not isinstance(data.get("prompts"), list):
        return []
    return [prompt for prompt in data["prompts"] if isinstance(prompt, str) and prompt][:KEPT]


def save_prompts(folder: Path, prompts: list[str]) -> None:
    """Keep the first `KEPT` of them; a folder that cannot be written is a `StudioError`."""
    kept = [prompt for prompt in prompts if len(prompt) <= LONGEST][:KEPT]
    write_json(folder / "prompts.json", {"version": VERSION, "prompts": kept}, durable=False)
