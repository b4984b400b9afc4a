"""What a file's number formats make of weights, and how far each of them may move a number."""

import torch
from torch import Tensor, nn

from studio.core.errors import StudioError
from studio.exchange import Found, Tensors
from studio.gate.gguf_blocks import BLOCK, packed, unpacked
from studio.layers.stored_weights import ELEMENTS

CODES = {"Q8_0": 127, "Q4_0": 8}  # whole steps from zero to the farthest number of a block
# The farthest number of Q4_0's other side has no code of its own and moves by a whole step.
_STEPS = {"Q8_0": 0.5, "Q4_0": 1.0}
_RELATIVE = {"F16": 2.0**-11, "BF16": 2.0**-8}  # half a unit in the last place
_LEAST = 2.0**-25  # half of fp16's smallest number, which scales are stored in


def round_as_stored(model: nn.Module, found: Found) -> None:
    """Give each weight of an fp32 `model` the value that its number format in `found` leaves of it, in place."""
    for name, parameter in model.named_parameters():
        foreign = found.sources[name].name
        kind = stored_kind(found.tensors, foreign)
        exact = parameter.data.contiguous()
        parameter.data = rounded(exact, kind)
        if not bool(((parameter.data - exact).abs() <= entitled(exact, kind)).all()):
            raise StudioError(
                f"The tensor “{foreign}” was rounded further than {kind} rounds.", "Please report it; nothing was kept."
            )


def stored_kind(tensors: Tensors, name: str) -> str:
    """The number format of one tensor in its file; F32 where the file does not mix formats or tell."""
    tell = getattr(tensors, "kind", None) or getattr(tensors, "element", None)
    return str(tell(name)) if tell is not None else "F32"


def rounded(weight: Tensor, kind: str) -> Tensor:
    """fp32 numbers as they come back from `kind`; blocks lie along the last axis."""
    if kind in ELEMENTS:
        return weight.to(ELEMENTS[kind]).to(weight.dtype)
    return torch.from_numpy(unpacked(packed(weight.numpy(), kind), kind)).view(weight.shape)


def entitled(weight: Tensor, kind: str) -> Tensor:
    """How far `kind` may move each number (of the same shape): its rounding, and that of its block's scale to fp16."""
    if kind not in CODES:
        return weight.abs() * _RELATIVE.get(kind, 0.0) + (_LEAST if kind == "F16" else 0.0)
    farthest = weight.reshape(-1, BLOCK).abs().amax(dim=1, keepdim=True)  # (blocks, 1)
    most = _STEPS[kind] * farthest / CODES[kind] + farthest * _RELATIVE["F16"] + CODES[kind] * _LEAST
    return (1.000_001 * most).expand(-1, BLOCK).reshape(weight.shape)
