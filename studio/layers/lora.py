"""Adapters on a whole model: laid beside the layers that are named, switched, scaled, merged and taken away."""

import math
from collections.abc import Mapping, Sequence
from itertools import chain

import torch
from torch import nn

from studio.core.adapter_costs import ALL as ALL
from studio.core.adapter_costs import CONVENTIONS, Ledger, Row, chosen_layers
from studio.core.adapter_costs import HEAD as HEAD
from studio.core.adapter_costs import planned as planned
from studio.core.adapter_costs import planned_layers as planned_layers
from studio.core.adapter_costs import refuse_rank as refuse_rank
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.layers.lora_linear import Adapter, LoraShape, WholeLayer, plain_of, sizes_of
from studio.layers.lora_linear import LoraLinear as LoraLinear

STRONGEST = 2.0


# --- a model --------------------------------------------------------------------------------------------------------


def add_lora(
    model: nn.Module, targets: str | Sequence[str], shape: LoraShape, name: str = "default", whole: Sequence[str] = ()
) -> list[str]:
    """Lay an adapter beside every linear layer that `targets` names, and make it the active one; returns their paths.

    A target is a path or its last parts, or "all". `whole` names layers of which a full copy is trained instead.
    Everything but the adapters is frozen; what the model computes stays exactly as it was.
    """
    layers = linear_layers(model)
    copied = chosen_layers(layers, whole) if whole else []
    paths = [path for path in chosen_layers(layers, targets) if path not in copied]
    for path in paths:
        refuse_rank(path, sizes_of(layers[path]), shape.rank)
    refuse_shape(shape)
    made: dict[str, Adapter | WholeLayer] = {
        path: Adapter(*sizes_of(layers[path]), shape, device_of(layers[path])) for path in paths
    }
    for path in copied:
        layer = layers[path]
        plain = plain_of(layer.base if isinstance(layer, LoraLinear) else layer)
        made[path] = WholeLayer(plain.weight, plain.bias)
    lay(model, made, name)
    return list(made)


def lay(model: nn.Module, made: Mapping[str, Adapter | WholeLayer], name: str) -> None:
    """Put adapters that fit beside the layers at these paths, freeze everything else, and make them the active ones."""
    if name in adapter_names(model):
        raise StudioError(
            tr("The model has an adapter “{name}” already.", name=name), tr("Choose another name, or remove it first.")
        )
    layers = linear_layers(model)
    model.requires_grad_(False)
    for path, adapter in made.items():
        _wrapped(model, path, layers[path]).put(name, adapter.to(device_of(layers[path])))
    for layer in lora_layers(model).values():
        layer.adapters.requires_grad_(True)
    activate(model, name)
    set_strength(model, 1.0)


def remove_lora(model: nn.Module, name: str | None = None) -> None:
    """Take one adapter away, or all; layers without any are the very modules they were before.

    With the last adapter gone, every weight may be trained again, as in a model that was just loaded.
    """
    for path, layer in lora_layers(model).items():
        for known in [name] if name is not None else list(layer.named):
            layer.drop(known)
        if layer.active not in layer.named:
            layer.active = None
        if not layer.named:
            model.set_submodule(path, layer.base)
    if not lora_layers(model):
        model.requires_grad_(True)


def activate(model: nn.Module, name: str | None) -> None:
    """Let the adapter `name` count, or with None the base alone; an unknown name is a `StudioError`."""
    if name is not None and name not in adapter_names(model):
        known = ", ".join(adapter_names(model)) or tr("none")
        raise StudioError(
            tr("The model has no adapter “{name}”.", name=name), tr("Those it has: {names}.", names=known)
        )
    for layer in lora_layers(model).values():
        layer.active = name if name in layer.named else None


def set_strength(model: nn.Module, strength: float) -> None:
    """Scale the active adapter live: 0 is the base, 1 what was trained, 2 the most."""
    if not 0.0 <= strength <= STRONGEST:
        raise StudioError(
            tr("An adapter's strength of {strength} is not possible.", strength=strength),
            tr("Choose a number from 0 to 2."),
        )
    for layer in lora_layers(model).values():
        layer.strength = strength


