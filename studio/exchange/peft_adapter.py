"""PEFT's folders: `adapter_config.json` and the thin matrices of LoRA in safetensors, in and out.

An adapter is no model: it is laid on one (`studio.engine.adapters`), and this shelf only says so when somebody tries to
import it by itself.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.shelf import FAMILIES
from studio.exchange import Exchange, Found
from studio.families import Family
from studio.gate.model_folders import code_mentioned, file_in, read_table
from studio.gate.names import visible

if TYPE_CHECKING:
    from torch import Tensor

    from studio.layers.adapter_weights import AdapterWeights
    from studio.layers.lora_linear import LoraShape

CONFIG, WEIGHTS, PICKLED = "adapter_config.json", "adapter_model.safetensors", "adapter_model.bin"
LARGEST_RANK = 1_024
_PREFIX = "base_model.model."
_HEAD = "lm_head"
# Settings with which PEFT computes something else than y = Wx + scale·B(Ax) on the layers that the file holds.
_UNSUPPORTED = (
    "use_dora", "rank_pattern", "alpha_pattern", "layers_to_transform", "layers_pattern", "lora_bias",
    "megatron_config", "trainable_token_indices", "layer_replication", "target_parameters", "alora_invocation_tokens",
    "use_qalora", "use_bdlora", "arrow_config", "kasa_config", "monteclora_config",
)  # fmt: skip
# Beginnings that leave the base as it is; PiSSA, OLoRA, CorDA and LoftQ change it.
_BEGINNINGS = (True, False, None, "gaussian", "eva", "orthogonal")


@dataclass(frozen=True)
class FoundAdapter:
    """An adapter of others', in memory: `base` is the model's name as the file says it, which is only shown.

    `copies` are weights of the base that the file holds besides, under our names: they must be the base's own.
    """

    weights: "AdapterWeights"
    base: str
    copies: "Mapping[str, Tensor]"
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Member:
    """One of our layers inside a layer of theirs."""

    path: str
    part: int
    inputs: int
    outputs: int


def recognises(path: Path) -> bool:
    """A folder with an `adapter_config.json`."""
    try:
        return (path / CONFIG).is_file()
    except OSError:
        return False


# --- in ---------------------------------------------------------------------------------------------------------------


def read_adapter(folder: Path, config: ModelConfig) -> FoundAdapter:
    """The adapter in `folder` for a base of this shape; what it asks for and is not computed here is refused by name.

    Nothing in the file is looked up, matched as a pattern or run. Where several layers of ours are one of theirs, all
    of them get its A, and each its share of B.
    """
    from studio.layers.adapter_weights import AdapterWeights
    from studio.layers.lora_linear import with_scale
    from studio.layers.stored_weights import StoredWeights

    said = read_table(folder, CONFIG)
    _refuse_options(said)
    shape, path = _shape(said), file_in(folder, WEIGHTS)
    if path is None:
        pickled = file_in(folder, PICKLED) is not None
        raise StudioError(
            tr("This adapter holds its weights as a pickle (“{name}”), which can run programs when opened.",
               name=PICKLED) if pickled else tr("The adapter has no “{name}”.", name=WEIGHTS),
            tr("Choose a copy that is saved as safetensors."),
        )  # fmt: skip
    stored = StoredWeights([path])
    laid = _Laid(config, shape.rank, stored.shapes())
    thin: dict[str, tuple[Tensor, Tensor]] = {}
    for theirs in laid.thin:
        a, b = (stored.read(f"{_PREFIX}{theirs}.lora_{letter}.weight").float() for letter in "AB")
        thin |= _ours(a, b, laid.members[theirs])
    rank, thin = _without_dead(thin, shape.rank)
    whole = {
        ours: (stored.read(f"{_PREFIX}{ours}.weight"), stored.read(bias) if (bias := laid.bias(ours)) else None)
        for ours in laid.whole
    }
    code = ", ".join(code_mentioned(said))
    warning = tr("The adapter asks for program code of its own ({names}). Atelier never runs such code.", names=code)
    return FoundAdapter(
        AdapterWeights(with_scale(shape, rank), thin, whole),
        visible(str(said.get("base_model_name_or_path") or ""), 80),
        {ours: stored.read(theirs) for ours, theirs in laid.copies.items()},
        (warning,) if code else (),
    )


def _refuse_options(said: Mapping[str, Any]) -> None:
    kind = said.get("peft_type")
    if kind != "LORA":
        _refuse("peft_type", kind)
    for name in _UNSUPPORTED:
        if said.get(name):
            _refuse(name, said[name])
    if said.get("bias", "none") != "none":
        _refuse("bias", said["bias"])
    if (beginning := said.get("init_lora_weights", True)) not in _BEGINNINGS:
        _refuse("init_lora_weights", beginning)
    if said.get("task_type") not in (None, "CAUSAL_LM"):
        _refuse("task_type", said["task_type"])
    targets = said.get("target_modules")
    if isinstance(targets, str) and targets != "all-linear":
        _refuse("target_modules", targets)
    if (saved := said.get("modules_to_save") or []) not in ([], [_HEAD]):
        _refuse("modules_to_save", saved)


def _refuse(name: str, value: object) -> NoReturn:
    raise StudioError(
        tr("The adapter was not read: it is made with {name} = {value}.", name=name, value=visible(str(value), 60)),
        tr("Atelier computes plain LoRA on named layers, and an output head trained beside it. Choose another adapter, "
           "or merge this one into its base with PEFT and import that."),
    )  # fmt: skip


def _shape(said: Mapping[str, Any]) -> "LoraShape":
    from studio.layers.lora_linear import LoraShape

    rank, alpha, rate = said.get("r", 8), said.get("lora_alpha", 8), said.get("lora_dropout", 0.0)
    if type(rank) is not int or not 0 < rank <= LARGEST_RANK:
        _refuse("r", rank)
    if isinstance(alpha, bool) or not isinstance(alpha, int | float) or alpha <= 0:
        _refuse("lora_alpha", alpha)
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate < 1:
        _refuse("lora_dropout", rate)
    stable = said.get("use_rslora", False)
    if not isinstance(stable, bool):
        _refuse("use_rslora", stable)
    return LoraShape(rank, float(alpha), float(rate), "alpha/sqrt(rank)" if stable else "alpha/rank")


class _Laid:
    """What lies in a file, sorted and compared with the base by shapes alone; what does not fit is refused by name."""

    def __init__(self, config: ModelConfig, rank: int, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self.members = _layers(config)
        self.thin: list[str] = []
        self.whole: list[str] = []
        self.copies: dict[str, str] = {}
        self._shapes = shapes
        ours = {source.name: name for name, source in _family(config).sources(config).items() if source.parts == 1}
        for name, shape in shapes.items():
            place, _, letter = name.removeprefix(_PREFIX).removesuffix(".weight").rpartition(".lora_")
            bare = name.removeprefix(_PREFIX).replace(".base_layer.", ".")
            if place in self.members and letter in ("A", "B") and name == f"{_PREFIX}{place}.lora_{letter}.weight":
                self._compare(name, shape, self._wanted(place, letter, rank))
                self.thin += [place] if letter == "A" else []
                self._need(f"{_PREFIX}{place}.lora_{'B' if letter == 'A' else 'A'}.weight")
            elif name == f"{_PREFIX}{_HEAD}.weight":
                head = self.members[_HEAD][0]
                self._compare(name, shape, (head.outputs, head.inputs))
                self.whole.append(_HEAD)
            elif name == f"{_PREFIX}{_HEAD}.bias":
                self._need(f"{_PREFIX}{_HEAD}.weight")
            elif name.startswith(_PREFIX) and bare in ours:
                self.copies[ours[bare]] = name
            else:
                raise _misfit(tr("the base has no place for “{name}”", name=visible(name)))
        if not self.thin and not self.whole:
            raise _misfit(tr("it holds no matrices"))

    def bias(self, path: str) -> str:
        """The name of a whole layer's bias in the file, or nothing."""
        name = f"{_PREFIX}{path}.bias"
        return name if name in self._shapes else ""

    def _wanted(self, place: str, letter: str, rank: int) -> tuple[int, int]:
        members = self.members[place]
        return (rank, members[0].inputs) if letter == "A" else (sum(member.outputs for member in members), rank)

    def _need(self, name: str) -> None:
        if name not in self._shapes:
            raise _misfit(tr("“{name}” is missing", name=visible(name)))

    def _compare(self, name: str, found: tuple[int, ...], wanted: tuple[int, ...]) -> None:
        if found != wanted:
            sizes = [" × ".join(f"{size:,}" for size in shape) for shape in (found, wanted)]
            raise _misfit(tr("“{name}” is {found} instead of {wanted}",
                             name=visible(name), found=sizes[0], wanted=sizes[1]))  # fmt: skip


