"""The pages of the rail, in their order; a page enters `PANELS` when it works."""

from typing import NamedTuple

from studio.widgets.action import Action as Action


class PanelEntry(NamedTuple):
    """One page: module and icon are called `name`, the class `NamePanel`; `group` is the heading above it."""

    name: str
    label: str
    group: str


PANELS: tuple[PanelEntry, ...] = (
    PanelEntry("home", "Home", ""),
    PanelEntry("data", "Data", ""),
    PanelEntry("tokenizer", "Tokenizer", ""),
    PanelEntry("model", "Model", ""),
    PanelEntry("pretrain", "Pretrain", "Train"),
    PanelEntry("classify", "Classify", "Train"),
    PanelEntry("instruct", "Instruct", "Train"),
    PanelEntry("adapters", "Adapters", "Train"),
    PanelEntry("runs", "Runs", "Train"),
    PanelEntry("attention", "Attention", "Inside"),
    PanelEntry("embeddings", "Embeddings", "Inside"),
    PanelEntry("lenses", "Lenses", "Inside"),
    PanelEntry("models", "Models", "Use"),
    PanelEntry("chat", "Chat", "Use"),
    PanelEntry("lessons", "Lessons", "foot"),
    PanelEntry("settings", "Settings", "foot"),
)
