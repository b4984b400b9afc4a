"""Tensors to play with: what rank, shape and type mean, and what an operation makes of two of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.core.errors import StudioError
from studio.core.language import tr

TYPES: dict[str, torch.dtype] = {
    "float32": torch.float32,
    "float64": torch.float64,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "int64": torch.int64,
    "bool": torch.bool,
}
OPERATIONS = ("product", "add", "multiply", "transpose", "reshape")
_SIGNS = {"add": "+", "multiply": "×"}

Values = float | Sequence[Any]


@dataclass(frozen=True, eq=False)
class Facts:
    """A tensor as torch holds it; `values` are its numbers after rounding to its type, in float64."""

    values: npt.NDArray[np.float64]
    shape: tuple[int, ...]
    kind: str
    bytes: int
    strides: tuple[int, ...]

    @property
    def rank(self) -> int:
        """How many numbers it takes to point at one of its numbers."""
        return len(self.shape)

    @property
    def count(self) -> int:
        """How many numbers it holds."""
        return int(self.values.size)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What an operation made of its operands."""

    left: Facts
    right: Facts | None
    result: Facts


def describe(values: Values, kind: str = "float32") -> Facts:
    """Hand the numbers to torch and read back what it holds."""
    return _facts(_tensor(values, kind), kind)


def operate(name: str, left: Values, right: Values | None = None, kind: str = "float32") -> Outcome:
    """One of `OPERATIONS`; `right` holds the new shape for "reshape". What torch refuses is a `StudioError`."""
    first = _tensor(left, kind)
    second = None if right is None or name in ("transpose", "reshape") else _tensor(right, kind)
    if name == "transpose":
        made = first.transpose(-2, -1) if first.dim() >= 2 else first
    elif name == "reshape":
        made = _reshaped(first, right)
    elif second is None:
        raise ValueError(f"“{name}” takes two tensors")
    elif name == "product":
        made = _product(first, second)
    else:
        made = _by_element(name, first, second)
    return Outcome(_facts(first, kind), None if second is None else _facts(second, kind), _facts(made, kind))


def _tensor(values: Values, kind: str) -> Tensor:
    wide = torch.tensor(values, dtype=torch.float64)
    return wide.to(TYPES[kind])


def _facts(tensor: Tensor, kind: str) -> Facts:
    shown = tensor.to(torch.float64).numpy().copy()
    return Facts(
        shown, tuple(tensor.shape), kind, tensor.numel() * tensor.element_size(), tuple(tensor.stride())
    )  # fmt: skip


def _product(first: Tensor, second: Tensor) -> Tensor:
    if not first.dim() or not second.dim():
        raise StudioError(tr("A single number has no rows to multiply."), tr("Choose a vector or a matrix."))
    inner, other = first.shape[-1], second.shape[-2] if second.dim() >= 2 else second.shape[0]
    if inner != other:
        raise StudioError(
            tr("{left} times {right} is not defined: {inner} columns meet {other} rows.", left=words_of(first.shape),
               right=words_of(second.shape), inner=inner, other=other),
            tr("The columns of the first have to be as many as the rows of the second."),
        )  # fmt: skip
    if first.dtype == torch.bool:
        raise StudioError(tr("torch multiplies no matrices of True and False."), tr("Choose a type of numbers."))
    return first @ second


def _by_element(name: str, first: Tensor, second: Tensor) -> Tensor:
    try:
        return first + second if name == "add" else first * second
    except RuntimeError:
        raise StudioError(
            tr("{left} {sign} {right} does not fit, number by number.", left=words_of(first.shape), sign=_SIGNS[name],
               right=words_of(second.shape)),
            tr("Sides must be equal, or 1: what has one row is used for every row."),
        ) from None  # fmt: skip


def _reshaped(tensor: Tensor, shape: Values | None) -> Tensor:
    wanted = tuple(int(side) for side in shape) if isinstance(shape, Sequence) else (-1,)
    try:
        return tensor.reshape(wanted)
    except RuntimeError:
        raise StudioError(
            tr("{count} numbers cannot be laid out as {shape}.", count=tensor.numel(), shape=words_of(wanted)),
            tr("The sides multiplied have to give the same count."),
        ) from None


def words_of(shape: Sequence[int]) -> str:
    """A shape as people write it: 2 × 3; of a single number, "one number"."""
    return " × ".join(str(side) for side in shape) or tr("one number")