def _misfit(reason: str) -> StudioError:
    return StudioError(
        tr("The adapter does not fit this model: {reason}.", reason=reason),
        tr("It belongs to another model, or is damaged. Choose its base."),
    )


def _ours(a: "Tensor", b: "Tensor", members: Sequence[_Member]) -> "dict[str, tuple[Tensor, Tensor]]":
    """A (rank, inputs) and B (outputs, rank) of their layer as those of ours; what `_theirs` joined comes apart."""
    ends = accumulate(member.outputs for member in members)
    shares = {member: b[end - member.outputs : end] for member, end in zip(members, ends, strict=True)}
    used = [member for member in members if bool(shares[member].any())]
    size = a.shape[0] // max(1, len(used))
    blocks = {member: slice(at * size, (at + 1) * size) for at, member in enumerate(used)}
    if used and size * len(used) == a.shape[0] and all(_only(shares[member], blocks[member]) for member in used):
        return {member.path: (a[blocks[member]], shares[member][:, blocks[member]]) for member in used}
    return {member.path: (a, share) for member, share in shares.items()}


def _only(share: "Tensor", block: slice) -> bool:
    """Whether nothing lies outside these columns."""
    return int(share.count_nonzero()) == int(share[:, block].count_nonzero())


def _without_dead(
    thin: "Mapping[str, tuple[Tensor, Tensor]]", rank: int
) -> "tuple[int, dict[str, tuple[Tensor, Tensor]]]":
    """The least rank that all of them fit in: a row of A and its column of B that are both zero do nothing."""
    live = {path: a.any(dim=1) | b.any(dim=0) for path, (a, b) in thin.items()}
    least = max((int(rows.sum()) for rows in live.values()), default=rank) or rank
    return least, {path: _at_rank(a[live[path]], b[:, live[path]], least) for path, (a, b) in thin.items()}


