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
from studio.insight.attention import Operands, with_inputs_of_all_heads
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
class Example:
    """A text of words with a vector each, and how one layer of attention looks at it.

    `note` says where the printed numbers are off.
    """

    name: str
    words: tuple[str, ...]
    heads: tuple[Operands, ...]
    note: str = ""


NAMES = ("without weights", "hello", "trainable", "linear", "causal", "causal module", "two heads")


def example(name: str, inputs: Sequence[Sequence[float]] | Numbers | None = None) -> Example:
    """One of `NAMES`; other `inputs` of the same width take the place of the book's vectors, for as many words."""
    if name not in NAMES:
        raise StudioError(tr("There is no example called “{name}”.", name=name), ", ".join(NAMES))
    own = HELLO_VECTORS if name == "hello" else VECTORS
    x = np.asarray(own if inputs is None else inputs, np.float32)
    if x.ndim != 2 or x.shape[1] != 3 or not len(x):
        raise StudioError(tr("The example's words are vectors of three numbers."), tr("Give three for each word."))
    words = (HELLO if name == "hello" else WORDS)[: len(x)] + tuple(f"word {n + 1}" for n in range(len(own), len(x)))
    if name in ("without weights", "hello"):
        return Example(name, words, (_plain(x),), _note() if name == "hello" and inputs is None else "")
    if name == "two heads":
        return Example(name, words, tuple(_two_heads(x)))
    weights = _drawn() if name == "trainable" else _linear(123 if name == "causal module" else 789)
    return Example(name, words, (_projected(x, weights, name.startswith("causal")),))


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
    hides = hidden(len(x), causal=causal).numpy()
    return Operands(x, queries, keys, values, queries.shape[1] ** -0.5, hides, 0, np.zeros((1, *queries.shape)))


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
        q, k, v = (wide @ weight[:, head : head + 1] for weight in weights)
        hides = hidden(len(x)).numpy()
        nothing = np.zeros((2, *q.shape))
        each.append(Operands(x, q, k, v, 1.0, hides, head, nothing, out_weight=out_weight, out_bias=out_bias))
    return with_inputs_of_all_heads(each)
