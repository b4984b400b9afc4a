"""Tiny loaded models that say words, with and without an adapter that has learned something."""

from typing import Any

import torch
from torch import nn

from studio.core.config import RunConfig
from studio.engine.device import Compute
from studio.engine.loaded import LoadedModel
from studio.layers.lora import add_lora
from studio.layers.lora_linear import LoraShape
from studio.tokenizers import raw_bytes
from tests.exchange.small_models import built, tiny

TEXT = "the price is 42"
SHAPE = LoraShape(rank=4, alpha=8.0)


def loaded_model(kind: str = "gpt2", **changes: Any) -> LoadedModel:
    """A tiny model of bytes, as it lies in memory after loading."""
    config = tiny(kind, **changes)
    tokenizer = raw_bytes.TOKENIZER.make(None)
    loaded = LoadedModel(built(config), RunConfig(model=config), tokenizer, Compute("cpu", "fp32", 1, "highest"))
    loaded.title = "tiny"
    return loaded


def with_adapter(loaded: LoadedModel, targets: Any = "all", name: str = "prices", whole: Any = ()) -> LoadedModel:
    """The same with an adapter that was trained for three steps."""
    ids = torch.tensor([loaded.encode(TEXT)])

    def learn(model: Any, _config: Any) -> None:
        torch.manual_seed(1)
        add_lora(model, targets, SHAPE, name, whole)
        optimizer = torch.optim.AdamW([one for one in model.parameters() if one.requires_grad], lr=1e-2)
        for _ in range(3):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(ids)[0, :-1], ids[0, 1:]).backward()
            optimizer.step()

    loaded.change(learn)
    return loaded
