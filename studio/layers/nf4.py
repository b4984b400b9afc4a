"""Weights in four bits that still carry gradients: NF4 with double quantization (QLoRA, Dettmers et al. 2023).

Bytes and scales are those of bitsandbytes; any width is computed right, on any device that torch has.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.core.costs import NF4_BLOCK as BLOCK
from studio.core.costs import NF4_SECOND_BLOCK as GROUP
from studio.layers.lora import HEAD
from studio.layers.lora_linear import linear_of
from studio.layers.nf4_kernels import Widen, kernel

# Quantiles of the normal distribution, scaled to end at -1 and 1, with a zero among them (QLoRA, appendix E).
LEVELS = (
    -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453,
    -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0,
    0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
    0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
)  # fmt: skip
WORTH = 1 << 18  # weights from which on another library's kernel is asked for
_SMALLEST = 1e-38  # a block of zeros is divided by this
_STEPS = 65_535  # bitsandbytes rounds a scale to one of so many steps before it looks for the nearest entry


@dataclass(frozen=True)
class Packed:
    """A weight in four bits: two codes a byte, the first one high; a code for every block's largest magnitude."""

    codes: Tensor  # uint8 (⌈weights / 2⌉,)
    scales: Tensor  # uint8 (blocks of 64 weights,)
    steps: Tensor  # fp32 (groups of 256 scales,): the largest scale of each, less the mean
    mean: Tensor  # fp32 (): of all scales

    @property
    def bytes(self) -> int:
        """What it takes in memory."""
        return sum(part.numel() * part.element_size() for part in (self.codes, self.scales, self.steps, self.mean))


@dataclass(frozen=True)
class LayerCost:
    """What four bits cost one layer: bits per weight with all scales, and |W - W₄| / |W|."""

    path: str
    weights: int
    bits: float
    error: float


@torch.no_grad()
def pack(weight: Tensor) -> Packed:
    """A weight of any shape, flattened row by row and cut into blocks of 64; the last may be shorter."""
    blocks = _rows(weight.reshape(-1).float(), BLOCK)
    largest = blocks.abs().amax(dim=1)
    ratios = (blocks * (1.0 / largest.clamp(min=_SMALLEST))[:, None]).clamp_(-1, 1).view(-1)[: weight.numel()]
    if whole := weight.numel() // BLOCK * BLOCK:  # a short last block is divided instead, which may round otherwise
        ratios[whole:] = (blocks.view(-1)[whole : weight.numel()] / largest[-1].clamp(min=_SMALLEST)).clamp(-1, 1)
    even = F.pad(ratios, (0, weight.numel() % 2))
    found = torch.bucketize(even, _between(_levels(weight.device)), out_int32=True).to(torch.uint8)
    mean = largest.mean()
    scales, steps = _pack_scales(largest - mean)
    return Packed(found[::2] << 4 | found[1::2], scales, steps, mean)


def unpack(packed: Packed, shape: tuple[int, ...], dtype: torch.dtype = torch.float32) -> Tensor:
    """The weight that the codes stand for; by bitsandbytes' kernel where that gives the very same numbers."""
    scales, device = _unpack_scales(packed), packed.codes.device
    worth = shape[-1] % BLOCK == 0 and math.prod(shape) >= WORTH
    widen = accelerated(device.type, dtype) if worth else None
    if widen is not None:
        return widen(packed.codes, scales, shape, dtype)
    return _widened(packed.codes, scales, shape, dtype)


