"""Whatever MODEL means as a path, brought into memory: a checkpoint, a model of a project, or somebody else's files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from studio.core.adapter_costs import held_bytes
from studio.core.config import RunConfig
from studio.engine.adopt import look
from studio.engine.beginning import restored
from studio.engine.checkpoint import read_state
from studio.engine.weights import empty_model, fill, own_sources, own_weights, refuse_too_large
from studio.layers.decoder import Decoder
from studio.layers.lora import lora_layers, merge
from studio.store.checkpoints import check_sizes
from studio.store.files import read_json
from studio.store.models import CARD
from studio.tokenizers import Tokenizer, tokenizer_from_json


@dataclass(frozen=True)
class Opened:
    """A model in memory with what is known of it. `ends` are the ids after which it has nothing more to say."""

    model: Decoder
    config: RunConfig
    tokenizer: Tokenizer | None
    title: str
    step: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ends(self) -> tuple[int, ...]:
        """From the tokenizer and from the model's own settings."""
        own = self.tokenizer.end_of_text if self.tokenizer is not None else None
        listed = self.facts.get("ends")
        found = [own, *(listed if isinstance(listed, list) else [])]
        return tuple(dict.fromkeys(end for end in found if isinstance(end, int)))


def open_weights(path: Path, device: str, keep_going: Callable[[], bool] = lambda: True) -> Opened:
    """Read a model onto `device` in fp32. Everything that can be refused is refused before memory is taken."""
    if (path / CARD).is_file():
        return _open_stored(path, device, keep_going)
    if (path / "state.json").is_file():
        return _open_checkpoint(path, device)
    found = look(path)
    model = empty_model(found.config)
    refuse_too_large(_parameters(model), device, found.title)
    fill(model, found.sources, found.tensors, device, torch.float32, keep_going)
    return Opened(model, RunConfig(model=found.config), found.tokenizer, found.title, 0, found.facts)


def open_merged(path: Path, device: str, keep_going: Callable[[], bool] = lambda: True) -> Opened:
    """The same with an adapter merged into the weights, for whoever looks at the weights themselves."""
    if (path / "state.json").is_file() and not (path / CARD).is_file():
        model = read_state(path).config.model  # four bits are full numbers again where an adapter is merged
        refuse_too_large(held_bytes(model, "none") // 4, device, path.parent.parent.name)
    opened = open_weights(path, device, keep_going)
    if lora_layers(opened.model):
        merge(opened.model)
        opened.model.requires_grad_(True)
    return opened


def _open_checkpoint(folder: Path, device: str) -> Opened:
    check_sizes(folder)
    config = read_state(folder).config
    refuse_too_large(held_bytes(config.model, config.adapter.kind) // 4, device, folder.parent.parent.name)
    model, saved = restored(folder, device)
    step = saved.progress.step
    title = f"{folder.parent.parent.name} · step {step:,}"
    return Opened(model, saved.config, saved_tokenizer(folder), title, step)


def _open_stored(folder: Path, device: str, keep_going: Callable[[], bool]) -> Opened:
    """A model of a project; its sums were taken when it was imported, here its sizes and its header are compared."""
    check_sizes(folder)
    saved, card = read_state(folder), read_json(folder / CARD)
    model = empty_model(saved.config.model)
    refuse_too_large(_parameters(model), device, folder.name)
    fill(model, own_sources(model), own_weights(folder), device, torch.float32, keep_going)
    facts = card.get("facts") if isinstance(card, dict) else {}
    facts = facts if isinstance(facts, dict) else {}
    return Opened(model, saved.config, saved_tokenizer(folder), folder.name, saved.progress.step, facts)


def saved_tokenizer(folder: Path) -> Tokenizer | None:
    """The tokenizer beside the weights, where there is one."""
    path = folder / "tokenizer.json"
    return tokenizer_from_json(read_json(path)) if path.exists() else None


def _parameters(model: Decoder) -> int:
    return sum(parameter.numel() for parameter in model.parameters())
