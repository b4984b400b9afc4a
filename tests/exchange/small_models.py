"""Tiny models of every family with nothing at its usual value, and weights held in memory as an exchange takes them."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from studio.core.shelf import FAMILIES
from studio.exchange import Found, Outgoing


class Held:
    """Weights that are in memory already."""

    def __init__(self, weights: Mapping[str, Any]) -> None:
        self.weights = weights

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: tuple(tensor.shape) for name, tensor in self.weights.items()}

    def read(self, name: str) -> Any:
        return self.weights[name]

    def bytes(self) -> int:
        return sum(tensor.nbytes for tensor in self.weights.values())


def tiny(name: str, **changes: Any) -> Any:
    """The config of a tiny model whose rows divide into blocks of 32."""
    config = FAMILIES.load(name).presets[0].config
    shape = {
        "vocab_size": 256, "emb_dim": 64, "n_heads": 4, "n_layers": 2, "context_length": 32, "hidden_dim": 96,
        "head_width": 32 if config.head_width else 0, "sliding_window": 0, **changes,
    }  # fmt: skip
    return dataclasses.replace(config, **shape)


def built(config: Any, seed: int = 3) -> Any:
    """A network in which no norm is one and no bias is zero."""
    import torch

    torch.manual_seed(seed)
    model = FAMILIES.load(config.family).build(config).eval()
    for weight in model.parameters():
        weight.data.add_(0.05 * torch.randn_like(weight))
    return model


def outgoing(model: Any, config: Any, **more: Any) -> Outgoing:
    """A model on its way out; a tied head is not among its weights."""
    weights = dict(model.state_dict())
    if config.tie_embeddings:
        del weights["lm_head.weight"]
    return Outgoing(more.pop("title", "Small one"), config, Held(weights), **more)


def weights_of(found: Found) -> dict[str, Any]:
    """Everything that a foreign file holds, under our names."""
    from studio.layers.foreign_weights import collect

    return collect(found.sources, found.tensors.read)


def model_of(found: Found) -> Any:
    """The network that a foreign file describes, with its weights."""
    model = FAMILIES.load(found.config.family).build(found.config).eval()
    weights = {name: tensor.float() for name, tensor in weights_of(found).items()}
    if found.config.tie_embeddings:
        weights["lm_head.weight"] = weights["embed_tokens.weight"]
    model.load_state_dict(weights)
    return model


def greedy(model: Any, ids: list[int], count: int) -> list[int]:
    """The likeliest token after the ids, again and again."""
    import torch

    found = list(ids)
    with torch.no_grad():
        for _ in range(count):
            found.append(int(model(torch.tensor([found]))[0, -1].argmax()))
    return found