def _at_rank(a: "Tensor", b: "Tensor", rank: int) -> "tuple[Tensor, Tensor]":
    """The same product at a higher rank, filled up with zeros."""
    from torch.nn.functional import pad

    more = rank - a.shape[0]
    return pad(a, (0, 0, 0, more)), pad(b, (0, more))


# --- out --------------------------------------------------------------------------------------------------------------


def write_adapter(weights: "AdapterWeights", config: ModelConfig, folder: Path, base: str) -> None:
    """Fill `folder` with what `peft` loads onto the same base; `base` is what the file calls it.

    Several layers of ours that are one of theirs become one adapter of so many times the rank: their A's one below the
    other, their B's along a diagonal. As a file has one rank, the other layers are filled up with zeros.
    """
    from safetensors.torch import save_file

    from studio.store.files import write_json

    layers, family = _layers(config), _family(config)
    joined = {
        theirs: _theirs(weights.thin, members)
        for theirs, members in layers.items()
        if any(member.path in weights.thin for member in members)
    }
    rank = max((a.shape[0] for a, _ in joined.values()), default=weights.shape.rank)
    tensors: dict[str, Tensor] = {}
    for theirs, (a, b) in joined.items():
        filled = zip("AB", _at_rank(a, b, rank), strict=True)
        tensors |= {f"{_PREFIX}{theirs}.lora_{letter}.weight": part.contiguous() for letter, part in filled}
    for path, (weight, bias) in weights.whole.items():
        if path != _HEAD:
            raise StudioError(
                tr("PEFT's files hold no copy of the layer {layer} here.", layer=path),
                tr("Only the output head goes out whole. Save the adapter in Atelier's own form."),
            )
        tensors |= {f"{_PREFIX}{path}.weight": weight.contiguous()}
        tensors |= {} if bias is None else {f"{_PREFIX}{path}.bias": bias.contiguous()}
    stable = weights.shape.convention == "alpha/sqrt(rank)"
    alpha = weights.shape.scale * (math.sqrt(rank) if stable else rank)
    save_file({name: part.cpu() for name, part in tensors.items()}, folder / WEIGHTS, metadata={"format": "pt"})
    said = {
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": base, "inference_mode": True,
        "r": rank, "lora_alpha": int(alpha) if alpha == int(alpha) else alpha, "lora_dropout": weights.shape.dropout,
        "use_rslora": stable, "use_dora": False, "bias": "none", "target_modules": _targets(joined, layers),
        "fan_in_fan_out": any(source.transposed for source in family.sources(config).values()),
        "modules_to_save": [_HEAD] if weights.whole else None, "init_lora_weights": True,
    }  # fmt: skip
    write_json(folder / CONFIG, said)


