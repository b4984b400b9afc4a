"""The course's first computation graph (appendix A): one weight, one bias, a sigmoid and the binary cross entropy."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.core.errors import StudioError
from studio.core.language import tr

NODES = ("x", "w", "b", "y", "u", "z", "a", "loss")
EDGES = (("x", "u"), ("w", "u"), ("u", "z"), ("b", "z"), ("z", "a"), ("a", "loss"), ("y", "loss"))
LEAVES = ("x", "w", "b")


@dataclass(frozen=True)
class Pass:
    """Every value of u = w·x, z = u + b, a = σ(z), loss = BCE(a, y), and how each answers to what it was made from.

    `local` holds the derivative of the end of an edge by its start, `gradients` the loss's by each node, from the
    backward pass.
    """

    values: dict[str, float]
    local: dict[tuple[str, str], float]
    gradients: dict[str, float]

    @property
    def loss(self) -> float:
        """What is to become small."""
        return self.values["loss"]

    def chained(self, node: str) -> float:
        """The product of the local derivatives from a node up to the loss: the chain rule by hand."""
        found = 1.0
        while node != "loss":
            edge = next(edge for edge in EDGES if edge[0] == node)
            found *= self.local[edge]
            node = edge[1]
        return found


def forward_and_back(x: float = 1.1, w: float = 2.2, b: float = 0.0, y: float = 1.0) -> Pass:
    """Compute the graph and its derivatives; `y` is what should come out, from 0 to 1."""
    if not 0.0 <= y <= 1.0:
        raise StudioError(tr("The label y is a probability."), tr("Write a number from 0 to 1."))
    nodes = _nodes(x, w, b, y)
    local = {edge: _slope(nodes[edge[1]], nodes[edge[0]]) for edge in EDGES}
    gradients = {name: _slope(nodes["loss"], node) for name, node in nodes.items() if name != "loss"}
    return Pass({name: node.item() for name, node in nodes.items()}, local, gradients)


def _nodes(x: float, w: float, b: float, y: float) -> dict[str, Tensor]:
    found = {
        name: torch.tensor([value], dtype=torch.float64, requires_grad=True)
        for name, value in (("x", x), ("w", w), ("b", b), ("y", y))
    }
    found["u"] = found["w"] * found["x"]
    found["z"] = found["u"] + found["b"]
    found["a"] = torch.sigmoid(found["z"])
    found["loss"] = F.binary_cross_entropy(found["a"], found["y"])
    return {name: found[name] for name in NODES}


def _slope(end: Tensor, start: Tensor) -> float:
    return torch.autograd.grad(end.sum(), start, retain_graph=True)[0].item()


def descend(leaves: dict[str, float], y: float, rate: float, steps: int) -> list[Pass]:
    """Gradient descent on w and b: the state before each of `steps` updates, and the one after the last."""
    x, w, b = (leaves[name] for name in LEAVES)
    found = [forward_and_back(x, w, b, y)]
    for _ in range(steps):
        w -= rate * found[-1].gradients["w"]
        b -= rate * found[-1].gradients["b"]
        found.append(forward_and_back(x, w, b, y))
    return found


@dataclass(frozen=True)
class Valley:
    """The loss for every w around the present one, b as it is."""

    weights: tuple[float, ...]
    losses: tuple[float, ...]


def valley(x: float, b: float, y: float, low: float, high: float, points: int = 121) -> Valley:
    """The loss as a curve over the weight."""
    weights = torch.linspace(low, high, points, dtype=torch.float64)
    with torch.no_grad():
        answers = torch.sigmoid(weights * x + b)
        losses = F.binary_cross_entropy(answers, torch.full_like(answers, y), reduction="none")
    return Valley(tuple(weights.tolist()), tuple(losses.tolist()))
