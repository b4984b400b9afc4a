"""What a model costs before it exists: memory and operations, by arithmetic alone."""

from dataclasses import dataclass

from studio.core.config import ModelConfig
from studio.core.shelf import FAMILIES


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


def memory(model: ModelConfig, batch_size: int, precision: str = "fp32") -> Memory:
    """Memory of a training step: 4 bytes a weight, 4 a gradient, 8 for AdamW's two moments, and the activations.

    Activations per token and layer follow Korthikanti et al. 2022 (34·width + 5·heads·time bytes in 16 bit, twice
    that in 32), without recomputation; the logits and their gradient come on top in 32 bit.
    """
    parameters = FAMILIES.load(model.family).ledger(model).total
    tokens = batch_size * model.context_length
    per_layer = 34 * model.emb_dim + 5 * model.n_heads * model.context_length
    scale = 1 if precision == "bf16" else 2
    activations = tokens * (model.n_layers * per_layer * scale + 2 * 4 * model.vocab_size)
    return Memory(4 * parameters, 4 * parameters, 8 * parameters, activations)


def flops_per_token(model: ModelConfig) -> int:
    """Floating-point operations of a training step per token, forward and backward: 6·matrices + 12·L·width·time."""
    width, layers = model.emb_dim, model.n_layers
    matrices = layers * (4 * width * width + 2 * width * model.feed_forward_dim) + model.vocab_size * width
    return 6 * matrices + 12 * layers * width * model.context_length
