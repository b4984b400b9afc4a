"""Neurons: what each does on a text, where in a larger one it is strongest, and what it says about the next token.

Wherever several models are taken they are one, or A and the B that is subtracted from it neuron by neuron.
"""

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
from studio.insight.attribution import FrozenNorm, strongest
from studio.insight.capture import Capture, last_matrix
from studio.insight.own_text import Looked, OwnText, own_text
from studio.insight.reading import Floats, array_of, at_rest, blocks, hooked, matrix, tensor_of
from studio.layers.decoder import Decoder
from studio.layers.feed_forward import FeedForward, GatedFeedForward

WINDOW, WINDOWS, BATCH = 64, 256, 8  # tokens of a scanned window, windows of a scan, windows read at once
BEST = 20  # windows that are kept for each neuron

Progress = Callable[[int, int], None]
KeepGoing = Callable[[], bool]
Models = Decoder | tuple[Decoder, ...]


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


def read_sides(models: tuple[Decoder, ...], ids: Sequence[int], layer: int) -> tuple[Neurons, ...]:
    """The same layer of each; neurons that another one has not are a `StudioError`."""
    found = tuple(read(model, ids, layer) for model in models)
    if len({side.values.shape for side in found}) > 1:
        a, b = (f"{side.values.shape[1]:,}" for side in found)
        raise StudioError(
            tr("A has {a} neurons in layer {layer}, B has {b}.", a=a, b=b, layer=layer),
            tr("Compare models whose layers are equally wide: a neuron has no counterpart in the other one otherwise."),
        )
    return found


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
    Of two models it is A less B, and the largest is the one furthest from 0, with its sign.
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
    models: Models,
    text: OwnText,
    layer: int,
    most: int = WINDOWS,
    progress: Progress = lambda done, total: None,
    keep_going: KeepGoing = lambda: True,
) -> Scan | None:
    """Read at most `most` windows spread over the text; None when asked to stop before all were read."""
    sides = models if isinstance(models, tuple) else (models,)
    for side in sides:
        _checked(side, layer)
    length = max(1, min(WINDOW, text.config.model.context_length, len(text.ids), *map(_longest, sides)))
    starts = text.starts(length, most)
    highest, where, above = [], [], torch.zeros(0)
    for first in range(0, len(starts), BATCH):
        if not keep_going():
            return None
        rows = [text.window(start, length) for start in starts[first : first + BATCH]]
        values = _values(sides, rows, layer)  # (batch, time, neurons)
        size = values if len(sides) == 1 else values.abs()
        size = torch.where(size.isnan(), torch.inf, size)  # what is no number is shown as such
        place = (size == size.max(dim=1, keepdim=True).values).int().argmax(dim=1)  # the first among equals
        highest.append(values.gather(1, place[:, None])[:, 0].cpu().numpy())
        where.append(place.cpu().numpy())
        counts = (values > 0).sum(dim=(0, 1)).cpu()
        above = above + counts if len(above) else counts
        progress(min(first + BATCH, len(starts)), len(starts))
    peaks, places = np.concatenate(highest), np.concatenate(where)
    order = np.argsort(-(peaks if len(sides) == 1 else np.abs(peaks)), axis=0, kind="stable")[:BEST]
    share = np.asarray(above.numpy() / (len(starts) * length), np.float32)
    best = np.take_along_axis(peaks, order, 0)
    return Scan(layer, text, starts, length, best, order, np.take_along_axis(places, order, 0), share)


def _values(sides: tuple[Decoder, ...], rows: Sequence[Sequence[int]], layer: int) -> Tensor:
    """(batch, time, neurons) of one model, or of A less B, for windows of equal length."""
    found = [_seen(side, torch.cat([tensor_of(side, row) for row in rows]), layer)["values"].float() for side in sides]
    return found[0] if len(found) == 1 else found[0] - found[1]


def _longest(model: Decoder) -> int:
    """How many tokens a model has places for."""
    return model.embed_positions.num_embeddings if model.embed_positions is not None else WINDOW


def scan_own(
    looked: Looked | tuple[Looked, ...],
    layer: int,
    other: Path | None = None,
    progress: Progress = lambda done, total: None,
    keep_going: KeepGoing = lambda: True,
) -> Scan | None:
    """`scan` over the text that the first model learned from; `other` is one to borrow where it has none."""
    sides = looked if isinstance(looked, tuple) else (looked,)
    models = tuple(side.model for side in sides)
    return scan(models, own_text(sides[0], other=other), layer, progress=progress, keep_going=keep_going)


def snippets(models: Models, found: Scan, neuron: int) -> tuple[Snippet, ...]:
    """The windows in which one neuron is strongest, read again so that every token's value is known."""
    if not 0 <= neuron < found.peaks.shape[1]:
        raise StudioError(
            tr("Layer {layer} has no neuron {index}.", layer=found.layer, index=neuron), tr("Choose another one.")
        )
    starts = [found.starts[window] for window in found.windows[:, neuron]]
    rows = [found.text.window(start, found.length) for start in starts]
    values = _values(models if isinstance(models, tuple) else (models,), rows, found.layer)[..., neuron]
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
    return effect_of_sides(((model, captured, neurons),), neuron, position, k)


def effect_of_sides(
    sides: tuple[tuple[Decoder, Capture, Neurons], ...], neuron: int, position: int, k: int = 8
) -> LogitEffect:
    """The same of one model, or what A's neuron adds less what B's adds."""
    values, changes = [], []
    for model, captured, neurons in sides:
        weight, _ = matrix(last_matrix(list(blocks(model))[neurons.layer]))
        values.append(float(neurons.values[position, neuron]))
        changes.append(FrozenNorm(model, captured, position).effect(values[-1] * weight[neuron]))
    if len({len(change) for change in changes}) > 1:
        raise StudioError(
            tr("A and B have vocabularies of different sizes, so their logits are no halves of one difference."),
            tr("Look at A or at B alone."),
        )
    change = changes[0] if len(changes) == 1 else changes[0] - changes[1]
    value = values[0] if len(values) == 1 else values[0] - values[1]
    return LogitEffect(
        sides[0][2].layer, neuron, position, value, strongest(change, k, -1.0), strongest(change, k, 1.0)
    )  # fmt: skip
