"""The part of a block that works on each token by itself."""

import torch.nn.functional as F
from torch import Tensor, nn

from studio.core.config import ModelConfig


class FeedForward(nn.Module):
    """Widen, GELU in its tanh form (Hendrycks and Gimpel 2016, as in GPT-2), narrow: (…, width) in and out."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.up_proj = nn.Linear(config.emb_dim, config.feed_forward_dim)
        self.down_proj = nn.Linear(config.feed_forward_dim, config.emb_dim)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.down_proj(F.gelu(self.up_proj(x), approximate="tanh"))
        return out
