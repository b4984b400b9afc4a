"""A second body for a network: the same weights in the same memory, with gradients, adapters and mode of its own."""

import copy
from typing import TypeVar

from torch import nn

from studio.layers.lora_linear import LoraLinear

Network = TypeVar("Network", bound=nn.Module)


def twin(model: Network) -> Network:
    """What is done to one is not seen in the other, unless the numbers of a shared weight are written to.

    Takes no memory for weights: modules are copied, tensors are not. Frozen, and at rest.
    """
    return _copied(model, {}).eval()


def _copied(module: Network, known: dict[int, nn.Parameter]) -> Network:
    """`known` keeps weights that are one, such as a tied head's and the embedding's, one in the copy too."""
    made = copy.copy(module)
    made._buffers = dict(module._buffers)
    made._parameters = {}
    for name, parameter in module._parameters.items():
        if parameter is not None and id(parameter) not in known:
            known[id(parameter)] = nn.Parameter(parameter.data, requires_grad=False)
        made._parameters[name] = None if parameter is None else known[id(parameter)]
    made._modules = {name: None if child is None else _copied(child, known) for name, child in module._modules.items()}
    if isinstance(made, LoraLinear):
        made.named = dict(zip(made.named, made.adapters, strict=True))  # type: ignore[arg-type]
    return made
