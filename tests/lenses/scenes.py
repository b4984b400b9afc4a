"""Scenes of models that nobody trained, put where a job would have put them."""

from pathlib import Path
from typing import Any

from studio.core.config import RunConfig
from studio.engine.scene import Scene
from studio.insight.capture import capture
from studio.tokenizers import make_tokenizer
from tests.lenses.trained import Stage

LETTERS = make_tokenizer("characters", ["abcdefghijkl"])


def scene_of(model: Any, config: Any, text: str = "abacadabcd") -> Scene:
    bare = {"folder": Path("/nowhere"), "title": "a model", "step": 0, "checksum": "", "tokenizer": LETTERS}
    ids = LETTERS.encode(text)
    seen = capture(model, ids)
    told = {"error": float(seen.errors.max()), "exact": seen.exact, "tokens": tuple(text), "ids": tuple(ids)}
    return Scene(model=model, config=RunConfig(model=config), prompt=text, capture=seen, **bare, **told)


def show(stage: Stage, scene: Scene, other: Scene | None = None) -> None:
    """Put a scene where a job would have put it."""
    stage.looking.scene, stage.looking.other = scene, other
    stage.looking.mode = "difference" if other is not None else "A"
    stage.looking.changed.emit(frozenset({"scene", "other", "mode"}))
    stage.settle()
