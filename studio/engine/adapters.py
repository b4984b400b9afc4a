"""Adapters of a loaded model: saved alone beside the mark of their base, and laid on that base again."""

import dataclasses
import hashlib
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.exchange import peft_adapter
from studio.gate.names import visible
from studio.layers.adapter_weights import AdapterWeights, lay_adapter, lift_adapter
from studio.layers.lora import HEAD, linear_layers
from studio.layers.lora_linear import CONVENTIONS, LoraLinear, LoraShape
from studio.layers.stored_weights import StoredWeights
from studio.store.checkpoints import commit, verify
from studio.store.disk import explained, require_space
from studio.store.files import read_json, remove_folder, write_json

VERSION = 2  # of the card; in version 1 the mark of the base counted learned positions too
CARD, WEIGHTS = "adapter.json", "adapter.safetensors"
_POSITIONS = "embed_positions"
_LOOKED_AT = 64  # rows and columns of each weight that make a model's mark


@dataclass(frozen=True)
class Base:
    """What an adapter remembers of the model it was trained on.

    Both marks are sums over samples of the weights, the same in any number format that keeps them exactly: `words` of
    embeddings and norms, `blocks` of the matrices between. `blocks` is empty where those are in fewer bits.
    """

    title: str
    words: str
    blocks: str

    def is_of(self, other: "Base") -> bool:
        """Whether both were taken of one model, as far as can be told."""
        return self.words == other.words and (self.blocks == other.blocks or not (self.blocks and other.blocks))


@dataclass(frozen=True)
class SavedAdapter:
    """What the folder of an adapter says, and its weights; `base` is None in a file of others', which cannot say it."""

    name: str
    weights: AdapterWeights
    base: Base | None
    base_said: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    copies: Mapping[str, Tensor] = field(default_factory=dict)  # weights of the base that came along, by our names
    warnings: tuple[str, ...] = ()
    version: int = VERSION


def base_of(model: nn.Module, title: str, version: int = VERSION) -> Base:
    """The mark of a model, with or without adapters on it.

    An output head of its own does not count, nor do learned positions: a run keeps as many as it sees at once.
    """
    linears = linear_layers(model)
    words, blocks = hashlib.sha256(), hashlib.sha256()
    for name, weight in sorted(_own_weights(model)):
        place = name.rpartition(".")[0]
        if place != HEAD and (place != _POSITIONS or version == 1):
            (blocks if place in linears else words).update(f"{name}{tuple(weight.shape)}".encode() + _sample(weight))
    full = all(isinstance(_inner(layer), nn.Linear) for path, layer in linears.items() if path != HEAD)
    return Base(title, words.hexdigest(), blocks.hexdigest() if full else "")


