"""How good the model is on text, dropout off, without touching anything the training depends on."""

import contextlib
import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from studio.engine.device import Compute
from studio.objectives import Batches, Objective, Scored


@contextlib.contextmanager
def at_rest(model: nn.Module) -> Iterator[None]:
    """Evaluation mode inside, whatever mode there was outside."""
    if not model.training:  # asked at every token that is written, and walking through all modules takes its time
        yield
        return
    model.eval()
    try:
        yield
    finally:
        model.train()


@dataclass(frozen=True)
class Measured:
    """Mean loss per target, and the share of targets that were the likeliest token where the objective counts them.

    `measures` are the objective's further ones, means per target too.
    """

    loss: float
    accuracy: float | None = None
    measures: dict[str, float] = field(default_factory=dict)


def mean_loss(
    model: nn.Module,
    batches: Batches,
    count: int,
    objective: Objective,
    compute: Compute,
    keep_going: Callable[[], bool] = lambda: True,
) -> float | None:
    """Mean loss per target over the first `count` batches (0: one epoch); None when asked to stop."""
    found = measure(model, batches, count, objective, compute, keep_going)
    return found.loss if found is not None else None


def measure(
    model: nn.Module,
    batches: Batches,
    count: int,
    objective: Objective,
    compute: Compute,
    keep_going: Callable[[], bool] = lambda: True,
) -> Measured | None:
    """The same with all that the objective counts."""
    total, targets, hits, sums = 0.0, 0, 0, Counter[str]()
    with at_rest(model), torch.no_grad():
        for index in range(min(count, batches.per_epoch) if count else batches.per_epoch):
            if not keep_going():
                return None
            batch = torch.from_numpy(batches.batch(index)).to(compute.device)
            with compute.autocast():
                found = _score(objective, model, batch)
            total += found.loss.item()
            targets += found.targets
            hits += found.hits
            sums.update(found.sums)
    if not targets:
        return None
    means = {name: value / targets for name, value in sums.items()}
    return Measured(total / targets, hits / targets if objective.score is not None else None, means)


def _score(objective: Objective, model: nn.Module, batch: Tensor) -> Scored:
    return objective.score(model, batch) if objective.score is not None else Scored(*objective.loss(model, batch))


def perplexity(loss: float) -> float:
    """e to the loss: between how many equally likely tokens the model hesitates."""
    return math.exp(min(loss, 700.0))
