"""The four stages of a training step as matrices: what to draw, and what a number was made from, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studio.core.language import tr

if TYPE_CHECKING:
    from studio.exercises.network import Layer, Step, Training

STAGES = (("forward", "Forward"), ("loss", "Loss"), ("backward", "Backward"), ("update", "Update"))
_TERMS = 3  # of a long sum that are written out


@dataclass(frozen=True, eq=False)
class Shown:
    """One matrix of a stage; `key` finds its words, `lit` are the cells that count."""

    key: tuple[str, int]
    title: str
    values: npt.NDArray[Any]
    lit: tuple[tuple[int, int], ...] = ()


def shown_at(stage: str, training: "Training", number: int, labels: Sequence[int]) -> list[Shown]:
    """The matrices of a stage of step `number`."""
    step = training.steps[number]
    if stage == "forward":
        return _forward(step)
    if stage == "loss":
        own = tuple((row, labels[point]) for row, point in enumerate(step.rows))
        logits = step.layers[-1].bent
        return [
            Shown(("logits", 0), tr("answers (logits)"), logits),
            Shown(("chances", 0), tr("chances, softmax of each row; framed: the right class"), step.chances, own),
        ]
    if stage == "backward":
        return [
            Shown(
                ("gradient", at),
                tr("gradient of the loss, weights {number}", number=at + 1),
                _wide(layer.weight_gradient),
            )
            for at, layer in enumerate(step.layers)
        ]
    at = len(step.layers) - 1
    layer, rate = step.layers[at], training.plan.rate
    return [
        Shown(("before", at), tr("weights {number} before", number=at + 1), layer.weight),
        Shown(("move", at), tr("− {rate} × gradient", rate=f"{rate:g}"), -rate * layer.weight_gradient),
        Shown(("after", at), tr("weights {number} after", number=at + 1), after_of(training, number, at)),
    ]


def _forward(step: "Step") -> list[Shown]:
    found = [Shown(("given", 0), _input(len(step.rows)), step.layers[0].given)]
    for at, layer in enumerate(step.layers[:-1]):
        found.append(Shown(("bent", at), tr("hidden layer {number}, after ReLU", number=at + 1), layer.bent))
    last = len(step.layers) - 1
    found.append(Shown(("bent", last), tr("answers (logits)"), step.layers[-1].bent))
    found.append(Shown(("chances", 0), tr("chances"), step.chances))
    return found


def _input(points: int) -> str:
    return tr("input") if points == 1 else tr("input: {count} points", count=points)


def after_of(training: "Training", number: int, layer: int) -> npt.NDArray[Any]:
    """The weights of a layer after an update: those the next step begins with."""
    if number + 1 < len(training.steps):
        return training.steps[number + 1].layers[layer].weight
    return training.final[layer][0]


def _wide(matrix: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Lying, so that it fits under others."""
    return matrix.T if matrix.shape[0] > matrix.shape[1] else matrix


def formula(key: tuple[str, int], cell: tuple[int, int], training: "Training", number: int) -> str:
    """How the number of a cell came to be."""
    name, at = key
    step, (row, column) = training.steps[number], cell
    layer = step.layers[at]
    if name == "bent":
        return _sum(layer, row, column, last=at == len(step.layers) - 1)
    if name == "chances":
        logits = step.layers[-1].bent[row]
        below = " + ".join(f"e^{_n(value)}" for value in logits)
        return f"e^{_n(logits[column])} / ({below}) = {_n(step.chances[row, column], 4)}"
    if name == "gradient":
        out, inner = (column, row) if layer.weight.shape[0] > layer.weight.shape[1] else (row, column)
        return tr("from input {inner} to output {out}: grown by 0.01, this weight changes the loss by about {change}",
                  inner=inner + 1, out=out + 1, change=_n(layer.weight_gradient[out, inner] * 0.01, 6))  # fmt: skip
    if name in ("before", "move", "after"):
        before, gradient = layer.weight[row, column], layer.weight_gradient[row, column]
        made = after_of(training, number, at)[row, column]
        rate = training.plan.rate
        return f"{_n(before, 4)} − {rate:g} × {_n(gradient, 4)} = {_n(made, 4)}"
    return ""


def _sum(layer: "Layer", row: int, column: int, last: bool) -> str:
    """A neuron: inputs times weights, the bias, and ReLU unless it is the last layer's."""
    given, weights = layer.given[row], layer.weight[column]
    parts = [f"{_n(x)} × {_n(w)}" for x, w in zip(given[:_TERMS], weights[:_TERMS], strict=True)]
    if len(given) > _TERMS:
        parts.append(tr("… {count} more", count=len(given) - _TERMS))
    inner = f"{' + '.join(parts)} + {_n(layer.bias[column])} = {_n(layer.made[row, column], 4)}"
    return inner if last else f"{inner} → ReLU → {_n(layer.bent[row, column], 4)}"


def loss_words(step: "Step", labels: Sequence[int]) -> str:
    """The cross entropy with its numbers."""
    own = [float(step.chances[row, labels[point]]) for row, point in enumerate(step.rows)]
    parts = " + ".join(f"ln {value:.4f}" for value in own)
    return f"−({parts}) / {len(own)} = {_n(step.loss, 4)}"


def _n(value: float, places: int = 2) -> str:
    text = f"{float(np.asarray(value)):.{places}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")
