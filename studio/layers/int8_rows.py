"""A linear layer whose weights are 8-bit integers, for the compiled loops: few rows at once by them, many by torch."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.loops.addresses import PRODUCT

_GIVEN, _WHOLE, _OUT = (PRODUCT.index(name) for name in ("given", "whole", "out"))
FEW = 8  # rows; of more, turning the weights back into floats costs less than reading them for each


class Int8Rows(nn.Module):
    """`nn.Linear` with one scale per output and integers from -127 to 127.

    A few rows are rounded too, each as finely as sums of 32 bits allow: to 15 bits up to 33,023 inputs. No row's
    numbers depend on which others of a few are read with it; of many rows none is rounded.
    """

    def __init__(self, linear: nn.Linear) -> None:
        from studio.loops.product import program  # there may be no compiler here

        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        weight = linear.weight.detach().float()
        self.scales: Tensor = weight.abs().amax(dim=1).clamp_(min=1e-12) / 127
        self.weight: Tensor = torch.round(weight / self.scales[:, None]).to(torch.int8).contiguous()
        self.bias: Tensor | None = linear.bias.detach().float().clone() if linear.bias is not None else None
        self._run = program()
        self._known = np.zeros(len(PRODUCT), np.int64)
        self._known[:4] = self.weight.data_ptr(), self.scales.data_ptr(), self.out_features, self.in_features

    @property
    def bytes(self) -> int:
        """Memory of the weights, scales and biases."""
        return self.out_features * (self.in_features + 4 * (1 if self.bias is None else 2))

    def forward(self, x: Tensor) -> Tensor:
        """(…, in_features) to (…, out_features) in float32."""
        rows = x.reshape(-1, self.in_features).float()  # the loops read nothing else
        found = (
            self._few(rows.contiguous()) if len(rows) <= FEW else F.linear(rows, self.weight.float()).mul_(self.scales)
        )
        if self.bias is not None:
            found += self.bias
        return found.view(*x.shape[:-1], self.out_features)

    def _few(self, rows: Tensor) -> Tensor:
        known = self._known.copy()
        out, whole = rows.new_empty(len(rows), self.out_features), torch.empty(self.in_features, dtype=torch.int16)
        known[_WHOLE] = whole.data_ptr()
        for row in range(len(rows)):
            known[_GIVEN] = rows.data_ptr() + 4 * row * self.in_features
            known[_OUT] = out.data_ptr() + 4 * row * self.out_features
            self._run(known.ctypes.data)
        return out
