"""Adapters on a whole model: laid beside the layers that are named, switched, scaled, merged and taken away."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import torch
from torch import nn

from studio.core.config import ModelConfig
from studio.core.costs import matrices
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.layers.lora_linear import CONVENTIONS, Adapter, LoraShape, WholeLayer, plain_of, sizes_of
from studio.layers.lora_linear import LoraLinear as LoraLinear

ALL = "all"  # every linear layer but the output head, which is named by itself
HEAD = "lm_head"
STRONGEST = 2.0
_PLACES = {
    "q": "self_attn.q_proj", "k": "self_attn.k_proj", "v": "self_attn.v_proj", "o": "self_attn.o_proj",
    "gate": "mlp.gate_proj", "up": "mlp.up_proj", "down": "mlp.down_proj",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """What is trained at one linear layer, which is (outputs, inputs); rank 0 where the whole layer is."""

    path: str
    inputs: int
    outputs: int
    rank: int
    parameters: int


@dataclass(frozen=True)
class Ledger:
    """What an adapter trains, layer by layer, and what its fp32 file takes."""

    rows: tuple[Row, ...]

    @property
    def parameters(self) -> int:
        """All of them."""
        return sum(row.parameters for row in self.rows)

    @property
    def bytes(self) -> int:
        """At four bytes each; a megabyte is 10⁶ of them."""
        return 4 * self.parameters


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


def planned(config: ModelConfig, rank: int, targets: str | Sequence[str]) -> Ledger:
    """The same before anything exists: rank·(inputs + outputs) for each target (Hu et al. 2021)."""
    sizes = planned_layers(config)
    rows = [Row(path, *sizes[path], rank, rank * sum(sizes[path])) for path in chosen_layers(sizes, targets)]
    return Ledger(tuple(rows))


def planned_layers(config: ModelConfig) -> dict[str, tuple[int, int]]:
    """Path to inputs and outputs of every linear layer of a model that need not exist, in the model's order."""
    found = matrices(config)
    blocks = [
        (f"layers.{layer}.{_PLACES[matrix.name]}", matrix)
        for layer in range(config.n_layers)
        for matrix in found
        if matrix.name in _PLACES
    ]
    sizes = {path: (matrix.inputs, matrix.outputs) for path, matrix in blocks}
    transform = {"norm.dense": (config.emb_dim, config.emb_dim)} if config.word_head else {}
    return sizes | transform | {HEAD: (config.emb_dim, config.vocab_size)}


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


def chosen_layers(paths: Iterable[str], targets: str | Sequence[str]) -> list[str]:
    """The paths that `targets` name, in their order; one that names none is refused with what there is."""
    known, wanted = list(paths), [targets] if isinstance(targets, str) else list(targets)
    for target in wanted or [""]:
        if not any(_names(target, path) for path in known):
            parts = sorted({path.rpartition(".")[2] for path in known})
            raise StudioError(
                tr("The model has no linear layer “{name}”.", name=target),
                tr("Choose among: {names}.", names=", ".join([ALL, *parts])),
            )
    return [path for path in known if any(_names(target, path) for target in wanted)]


def _names(target: str, path: str) -> bool:
    return path != HEAD if target == ALL else path == target or path.endswith(f".{target}")


def refuse_rank(path: str, sizes: tuple[int, int], rank: int) -> None:
    """Refuse a rank that the layer, (inputs, outputs), does not have room for.

    The output head of a classifier is as narrow as it has classes, so of it only the inputs count, as in the book.
    """
    most = sizes[0] if path == HEAD else min(sizes)
    if not 0 < rank <= most:
        raise StudioError(
            tr("A rank of {rank:,} does not fit the layer {layer}, which is {outputs:,} × {inputs:,}.",
               rank=rank, layer=path, outputs=sizes[1], inputs=sizes[0]),
            tr("Choose a rank from 1 to {most:,}.", most=most),
        )  # fmt: skip


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
