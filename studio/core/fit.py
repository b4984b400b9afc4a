"""Will it fit: what a model needs for chat, for training, with LoRA and with QLoRA, against the memory there is."""

from collections.abc import Collection
from dataclasses import dataclass, fields

from studio.core.config import ModelConfig
from studio.core.costs import (
    ATTENTION_MATRICES,
    WEIGHT_BYTES,
    activation_bytes,
    adapter_parameters,
    cache_bytes,
    memory,
    weight_bytes,
)

TIGHT = 0.8  # above this share of the free memory it may still fail, for estimates and other programs
SHORTEST = 512  # tokens; a chat in less is no help


@dataclass(frozen=True)
class Need:
    """Bytes by purpose; `activations` is an estimate, the others are exact."""

    weights: int
    adapter: int = 0
    gradients: int = 0
    optimizer: int = 0
    activations: int = 0
    cache: int = 0

    @property
    def total(self) -> int:
        """All of it."""
        return sum(int(getattr(self, field.name)) for field in fields(self))

    def verdict(self, free: int) -> str:
        """ "fits", "tight" or "too large" for so many bytes of free memory."""
        if self.total > free:
            return "too large"
        return "tight" if self.total > TIGHT * free else "fits"


@dataclass(frozen=True)
class Way:
    """One way to hold a conversation: the weights' format, the tokens it remembers, and what that needs."""

    kind: str
    context: int
    need: Need


def to_chat(model: ModelConfig, kind: str = "fp32", context: int = 0, batch: int = 1) -> Need:
    """Weights in `kind` and a full cache of `context` tokens (0: the model's own), in fp32 only beside fp32 weights."""
    each = 4 if kind == "fp32" else 2
    cache = cache_bytes(model, context or model.context_length, batch, each)
    return Need(weight_bytes(model, kind), cache=cache)


def to_train(model: ModelConfig, batch_size: int, precision: str = "fp32") -> Need:
    """All weights with AdamW: 16 bytes each, and the activations."""
    needed = memory(model, batch_size, precision)
    return Need(needed.weights, gradients=needed.gradients, optimizer=needed.optimizer, activations=needed.activations)


def to_adapt(
    model: ModelConfig, batch_size: int, rank: int, kind: str = "bf16", targets: Collection[str] = ATTENTION_MATRICES
) -> Need:
    """LoRA beside frozen weights in `kind`; with "4bit" this is QLoRA. Only the adapter has gradients and moments."""
    count = adapter_parameters(model, rank, targets)
    activations = activation_bytes(model, batch_size, "fp32" if kind == "fp32" else "bf16")
    return Need(weight_bytes(model, kind), 4 * count, 4 * count, 8 * count, activations)


def ways_to_chat(model: ModelConfig, free: int) -> list[Way]:
    """What fits into `free` bytes: for each format that does, the longest context; the most exact format first."""
    found = []
    for kind in WEIGHT_BYTES:
        context = model.context_length
        while context // 2 >= SHORTEST and to_chat(model, kind, context).total > free:
            context //= 2
        need = to_chat(model, kind, context)
        if need.total <= free:
            found.append(Way(kind, context, need))
    return found
