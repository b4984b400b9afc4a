"""How good the model is on text, dropout off, without touching anything the training depends on."""

import contextlib
import math
from collections.abc import Callable, Iterator

import torch
from torch import nn

from studio.engine.device import Compute
from studio.objectives import Batches, Objective


@contextlib.contextmanager
def at_rest(model: nn.Module) -> Iterator[None]:
    """Evaluation mode inside, whatever mode there was outside."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


def mean_loss(
    model: nn.Module,
    batches: Batches,
    count: int,
    objective: Objective,
    compute: Compute,
    keep_going: Callable[[], bool] = lambda: True,
) -> float | None:
    """Mean loss per target over the first `count` batches (0: one epoch); None when asked to stop."""
    total, targets = 0.0, 0
    with at_rest(model), torch.no_grad():
        for index in range(min(count, batches.per_epoch) if count else batches.per_epoch):
            if not keep_going():
                return None
            batch = torch.from_numpy(batches.batch(index)).to(compute.device)
            with compute.autocast():
                loss, real = objective.loss(model, batch)
            total += loss.item()
            targets += real
    return total / targets if targets else None


def perplexity(loss: float) -> float:
    """e to the loss: between how many equally likely tokens the model hesitates."""
    return math.exp(min(loss, 700.0))
