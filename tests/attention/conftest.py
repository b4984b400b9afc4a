"""A small model that has read a text, put before the session's eyes."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.live.looking import Subject
from tests.panels import conftest as panels
from tests.panels.conftest import look as look
from tests.panels.conftest import on_screen as on_screen

waiting = panels.session  # in a window that has not loaded PyTorch yet

WORDS = ("the", "cat", "sat", "on", "mat", "and", "dog", "saw", "a", "bird", "it", "was")
TEXT = "the cat sat on the mat and the dog saw the cat"


class Spaced:
    """Words parted by blanks, as far as `vocab_size` goes."""

    vocab_size, fingerprint = 61, "spaced"

    def encode(self, text: str) -> list[int]:
        return [WORDS.index(word) for word in text.split()]

    def decode(self, ids: Sequence[int]) -> str:
        return " ".join(WORDS[number] if number < len(WORDS) else f"w{number}" for number in ids)

    def token_bytes(self, number: int) -> bytes:
        return (WORDS[number] if number < len(WORDS) else f"w{number}").encode()


@pytest.fixture
def session(waiting: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The panels' session, in a window whose PyTorch has been loaded."""
    monkeypatch.setattr(type(waiting), "torch_state", property(lambda _session: "ready"))
    return waiting


def scene_of(kind: str = "gpt2", text: str = TEXT, seed: int = 1, **changes: Any) -> Any:
    """A scene of a small shaken network of one of the families."""
    from studio.core.config import RunConfig
    from studio.core.shelf import FAMILIES
    from studio.engine.opening import Opened
    from studio.engine.scene import _read
    from tests.families.conftest import _TINY, shaken, tiny

    if kind == "bert":
        config = replace(FAMILIES.load("bert").presets[0].config, **{**_TINY, "hidden_dim": 40, **changes})
    else:
        config = tiny(kind, **changes)
    tokenizer: Any = Spaced()
    opened = Opened(shaken(config, seed), RunConfig(model=config), tokenizer, "tiny", 7)
    return _read(opened, Path("nowhere"), text, tokenizer.encode(text), 0, "")


@pytest.fixture
def look_at(session: Any) -> Callable[..., None]:
    """Puts a scene before everybody's eyes, and another one that is subtracted, as the end of a job does."""

    def show(scene: Any, other: Any = None) -> None:
        looking = session.looking
        looking.subject, looking.scene = Subject(Path("nowhere"), "tiny"), scene
        looking.other, looking.mode = other, "A" if other is None else "difference"
        looking.prompt = scene.prompt
        looking.changed.emit(frozenset({"subject", "scene", "other", "mode"}))

    return show


@pytest.fixture
def settled(session: Any, qtbot: Any) -> Callable[[], None]:
    """Waits until no job is under way."""
    return lambda: qtbot.waitUntil(lambda: not session.jobs.jobs, timeout=20_000)
