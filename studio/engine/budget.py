"""What a run will cost, before it starts: memory by formula, time from a short probe of this machine."""

import time
from dataclasses import dataclass
from functools import lru_cache

import torch

from studio.core.config import ComputeConfig, ModelConfig, RunConfig
from studio.core.shelf import FAMILIES
from studio.engine.device import choose
from studio.objectives.pretrain import loss


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


def estimate_seconds(config: RunConfig, steps: int) -> float:
    """About how long `steps` steps take here: operations over the speed of two probes, plus a latency per layer."""
    training, model = config.training, config.model
    passes = steps * training.accumulation
    operations = passes * training.batch_size * model.context_length * flops_per_token(model)
    speed, latency = _probe(choose(config.compute).precision)
    return operations / speed + passes * model.n_layers * latency


@lru_cache(maxsize=4)
def _probe(precision: str) -> tuple[float, float]:
    """Operations per second of a small model's training step, and seconds a layer takes however small it is."""
    small = ModelConfig(vocab_size=512, emb_dim=192, n_layers=4, n_heads=4, context_length=128)
    nothing = ModelConfig(vocab_size=16, emb_dim=16, n_layers=4, n_heads=1, context_length=8)
    tokens = 8 * small.context_length
    return tokens * flops_per_token(small) / _step_seconds(small, precision), _step_seconds(nothing, precision) / 4


def _step_seconds(shape: ModelConfig, precision: str) -> float:
    """The best of four training steps with eight windows, without the optimizer."""
    compute = choose(ComputeConfig(precision=precision))
    compute.apply()
    with torch.random.fork_rng(devices=[]):
        model = FAMILIES.load(shape.family).build(shape).to(compute.device)
    batch = torch.zeros(8, shape.context_length + 1, dtype=torch.long, device=compute.device)
    took = []
    for _ in range(4):
        started = time.perf_counter()
        with compute.autocast():
            total, _ = loss(model, batch)
        torch.autograd.backward(total)
        model.zero_grad()
        took.append(time.perf_counter() - started)
    return min(took)
