"""The pages of the rail, in their order; a page enters `PANELS` when it works."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


class PanelEntry(NamedTuple):
    """One page: module and icon are called `name`, the class `NamePanel`; `group` is the heading above it."""

    name: str
    label: str
    group: str


@dataclass(frozen=True)
class Action:
    """One thing a person can do: a row of a menu, of the command palette, and perhaps a shortcut."""

    name: str
    text: str
    slot: Callable[[], object]
    shortcut: str = ""
    icon: str = ""
    enabled: Callable[[], bool] = lambda: True


PANELS: tuple[PanelEntry, ...] = (
    PanelEntry("home", "Home", ""),
    PanelEntry("data", "Data", ""),
    PanelEntry("tokenizer", "Tokenizer", ""),
    PanelEntry("model", "Model", ""),
    PanelEntry("pretrain", "Pretrain", "Train"),
    PanelEntry("runs", "Runs", "Train"),
    PanelEntry("models", "Models", "Use"),
    PanelEntry("chat", "Chat", "Use"),
    PanelEntry("settings", "Settings", "foot"),
)
