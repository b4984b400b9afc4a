"""The answers of exercises are computed, not looked up: what was typed is tried, and the verdict says what came out."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.exercises import graph, network, rotation, vectors, windows
from studio.exercises.tensors import TYPES, words_of

_NUMBER = re.compile(r"[-−+]?\d[\d,]*\.?\d*(?:[eE][-+]?\d+)?|[-−+]?\.\d+")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is right, and what the computation says."""

    right: bool
    words: str


def numbers_in(answer: str, count: int = 0) -> list[float]:
    """The numbers of "2 × 4", "(2, 4)" or "1,572,864"; another count than asked is a `StudioError`."""
    plain = _THOUSANDS.sub("", answer) if count == 1 else answer.replace(",", ", ")
    found = [float(part.rstrip(",").replace("−", "-")) for part in _NUMBER.findall(plain)]
    if not found or (count and len(found) != count):
        wanted = tr("one number") if count == 1 else tr("{count} numbers", count=count or tr("some"))
        raise StudioError(tr("The answer takes {wanted}.", wanted=wanted), tr("Write it, then press Enter."))
    return found


def product_shape(answer: str, left: tuple[int, int] = (2, 3), right: tuple[int, int] = (3, 4)) -> Verdict:
    """The shape of a product, which torch computes."""
    given = tuple(int(side) for side in numbers_in(answer, 2))
    made = tuple((torch.zeros(left) @ torch.zeros(right)).shape)
    return Verdict(given == made, tr("torch says {shape}.", shape=words_of(made)))


def bytes_of(answer: str, shape: tuple[int, int] = (1_024, 768), kind: str = "bfloat16") -> Verdict:
    """What a tensor takes in memory."""
    given = numbers_in(answer, 1)[0]
    tensor = torch.empty(shape, dtype=TYPES[kind])
    need = tensor.numel() * tensor.element_size()
    words = tr("{count} numbers of {each} bytes: {bytes} bytes.", count=f"{tensor.numel():,}",
               each=tensor.element_size(), bytes=f"{need:,}")  # fmt: skip
    return Verdict(given == need, words)


def weight_below(answer: str, loss: float = 0.01) -> Verdict:
    """A weight with which the graph's loss is small enough, everything else as in the lesson."""
    given = numbers_in(answer, 1)[0]
    found = graph.forward_and_back(w=given).loss
    return Verdict(found < loss, tr("With w = {w} the loss is {loss}.", w=f"{given:g}", loss=f"{found:.4f}"))


def slope_at(answer: str, w: float = 0.0) -> Verdict:
    """The derivative of the loss by the weight at another weight."""
    given = numbers_in(answer, 1)[0]
    found = graph.forward_and_back(w=w).gradients["w"]
    words = tr("The backward pass gives {slope} at w = {w}.", slope=signed(found), w=f"{w:g}")
    return Verdict(abs(given - found) < 0.01, words)


def parameter_count(answer: str, widths: Sequence[int] = (50, 30, 20, 3)) -> Verdict:
    """How many numbers a network learns."""
    given = numbers_in(answer, 1)[0]
    found = network.first_answer(widths)
    parts = " + ".join(f"{count:,}" for count in found.parameters)
    chances, count = ", ".join(f"{chance:.4f}" for chance in found.chances), sum(found.parameters)
    words = tr("{parts} = {all}. Untrained, with seed 123, it gives its classes {chances}.", parts=parts,
               all=f"{count:,}", chances=chances)  # fmt: skip
    return Verdict(given == count, words)


def rate_that_lags(answer: str, loss: float = 0.5) -> Verdict:
    """A learning rate with which the book's run has not learned its points after three epochs."""
    given = numbers_in(answer, 1)[0]
    last = network.train(replace(network.Plan(), rate=given)).steps[-1].loss
    words = tr("With a rate of {rate} the last loss is {loss}.", rate=f"{given:g}", loss=f"{last:.2f}")
    return Verdict(given > 0 and not last <= loss, words)


def window_count(answer: str, tokens: int = 5_145, context: int = 256, stride: int = 128) -> Verdict:
    """How many windows a text has, counted by cutting it."""
    given, found = numbers_in(answer, 1)[0], len(windows.windows(np.arange(tokens), context, stride))
    words = tr("Cut and counted: {count}, which is {gap} / {stride} rounded up.", count=f"{found:,}",
               gap=f"{tokens - context:,}", stride=stride)  # fmt: skip
    return Verdict(given == found, words)


def stride_for(answer: str, count: int = 125, tokens: int = 1_001, context: int = 4) -> Verdict:
    """A stride that cuts a text into a given number of windows."""
    given = numbers_in(answer, 1)[0]
    if given < 1 or given != int(given):
        raise StudioError(tr("A stride is a whole number from 1 on."), tr("Try another one."))
    found = len(windows.windows(np.arange(tokens), context, int(given)))
    words = tr("With a stride of {stride} there are {count} windows.", stride=int(given), count=f"{found:,}")
    return Verdict(found == count, words)


def sum_of_vectors(answer: str) -> Verdict:
    """A token's vector and its place's, added."""
    given, found = numbers_in(answer.replace(",", " "), 3), vectors.added()
    right = all(abs(one - other) < 1e-4 for one, other in zip(given, found, strict=True))
    return Verdict(right, tr("torch says [{numbers}].", numbers=", ".join(signed(value, 1) for value in found)))


def table_size(answer: str, rows: int = 1_024, width: int = 768) -> Verdict:
    """How many weights a table of vectors has."""
    given = numbers_in(answer, 1)[0]
    count = torch.empty(rows, width).numel()
    words = tr("{rows} rows of {width} numbers: {count}.", rows=f"{rows:,}", width=width, count=f"{count:,}")
    return Verdict(given == count, words)


def same_distance(answer: str, query: int = 25, key: int = 2, before: int = 5) -> Verdict:
    """Where a key must stand so that it scores the same after its query has moved."""
    given = int(numbers_in(answer, 1)[0])
    if not 0 <= given <= 1_000:
        raise StudioError(tr("A place is a number from 0 to 1,000."), tr("Try another one."))
    config = ModelConfig(family="llama", positions="rotary")
    wanted = rotation.turn(config, places=(before, key)).score
    found = rotation.turn(config, places=(query, given)).score
    words = tr("At {place} the score is {score}; before it was {wanted}.", place=given, score=signed(found, 4),
               wanted=signed(wanted, 4))  # fmt: skip
    return Verdict(math.isclose(found, wanted, abs_tol=1e-6), words)


def full_turn(answer: str) -> Verdict:
    """After how many tokens the fastest pair points almost where it began."""
    given = numbers_in(answer, 1)[0]
    config = ModelConfig(family="llama", positions="rotary")
    radians = float(rotation.turn(config).radians[0])
    words = tr("The fastest pair turns {radians} radians a token; all the way round is 2π, so {tokens} tokens.",
               radians=f"{radians:g}", tokens=f"{2 * math.pi / radians:.2f}")  # fmt: skip
    return Verdict(round(given) == round(2 * math.pi / radians), words)


def signed(value: float, places: int = 4) -> str:
    """A number with a real minus, without the one that rounding leaves before 0."""
    text = f"{value:.{places}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")
