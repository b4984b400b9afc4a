"""A linear layer whose weights are 8-bit integers; activations are rounded on the way in, and sums are exact."""

import warnings
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

# Called from Python, an operator with packed weights spends 30 to 80 µs on finding out what its arguments are: more
# than a small product takes. Compiled by torch's own interpreter it is 12.
_CALL = """
def run(x: Tensor, packed: __torch__.torch.classes.quantized.LinearPackedParamsBase, narrow: bool) -> Tensor:
    return torch.ops.quantized.linear_dynamic(x, packed, narrow)

def alone(
    x: Tensor, packed: __torch__.torch.classes.quantized.LinearPackedParamsBase, narrow: bool, least: float
) -> Optional[Tensor]:
    if x.dim() < 2 or x.numel() != x.size(-1) or float(x.abs().max()) <= least:
        return None
    return torch.ops.quantized.linear_dynamic(x, packed, narrow)
"""
# Below 255 times this the kernel cuts a row no finer, however small it is (FBGEMM's SMALL_SCALE_THRESHOLD).
_FINEST = 6.1e-5


class Int8Linear(nn.Module):
    """`nn.Linear` with one scale per output and integers from -127 to 127; each token's row gets a scale of its own.

    No row's numbers depend on which other rows are read with it, so that what is causal stays causal. A row that is
    read alone takes a shorter way, on which a value between two levels may round to the other one.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        weight = linear.weight.detach().float()
        scales = weight.abs().amax(dim=1).clamp_(min=1e-12) / 127
        integers = _integers(weight, scales)
        self._bias: Tensor | None = linear.bias.detach().float().clone() if linear.bias is not None else None
        self._sums = integers.int_repr().sum(dim=1).float() * scales
        self._packed: Any = torch.ops.quantized.linear_prepack(integers, self._bias)

    @property
    def bytes(self) -> int:
        """Memory of the weights, scales and biases."""
        return self.out_features * (self.in_features + 4 * (2 if self._bias is None else 3))

    def forward(self, x: Tensor) -> Tensor:
        """(…, in_features) to (…, out_features), both float32."""
        one: Tensor | None = _compiled()[1](x, self._packed, levels() == 127, 255 * _FINEST)
        if one is not None:
            return one
        rows = x.reshape(-1, self.in_features)
        return self._several(rows).view(*x.shape[:-1], self.out_features)

    def _several(self, rows: Tensor) -> Tensor:
        """The kernel knows one scale for all rows: each is turned to whole numbers before, and back after.

        A row that reaches from 0 to the top pins the kernel's own scale to 1.
        """
        top = levels()
        low, high = rows.amin(dim=1, keepdim=True).clamp_(max=0), rows.amax(dim=1, keepdim=True).clamp_(min=0)
        scales = ((high - low) / top).clamp_(min=1e-30)
        zeros = torch.round(-low / scales)
        whole = torch.round(rows / scales).add_(zeros).clamp_(0, top)
        pin = rows.new_zeros(1, self.in_features)
        pin[0, 0] = top
        out: Tensor = _compiled()[0](torch.cat((whole, pin)), self._packed, top == 127)[:-1]
        if self._bias is None:
            return out.addr_(zeros[:, 0], self._sums, alpha=-1).mul_(scales)
        out.sub_(self._bias).addr_(zeros[:, 0], self._sums, alpha=-1)
        return torch.addcmul(self._bias, out, scales)


@lru_cache(maxsize=1)
def levels() -> int:
    """Into how many steps activations may be cut here: 255, or 127 where pairs of products overflow 16 bits.

    Without VNNI, x86 adds two 8-bit products in 16 bits, and 2 × 255 × 127 does not fit.
    """
    ones = _integers(torch.ones(16, 64), torch.full((16,), 1 / 127))
    found = _compiled()[0](torch.ones(1, 64), torch.ops.quantized.linear_prepack(ones, None), False)
    return 255 if bool((found - 64).abs().max() < 1) else 127


def _integers(weight: Tensor, scales: Tensor) -> Tensor:
    """The weights (out, in) as a tensor of 8-bit integers that knows its scales (out,)."""
    with warnings.catch_warnings():  # torch announces the end of these tensors; the kernels take nothing else yet
        warnings.simplefilter("ignore")
        zeros = torch.zeros(len(scales), dtype=torch.long)
        return torch.quantize_per_channel(weight, scales.double(), zeros, 0, torch.qint8)


@lru_cache(maxsize=1)
def _compiled() -> tuple[Any, Any]:
    """`run` and `alone`, looked up once: that takes as long as a small product."""
    unit = torch.jit.CompilationUnit(_CALL)
    return unit.run, unit.alone
