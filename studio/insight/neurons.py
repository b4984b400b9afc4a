"""Neurons: what each does on a text, where in a larger one it is strongest, and what it says about the next token."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.insight.attribution import FrozenNorm
from studio.insight.capture import Capture, last_matrix
from studio.insight.own_text import Looked, OwnText, own_text
from studio.insight.reading import Floats, array_of, at_rest, blocks, hooked, matrix, tensor_of
from studio.layers.decoder import Decoder
from studio.layers.feed_forward import FeedForward, GatedFeedForward

WINDOW, WINDOWS, BATCH = 64, 256, 8  # tokens of a scanned window, windows of a scan, windows read at once
BEST = 20  # windows that are kept for each neuron

Progress = Callable[[int, int], None]
KeepGoing = Callable[[], bool]


@dataclass(frozen=True)
class Neurons:
    """All neurons of a layer over a text, each (time, neurons), as the network computed them.

    `values` is what the last matrix reads. It is `bend(inner)`, or `bend(gate) · inner` where there is a gate; `bent`
    is that bend's result.
    """

    layer: int
    values: Floats
    inner: Floats
    gate: Floats | None
    bent: Floats


def read(model: Decoder, ids: Sequence[int], layer: int) -> Neurons:
    """One forward pass up to the layer's neurons."""
    mlp = list(blocks(model))[_checked(model, layer)].mlp
    assert isinstance(mlp, FeedForward | GatedFeedForward)
    seen = _seen(model, tensor_of(model, ids), layer)
    gate = seen.get("gate")
    with at_rest(model):
        bent: Tensor = mlp.bend(gate if gate is not None else seen["inner"])
    return Neurons(
        layer, array_of(seen["values"][0]), array_of(seen["inner"][0]),
        array_of(gate[0]) if gate is not None else None, array_of(bent[0]),
    )  # fmt: skip


def _checked(model: Decoder, layer: int) -> int:
    if not 0 <= layer < len(model.layers):
        raise StudioError(
            tr("There is no layer {layer} among the {count} of this model.", layer=layer, count=len(model.layers)),
            tr("Layers are counted from 0."),
        )
    return layer


class _EnoughError(Exception):
    """The layer that was asked for has been read: the rest of the network need not be computed."""


def _seen(model: Decoder, ids: Tensor, layer: int) -> dict[str, Tensor]:
    """What the feed-forward part of one layer computes for (batch, time) ids."""
    seen: dict[str, Tensor] = {}
    with at_rest(model), _listening(list(blocks(model))[layer], seen), suppress(_EnoughError):
        model.hidden(ids)
    return seen


