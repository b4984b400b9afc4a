"""The gradients of one step: of exactly the mean over all its real targets, however it is cut into batches."""

import torch
from torch import Tensor

from studio.engine.prepare import Prepared
from studio.objectives import Batches


def backward(run: Prepared, step: int) -> tuple[float, int]:
    """Mean loss over all real targets of the step after `step` finished ones, and tokens read."""
    count = run.config.training.accumulation
    batches = [_batch(run, run.training, step * count + part) for part in range(count)]
    targets = max(1, sum(map(run.objective.targets, batches)))
    tokens = sum(_tokens(run, batch) for batch in batches)
    total = 0.0
    for batch in batches:
        with run.compute.autocast():
            loss, _ = run.objective.loss(run.model, batch)
        torch.autograd.backward(loss / targets)
        total += loss.item()
    return total / targets, tokens


def _batch(run: Prepared, batches: Batches, index: int) -> Tensor:
    return torch.from_numpy(batches.batch(index)).to(run.compute.device, non_blocking=True)


def _tokens(run: Prepared, batch: Tensor) -> int:
    rows = run.objective.rows
    return rows.tokens(batch) if rows is not None else len(batch) * run.config.model.context_length
