"""AdamW with the groups that matter: matrices decay, biases and norms do not."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from studio.core.config import TrainingConfig


def optimizer_for(model: nn.Module, training: TrainingConfig) -> torch.optim.AdamW:
    """Fused AdamW (Loshchilov and Hutter 2019); every trainable parameter is in exactly one group."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    decayed = [p for p in parameters if training.decay_everything or p.dim() >= 2]
    free = [p for p in parameters if not training.decay_everything and p.dim() < 2]
    groups = [{"params": decayed, "weight_decay": training.weight_decay}, {"params": free, "weight_decay": 0.0}]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=training.learning_rate,
        betas=(training.beta1, training.beta2),
        fused=True,
    )


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """The schedule is a pure function of the step; this is all the optimizer hears of it."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def clip(parameters: Iterable[Tensor], longest: float) -> float:
    """Norm of all gradients together, before they are scaled down to `longest` (0: they are left alone)."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = nn.utils.get_total_norm(gradients)
    if longest > 0:
        factor = (longest / (norm + 1e-6)).clamp(max=1.0)
        torch._foreach_mul_(gradients, factor)
    return float(norm)
