"""The course's examples of attention, with the numbers the book prints, on the same path as any model's head.

The book is Raschka, Build a Large Language Model (From Scratch), chapter 3; its weights come from torch's generator.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.insight.attention import Operands, Projection, Walk, walk, with_inputs_of_all_heads
from studio.insight.capture import hidden
from studio.insight.reading import Numbers, matrix

WORDS = ("Your", "journey", "starts", "with", "one", "step")
VECTORS = (
    (0.43, 0.15, 0.89),
    (0.55, 0.87, 0.66),
    (0.57, 0.85, 0.64),
    (0.22, 0.58, 0.33),
    (0.77, 0.25, 0.10),
    (0.05, 0.80, 0.55),
)
HELLO = ("Hello", "shiny", "sun!")
HELLO_VECTORS = ((0.34, 0.22, 0.54), (0.53, 0.34, 0.98), (0.29, 0.54, 0.93))


@dataclass(frozen=True)
class Printed:
    """Numbers that the course prints of one row of a stage, from its first column on unless `column` says otherwise."""

    stage: str
    row: int
    numbers: tuple[float, ...]
    column: int = 0
    places: int = 4  # decimals that are printed


@dataclass(frozen=True)
class Example:
    """A text of words with a vector each, and how one layer of attention looks at it.

    `printed` is empty where the vectors are not the course's; `note` says where the printed numbers are off.
    """

    name: str
    words: tuple[str, ...]
    heads: tuple[Operands, ...]
    printed: tuple[Printed, ...] = ()
    note: str = ""


NAMES = ("without weights", "hello", "trainable", "linear", "causal", "causal module", "two heads")

PRINTED = {
    "without weights": (
        Printed("scores", 1, (0.9544, 1.4950, 1.4754, 0.8434, 0.7070, 1.0865)),
        Printed("weights", 1, (0.1385, 0.2379, 0.2333, 0.1240, 0.1082, 0.1581)),
        Printed("output", 1, (0.4419, 0.6515, 0.5683)),
    ),
    "hello": (
        Printed("scores", 1, (0.7842, 1.3569, 1.2487)),
        Printed("weights", 1, (0.229, 0.406, 0.365), places=3),
    ),
    "trainable": (
        Printed("queries", 1, (0.4306, 1.4551)),
        Printed("scores", 1, (1.8524,), column=1),
        Printed("weights", 1, (0.1500, 0.2264, 0.2199, 0.1311, 0.0906, 0.1820)),
        Printed("output", 1, (0.3061, 0.8210)),
    ),
    "linear": (Printed("output", 0, (-0.0739, 0.0713)),),
    "causal": (Printed("weights", 1, (0.5517, 0.4483, 0, 0, 0, 0)),),
    "causal module": (Printed("output", 0, (-0.4519, 0.2216)),),
    "two heads": (Printed("output", 0, (0.3190, 0.4858)),),
}


def steps(name: str, inputs: Sequence[Sequence[float]] | Numbers | None = None, head: int = 0) -> tuple[Example, Walk]:
    """An example and the walk through one of its heads: what a job computes."""
    found = example(name, inputs)
    return found, walk(found.heads[head])


def example(name: str, inputs: Sequence[Sequence[float]] | Numbers | None = None) -> Example:
    """One of `NAMES`; other `inputs` of the same width take the place of the book's vectors, for as many words."""
    if name not in NAMES:
        raise StudioError(tr("There is no example called “{name}”.", name=name), ", ".join(NAMES))
    own = HELLO_VECTORS if name == "hello" else VECTORS
    x = np.asarray(own if inputs is None else inputs, np.float32)
    if x.ndim != 2 or x.shape[1] != 3 or not len(x):
        raise StudioError(tr("The example's words are vectors of three numbers."), tr("Give three for each word."))
    words = (HELLO if name == "hello" else WORDS)[: len(x)] + tuple(f"word {n + 1}" for n in range(len(own), len(x)))
    printed = PRINTED[name] if inputs is None else ()
    if name in ("without weights", "hello"):
        return Example(name, words, (_plain(x),), printed, _note() if name == "hello" and inputs is None else "")
    if name == "two heads":
        return Example(name, words, tuple(_two_heads(x)), printed)
    weights = _drawn() if name == "trainable" else _linear(123 if name == "causal module" else 789)
    return Example(name, words, (_projected(x, weights, name.startswith("causal")),), printed)


def _note() -> str:
    return tr(
        "The course prints the result 0.3992, 0.3858, 0.8610. Its own scores, shown here, give 0.3990, 0.3854, 0.8610."
    )


def _plain(x: Numbers) -> Operands:
    """Every word compared with every word, nothing learned and nothing scaled."""
    nothing = np.zeros((len(x), len(x)), bool)
    return Operands(x, x, x, x, 1.0, nothing, 0, np.zeros((1, *x.shape)))


def _projected(x: Numbers, weights: Sequence[Numbers], causal: bool) -> Operands:
    queries, keys, values = (np.asarray(x, np.float64) @ weight for weight in weights)
    hides, into = hidden(len(x), causal=causal).numpy(), _into(weights)
    nothing = np.zeros((1, *queries.shape))
    return Operands(x, queries, keys, values, queries.shape[1] ** -0.5, hides, 0, nothing, into=into)


def _into(weights: Sequence[Numbers]) -> tuple[Projection, ...]:
    return tuple(Projection(weight, np.zeros(weight.shape[1])) for weight in weights)


def _drawn() -> list[Numbers]:
    """Three matrices (3, 2) of `torch.rand` after seed 123."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(123)
        return [torch.rand(3, 2).double().numpy() for _ in range(3)]


def _linear(seed: int) -> list[Numbers]:
    """The weights (3, 2) of three linear layers without bias, in the order query, key, value."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return [matrix(nn.Linear(3, 2, bias=False))[0] for _ in range(3)]


def _two_heads(x: Numbers) -> list[Operands]:
    """The book's MultiHeadAttention(3, 2, heads=2) after seed 123: two heads of one number each."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(123)
        weights = [matrix(nn.Linear(3, 2, bias=False))[0] for _ in range(3)]
        out_weight, out_bias = matrix(nn.Linear(2, 2))
    wide = np.asarray(x, np.float64)
    each = []
    for head in range(2):
        own = [weight[:, head : head + 1] for weight in weights]
        q, k, v = (wide @ weight for weight in own)
        hides, nothing = hidden(len(x)).numpy(), np.zeros((2, *q.shape))
        into = _into(own)
        each.append(
            Operands(x, q, k, v, 1.0, hides, head, nothing, out_weight=out_weight, out_bias=out_bias, into=into)
        )
    return with_inputs_of_all_heads(each)
