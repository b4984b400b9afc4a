"""Every tensor of a network as it is: its length, what is no number in it, and how hard a text pulls at it."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.insight import health
from studio.insight.health import Histogram, TensorHealth
from studio.insight.own_text import Looked, ground, own_text
from studio.insight.reading import alone
from studio.layers.decoder import Decoder


@dataclass(frozen=True)
class Pull:
    """The gradient of every tensor on one batch that the model was trained on; `total` is their common length."""

    gradients: tuple[TensorHealth, ...]
    total: float
    loss: float
    sample: str


def tensors(model: Decoder) -> tuple[TensorHealth, ...]:
    """Every parameter in the network's own order; tied ones once."""
    with alone(model):
        return health.weights(model)


def histogram(model: Decoder, name: str) -> Histogram:
    """The sizes in one of them."""
    return health.histogram(dict(model.named_parameters())[name])


def pull(
    looked: Looked, other: Path | None = None, keep_going: Callable[[], bool] = lambda: True
) -> Pull | None:  # fmt: skip
    """One backward pass on a copy, dropout off; None when asked to stop before it began."""
    on = ground(own_text(looked, other=other), 1)
    with alone(looked.model):
        model = copy.deepcopy(looked.model)
    if not keep_going():
        return None
    with torch.enable_grad():
        for parameter in model.parameters():
            parameter.requires_grad_(True)
        loss, real = on.objective.loss(model, torch.from_numpy(on.batches[0]).to(next(model.parameters()).device))
        if not real:
            raise StudioError(tr("The first batch of the text asks for nothing."), tr("Choose a longer text."))
        mean = loss / real
        torch.autograd.backward(mean)
    found = health.gradients(model)
    return Pull(found, health.total_norm(found), float(mean.detach()), on.words)
