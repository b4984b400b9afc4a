"""The loss around a set of weights: along a line, over a plane, on the way to another model, around a run's own path.

Directions are filter-normalised (Li et al. 2018): every row of a matrix is as long as the weights' own row, a vector as
long as the whole vector. Everything is measured on a copy; the network itself is only read.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.insight.own_text import HELD_BACK, Ground, Looked, ground, own_text
from studio.insight.reading import Doubles, alone, at_rest
from studio.layers.decoder import Decoder
from studio.layers.stored_weights import StoredWeights

Direction = Mapping[str, Tensor]
KeepGoing = Callable[[], bool]
Move = Callable[[str, Tensor, float, float], Tensor]  # name, weight at the centre, two coordinates -> weight there

KINDS = ("line", "plane", "between", "path")
AROUND = 1.0  # how far a line or plane reaches from its centre, in lengths of the weights themselves
BEYOND = 0.25  # how far the way between two models goes on behind either
MARGIN = 0.3  # of the path's width around it


@dataclass(frozen=True)
class Plan:
    """What is measured: one of `KINDS`, with so many points along each side, on so many batches."""

    kind: str = "line"
    points: int = 21
    batches: int = 2
    reach: float = AROUND
    seed: int = 0


@dataclass(frozen=True)
class Field:
    """Where the points lie, told before the first of them is measured.

    `first` and `second` are the coordinates; `second` is one zero for a line. `stops` are the checkpoints of a path:
    step and both coordinates. `share` is how much of the path's spread lies in the plane. `sample` says what the loss
    is of.
    """

    kind: str
    first: Doubles
    second: Doubles
    sample: str
    stops: tuple[tuple[int, float, float], ...] = ()
    share: float = 1.0


@dataclass(frozen=True)
class Spot:
    """The loss at `first[column]`, `second[row]`."""

    row: int
    column: int
    loss: float


def mean_loss(model: nn.Module, on: Ground, keep_going: KeepGoing = lambda: True) -> float | None:
    """Mean loss per target over the batches, summed as a run's own measurement sums it; None when asked to stop."""
    total, targets = 0.0, 0
    with at_rest(model):
        device = next(model.parameters()).device
        for batch in on.batches:
            if not keep_going():
                return None
            loss, real = on.objective.loss(model, torch.from_numpy(batch).to(device))
            total, targets = total + loss.item(), targets + real
    return total / targets if targets else None


# --- directions -----------------------------------------------------------------------------------------------------


def random_direction(model: nn.Module, seed: int) -> dict[str, Tensor]:
    """A random direction, each filter as long as the weights' own; the same for the same seed on every device."""
    draws = torch.Generator().manual_seed(seed)
    return {
        name: normalised(torch.randn(weight.shape, generator=draws).to(weight.device), weight.detach())
        for name, weight in model.named_parameters()
    }


def normalised(direction: Tensor, weight: Tensor) -> Tensor:
    """`direction` with each row (of a vector: the whole) as long as the weight's; nothing where that is 0."""
    across = 0 if weight.dim() < 2 else tuple(range(1, weight.dim()))
    wanted = torch.linalg.vector_norm(weight.double(), dim=across, keepdim=True)
    own = torch.linalg.vector_norm(direction.double(), dim=across, keepdim=True)
    found: Tensor = direction.double() * (wanted / torch.where(own == 0, 1.0, own))
    return found.to(weight.dtype)


def along(directions: Sequence[Direction]) -> Move:
    """Moving by so much of each direction; no movement leaves the weights as they are, to the last bit."""

    def move(name: str, weight: Tensor, x: float, y: float) -> Tensor:
        moved = weight
        for direction, length in zip(directions, (x, y), strict=False):
            moved = moved + length * direction[name] if length else moved
        return moved

    return move


def towards(other: nn.Module) -> Move:
    """Moving on the straight line to another network's weights; 1 is that network, to the last bit."""
    there = {name: weight.detach() for name, weight in other.named_parameters()}

    def move(name: str, weight: Tensor, x: float, _y: float) -> Tensor:
        return torch.lerp(weight, there[name].to(weight), x)

    return move


def refuse_strangers(model: nn.Module, other: nn.Module) -> None:
    """Only networks of one shape lie on a line."""
    one, two = ({name: tuple(p.shape) for name, p in each.named_parameters()} for each in (model, other))
    if one != two:
        raise StudioError(
            tr("The two models are of different shapes, so there is no line between them."),
            tr("Compare two checkpoints of one run, or two runs of one shape."),
        )


# --- walking --------------------------------------------------------------------------------------------------------


def walk(
    model: nn.Module, move: Move, on: Ground, field: Field, keep_going: KeepGoing = lambda: True
) -> Iterator[Spot]:
    """Every point of the field, from the centre outwards, on a copy that is forgotten afterwards."""
    with alone(model):
        moved = copy.deepcopy(model)
    centre = {name: weight.detach().clone() for name, weight in moved.named_parameters()}
    places = [(row, column) for row in range(len(field.second)) for column in range(len(field.first))]
    places.sort(key=lambda at: field.first[at[1]] ** 2 + field.second[at[0]] ** 2)
    for row, column in places:
        x, y = float(field.first[column]), float(field.second[row])
        with torch.no_grad():
            for name, weight in moved.named_parameters():
                weight.copy_(move(name, centre[name], x, y))
        loss = mean_loss(moved, on, keep_going)
        if loss is None:
            return
        yield Spot(row, column, loss)


