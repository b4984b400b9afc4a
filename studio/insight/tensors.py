"""Every tensor of a network as it is: its length, what is no number in it, and how hard a text pulls at it."""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.insight import health
from studio.insight.health import Histogram, TensorHealth
from studio.insight.own_text import Looked, ground, own_text
from studio.insight.reading import alone
from studio.layers.decoder import Decoder
from studio.layers.stored_weights import StoredWeights

OPTIMIZER = "optimizer.safetensors"
MOMENTS = {"first": "exp_avg", "second": "exp_avg_sq"}  # as a checkpoint keeps them


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


# --- the optimizer's numbers, and one model less another ------------------------------------------------------------


def tensors_of(sides: Sequence[Looked], kind: str = "weights") -> tuple[TensorHealth, ...]:
    """Every tensor of a model, or of Adam's `kind` beside it; where there are two models, A's less B's.

    `kind` is weights, first (the running mean of gradients, m) or second (the root of that of their squares, √v).
    """
    return tuple(health.examine(name, tensor) for name, tensor in _numbers(sides, kind))


def histogram_of(sides: Sequence[Looked], name: str, kind: str = "weights") -> Histogram:
    """The sizes in one of them."""
    return health.histogram(next(tensor for known, tensor in _numbers(sides, kind, name) if known == name))


def _numbers(sides: Sequence[Looked], kind: str, only: str = "") -> Iterator[tuple[str, Tensor]]:
    """Name and numbers of one tensor after the other, in the network's own order."""
    read = [_reader(looked, kind) for looked in sides]
    shapes = [{name: shape for name, (shape, _) in each.items()} for each in read]
    if len(shapes) > 1 and shapes[0] != shapes[1]:
        raise StudioError(
            tr("The two models are of different shapes, so their tensors cannot be subtracted."),
            tr("Look at A or B alone."),
        )
    for name in [only] if only else list(read[0]):
        found = [each[name][1]() for each in read]
        yield name, found[0] - found[1] if len(found) > 1 else found[0]


Read = Callable[[], Tensor]


def _reader(looked: Looked, kind: str) -> dict[str, tuple[tuple[int, ...], Read]]:
    """For each tensor by its name: its shape, and how to get its numbers."""
    weights = {name: parameter.detach() for name, parameter in looked.model.named_parameters()}
    if kind == "weights":
        return {name: (tuple(weight.shape), partial(_itself, weight)) for name, weight in weights.items()}
    path = looked.folder / OPTIMIZER
    if not path.is_file():
        raise StudioError(
            tr("No optimizer lies beside these weights, so nobody knows its moments."),
            tr("Look at a checkpoint of a run of yours that was not thinned."),
        )
    stored, ending = StoredWeights([path], mapped=True), f".{MOMENTS[kind]}"
    shapes = {name.removesuffix(ending): shape for name, shape in stored.shapes().items() if name.endswith(ending)}
    names = [*(name for name in weights if name in shapes), *sorted(shapes.keys() - weights.keys())]
    return {name: (shapes[name], partial(_moment, stored, name + ending, kind)) for name in names}


def _itself(weight: Tensor) -> Tensor:
    return weight


def _moment(stored: StoredWeights, name: str, kind: str) -> Tensor:
    found = stored.read(name)
    return found.sqrt() if kind == "second" else found


# --- gradients ------------------------------------------------------------------------------------------------------


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
