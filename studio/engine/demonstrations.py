"""The small experiments of the course, computed when they are looked at: plain numbers come out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.core.config import ModelConfig
from studio.layers.feed_forward import ACTIVATIONS
from studio.layers.norms import norm_for

EXAMPLE_WIDTH = 3  # numbers between the layers of the shortcut network
REACH, POINTS = 4.0, 161  # the bends are drawn from -4 to 4


@dataclass(frozen=True)
class Normed:
    """One row of numbers before and after a norm; variances are those it divides by (over n, not n - 1)."""

    before: tuple[float, ...]
    after: tuple[float, ...]
    mean: tuple[float, float]
    variance: tuple[float, float]
    length: tuple[float, float]  # root of the mean square, which is all that RMSNorm looks at


@dataclass(frozen=True)
class Bend:
    """An activation with its slope at every `x`."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    slope: tuple[float, ...]


@dataclass(frozen=True)
class Shortcuts:
    """Mean absolute gradient of each layer's weights, first layer first."""

    without: tuple[float, ...]
    with_them: tuple[float, ...]


def layer_norm(config: ModelConfig, seed: int = 123) -> list[Normed]:
    """Two texts of five numbers through a linear layer and ReLU, then through the config's own norm over six.

    The book's example (chapter 4.2), with its seed.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        given = torch.randn(2, 5)
        before = F.relu(nn.Linear(5, 6)(given))
        after = norm_for(replace(config, emb_dim=6))(before)
    return [_normed(one, other) for one, other in zip(before, after, strict=True)]


def _normed(before: Tensor, after: Tensor) -> Normed:
    both = [row.double() for row in (before, after)]
    means, variances = [float(row.mean()) for row in both], [float(row.var(correction=0)) for row in both]
    lengths = [float(row.square().mean().sqrt()) for row in both]
    return Normed(
        tuple(both[0].tolist()), tuple(both[1].tolist()), (means[0], means[1]), (variances[0], variances[1]),
        (lengths[0], lengths[1]),
    )  # fmt: skip


def bends(names: Sequence[str]) -> list[Bend]:
    """Activations by their names in a config, with their slopes from the backward pass."""
    found = []
    for name in dict.fromkeys(names):
        x = torch.linspace(-REACH, REACH, POINTS, requires_grad=True)
        y = ACTIVATIONS[name](x)
        (slope,) = torch.autograd.grad(y.sum(), x)
        found.append(Bend(name, *(tuple(each.tolist()) for each in (x.detach(), y.detach(), slope))))
    return found


class _Example(nn.Module):
    """Layers of `EXAMPLE_WIDTH` numbers with GELU, the last to one; shortcuts go round those that keep the width."""

    def __init__(self, depth: int, shortcuts: bool) -> None:
        super().__init__()
        widths = [EXAMPLE_WIDTH] * depth + [1]
        self.layers = nn.ModuleList(nn.Linear(*pair) for pair in pairwise(widths))
        self.shortcuts = shortcuts

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            bent = ACTIVATIONS["gelu_tanh"](layer(x))
            x = x + bent if self.shortcuts and bent.shape == x.shape else bent
        return x


def shortcuts(depth: int = 5, seed: int = 123) -> Shortcuts:
    """How strongly each layer hears the loss, without and with shortcuts (the book's chapter 4.4, with its seed)."""
    found = []
    for has_them in (False, True):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = _Example(depth, has_them)
            loss = F.mse_loss(network(torch.tensor([[1.0, 0.0, -1.0]])), torch.tensor([[0.0]]))
        gradients = torch.autograd.grad(loss, [layer.get_parameter("weight") for layer in network.layers])
        found.append(tuple(float(each.abs().mean()) for each in gradients))
    return Shortcuts(*found)


def demonstrate(config: ModelConfig, depth: int = 5, seed: int = 123) -> dict[str, Any]:
    """All three, for the norm and the activation of this config."""
    return {
        "norm": layer_norm(config, seed),
        "bends": bends(["gelu_tanh", "relu", config.activation]),
        "shortcuts": shortcuts(depth),
    }
