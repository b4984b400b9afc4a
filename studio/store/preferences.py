"""What a person chose once for all projects, and the window's last state. Damaged files never stop the start."""

import dataclasses
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.core.knobs import from_json, knob, problems, to_json
from studio.store.files import read_json, write_json

VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Preferences:
    """The Settings page is this class."""

    theme: str = knob(
        "system", "Theme", "Light or dark, or as the computer has it.",
        choices=(("system", "As the computer"), ("dark", "Dark"), ("light", "Light")),
    )  # fmt: skip
    language: str = knob(
        "en", "Language", "The language of the window.",
        choices=(("en", "English"), ("pseudo", "Pseudo (finds words that were not translated)")),
    )  # fmt: skip
    device: str = knob(
        "auto", "Device", "Where new runs compute unless they say otherwise.",
        choices=(("auto", "Best available"), ("cpu", "CPU"), ("cuda", "NVIDIA GPU"), ("mps", "Apple GPU")),
    )  # fmt: skip
    threads: int = knob(
        0, "Threads", "CPU threads of new runs; 0 leaves the choice to Atelier.",
        unit="threads", minimum=0, maximum=1_024,
    )  # fmt: skip
    reduce_motion: bool = knob(False, "Reduce motion", "Things change at once instead of gliding.")
    projects_folder: str = knob(
        "", "Projects folder", "Where new projects are made; empty means Atelier's own folder.", path="folder"
    )
    hub: str = knob(
        "", "Model hub", "Where models are searched for and downloaded from; empty means https://huggingface.co."
    )
    last_project: str = knob(
        "", "Last project", "The project that opens at the next start.", path="folder", advanced=True
    )
    ask_before_closing: bool = knob(
        True, "Ask before closing", "Ask what to do when the window is closed while a run computes."
    )


def load_preferences(path: Path, told: Callable[[str], None] | None = None) -> Preferences:
    """Read the preferences; what is damaged falls back to its default, the file is kept as `.bak`, `told` hears why."""
    if not os.path.exists(path):  # a folder that cannot be looked into counts as empty
        return Preferences()
    try:
        data = read_json(path)
        if not isinstance(data, dict):
            raise StudioError(f"“{path}” is damaged: it is not a group of named values.")
    except StudioError as error:
        kept = _keep(path)
        _tell(told, f"Your preferences could not be read and start afresh. {error.message}{kept}")
        return Preferences()
    data.pop("version", None)
    preferences, bad = _fold(data)
    if bad:
        _tell(
            told, f"These preferences could not be used and are back at their defaults: {', '.join(bad)}.{_keep(path)}"
        )
    return preferences


def save_preferences(path: Path, preferences: Preferences) -> None:
    """Write the preferences atomically."""
    _folder(path)
    write_json(path, {"version": VERSION, **to_json(preferences)})


def load_session(path: Path) -> dict[str, Any]:
    """The window's last state; whatever is wrong with it, an empty one is as good."""
    try:
        data = read_json(path)
    except StudioError:
        return {}
    return data if isinstance(data, dict) else {}


def save_session(path: Path, session: dict[str, Any]) -> None:
    """Keep the window's state; it is not worth a sync."""
    _folder(path)
    write_json(path, session, durable=False)


def _fold(data: dict[str, Any]) -> tuple[Preferences, list[str]]:
    """Take over every value that is good by itself; the names of the others."""
    preferences, bad = Preferences(), []
    for name, value in data.items():
        try:
            one = getattr(from_json(Preferences, {name: value}), name)
        except StudioError:
            bad.append(name)
            continue
        changed = dataclasses.replace(preferences, **{name: one})
        if problems(changed):
            bad.append(name)
        else:
            preferences = changed
    return preferences, bad


def _keep(path: Path) -> str:
    """Copy the file aside; the words that say where."""
    backup = path.with_name(path.name + ".bak")
    try:
        shutil.copyfile(path, backup)
    except OSError:
        return ""
    return f" The file is kept as “{backup.name}”."


def _tell(told: Callable[[str], None] | None, sentence: str) -> None:
    if told is not None:
        told(sentence)


def _folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudioError(
            f"The folder “{path.parent}” could not be made: {error.strerror or error}.",
            "Set ATELIER_HOME to a folder that can be written.",
        ) from error