def _theirs(thin: "Mapping[str, tuple[Tensor, Tensor]]", members: Sequence[_Member]) -> "tuple[Tensor, Tensor]":
    import torch

    ranks = [thin[member.path][0].shape[0] if member.path in thin else 0 for member in members]
    first = next(thin[member.path] for member in members if member.path in thin)
    a = torch.cat([thin[member.path][0] for member in members if member.path in thin])
    b = first[1].new_zeros(sum(member.outputs for member in members), sum(ranks))
    down = across = 0
    for member, rank in zip(members, ranks, strict=True):
        if rank:
            b[down : down + member.outputs, across : across + rank] = thin[member.path][1]
        down, across = down + member.outputs, across + rank
    return a, b


def _targets(chosen: Iterable[str], layers: Iterable[str]) -> list[str]:
    """The shortest names that mean these layers and no others; PEFT compares the end of a path."""
    wanted, known = set(chosen), set(layers)
    found: set[str] = set()
    for path in sorted(wanted):
        ends = [".".join(path.split(".")[-count:]) for count in range(1, path.count(".") + 2)]
        meant = ({other for other in known if other == end or other.endswith(f".{end}")} for end in ends)
        found.add(next((end for end, others in zip(ends, meant, strict=True) if others <= wanted), path))
    return sorted(found)


# --- whose layer is whose ---------------------------------------------------------------------------------------------


def _layers(config: ModelConfig) -> dict[str, tuple[_Member, ...]]:
    """Every linear layer of theirs with those of ours in it, in their order."""
    from studio.layers.lora import planned_layers

    found: dict[str, list[_Member]] = {}
    sources = _family(config).sources(config)
    for path, (inputs, outputs) in planned_layers(config).items():
        source = sources[f"{path}.weight"]
        found.setdefault(source.name.removesuffix(".weight"), []).append(_Member(path, source.part, inputs, outputs))
    return {theirs: tuple(sorted(members, key=lambda member: member.part)) for theirs, members in found.items()}


def _family(config: ModelConfig) -> Family:
    family: Family = FAMILIES.load(config.family)
    return family


def open_folder(path: Path) -> Found:
    """Refuse: an adapter by itself computes nothing."""
    if not recognises(path):
        raise StudioError(tr("“{name}” is no adapter.", name=visible(path.name)), tr("Choose the folder of one."))
    base = visible(str(read_table(path, CONFIG).get("base_model_name_or_path") or "?"), 80)
    raise StudioError(
        tr("“{name}” is an adapter, not a model.", name=visible(path.name)),
        tr("Load its base, “{base}”, and lay it on there.", base=base),
    )


EXCHANGE = Exchange(
    name="peft_adapter",
    label="PEFT adapter",
    about="LoRA's thin matrices as PEFT saves them; they are laid on their base, not imported by themselves.",
    recognises=recognises,
    open=open_folder,
)
