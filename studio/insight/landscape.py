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
Progress = Callable[[int, int], None]
Move = Callable[[str, Tensor, float, float], Tensor]  # name, weight at the centre, two coordinates -> weight there

KINDS = ("line", "plane", "between", "path")
AROUND = 1.0  # how far a line or plane reaches from its centre, in lengths of the weights themselves
BEYOND = 0.25  # how far the way between two models goes on behind either
MARGIN = 0.3  # of the path's width around it
MOMENTS = 24  # checkpoints of a run that its path goes through at most
BLOCK = 1 << 19  # numbers of a weight that are compared among all checkpoints at once
WEIGHTS, ADAPTER = "model.safetensors", "adapter.safetensors"


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
    model: nn.Module, move: Move, on: Ground, field: Field, keep_going: KeepGoing = lambda: True,
    progress: Progress = lambda done, total: None,
) -> Iterator[Spot]:  # fmt: skip
    """Every point of the field, from the centre outwards, on a copy that is forgotten afterwards."""
    with alone(model):
        moved = copy.deepcopy(model)
    centre = {name: weight.detach().clone() for name, weight in moved.named_parameters()}
    places = [(row, column) for row in range(len(field.second)) for column in range(len(field.first))]
    places.sort(key=lambda at: field.first[at[1]] ** 2 + field.second[at[0]] ** 2)
    for done, (row, column) in enumerate(places, 1):
        x, y = float(field.first[column]), float(field.second[row])
        with torch.no_grad():
            for name, weight in moved.named_parameters():
                weight.copy_(move(name, centre[name], x, y))
        loss = mean_loss(moved, on, keep_going)
        if loss is None:
            return
        progress(done, len(places))
        yield Spot(row, column, loss)


