"""What a run will cost, before it starts: memory by formula, time from a short probe of this machine."""

import time
from functools import lru_cache

import torch

from studio.core.config import ComputeConfig, ModelConfig, RunConfig
from studio.core.costs import Memory, flops_per_token, memory
from studio.core.shelf import FAMILIES
from studio.engine.device import choose
from studio.objectives.pretrain import loss

__all__ = ["Memory", "estimate_seconds", "flops_per_token", "memory"]


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