def _own_weights(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """The base's weights under the names they have without adapters."""
    for name, weight in model.named_parameters():
        if ".adapters." not in name:
            yield name.replace(".base.", "."), weight.detach()


def _inner(layer: nn.Module) -> nn.Module:
    return layer.base if isinstance(layer, LoraLinear) else layer


def _sample(weight: Tensor) -> bytes:
    seen = weight[tuple(slice(None, None, max(1, size // _LOOKED_AT)) for size in weight.shape)]
    return bytes(seen.float().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())


# --- out --------------------------------------------------------------------------------------------------------------


def save_adapter(model: nn.Module, name: str, folder: Path, base: str, facts: Mapping[str, Any] | None = None) -> None:
    """Write the adapter `name` as the new folder `folder`, all of it or nothing; `base` is the model's title."""
    weights = lift_adapter(model, name)
    with _writing(folder, sum(tensor.nbytes for _, tensor in _named(weights))) as temporary:
        put_adapter(model, name, temporary, base, facts)


def put_adapter(model: nn.Module, name: str, folder: Path, base: str, facts: Mapping[str, Any] | None = None) -> None:
    """Write its files into a folder that the caller commits, such as that of a checkpoint."""
    weights = lift_adapter(model, name)
    _refuse_unfinished(weights)
    card = {
        "version": VERSION,
        "name": name,
        "shape": dataclasses.asdict(weights.shape),
        "base": dataclasses.asdict(base_of(model, base)),
        "facts": dict(facts or {}),
    }
    save_file(dict(_named(weights)), folder / WEIGHTS, metadata={"format": "pt"})
    write_json(folder / CARD, card)


def export_peft(model: nn.Module, config: ModelConfig, name: str, folder: Path, base: str) -> None:
    """Write the adapter `name` as the new folder `folder` that `peft` loads; `base` is what it will call the model."""
    weights = lift_adapter(model, name)
    _refuse_unfinished(weights)
    with _writing(folder, sum(tensor.nbytes for _, tensor in _named(weights))) as temporary:
        peft_adapter.write_adapter(weights, config, temporary, base)


def _named(weights: AdapterWeights) -> Iterator[tuple[str, Tensor]]:
    for path, (a, b) in weights.thin.items():
        yield from ((f"{path}.A", a.contiguous()), (f"{path}.B", b.contiguous()))
    for path, (weight, bias) in weights.whole.items():
        yield f"{path}.weight", weight.contiguous()
        if bias is not None:
            yield f"{path}.bias", bias.contiguous()


def _refuse_unfinished(weights: AdapterWeights) -> None:
    for name, tensor in _named(weights):
        if not bool(torch.isfinite(tensor).all()):
            raise StudioError(
                tr("The adapter's {name} is no longer finite, so it was not saved.", name=name),
                tr("Go back to an earlier checkpoint, and train on with a lower learning rate."),
            )


@contextmanager
def _writing(folder: Path, needed: int) -> Iterator[Path]:
    """An empty folder that becomes `folder` by one rename; nothing is left of it on any error."""
    if folder.exists():
        raise StudioError(tr("“{folder}” is there already.", folder=folder), tr("Choose a new name."))
    temporary = folder.parent / f".making-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    with explained(f"The adapter “{folder.name}”", folder.parent, needed):
        folder.parent.mkdir(parents=True, exist_ok=True)
        require_space(folder.parent, needed + (1 << 20), f"the adapter “{folder.name}”")
        temporary.mkdir()
        try:
            yield temporary
            commit(temporary, folder)
        except BaseException:
            remove_folder(temporary)
            raise


# --- in ---------------------------------------------------------------------------------------------------------------


def read_adapter(folder: Path, config: ModelConfig) -> SavedAdapter:
    """An adapter of ours or of PEFT's, checked and in memory; what is damaged or cannot be computed is refused."""
    if peft_adapter.recognises(folder):
        found = peft_adapter.read_adapter(folder, config)
        said = tr(
            "The file says that it was made for “{base}”; whether that is this model cannot be told.", base=found.base
        )
        warnings = (*found.warnings, said) if found.base else found.warnings
        name = visible(folder.name, 80)
        return SavedAdapter(name, found.weights, None, found.base, copies=found.copies, warnings=warnings)
    if not (folder / CARD).is_file():
        raise StudioError(
            tr("“{name}” is no adapter.", name=visible(folder.name)),
            tr("Choose a folder with “{ours}” or “{theirs}” in it.", ours=CARD, theirs=peft_adapter.CONFIG),
        )
    verify(folder)
    card, stored = read_json(folder / CARD), StoredWeights([folder / WEIGHTS])
    try:
        if card["version"] > VERSION:
            raise StudioError(
                tr("The adapter “{name}” was written by a newer Atelier.", name=folder.name),
                tr("Open it there, or update Atelier."),
            )
        shape, base = _shape(card["shape"]), Base(**{name: str(value) for name, value in card["base"].items()})
        base = dataclasses.replace(base, title=visible(base.title))
        tensors = {name: stored.read(name) for name in stored.shapes()}
        weights = AdapterWeights(shape, dict(_thin(tensors)), dict(_whole(tensors)))
        name = visible(str(card["name"]), 80)
        return SavedAdapter(name, weights, base, base.title, dict(card["facts"]), version=int(card["version"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StudioError(
            tr("The adapter “{name}” is damaged: its files do not say all they should.", name=folder.name),
            tr("Get it again, or train it anew."),
        ) from error


def _shape(said: Mapping[str, Any]) -> LoraShape:
    shape = LoraShape(int(said["rank"]), float(said["alpha"]), float(said["dropout"]), str(said["convention"]))
    if shape.convention not in CONVENTIONS:
        raise ValueError(shape.convention)
    return shape


def _thin(tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, tuple[Tensor, Tensor]]]:
    for path in _places(tensors, (".A", ".B")):
        yield path, (tensors[f"{path}.A"], tensors[f"{path}.B"])


def _whole(tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, tuple[Tensor, Tensor | None]]]:
    for path in _places(tensors, (".weight", ".bias")):
        yield path, (tensors[f"{path}.weight"], tensors.get(f"{path}.bias"))


def _places(names: Iterable[str], kinds: tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys(name.rpartition(".")[0] for name in names if name.endswith(kinds)))


def load_adapter(model: nn.Module, config: ModelConfig, folder: Path, title: str, name: str = "") -> SavedAdapter:
    """Lay the adapter in `folder` on the model called `title` and make it active, under `name` or its own.

    One that was trained on another base is refused with both named. Nothing is changed by a refusal.
    """
    saved = read_adapter(folder, config)
    here = base_of(model, title, saved.version)
    if saved.base is not None and not saved.base.is_of(here):
        if saved.base.title == title:
            raise StudioError(
                tr("The adapter “{name}” was trained on another model that was called “{base}” too.",
                   name=saved.name, base=title),
                tr("Bring that model back under its name. On other weights the adapter would only spoil them."),
            )  # fmt: skip
        raise StudioError(
            tr("The adapter “{name}” was trained on “{base}”, not on “{here}”.",
               name=saved.name, base=saved.base.title, here=title),
            tr("Load “{base}” and lay it on there. On other weights it would only spoil them.", base=saved.base.title),
        )  # fmt: skip
    _refuse_other_copies(model, saved)
    lay_adapter(model, saved.weights, name or saved.name)
    return saved


def _refuse_other_copies(model: nn.Module, saved: SavedAdapter) -> None:
    """PEFT saves the embedding beside an adapted output head; one that is not the base's own is refused."""
    own = dict(_own_weights(model))
    for name, theirs in saved.copies.items():
        ours = own.get(name, own["embed_tokens.weight"])  # a tied head goes by the embedding's name
        if ours.shape != theirs.shape or not torch.equal(ours.cpu().to(theirs.dtype), theirs):
            raise StudioError(
                tr("The adapter “{name}” brings a {tensor} of its own, which is not this model's.",
                   name=saved.name, tensor=name),
                tr("Choose its base. If its embedding was trained, merge it with PEFT and import the whole model."),
            )  # fmt: skip
