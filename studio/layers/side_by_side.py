"""Matrices that lie next to one another in memory, multiplied as one: the product of one token reads them in one go."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Whole = tuple[Tensor, Tensor | None]


class SideBySide:
    """Finds out whether linear layers lie so, and remembers it as long as none of their weights is exchanged."""

    def __init__(self) -> None:
        self._known: tuple[tuple[int, ...], Whole | None] = ((), None)

    def products(self, linears: Sequence[nn.Module], x: Tensor) -> Sequence[Tensor] | None:
        """What each of them makes of x (…, inputs); None where they lie apart, are no plain layers or are watched."""
        plain = [one for one in linears if type(one) is nn.Linear and not one._forward_hooks]
        if len(plain) < len(linears):
            self._known = ((), None)  # weights that were exchanged for fewer bits are not held on to
            return None
        parts = [part for one in plain for part in (one.weight, one.bias) if part is not None]
        key = tuple(part.data_ptr() for part in parts)
        known, whole = self._known
        if key != known:
            whole = whole_of(plain)
            self._known = (key, whole)
        if whole is None:
            return None
        return torch.split_with_sizes(F.linear(x, *whole), [one.out_features for one in plain], dim=-1)


def whole_of(linears: Sequence[nn.Linear]) -> Whole | None:
    """One weight (all outputs, inputs) and bias in the memory of theirs; None where they do not lie side by side."""
    weight = _spanned([one.weight.data for one in linears])
    biases = [one.bias.data for one in linears if one.bias is not None]
    bias = _spanned(biases) if len(biases) == len(linears) else None
    return None if weight is None or (biases and bias is None) else (weight, bias)


def lay_side_by_side(linears: Sequence[nn.Linear]) -> None:
    """Move their weights into one piece of memory, turned so that it lies input by input, and their biases too."""
    weights = [one.weight for one in linears]
    piece = weights[0].data.new_empty(weights[0].shape[1], sum(weight.shape[0] for weight in weights))
    biases = [one.bias for one in linears if one.bias is not None]
    line = torch.cat([bias.data for bias in biases]) if biases else piece.new_empty(0)
    at = 0
    for weight in weights:
        share = piece[:, at : at + weight.shape[0]].t()
        weight.data = share.copy_(weight.data)
        at += weight.shape[0]
    for bias, share in zip(biases, torch.split_with_sizes(line, [len(bias) for bias in biases]), strict=True):
        bias.data = share


def _spanned(tensors: Sequence[Tensor]) -> Tensor | None:
    """One view of all, behind one another along their first axis; None where that is not how they lie."""
    first, at = tensors[0], tensors[0].storage_offset()
    for tensor in tensors:
        together = tensor.untyped_storage().data_ptr() == first.untyped_storage().data_ptr()
        if not together or tensor.stride() != first.stride() or tensor.storage_offset() != at:
            return None
        at += tensor.shape[0] * tensor.stride(0)
    rows = sum(tensor.shape[0] for tensor in tensors)
    return first.as_strided((rows, *first.shape[1:]), first.stride(), first.storage_offset())
