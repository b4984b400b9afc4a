"""The course's small networks (appendix A): how many numbers they have, and a training run with every number kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.core.errors import StudioError
from studio.core.language import tr

Floats = npt.NDArray[np.float32]

POINTS = ((-1.2, 3.1), (-0.9, 2.9), (-0.5, 2.6), (2.3, -1.1), (2.7, -1.5))
LABELS = (0, 0, 0, 1, 1)
HELD_BACK = ((-0.8, 2.8), (2.6, -1.6))
HELD_BACK_LABELS = (0, 1)
WIDE = (50, 30, 20, 3)  # the book's first network, of 2,213 numbers
LARGEST = 200_000  # numbers in a network that a lesson trains
REACH, CELLS = 4.0, 48  # of the plane that is coloured: from -4 to 4, cells along a side


@dataclass(frozen=True)
class Plan:
    """A network and how it is trained; the defaults are the book's."""

    hidden: tuple[int, ...] = (30, 20)
    rate: float = 0.5
    epochs: int = 3
    seed: int = 123
    batch: int = 2


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer during one step: `weight` (out, in) and `bias` (out,) before the update, their gradients, and what
    went through it: `given` (batch, in), `made` (batch, out) before the bend, `bent` (batch, out) after it."""

    weight: Floats
    bias: Floats
    weight_gradient: Floats
    bias_gradient: Floats
    given: Floats
    made: Floats
    bent: Floats


@dataclass(frozen=True, eq=False)
class Step:
    """One batch: forward, loss, backward, update. `plane` is how sure the network is of class 1, over the plane."""

    epoch: int
    rows: tuple[int, ...]  # which points
    layers: tuple[Layer, ...]
    chances: Floats  # (batch, 2)
    loss: float
    plane: Floats  # (CELLS, CELLS), before the update; the first row is the highest


@dataclass(frozen=True, eq=False)
class Training:
    """All steps, what the network says at the end, and how much of it is right."""

    plan: Plan
    parameters: int
    steps: tuple[Step, ...]
    plane: Floats
    right: tuple[float, float]  # share of the points, of those held back
    final: tuple[tuple[Floats, Floats], ...]  # weight and bias of each layer after the last update


def parameters_of(widths: Sequence[int]) -> tuple[int, ...]:
    """Numbers in each layer, weights and biases: 50, 30, 20, 3 gives 1,530, 620 and 63."""
    return tuple(before * after + after for before, after in pairwise(widths))


def fresh(widths: Sequence[int], random: torch.Generator) -> list[tuple[Tensor, Tensor]]:
    """Layers as `torch.nn.Linear` begins: uniform within one by the root of the inputs (Kaiming with a = √5)."""
    found = []
    for before, after in pairwise(widths):
        bound = 1.0 / before**0.5
        weight = torch.empty(after, before).uniform_(-bound, bound, generator=random)
        bias = torch.empty(after).uniform_(-bound, bound, generator=random)
        found.append((weight.requires_grad_(), bias.requires_grad_()))
    return found


def answers(layers: Sequence[tuple[Tensor, Tensor]], x: Tensor) -> Tensor:
    """Logits (rows, classes) of inputs (rows, in): linear layers with ReLU between them."""
    for weight, bias in layers[:-1]:
        x = F.relu(F.linear(x, weight, bias))
    return F.linear(x, *layers[-1])


@dataclass(frozen=True)
class First:
    """What an untrained network says of one random input."""

    parameters: tuple[int, ...]
    logits: tuple[float, ...]
    chances: tuple[float, ...]


def first_answer(widths: Sequence[int] = WIDE, seed: int = 123) -> First:
    """The book's 2,213 numbers and the answer they give before they have learned anything."""
    layers, x = fresh(widths, torch.Generator().manual_seed(seed)), _one_input(widths[0], seed)
    with torch.no_grad():
        logits = answers(layers, x)[0]
        chances = torch.softmax(logits, dim=0)
    return First(parameters_of(widths), tuple(logits.tolist()), tuple(chances.tolist()))


def train(
    plan: Plan = Plan(),
    points: Sequence[tuple[float, float]] = POINTS,
    labels: Sequence[int] = LABELS,
    keep_going: Callable[[], bool] = lambda: True,
) -> Training:
    """Train on points of the plane in two classes and keep every number of every step."""
    widths = (2, *plan.hidden, 2)
    _refuse(plan, widths, points)
    random = torch.Generator().manual_seed(plan.seed)
    layers = fresh(widths, random)
    x, y = torch.tensor(points, dtype=torch.float32), torch.tensor(labels)
    steps: list[Step] = []
    for epoch in range(plan.epochs):
        for rows in _order(len(points), plan.batch, random):
            if not keep_going():
                raise StudioError(tr("The training was called off."), tr("Nothing was changed."))
            steps.append(_step(epoch, rows, layers, (x, y)))
            _update(layers, plan.rate)
    held = torch.tensor(HELD_BACK), torch.tensor(HELD_BACK_LABELS)
    return Training(
        plan, sum(parameters_of(widths)), tuple(steps), _plane(layers), (_right(layers, x, y), _right(layers, *held)),
        _numbers(layers),
    )  # fmt: skip


