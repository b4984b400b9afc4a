"""What an adapter costs before it exists: which layers it lies beside, what it trains and stores, and the memory."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from studio.core.config import AdapterConfig, ModelConfig
from studio.core.costs import (
    BLOCK_MATRICES,
    NF4_BLOCK,
    NF4_SECOND_BLOCK,
    activation_bytes,
    matrices,
    parameters,
)
from studio.core.errors import StudioError
from studio.core.fit import Need, to_train
from studio.core.knobs import Problem
from studio.core.language import tr

ALL = "all"  # every linear layer but the output head, which is named by itself
HEAD = "lm_head"
CONVENTIONS: Mapping[str, Callable[[float, int], float]] = {
    "alpha/rank": lambda alpha, rank: alpha / rank,
    "alpha/sqrt(rank)": lambda alpha, rank: alpha / math.sqrt(rank),  # rsLoRA (Kalajdzievski 2023)
    "alpha": lambda alpha, rank: alpha,  # the book's chapters 6 and 7
}
_PLACES = {
    "q": "self_attn.q_proj", "k": "self_attn.k_proj", "v": "self_attn.v_proj", "o": "self_attn.o_proj",
    "gate": "mlp.gate_proj", "up": "mlp.up_proj", "down": "mlp.down_proj",
}  # fmt: skip
_NF4_MEAN = 4  # bytes: of all scales of one matrix


@dataclass(frozen=True)
class Row:
    """What is trained at one linear layer, which is (outputs, inputs); rank 0 where the whole layer is."""

    path: str
    inputs: int
    outputs: int
    rank: int
    parameters: int

    @property
    def kind(self) -> str:
        """The last part of its path, which layers of one kind share: q_proj."""
        return self.path.rpartition(".")[2]


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


@dataclass(frozen=True)
class Kind:
    """Layers of one name and shape: `count` of them in the model, each (outputs, inputs)."""

    name: str
    inputs: int
    outputs: int
    count: int


@dataclass(frozen=True)
class AdapterCosts:
    """What an adapter of one shape takes on one model; the three needs are bytes while training."""

    ledger: Ledger
    model_parameters: int
    full: Need
    lora: Need
    qlora: Need
    bits: float  # per weight of the blocks' matrices in NF4, with all scales

    @property
    def share(self) -> float:
        """Trained numbers by the model's own."""
        return self.ledger.parameters / self.model_parameters if self.model_parameters else 0.0

    def need(self, kind: str) -> Need:
        """The need with "none" (everything is trained), "lora" or "qlora"."""
        return {"none": self.full, "lora": self.lora, "qlora": self.qlora}[kind]


# --- which layers ---------------------------------------------------------------------------------------------------


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
    head = next(matrix for matrix in found if matrix.name not in _PLACES)
    return sizes | transform | {HEAD: (head.inputs, head.outputs)}


def layer_kinds(config: ModelConfig) -> list[Kind]:
    """Every kind of linear layer, in the order of a block; the output head is the last."""
    found: dict[str, Kind] = {}
    for path, (inputs, outputs) in planned_layers(config).items():
        name = path.rpartition(".")[2]
        count = found[name].count + 1 if name in found else 1
        found[name] = Kind(name, inputs, outputs, count)
    return list(found.values())


def planned(config: ModelConfig, rank: int, targets: str | Sequence[str]) -> Ledger:
    """What would be trained: rank·(inputs + outputs) for each target (Hu et al. 2021)."""
    sizes = planned_layers(config)
    rows = [Row(path, *sizes[path], rank, rank * sum(sizes[path])) for path in chosen_layers(sizes, targets)]
    return Ledger(tuple(rows))


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


def adapter_problems(config: ModelConfig, adapter: AdapterConfig) -> list[Problem]:
    """What keeps an adapter from being laid on a model of this shape: layers it has not, a rank that is too large."""
    if adapter.kind == "none" or not adapter.names:
        return []
    sizes = planned_layers(config)
    try:
        paths = chosen_layers(sizes, adapter.names)
    except StudioError as error:
        return [Problem("targets", f"{error.message} {error.hint}")]
    try:
        for path in paths:
            refuse_rank(path, sizes[path], adapter.rank)
    except StudioError as error:
        return [Problem("rank", f"{error.message} {error.hint}")]
    return []


# --- memory ---------------------------------------------------------------------------------------------------------


def adapter_costs(
    model: ModelConfig,
    rank: int,
    targets: str | Sequence[str],
    batch: tuple[int, int],
    precision: str = "fp32",
    kept_as: str = "fp32",
) -> AdapterCosts:
    """Everything by arithmetic, for a `batch` of so many rows and tokens in each; an impossible rank is refused.

    The frozen weights lie in memory as `kept_as`, "fp32" or "bf16"; in QLoRA the matrices of the blocks in NF4. The
    activations are those of full training: a frozen layer saves less, so this is the most.
    """
    sizes = planned_layers(model)
    found = planned(model, rank, targets)
    for row in found.rows:
        refuse_rank(row.path, sizes[row.path], rank)
    whole, each = parameters(model), 4 if kept_as == "fp32" else 2
    activations = activation_bytes(replace(model, context_length=batch[1]), batch[0], precision)
    lora = Need(each * whole, found.bytes, found.bytes, 2 * found.bytes, activations)
    blocks, small = block_weights(model), nf4_model_bytes(model)
    qlora = replace(lora, weights=each * (whole - blocks) + small)
    full = replace(to_train(model, batch[0], precision), activations=activations)
    return AdapterCosts(found, whole, full, lora, qlora, 8 * small / blocks)


def block_weights(model: ModelConfig) -> int:
    """Weights of the matrices inside the blocks: those that QLoRA holds in four bits."""
    return sum(matrix.weights for matrix in matrices(model) if matrix.name in BLOCK_MATRICES)


def held_bytes(model: ModelConfig, kind: str) -> int:
    """A model's own weights in memory beside an adapter of this kind: fp32, in "qlora" its blocks' matrices in NF4."""
    whole, blocks = parameters(model), block_weights(model)
    return 4 * (whole - blocks) + nf4_model_bytes(model) if kind == "qlora" else 4 * whole


def nf4_bytes(weights: int) -> int:
    """One weight of so many numbers in NF4: half a byte each, a byte for 64 of them, 4 bytes for 256 of those."""
    scales = -(-weights // NF4_BLOCK)
    return -(-weights // 2) + scales + 4 * -(-scales // NF4_SECOND_BLOCK) + _NF4_MEAN


def nf4_model_bytes(model: ModelConfig) -> int:
    """All matrices of the blocks in NF4."""
    return sum(
        matrix.count * nf4_bytes(matrix.inputs * matrix.outputs)
        for matrix in matrices(model)
        if matrix.name in BLOCK_MATRICES
    )
