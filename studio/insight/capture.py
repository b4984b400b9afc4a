"""One forward pass, kept: what every block received, computed and passed on. Shapes: (heads, time, head_dim)."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from studio.insight.reading import (
    BUDGET,
    Floats,
    Window,
    array_of,
    at_rest,
    blocks,
    heads_of,
    hooked,
    tensor_of,
    window_of,
)
from studio.layers.attention import Attention
from studio.layers.decoder import Block, Decoder
from studio.layers.feed_forward import FeedForward, GatedFeedForward

TOLERANCES = {torch.float32: 1e-5, torch.float16: 3e-3, torch.bfloat16: 2e-2}  # reference/insight.md, G1


@dataclass(frozen=True)
class LayerCapture:
    """One block's numbers; every array is read-only float32.

    `queries`, `keys` and `values` are as attention uses them, each query head with the keys and values it shares
    (heads, time, head_dim); `plain_queries` and `plain_keys` are before they are turned by their place. `mixed` is the
    heads' output before the last projection. `before`, `after` (time, width) are the residual stream around the block.
    """

    layer: int
    before: Floats
    attention_input: Floats
    plain_queries: Floats
    plain_keys: Floats
    queries: Floats
    keys: Floats
    values: Floats
    weights: Floats  # (heads, time, time)
    mixed: Floats
    attention_out: Floats
    feed_forward_out: Floats
    after: Floats
    neurons: Floats | None  # (time, hidden), as the last matrix of the feed-forward part reads them

    @property
    def error(self) -> Floats:
        """max |weights · values − mixed| of each head: how far the map is from what the network computed."""
        found: Floats = np.abs(self.weights @ self.values - self.mixed).max(axis=(1, 2), initial=0.0)
        return found


@dataclass(frozen=True)
class Capture:
    """A forward pass over the tokens of `window`, dropout off."""

    ids: tuple[int, ...]
    window: Window
    precision: torch.dtype
    embedding: Floats  # (time, width), the first block's input
    attention: Floats  # (layers, heads, time, time), the layers' `weights` are views of it; empty where handed over
    layers: tuple[LayerCapture, ...]
    final: Floats  # (time, width), what the output head reads

    @property
    def residual(self) -> tuple[Floats, ...]:
        """The residual stream before the first block and after each: layers + 1 arrays (time, width)."""
        return (self.embedding, *(layer.after for layer in self.layers))

    @cached_property
    def errors(self) -> Floats:
        """(layers, heads): see `LayerCapture.error`."""
        return np.stack([layer.error for layer in self.layers])

    @property
    def exact(self) -> bool:
        """Whether the maps explain the heads' outputs as closely as the number format allows."""
        scale = [max(1.0, float(np.abs(layer.mixed).max(initial=0.0))) for layer in self.layers]
        return bool((self.errors <= TOLERANCES.get(self.precision, 1e-5) * np.array(scale)[:, None]).all())


def capture(
    model: Decoder,
    ids: Sequence[int],
    start: int = 0,
    budget: int = BUDGET,
    neurons: bool = False,
    maps: Callable[[int, Floats], None] | None = None,
) -> Capture:
    """Read `ids` once and keep everything; a text that is too long is cut to a window that is stated.

    With `maps` each layer's attention weights are handed over and forgotten before the next layer's are made.
    """
    window = window_of(model, len(ids), start, budget, maps is not None)
    read = tuple(int(number) for number in ids[window.start : window.end])
    heads, time = heads_of(next(blocks(model)).self_attn), len(read)
    side = 0 if maps is not None else time
    attention = np.empty((len(model.layers), heads, side, side), np.float32)
    layers: list[LayerCapture] = []

    def keep(record: LayerCapture) -> None:
        if maps is not None:
            maps(record.layer, record.weights)
        else:
            attention[record.layer] = record.weights
        view = attention[record.layer]
        view.flags.writeable = False
        layers.append(replace(record, weights=view))

    final = walk_through(model, read, keep, neurons)
    attention.flags.writeable = False
    dtype = model.embed_tokens.weight.dtype
    return Capture(read, window, dtype, layers[0].before, attention, tuple(layers), final)


def walk_through(
    model: Decoder, ids: Sequence[int], keep: Callable[[LayerCapture], None], neurons: bool = False
) -> Floats:
    """The forward pass itself: hands each block's record to `keep` before the next block begins; the final vectors.

    Only one block is held here at a time, whatever `keep` keeps.
    """
    with at_rest(model), ExitStack() as stack:
        for block in blocks(model):
            stack.enter_context(_watched(block, keep, neurons))
        return array_of(model.hidden(tensor_of(model, ids))[0])


