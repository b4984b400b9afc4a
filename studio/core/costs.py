"""What a model costs before it exists: memory and operations, by arithmetic alone."""

from collections.abc import Collection
from dataclasses import dataclass

from studio.core.config import ModelConfig
from studio.core.shelf import FAMILIES

WEIGHT_BYTES = {"fp32": 4.0, "f16": 2.0, "bf16": 2.0, "int8": 1.0, "4bit": 0.5}
ATTENTION_MATRICES = ("q", "k", "v", "o")
BLOCK_MATRICES = (*ATTENTION_MATRICES, "gate", "up", "down")
NF4_BLOCK, NF4_SECOND_BLOCK = 64, 256  # weights that share a scale; scales that share a scale (Dettmers et al. 2023)


@dataclass(frozen=True)
class Memory:
    """Bytes while training in fp32 with AdamW; `activations` is an estimate, the others are exact."""

    weights: int
    gradients: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        """All four together."""
        return self.weights + self.gradients + self.optimizer + self.activations


@dataclass(frozen=True)
class Matrix:
    """A linear layer: `count` of them in the whole model, each (out, in)."""

    name: str
    inputs: int
    outputs: int
    count: int

    @property
    def weights(self) -> int:
        """Weights of all of them, without biases."""
        return self.inputs * self.outputs * self.count


@dataclass(frozen=True)
class Operations:
    """Floating-point operations per token in a forward pass; a multiplication and an addition are two."""

    matrices: int
    attention: int

    @property
    def forward(self) -> int:
        """One token through the model, with a full context behind it."""
        return self.matrices + self.attention

    @property
    def backward(self) -> int:
        """Every product has two gradients."""
        return 2 * self.forward


@dataclass(frozen=True)
class Mixture:
    """Parameters of a mixture of gated experts in one layer (Shazeer et al. 2017), without biases."""

    router: int
    expert: int
    experts: int
    chosen: int

    @property
    def total(self) -> int:
        """What has to be kept in memory."""
        return self.router + self.experts * self.expert

    @property
    def active(self) -> int:
        """What one token is multiplied with."""
        return self.router + self.chosen * self.expert


def parameters(model: ModelConfig) -> int:
    """Every parameter once."""
    return int(FAMILIES.load(model.family).ledger(model).total)


def matrices(model: ModelConfig) -> tuple[Matrix, ...]:
    """All linear layers; the output head is one even where it shares the token embedding's weights."""
    width, inner, layers = model.emb_dim, model.feed_forward_dim, model.n_layers
    queries, keys = model.n_heads * model.head_dim, model.kv_heads * model.head_dim
    gate = (Matrix("gate", width, inner, layers),) if model.feed_forward == "gated" else ()
    return (
        Matrix("q", width, queries, layers), Matrix("k", width, keys, layers), Matrix("v", width, keys, layers),
        Matrix("o", queries, width, layers), *gate, Matrix("up", width, inner, layers),
        Matrix("down", inner, width, layers), Matrix("head", width, model.outputs or model.vocab_size, 1),
    )  # fmt: skip


def weight_bytes(model: ModelConfig, kind: str, scales: bool = True) -> int:
    """Weights in "fp32", "f16", "bf16", "int8" or "4bit".

    The last two hold the matrices of the blocks so, everything else in 16 bit. `scales` counts what turns the small
    numbers back: 4 bytes a row in int8; in NF4 a byte for 64 weights and 4 bytes for 256 of those.
    """
    whole = parameters(model)
    if kind not in ("int8", "4bit"):
        return int(whole * WEIGHT_BYTES[kind])
    blocks = [matrix for matrix in matrices(model) if matrix.name in BLOCK_MATRICES]
    small = sum(matrix.weights for matrix in blocks)
    size = int(small * WEIGHT_BYTES[kind]) + 2 * (whole - small)
    if not scales:
        return size
    if kind == "int8":
        return size + 4 * sum(matrix.outputs * matrix.count for matrix in blocks)
    shared = -(-small // NF4_BLOCK)
    return size + shared + 4 * -(-shared // NF4_SECOND_BLOCK)


def cache_bytes(
    model: ModelConfig, context: int, batch: int = 1, bytes_each: int = 2, local_layers: int | None = None
) -> int:
    """Keys and values of `context` tokens: 2·batch·tokens·key-value heads·head width·bytes, summed over the layers.

    `local_layers` look back through `sliding_window` only; None means all of them where there is a window.
    """
    window = model.sliding_window or context
    local = (model.n_layers if model.sliding_window else 0) if local_layers is None else local_layers
    kept = local * min(context, window) + (model.n_layers - local) * context
    return 2 * batch * kept * model.kv_heads * model.head_dim * bytes_each


def latent_cache_bytes(model: ModelConfig, latent: int, context: int, batch: int = 1, bytes_each: int = 2) -> int:
    """The cache of latent attention (DeepSeek-V2, 2024): one vector of `latent` numbers a token and layer."""
    return batch * context * model.n_layers * latent * bytes_each


def mixture(width: int, hidden: int, experts: int, chosen: int) -> Mixture:
    """A feed-forward part of gated experts, each of `hidden` width; a dense one is `mixture(…, 1, 1).expert`."""
    return Mixture(width * experts, 3 * width * hidden, experts, chosen)


def adapter_parameters(model: ModelConfig, rank: int, targets: Collection[str] = ATTENTION_MATRICES) -> int:
    """LoRA's two thin matrices beside each target: rank·(in + out) (Hu et al. 2021)."""
    chosen = [matrix for matrix in matrices(model) if matrix.name in targets]
    return sum(rank * (matrix.inputs + matrix.outputs) * matrix.count for matrix in chosen)


def activation_bytes(model: ModelConfig, batch_size: int, precision: str = "fp32") -> int:
    """What a training step keeps for its way back, without recomputation (Korthikanti et al. 2022).

    Per token and layer in 16 bit, for their shape of a block: 34·width + 5·heads·time bytes, twice that in 32. The
    logits and their gradient come on top in 32 bit.
    """
    width, inner, time = model.emb_dim, model.feed_forward_dim, model.context_length
    queries, keys = model.n_heads * model.head_dim, model.kv_heads * model.head_dim
    seen = min(time, model.sliding_window or time)
    attention = 3 * width + 4 * queries + 4 * keys + 5 * model.n_heads * seen
    wide = 4 if model.feed_forward == "gated" else 2  # tensors as wide as the inside
    per_layer = 4 * width + attention + 3 * width + 2 * wide * inner
    scale = 1 if precision == "bf16" else 2
    return batch_size * time * (model.n_layers * per_layer * scale + 2 * 4 * model.vocab_size)


def memory(model: ModelConfig, batch_size: int, precision: str = "fp32") -> Memory:
    """Memory of a training step: 4 bytes a weight, 4 a gradient, 8 for AdamW's two moments, and the activations."""
    count = parameters(model)
    return Memory(4 * count, 4 * count, 8 * count, activation_bytes(model, batch_size, precision))


def operations(model: ModelConfig) -> Operations:
    """Per token: two for every weight of a matrix, and 4·L·heads·head width·tokens looked at for attention."""
    looked_at = min(model.context_length, model.sliding_window or model.context_length)
    products = 2 * sum(matrix.weights for matrix in matrices(model))
    return Operations(products, 4 * model.n_layers * model.n_heads * model.head_dim * looked_at)


def flops_per_token(model: ModelConfig) -> int:
    """Floating-point operations of a training step per token, forward and backward: 6·matrices + 12·L·width·time."""
    needed = operations(model)
    return needed.forward + needed.backward