def explore(
    looked: Looked, plan: Plan, towards_model: Decoder | None = None, other: Path | None = None,
    keep_going: KeepGoing = lambda: True, progress: Progress = lambda done, total: None,
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
        found = _path(looked, plan, on.words, keep_going, progress)
        if found is None:
            return
        field, move = found
    else:
        count = 2 if plan.kind == "plane" else 1
        field = Field(plan.kind, around, around if count == 2 else line, on.words)
        move = along([random_direction(model, plan.seed + number) for number in range(count)])
    yield field
    yield from walk(model, move, on, field, keep_going, progress)


def explore_as(
    looked: Looked, wish: tuple[str, int, int], towards_model: Decoder | None = None, other: Path | None = None,
    keep_going: KeepGoing = lambda: True, progress: Progress = lambda done, total: None,
) -> Iterator[Field | Spot]:  # fmt: skip
    """`explore` for whoever only has plain values: kind, points along each side and batches."""
    kind, points, batches = wish
    return explore(looked, Plan(kind, points, batches), towards_model, other, keep_going, progress)


def way(points: int) -> Doubles:
    """Places from before one model to behind the other, with 0 and 1 exactly among them."""
    inner = max(2, round((points - 1) / (1 + 2 * BEYOND)))
    before = max(1, round(inner * BEYOND))
    found: Doubles = np.arange(-before, inner + before + 1) / inner
    return found


# --- a run's own path -----------------------------------------------------------------------------------------------


def _path(
    looked: Looked, plan: Plan, words: str, keep_going: KeepGoing, progress: Progress
) -> tuple[Field, Move] | None:
    """The plane of the run's own path and how to move in it; None when asked to stop."""
    if (looked.folder / ADAPTER).is_file():
        raise StudioError(
            tr("The checkpoints of this run hold only an adapter, so there is no path of all its weights."),
            tr("Choose a line or a plane: they are drawn around the weights with the adapter merged."),
        )
    folders = [
        entry
        for entry in looked.folder.parent.glob("step-*")
        if entry.name.removeprefix("step-").isdigit() and (entry / WEIGHTS).is_file()
    ]
    present = looked.folder in folders
    folders.sort(key=_step)
    stored = _opened(spread_evenly(folders))
    if len(stored) < 3 or not present:
        raise StudioError(
            tr("A path takes at least three checkpoints of one run; there are {count}.", count=len(stored)),
            tr("Keep more checkpoints on the Pretrain page, or choose a line or a plane."),
        )
    plane = path_plane(looked.model, list(stored.values()), keep_going, progress)
    if plane is None:
        return None
    directions, points, share = plane
    stops = tuple((_step(folder), float(x), float(y)) for folder, (x, y) in zip(stored, points, strict=True))
    sides = [_reaching(points[:, axis], plan.points) for axis in (0, 1)]
    if len(stored) < len(folders):
        words = tr("{sample}; the path goes through {count} of {total} checkpoints, spread evenly over the run",
                   sample=words, count=len(stored), total=f"{len(folders):,}")  # fmt: skip
    return Field("path", sides[0], sides[1], words, stops, share), along(directions)


def _step(folder: Path) -> int:
    return int(folder.name.removeprefix("step-"))


def spread_evenly(folders: Sequence[Path]) -> list[Path]:
    """At most `MOMENTS` of them, the first and the last among them."""
    if len(folders) <= MOMENTS:
        return list(folders)
    return [folders[round(place * (len(folders) - 1) / (MOMENTS - 1))] for place in range(MOMENTS)]


def _opened(folders: Sequence[Path]) -> dict[Path, StoredWeights]:
    """Those that are still there: a run that is training removes old checkpoints."""
    found = {}
    for folder in folders:
        try:
            found[folder] = StoredWeights([folder / WEIGHTS], mapped=True)
        except (OSError, StudioError):
            if (folder / WEIGHTS).exists():
                raise
    return found


def _reaching(places: Doubles, points: int) -> Doubles:
    """Even coordinates over all places with a margin, one of them exactly 0: the present weights."""
    low, high = min(0.0, float(places.min())), max(0.0, float(places.max()))
    margin = MARGIN * ((high - low) or 1.0)
    step = (high - low + 2 * margin) / max(2, points - 1)
    found: Doubles = step * np.arange(-np.ceil((margin - low) / step), np.ceil((high + margin) / step) + 1)
    return found


def path_plane(
    model: nn.Module, others: Sequence[StoredWeights], keep_going: KeepGoing = lambda: True,
    progress: Progress = lambda done, total: None,
) -> tuple[list[dict[str, Tensor]], Doubles, float] | None:  # fmt: skip
    """Two directions of length 1 that hold most of how other weights lie around the present ones.

    Also where the others lie in that plane, (others, 2), and the share of their spread that it holds. None when asked
    to stop. Of the others no more than one tensor and one `BLOCK` of each is in memory.
    """
    own = {name: weight.detach() for name, weight in model.named_parameters()}
    total = 2 * len(own)
    gram = np.zeros((len(others), len(others)))
    for done, (name, weight) in enumerate(own.items(), 1):
        for first in range(0, weight.numel(), BLOCK):
            if not keep_going():
                return None
            gram += _products(others, name, weight, first)
        progress(done, total)
    values, vectors = np.linalg.eigh(gram)
    values, vectors = np.maximum(values[::-1][:2], 0.0), vectors[:, ::-1][:, :2]
    points = vectors * np.sqrt(values)
    shares = vectors / np.where(values > 0, np.sqrt(values), 1.0)
    directions: list[dict[str, Tensor]] = [{}, {}]
    for done, (name, weight) in enumerate(own.items(), len(own) + 1):
        for direction in directions:
            direction[name] = torch.zeros_like(weight)
        for other, both in zip(others, shares, strict=True):
            if not keep_going():
                return None
            apart = _read(other, name).to(weight) - weight
            for direction, part in zip(directions, both, strict=True):
                direction[name] += float(part) * apart
        progress(done, total)
    spread = float(np.trace(gram))
    return directions, points, float(values.sum() / spread) if spread > 0 else 1.0


def _products(others: Sequence[StoredWeights], name: str, weight: Tensor, first: int) -> Doubles:
    """(others, others): the products of how they lie apart from the present weights, over one `BLOCK` of a tensor."""
    own = weight.flatten()[first : first + BLOCK].cpu()
    apart = torch.empty(len(others), len(own), dtype=torch.float64)
    for row, other in zip(apart, others, strict=True):
        row.copy_(_read(other, name).flatten()[first : first + BLOCK].to(own) - own)
    found: Doubles = (apart @ apart.T).numpy()
    return found


def _read(other: StoredWeights, name: str) -> Tensor:
    """One tensor of a checkpoint; one that was removed since it was opened is refused."""
    try:
        return other.read(name)
    except (OSError, RuntimeError) as error:  # the latter is what mapping says of a file that is gone
        raise StudioError(
            tr("A checkpoint of the path cannot be read any more; it may just have been removed."),
            tr("Measure again: the path then goes through those that are there."),
        ) from error