def explore(
    looked: Looked, plan: Plan, towards_model: Decoder | None = None, other: Path | None = None,
    keep_going: KeepGoing = lambda: True,
) -> Iterator[Field | Spot]:  # fmt: skip
    """First the `Field`, then its points one by one, measured on what the run held back (else trained on).

    `towards_model` is the end of "between"; `other` a text to borrow where the model has none of its own.
    """
    model = looked.model
    on = ground(own_text(looked, HELD_BACK, other), plan.batches)
    around = np.linspace(-plan.reach, plan.reach, plan.points | 1)
    around[len(around) // 2] = 0.0
    line = np.zeros(1)
    if plan.kind == "between" and towards_model is not None:
        refuse_strangers(model, towards_model)
        field, move = Field(plan.kind, way(plan.points), line, on.words), towards(towards_model)
    elif plan.kind == "path":
        field, move = _path(looked, plan, on.words)
    else:
        count = 2 if plan.kind == "plane" else 1
        field = Field(plan.kind, around, around if count == 2 else line, on.words)
        move = along([random_direction(model, plan.seed + number) for number in range(count)])
    yield field
    yield from walk(model, move, on, field, keep_going)


def explore_as(
    looked: Looked, wish: tuple[str, int, int], towards_model: Decoder | None = None, other: Path | None = None,
    keep_going: KeepGoing = lambda: True,
) -> Iterator[Field | Spot]:  # fmt: skip
    """`explore` for whoever only has plain values: kind, points along each side and batches."""
    kind, points, batches = wish
    return explore(looked, Plan(kind, points, batches), towards_model, other, keep_going)


def way(points: int) -> Doubles:
    """Places from before one model to behind the other, with 0 and 1 exactly among them."""
    inner = max(2, round((points - 1) / (1 + 2 * BEYOND)))
    before = max(1, round(inner * BEYOND))
    found: Doubles = np.arange(-before, inner + before + 1) / inner
    return found


# --- a run's own path -----------------------------------------------------------------------------------------------


def _path(looked: Looked, plan: Plan, words: str) -> tuple[Field, Move]:
    folders = sorted(
        entry
        for entry in looked.folder.parent.glob("step-*")
        if entry.name.removeprefix("step-").isdigit() and (entry / "model.safetensors").is_file()
    )
    if len(folders) < 3 or looked.folder not in folders:
        raise StudioError(
            tr("A path takes at least three checkpoints of one run; there are {count}.", count=len(folders)),
            tr("Keep more checkpoints on the Pretrain page, or choose a line or a plane."),
        )
    directions, points, share = path_plane(looked.model, [StoredWeights([f / "model.safetensors"]) for f in folders])
    stops = tuple(
        (int(folder.name.removeprefix("step-")), float(x), float(y))
        for folder, (x, y) in zip(folders, points, strict=True)
    )
    sides = [_reaching(points[:, axis], plan.points) for axis in (0, 1)]
    return Field("path", sides[0], sides[1], words, stops, share), along(directions)


def _reaching(places: Doubles, points: int) -> Doubles:
    """Even coordinates over all places with a margin, one of them exactly 0: the present weights."""
    low, high = min(0.0, float(places.min())), max(0.0, float(places.max()))
    margin = MARGIN * ((high - low) or 1.0)
    step = (high - low + 2 * margin) / max(2, points - 1)
    found: Doubles = step * np.arange(-np.ceil((margin - low) / step), np.ceil((high + margin) / step) + 1)
    return found


def path_plane(model: nn.Module, others: Sequence[StoredWeights]) -> tuple[list[dict[str, Tensor]], Doubles, float]:
    """Two directions of length 1 that hold most of how other weights lie around the present ones.

    Also where the others lie in that plane, (others, 2), and the share of their spread that it holds.
    """
    own = {name: weight.detach() for name, weight in model.named_parameters()}
    apart = [{name: other.read(name).to(weight) - weight for name, weight in own.items()} for other in others]
    gram = np.array([[sum(float((a[n].double() * b[n].double()).sum()) for n in own) for b in apart] for a in apart])
    values, vectors = np.linalg.eigh(gram)
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    directions, points = [], np.zeros((len(others), 2))
    for axis in (0, 1):
        length = float(np.sqrt(values[axis]))
        if length > 0:
            points[:, axis] = vectors[:, axis] * length
        shares = vectors[:, axis] / (length or 1.0)
        directions.append(
            {
                n: sum((float(s) * one[n] for s, one in zip(shares, apart, strict=True)), torch.zeros_like(own[n]))
                for n in own
            }
        )
    total = values.sum()
    return directions, points, float(values[:2].sum() / total) if total > 0 else 1.0