@lru_cache(maxsize=8)
def accelerated(device: str, dtype: torch.dtype) -> Widen | None:
    """bitsandbytes' kernel for whole blocks, once it has widened a weight here exactly as we do; None without it."""
    widen = kernel(device)
    if widen is None:
        return None
    shape = (48, 3 * BLOCK)
    codes = torch.arange(math.prod(shape) // 2, device=device).mul(37).to(torch.uint8)  # every byte there is
    scales = torch.linspace(1e-3, 2.0, math.prod(shape) // BLOCK, device=device)
    try:
        theirs = widen(codes, scales, shape, dtype)
    except RuntimeError:  # of a type or a device that it does not know
        return None
    return widen if torch.equal(theirs, _widened(codes, scales, shape, dtype)) else None


def _widened(codes: Tensor, scales: Tensor, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    count = math.prod(shape)
    # A byte's two levels lie side by side as one number of eight bytes, so that one look finds both.
    values = _pairs(codes.device)[codes.int()].view(torch.float32)
    whole = count // BLOCK * BLOCK
    values[:whole].view(-1, BLOCK).mul_(scales[: whole // BLOCK, None])
    if whole < count:
        values[whole:].mul_(scales[-1])
    return values[:count].view(shape).to(dtype)


class Nf4Linear(nn.Module):
    """A frozen `nn.Linear` in four bits; gradients go through it to its input, and nothing but the codes is kept.

    Made of a layer on the meta device it waits for its weight and bias, and packs what it is given with `take`.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        for name, tensor in (("weight", linear.weight), ("bias", linear.bias)):
            self.register_parameter(name, None)
            if tensor is None or not tensor.is_meta:
                self.take(name, tensor)
            else:
                setattr(self, name, nn.Parameter(tensor.detach(), requires_grad=False))

    def take(self, name: str, tensor: Tensor | None) -> None:
        """Pack the "weight", or keep the "bias"; neither is a parameter any more."""
        delattr(self, name)
        if name == "bias":
            self.register_buffer("bias", tensor.detach().clone() if tensor is not None else None, persistent=False)
            return
        assert tensor is not None
        packed = pack(tensor)
        for part in ("codes", "scales", "steps", "mean"):
            self.register_buffer(part, getattr(packed, part), persistent=False)

    @property
    def packed(self) -> Packed:
        """The codes, where they are now."""
        return Packed(self.codes, self.scales, self.steps, self.mean)

    @property
    def bytes(self) -> int:
        """Memory of the codes, their scales and the bias."""
        bias = 0 if self.bias is None else self.bias.numel() * self.bias.element_size()
        return self.packed.bytes + bias

    @property
    def bits(self) -> float:
        """Per weight, with all scales."""
        return 8 * self.packed.bytes / (self.in_features * self.out_features)

    def forward(self, x: Tensor) -> Tensor:
        """(…, in_features) to (…, out_features), in the type that comes in."""
        bias = None if self.bias is None else self.bias.to(x.dtype)
        out: Tensor = _Product.apply(x, self.packed, (self.out_features, self.in_features))  # type: ignore[no-untyped-call]
        return out if bias is None else out + bias

    def widened(self) -> nn.Linear:
        """The layer it computes, in fp32."""
        return linear_of(unpack(self.packed, (self.out_features, self.in_features)), self.bias)

    codes: Tensor
    scales: Tensor
    steps: Tensor
    mean: Tensor
    bias: Tensor | None


class _Product(torch.autograd.Function):
    """x·Wᵀ with W made anew from its codes on the way back, instead of being kept."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, packed: Packed, shape: tuple[int, int]) -> Tensor:
        ctx.packed, ctx.shape = packed, shape
        return F.linear(x, unpack(packed, shape, x.dtype))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        return gradient @ unpack(ctx.packed, ctx.shape, gradient.dtype), None, None


@torch.no_grad()
def quantize_blocks(model: nn.Module, keep_going: Callable[[], bool] = lambda: True) -> list[LayerCost]:
    """Exchange every linear layer but the output head, one by one; embeddings, norms and head stay as they are.

    Asked to stop, the layers done so far stay in four bits: let go of the model then.
    """
    linears = [
        (path, module) for path, module in model.named_modules() if isinstance(module, nn.Linear) and path != HEAD
    ]
    costs = []
    for path, linear in linears:
        if not keep_going():
            break
        small = Nf4Linear(linear).train(linear.training)
        exact = linear.weight.float()
        error = (unpack(small.packed, tuple(exact.shape)) - exact).norm() / exact.norm().clamp(min=_SMALLEST)
        costs.append(LayerCost(path, exact.numel(), small.bits, float(error)))
        model.set_submodule(path, small)
    return costs


def await_codes(model: nn.Module) -> None:
    """Let a hollow model (`layers.hollow`) pack its weights one by one as they come: the layers of `quantize_blocks`.

    So that no more than one of its matrices is ever there in full.
    """
    for path, module in list(model.named_modules()):
        if isinstance(module, nn.Linear) and path != HEAD:
            model.set_submodule(path, Nf4Linear(module))


# --- scales ---------------------------------------------------------------------------------------------------------


def _pack_scales(scales: Tensor) -> tuple[Tensor, Tensor]:
    """Codes of 8 bits for scales less their mean, and the largest of each group of 256."""
    groups = _rows(scales, GROUP)
    largest = groups.abs().amax(dim=1)
    ratios = groups / largest.clamp(min=_SMALLEST)[:, None]
    snapped = torch.floor((ratios + 1) * 0.5 * _STEPS + 0.5).clamp_(0, _STEPS) * 2 / _STEPS - 1
    found = torch.bucketize(snapped, _between(_dynamic(scales.device))) * (largest > 0)[:, None]
    return found.view(-1)[: len(scales)].to(torch.uint8), largest


def _unpack_scales(packed: Packed) -> Tensor:
    fine = _rows(_dynamic(packed.scales.device)[packed.scales.int()], GROUP) * packed.steps[:, None]
    return fine.view(-1)[: len(packed.scales)] + packed.mean


@lru_cache(maxsize=4)
def _dynamic(device: torch.device) -> Tensor:
    """The 256 numbers of the dynamic 8-bit code, ascending (Dettmers et al. 2021, "8-bit optimizers").

    Seven powers of ten; the larger the power, the more steps lie between it and the next one.
    """
    found = [0.0, 1.0]
    for power in range(-6, 1):
        edges = torch.linspace(0.1, 1, 2 ** (power + 6) + 1)
        middles = 10**power * (edges[:-1] + edges[1:]) / 2
        found += [*middles.tolist(), *(-middles).tolist()]
    return torch.tensor(sorted(found), device=device)


@lru_cache(maxsize=4)
def _levels(device: torch.device) -> Tensor:
    return torch.tensor(LEVELS, device=device)


@lru_cache(maxsize=4)
def _pairs(device: torch.device) -> Tensor:
    """For every byte its two levels, as the bytes of one 64-bit number: (256,)."""
    levels = torch.tensor(LEVELS)
    return (
        torch.stack(torch.meshgrid(levels, levels, indexing="ij"), dim=-1)
        .view(256, 2)
        .view(torch.int64)[:, 0]
        .to(device)
    )


def _between(entries: Tensor) -> Tensor:
    """Halfway from each entry to the next."""
    return (entries[:-1] + entries[1:]) / 2


def _rows(values: Tensor, size: int) -> Tensor:
    """Cut into rows of `size`, the last one filled up with zeros."""
    return F.pad(values, (0, -len(values) % size)).view(-1, size)
