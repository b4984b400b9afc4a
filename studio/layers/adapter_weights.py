"""An adapter away from its model: lifted off to be saved, and laid on again where it fits."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.layers.lora import adapter_names, lay, linear_layers, lora_layers, refuse_rank, refuse_shape
from studio.layers.lora_linear import Adapter, LoraShape, WholeLayer, sizes_of


@dataclass(frozen=True)
class AdapterWeights:
    """By the path of the layer: A (rank, inputs) and B (outputs, rank), or the weight and bias of a whole copy."""

    shape: LoraShape
    thin: Mapping[str, tuple[Tensor, Tensor]]
    whole: Mapping[str, tuple[Tensor, Tensor | None]]


def lift_adapter(model: nn.Module, name: str) -> AdapterWeights:
    """The adapter `name` of a model, as views of its weights; an unknown name is a `StudioError`."""
    thin: dict[str, tuple[Tensor, Tensor]] = {}
    whole: dict[str, tuple[Tensor, Tensor | None]] = {}
    shape = LoraShape()
    for path, layer in lora_layers(model).items():
        adapter = layer.named.get(name)
        if isinstance(adapter, Adapter):
            shape, thin[path] = adapter.shape, (adapter.A.detach(), adapter.B.detach())
        elif isinstance(adapter, WholeLayer):
            whole[path] = adapter.weight.detach(), None if adapter.bias is None else adapter.bias.detach()
    if not thin and not whole:
        raise StudioError(
            tr("The model has no adapter “{name}”.", name=name),
            tr("Those it has: {names}.", names=", ".join(adapter_names(model)) or tr("none")),
        )
    return AdapterWeights(shape, thin, whole)


def lay_adapter(model: nn.Module, weights: AdapterWeights, name: str) -> None:
    """Lay an adapter on a model and make it the active one; what does not fit is refused by name before any change."""
    refuse_shape(weights.shape)
    layers = linear_layers(model)
    for path in [*weights.thin, *weights.whole]:
        if path not in layers:
            raise StudioError(
                tr("The adapter is for a layer {layer} that this model does not have.", layer=path),
                tr("It belongs to another model. Choose its base."),
            )
    for path, (a, b) in weights.thin.items():
        inputs, outputs = sizes_of(layers[path])
        refuse_rank(path, (inputs, outputs), weights.shape.rank)
        refuse_misfit(f"{path}.A", a, (weights.shape.rank, inputs))
        refuse_misfit(f"{path}.B", b, (outputs, weights.shape.rank))
    for path, (weight, bias) in weights.whole.items():
        inputs, outputs = sizes_of(layers[path])
        refuse_misfit(f"{path}.weight", weight, (outputs, inputs))
        if bias is not None:
            refuse_misfit(f"{path}.bias", bias, (outputs,))
    made: dict[str, Adapter | WholeLayer] = {
        path: _thin(weights.shape, a, b) for path, (a, b) in weights.thin.items()
    } | {path: WholeLayer(weight, bias) for path, (weight, bias) in weights.whole.items()}
    lay(model, made, name)


def move_adapters(source: nn.Module, target: nn.Module) -> None:
    """Lay all adapters of a model on another one of its shape that has none, equally active and strong."""
    for name in adapter_names(source):
        lay_adapter(target, lift_adapter(source, name), name)
    layers = lora_layers(source)
    for path, layer in lora_layers(target).items():
        layer.active, layer.strength = layers[path].active, layers[path].strength


def refuse_misfit(name: str, tensor: Tensor, expected: tuple[int, ...]) -> None:
    """Refuse a tensor of another shape than the base needs, or with numbers that are none."""
    if tuple(tensor.shape) != expected:
        raise StudioError(
            tr("The adapter does not fit this model: {name} is {found} instead of {expected}.",
               name=name, found=_times(tensor.shape), expected=_times(expected)),
            tr("It belongs to another model. Choose its base."),
        )  # fmt: skip
    if not bool(torch.isfinite(tensor).all()):
        raise StudioError(
            tr("The adapter's {name} holds values that are no numbers (NaN or infinite).", name=name),
            tr("It is damaged, or was saved after its training failed. Get it again from its source."),
        )


def _thin(shape: LoraShape, a: Tensor, b: Tensor) -> Adapter:
    adapter = Adapter(a.shape[1], b.shape[0], shape, torch.device("meta"))
    adapter.A, adapter.B = (nn.Parameter(tensor.detach().float().clone()) for tensor in (a, b))
    return adapter


def _times(shape: tuple[int, ...]) -> str:
    return " × ".join(f"{size:,}" for size in shape)
