"""The part of a block that works on each token by itself: (…, width) in and out."""

from collections.abc import Callable
from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn

from studio.core.config import ModelConfig

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu_tanh": partial(F.gelu, approximate="tanh"),  # Hendrycks and Gimpel 2016, as in GPT-2
    "gelu": F.gelu,
    "silu": F.silu,
    "relu": F.relu,
}


class FeedForward(nn.Module):
    """Widen, bend, narrow."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.up_proj = nn.Linear(config.emb_dim, config.feed_forward_dim, bias=config.feed_forward_bias)
        self.down_proj = nn.Linear(config.feed_forward_dim, config.emb_dim, bias=config.feed_forward_bias)
        self.bend = ACTIVATIONS[config.activation]

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.down_proj(self.bend(self.up_proj(x)))
        return out


class GatedFeedForward(nn.Module):
    """A bent gate decides how much of each number passes (Shazeer 2020): SwiGLU with SiLU, GeGLU with GELU."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.emb_dim, config.feed_forward_dim, bias=config.feed_forward_bias)
        self.up_proj = nn.Linear(config.emb_dim, config.feed_forward_dim, bias=config.feed_forward_bias)
        self.down_proj = nn.Linear(config.feed_forward_dim, config.emb_dim, bias=config.feed_forward_bias)
        self.bend = ACTIVATIONS[config.activation]

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.down_proj(self.bend(self.gate_proj(x)) * self.up_proj(x))
        return out
