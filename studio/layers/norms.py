"""Normalization of the last axis, computed in 32 bit whatever comes in."""

import torch
from torch import Tensor, nn

from studio.core.config import ModelConfig


class RMSNorm(nn.Module):
    """x / √(mean(x²) + ε) times a weight (Zhang and Sennrich 2019): (…, width) in and out.

    In half precision the order of rounding is the published one: Llama rounds before the weight, Gemma, whose weights
    lie around zero (`offset`), after it.
    """

    def __init__(self, width: int, eps: float, offset: bool = False) -> None:
        super().__init__()
        self.eps, self.offset = eps, offset
        self.weight = nn.Parameter(torch.zeros(width) if offset else torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        even = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.eps)
        if self.offset:
            return (even * (1.0 + self.weight.float())).type_as(x)
        return self.weight * even.type_as(x)


def norm_for(config: ModelConfig, width: int = 0) -> nn.Module:
    """The norm that a config asks for, over `width` numbers (0: the model's width)."""
    if config.norm == "rms":
        return RMSNorm(width or config.emb_dim, config.norm_eps, config.norm_offset)
    return nn.LayerNorm(width or config.emb_dim, eps=config.norm_eps)
