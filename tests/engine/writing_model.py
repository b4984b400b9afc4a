"""A tiny model with strong opinions, its twin in `transformers`, and a count of the tokens it was fed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from studio.core.config import ModelConfig
from studio.families.gpt2 import build, sources
from studio.layers.decoder import Decoder
from studio.layers.foreign_weights import scatter

SHAPE = ModelConfig(vocab_size=40, context_length=64, emb_dim=32, n_layers=2, n_heads=4, qkv_bias=True)


def opinionated(shape: ModelConfig = SHAPE, seed: int = 3) -> Decoder:
    """Random weights, perturbed so that neither norms nor biases are at their defaults."""
    torch.manual_seed(seed)
    model = build(shape).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return model


def twin(model: Decoder, shape: ModelConfig = SHAPE, end: int | None = None) -> Any:
    """The same weights in `transformers`; `end` is its end-of-text token."""
    import transformers

    config = transformers.GPT2Config(
        vocab_size=shape.vocab_size, n_positions=shape.context_length, n_embd=shape.emb_dim, n_layer=shape.n_layers,
        n_head=shape.n_heads, bos_token_id=0, eos_token_id=end,
    )  # fmt: skip
    theirs = transformers.GPT2LMHeadModel(config).eval()
    theirs.load_state_dict(scatter(model.state_dict(), sources(shape)), strict=False)
    theirs.tie_weights()
    return theirs


@contextmanager
def fed_tokens(model: Decoder) -> Iterator[list[int]]:
    """The size of every batch that goes through the model: rows × tokens, in order."""
    sizes: list[int] = []
    forward = model.forward

    def counting(ids: torch.Tensor, *arguments: Any, **named: Any) -> torch.Tensor:
        sizes.append(ids.numel())
        return forward(ids, *arguments, **named)

    model.forward = counting  # type: ignore[method-assign]
    yield sizes
    del model.forward