@contextmanager
def _listening(block: Any, seen: dict[str, Tensor]) -> Iterator[None]:
    def output(name: str) -> Callable[..., None]:
        def look(_module: nn.Module, _inputs: Any, out: Tensor) -> None:
            seen[name] = out

        return look

    def last(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen["values"] = inputs[0]
        raise _EnoughError

    handles = [
        block.mlp.up_proj.register_forward_hook(output("inner")),
        last_matrix(block).register_forward_pre_hook(last),
    ]
    if isinstance(block.mlp, GatedFeedForward):
        handles.append(block.mlp.gate_proj.register_forward_hook(output("gate")))
    with hooked(handles):
        yield


# --- over a larger text ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scan:
    """A layer's neurons over windows of a text; the sample is `len(starts)` windows of `length` tokens.

    `peaks`, `windows` and `places` are (best, neurons): the largest value of a window, largest first (the earlier
    window among equals), which window that is, and where in it. `active` (neurons,) is the share of tokens above 0.
    """

    layer: int
    text: OwnText
    starts: tuple[int, ...]
    length: int
    peaks: Floats
    windows: Any
    places: Any
    active: Floats

    @property
    def tokens(self) -> int:
        """How many tokens were read."""
        return len(self.starts) * self.length


@dataclass(frozen=True)
class Snippet:
    """A window in which a neuron is strong: its ids, the neuron's value at each, and where it peaks."""

    start: int
    ids: tuple[int, ...]
    values: Floats
    peak: int


def scan(
    model: Decoder,
    text: OwnText,
    layer: int,
    most: int = WINDOWS,
    progress: Progress = lambda done, total: None,
    keep_going: KeepGoing = lambda: True,
) -> Scan | None:
    """Read at most `most` windows spread over the text; None when asked to stop before all were read."""
    _checked(model, layer)
    length = max(1, min(WINDOW, text.config.model.context_length, len(text.ids)))
    starts = text.starts(length, most)
    highest, where, above = [], [], torch.zeros(0)
    for first in range(0, len(starts), BATCH):
        if not keep_going():
            return None
        rows = [text.window(start, length) for start in starts[first : first + BATCH]]
        ids = torch.cat([tensor_of(model, row) for row in rows])
        values = _seen(model, ids, layer)["values"].float()  # (batch, time, neurons)
        found = values.max(dim=1)
        highest.append(found.values.cpu().numpy())
        where.append((values == found.values[:, None]).int().argmax(dim=1).cpu().numpy())
        counts = (values > 0).sum(dim=(0, 1)).cpu()
        above = above + counts if len(above) else counts
        progress(min(first + BATCH, len(starts)), len(starts))
    peaks, places = np.concatenate(highest), np.concatenate(where)
    order = np.argsort(-peaks, axis=0, kind="stable")[:BEST]
    share = np.asarray(above.numpy() / (len(starts) * length), np.float32)
    best = np.take_along_axis(peaks, order, 0)
    return Scan(layer, text, starts, length, best, order, np.take_along_axis(places, order, 0), share)


def scan_own(
    looked: Looked,
    layer: int,
    other: Path | None = None,
    progress: Progress = lambda done, total: None,
    keep_going: KeepGoing = lambda: True,
) -> Scan | None:
    """`scan` over the text that the model learned from; `other` is one to borrow where it has none."""
    return scan(looked.model, own_text(looked, other=other), layer, progress=progress, keep_going=keep_going)


def snippets(model: Decoder, found: Scan, neuron: int) -> tuple[Snippet, ...]:
    """The windows in which one neuron is strongest, read again so that every token's value is known."""
    if not 0 <= neuron < found.peaks.shape[1]:
        raise StudioError(
            tr("Layer {layer} has no neuron {index}.", layer=found.layer, index=neuron), tr("Choose another one.")
        )
    starts = [found.starts[window] for window in found.windows[:, neuron]]
    rows = [found.text.window(start, found.length) for start in starts]
    values = _seen(model, torch.cat([tensor_of(model, row) for row in rows]), found.layer)["values"][..., neuron]
    return tuple(
        Snippet(start, tuple(row), array_of(own), int(place))
        for start, row, own, place in zip(starts, rows, values, found.places[:, neuron], strict=True)
    )


# --- what a neuron says ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LogitEffect:
    """What one neuron adds to the logits behind a token by itself, with the final norm's scale of that token.

    `raised` and `lowered` are token ids with how many logits, the strongest first.
    """

    layer: int
    neuron: int
    position: int
    value: float
    raised: tuple[tuple[int, float], ...]
    lowered: tuple[tuple[int, float], ...]


def logit_effect(
    model: Decoder, captured: Capture, neurons: Neurons, neuron: int, position: int, k: int = 8
) -> LogitEffect:
    """The neuron's value there times its row of the last matrix, through the final norm and the output head."""
    weight, _ = matrix(last_matrix(list(blocks(model))[neurons.layer]))
    frozen = FrozenNorm(model, captured, position)
    value = float(neurons.values[position, neuron])
    part = value * weight[neuron]
    return LogitEffect(
        neurons.layer, neuron, position, value, frozen.promoted(part, k), frozen.suppressed(part, k)
    )  # fmt: skip