def attention_weights(queries: Tensor, keys: Tensor, window: int = 0, causal: bool = True) -> Tensor:
    """softmax(QKᵀ/√d, masked) in float32 for (heads, time, head_dim); keys may have fewer heads, each shared in a row.

    What may not be seen is zero because of the mask, not because it is left out.
    """
    keys = keys.repeat_interleave(queries.shape[0] // keys.shape[0], dim=0)
    scores = queries.float() @ keys.float().transpose(1, 2) / queries.shape[2] ** 0.5
    hides = hidden(queries.shape[1], window, causal).to(scores.device)
    found: Tensor = scores.masked_fill(hides, float("-inf")).softmax(-1)
    return found


def hidden(time: int, window: int = 0, causal: bool = True) -> Tensor:
    """(time, time): True where the query of the row may not see the key of the column."""
    distance = torch.arange(time)[:, None] - torch.arange(time)
    if not causal:
        return torch.zeros(time, time, dtype=torch.bool)
    return (distance < 0) | (distance >= window) if window > 0 else distance < 0


def last_matrix(block: Block) -> nn.Linear:
    """The matrix of the feed-forward part that reads its neurons."""
    assert isinstance(block.mlp, FeedForward | GatedFeedForward)
    return block.mlp.down_proj


def shared(x: Tensor, attention: Attention) -> Tensor:
    """Keys or values (shared heads, time, head_dim) as every query head sees them: head h reads h // group."""
    return x.repeat_interleave(heads_of(attention) // x.shape[0], dim=0)


@dataclass
class _Notes:
    """What the hooks of one block have seen so far."""

    seen: dict[str, Tensor] = field(default_factory=dict)

    def output(self, name: str) -> Callable[..., None]:
        def look(_module: nn.Module, _inputs: Any, out: Tensor) -> None:
            self.seen[name] = out

        return look

    def input(self, name: str) -> Callable[..., None]:
        def look(_module: nn.Module, inputs: tuple[Any, ...]) -> None:
            self.seen[name] = inputs[0]

        return look

    def observe(self, _layer: int, queries: Tensor, keys: Tensor) -> None:
        self.seen |= {"queries": queries, "keys": keys}


@contextmanager
def _watched(block: Block, keep: Callable[[LayerCapture], None], neurons: bool) -> Iterator[None]:
    notes, attention = _Notes(), block.self_attn
    before = attention.observe

    def done(_module: nn.Module, _inputs: Any, out: Tensor) -> None:
        keep(_record(attention, {**notes.seen, "after": out}))
        notes.seen.clear()

    handles = [
        block.register_forward_pre_hook(notes.input("before")),
        attention.register_forward_pre_hook(notes.input("attention_input")),
        attention.q_proj.register_forward_hook(notes.output("q")),
        attention.k_proj.register_forward_hook(notes.output("k")),
        attention.v_proj.register_forward_hook(notes.output("v")),
        attention.o_proj.register_forward_pre_hook(notes.input("mixed")),
        attention.register_forward_hook(notes.output("attention_out")),
        block.mlp.register_forward_hook(notes.output("feed_forward_out")),
        block.register_forward_hook(done),
    ]
    if neurons:
        handles.append(last_matrix(block).register_forward_pre_hook(notes.input("neurons")))
    attention.observe = notes.observe
    try:
        with hooked(handles):
            yield
    finally:
        attention.observe = before


def _record(attention: Attention, seen: dict[str, Tensor]) -> LayerCapture:
    def heads(x: Tensor) -> Tensor:
        return x[0].view(x.shape[1], -1, attention.head_dim).transpose(0, 1)

    queries, keys = heads(seen["q"]), heads(seen["k"])
    if attention.q_norm is not None and attention.k_norm is not None:
        queries, keys = attention.q_norm(queries), attention.k_norm(keys)
    weights = attention_weights(seen["queries"][0], seen["keys"][0], attention.window, attention.causal)
    return LayerCapture(
        layer=attention.layer,
        plain_queries=array_of(queries),
        plain_keys=array_of(shared(keys, attention)),
        queries=array_of(seen["queries"][0]),
        keys=array_of(shared(seen["keys"][0], attention)),
        values=array_of(shared(heads(seen["v"]), attention)),
        weights=array_of(weights),
        mixed=array_of(heads(seen["mixed"])),
        neurons=array_of(seen["neurons"][0]) if "neurons" in seen else None,
        **{name: array_of(seen[name][0]) for name in ("before", "attention_input", "attention_out")},
        **{name: array_of(seen[name][0]) for name in ("feed_forward_out", "after")},
    )
