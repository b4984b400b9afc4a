"""The model that was asked last: it stays in memory while it is asked again, and goes when another one needs room."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

Model = TypeVar("Model")

_HELD: list[tuple[Any, Any]] = []
_OPENING = threading.Lock()


def at_hand(checkpoint: Path, open_: Callable[[Path], Model]) -> Model:
    """What `open_` makes of a checkpoint, made once as long as nothing else is asked and the checkpoint stays."""
    key = (open_, checkpoint, (checkpoint / "state.json").stat().st_mtime_ns)
    with _OPENING:
        if not _HELD or _HELD[0][0] != key:
            _HELD.clear()
            _HELD.append((key, open_(checkpoint)))
        model: Model = _HELD[0][1]
        return model


def forget() -> None:
    """Let go of it; whoever is asking it at the moment still has it."""
    with _OPENING:
        _HELD.clear()