def merge(model: nn.Module) -> dict[str, LoraLinear]:
    """Put W + strength·scale·B·A in place of every adapted layer; returns the wrappers, for `unmerge`.

    The base is kept in them untouched, at the price of a second copy of these weights. A merged output head no longer
    shares the embedding's. Numbers that would not be finite are refused, and nothing is changed.
    """
    layers = lora_layers(model)
    plain = {path: layer.merged() for path, layer in layers.items()}
    for path, linear in plain.items():
        if not bool(torch.isfinite(linear.weight).all()):
            raise StudioError(
                tr("Merged, the weights of {layer} would not be finite.", layer=path),
                tr("Lower the adapter's strength, or train it again with a lower learning rate."),
            )
    for path, linear in plain.items():
        model.set_submodule(path, linear.train(layers[path].training))
    return layers


def unmerge(model: nn.Module, kept: Mapping[str, LoraLinear]) -> None:
    """Put back what `merge` returned: every base weight is the same memory as before, so bit for bit."""
    for path, layer in kept.items():
        model.set_submodule(path, layer)


def ledger(model: nn.Module, name: str | None = None) -> Ledger:
    """What the adapter `name` trains (the active one where it is not said)."""
    rows = []
    for path, layer in lora_layers(model).items():
        adapter = layer.named.get(name or layer.active or "")
        if adapter is not None:
            rank = adapter.shape.rank if isinstance(adapter, Adapter) else 0
            count = sum(parameter.numel() for parameter in adapter.parameters())
            rows.append(Row(path, layer.in_features, layer.out_features, rank, count))
    return Ledger(tuple(rows))


# --- which layers ---------------------------------------------------------------------------------------------------


def linear_layers(model: nn.Module) -> dict[str, nn.Module]:
    """Path to every linear layer of whatever kind; an adapted one is its wrapper."""
    found: dict[str, nn.Module] = {}
    for path, module in model.named_modules():
        inner = isinstance(found.get(path.rpartition(".")[0]), LoraLinear)
        if path and not inner and hasattr(module, "in_features") and hasattr(module, "out_features"):
            found[path] = module
    return found


def lora_layers(model: nn.Module) -> dict[str, LoraLinear]:
    """Path to every layer that has adapters."""
    return {path: module for path, module in model.named_modules() if isinstance(module, LoraLinear)}


def adapter_names(model: nn.Module) -> list[str]:
    """The adapters that lie on a model, in the order they came."""
    return list(dict.fromkeys(name for layer in lora_layers(model).values() for name in layer.named))


def refuse_shape(shape: LoraShape) -> None:
    """Refuse an alpha, a dropout or a convention that mean nothing."""
    fine = math.isfinite(shape.alpha) and shape.alpha > 0 and 0.0 <= shape.dropout < 1.0
    if not fine or shape.convention not in CONVENTIONS:
        raise StudioError(
            tr("An adapter with alpha {alpha}, dropout {dropout} and the scale {convention} is not possible.",
               alpha=shape.alpha, dropout=shape.dropout, convention=shape.convention),
            tr("Alpha is above 0, dropout from 0 to below 1, the scale one of: {names}.", names=", ".join(CONVENTIONS)),
        )  # fmt: skip


def _wrapped(model: nn.Module, path: str, layer: nn.Module) -> LoraLinear:
    if isinstance(layer, LoraLinear):
        return layer
    wrapper = LoraLinear(layer).train(layer.training)
    model.set_submodule(path, wrapper)
    return wrapper


def device_of(layer: nn.Module) -> torch.device:
    """Where a layer's weights lie, in whatever form they are."""
    first = next(chain(layer.parameters(), layer.buffers()), None)
    return first.device if first is not None else torch.device("cpu")