def train_wide(
    rate: float, steps: int, seed: int, label: int, keep_going: Callable[[], bool] = lambda: True
) -> Training:
    """The book's network of 2,213 numbers learns that one random input belongs to class `label`, a step at a time."""
    if not 0 <= label < WIDE[-1]:
        raise StudioError(tr("The network has {count} classes.", count=WIDE[-1]), tr("Choose one from 0 on."))
    plan = Plan(WIDE[1:-1], rate, steps, seed, batch=1)
    layers, x = fresh(WIDE, torch.Generator().manual_seed(seed)), _one_input(WIDE[0], seed)
    found = []
    for number in range(steps):
        if not keep_going():
            raise StudioError(tr("The training was called off."), tr("Nothing was changed."))
        found.append(_step(number, (0,), layers, (x, torch.tensor([label]))))
        _update(layers, rate)
    right = _right(layers, x, torch.tensor([label]))
    return Training(plan, sum(parameters_of(WIDE)), tuple(found), _plane(layers), (right, right), _numbers(layers))


def _one_input(width: int, seed: int) -> Tensor:
    return torch.rand((1, width), generator=torch.Generator().manual_seed(seed))


def _update(layers: Sequence[tuple[Tensor, Tensor]], rate: float) -> None:
    """Every number moves against its gradient."""
    with torch.no_grad():
        for tensor in _all(layers):
            assert tensor.grad is not None
            tensor -= rate * tensor.grad


def _numbers(layers: Sequence[tuple[Tensor, Tensor]]) -> tuple[tuple[Floats, Floats], ...]:
    return tuple((_array(weight), _array(bias)) for weight, bias in layers)


def _refuse(plan: Plan, widths: Sequence[int], points: Sequence[tuple[float, float]]) -> None:
    if min(widths) < 1 or sum(parameters_of(widths)) > LARGEST:
        raise StudioError(
            tr("A lesson's network has at most {most} numbers.", most=f"{LARGEST:,}"), tr("Make its layers smaller.")
        )
    if len(points) < plan.batch:
        raise StudioError(tr("There are fewer points than a batch takes."), tr("Add points."))


def _order(count: int, batch: int, random: torch.Generator) -> list[tuple[int, ...]]:
    """Whole batches in the order of torch's DataLoader with `shuffle` and `drop_last`: it draws twice an epoch."""
    torch.empty((), dtype=torch.int64).random_(generator=random)  # the seed of its workers
    seed = int(torch.empty((), dtype=torch.int64).random_(generator=random).item())
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed)).tolist()
    return [tuple(order[start : start + batch]) for start in range(0, count - batch + 1, batch)]


def _step(epoch: int, rows: tuple[int, ...], layers: list[tuple[Tensor, Tensor]], data: tuple[Tensor, Tensor]) -> Step:
    plane = _plane(layers)
    value, passed = data[0][list(rows)], []
    for place, (weight, bias) in enumerate(layers):
        made = F.linear(value, weight, bias)
        bent = F.relu(made) if place < len(layers) - 1 else made
        passed.append((value, made, bent))
        value = bent
    loss = F.cross_entropy(value, data[1][list(rows)])
    every = _all(layers)
    for tensor, gradient in zip(every, torch.autograd.grad(loss, every), strict=True):
        tensor.grad = gradient
    kept = tuple(
        Layer(_array(weight), _array(bias), _array(weight.grad), _array(bias.grad), *map(_array, numbers))
        for (weight, bias), numbers in zip(layers, passed, strict=True)
    )
    return Step(epoch, rows, kept, _array(torch.softmax(value, dim=1)), float(loss.detach()), plane)


def _all(layers: Sequence[tuple[Tensor, Tensor]]) -> list[Tensor]:
    return [tensor for layer in layers for tensor in layer]


def _plane(layers: Sequence[tuple[Tensor, Tensor]]) -> Floats:
    """The chance of class 1 in the middle of every cell of the plane; empty for inputs that are no points of it."""
    if layers[0][0].shape[1] != 2:
        return np.zeros((0, 0), np.float32)
    middle = (torch.arange(CELLS) + 0.5) / CELLS * 2 * REACH - REACH
    down, across = torch.meshgrid(middle.flip(0), middle, indexing="ij")
    with torch.no_grad():
        logits = answers(layers, torch.stack((across.flatten(), down.flatten()), dim=1))
        return _array(torch.softmax(logits, dim=1)[:, 1].view(CELLS, CELLS))


def _right(layers: Sequence[tuple[Tensor, Tensor]], x: Tensor, y: Tensor) -> float:
    with torch.no_grad():
        return float((answers(layers, x).argmax(dim=1) == y).double().mean())


def _array(tensor: Tensor | None) -> Floats:
    assert tensor is not None
    return tensor.detach().numpy().astype(np.float32, copy=True)


@dataclass(frozen=True, eq=False)
class Lesson:
    """A training with the points it learned from and those it was only asked about."""

    training: Training
    points: tuple[tuple[float, float], ...]
    labels: tuple[int, ...]
    held: tuple[tuple[tuple[float, float], int], ...]


def wide_wish(settings: Mapping[str, float], label: int, keep_going: Callable[[], bool] = lambda: True) -> Training:
    """The wide network with what a lesson's boxes say: rate, epochs, seed."""
    return train_wide(float(settings["rate"]), int(settings["epochs"]), int(settings["seed"]), label, keep_going)


def train_wish(
    settings: Mapping[str, float],
    points: tuple[Sequence[tuple[float, float]], Sequence[int]] | None = None,
    keep_going: Callable[[], bool] = lambda: True,
) -> Lesson:
    """Train with what a lesson's boxes say: first, second, rate, epochs, seed; without points, on the book's."""
    hidden = (int(settings["first"]), int(settings["second"]))
    plan = Plan(hidden, float(settings["rate"]), int(settings["epochs"]), int(settings["seed"]))
    places, labels = points if points is not None else (POINTS, LABELS)
    training = train(plan, places, labels, keep_going)
    held = tuple(zip(HELD_BACK, HELD_BACK_LABELS, strict=True))
    return Lesson(training, tuple(places), tuple(labels), held)
