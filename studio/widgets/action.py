"""One thing a person can do, wherever it is offered."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Action:
    """A row of a menu, of the command palette, and perhaps a shortcut."""

    name: str
    text: str
    slot: Callable[[], object]
    shortcut: str = ""
    icon: str = ""
    enabled: Callable[[], bool] = lambda: True
