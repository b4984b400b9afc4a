"""Linear layers whose weights are 16-bit numbers."""

from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_CALL = """
def run(x: Tensor, packed: __torch__.torch.classes.quantized.LinearPackedParamsBase) -> Tensor:
    return torch.ops.quantized.linear_dynamic_fp16(x, packed)
"""
LARGEST = 65_504.0  # of 16-bit floats; a weight beyond it would become infinite


class PackedHalfLinear(nn.Module):
    """`nn.Linear` with weights in f16, widened to float32 inside the product: activations and sums stay float32."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        weight = linear.weight.detach().float().clamp(-LARGEST, LARGEST).contiguous()
        bias = linear.bias.detach().float().clone() if linear.bias is not None else None
        self.bytes = 2 * weight.numel() + 4 * (0 if bias is None else bias.numel())
        self._packed: Any = torch.ops.quantized.linear_prepack_fp16(weight, bias)

    def forward(self, x: Tensor) -> Tensor:
        """(…, in_features) to (…, out_features), both float32."""
        out: Tensor = _product()(x, self._packed)
        return out


class NarrowLinear(nn.Module):
    """`nn.Linear` in a 16-bit type throughout: activations are rounded to it on the way in and widened on the way out.

    For processors and devices that compute in the type itself.
    """

    def __init__(self, linear: nn.Linear, dtype: torch.dtype) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        # The limit of f16 serves bf16 too: no weight of a network comes near it.
        weight = linear.weight.detach().clamp(-LARGEST, LARGEST).to(dtype).contiguous()
        bias = linear.bias.detach().to(dtype) if linear.bias is not None else None
        self.register_buffer("weight", weight, persistent=False)
        self.register_buffer("bias", bias, persistent=False)
        self.bytes = 2 * (weight.numel() + (0 if bias is None else bias.numel()))

    def forward(self, x: Tensor) -> Tensor:
        """(…, in_features) to (…, out_features), in the type that comes in."""
        return F.linear(x.to(self.weight.dtype), self.weight, self.bias).to(x.dtype)

    weight: Tensor
    bias: Tensor | None


@lru_cache(maxsize=1)
def _product() -> Any:
    return torch.jit.CompilationUnit(_CALL).run
