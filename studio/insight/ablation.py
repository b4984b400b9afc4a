"""Taking parts away, or putting other numbers in their place, and what that does to loss and text."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.insight.capture import Capture, capture, last_matrix
from studio.insight.reading import Numbers, alone, at_rest, blocks, heads_of, hooked, tensor_of, window_of, word_head
from studio.layers.decoder import Block, Decoder

PARTS = ("head", "neuron", "attention", "feed_forward", "layer")
WAYS = ("zero", "mean", "own")


@dataclass(frozen=True)
class Place:
    """A part of the network: one head or neuron of a layer (`index`), or a whole attention, feed-forward or layer."""

    layer: int
    part: str
    index: int = 0


@dataclass(frozen=True)
class Change:
    """Loss over the text and the ids written after it, before and after; `divergence` is the mean KL in nats."""

    place: Place
    loss_before: float
    loss_after: float
    divergence: float
    text_before: tuple[int, ...] = ()
    text_after: tuple[int, ...] = ()

    @property
    def harm(self) -> float:
        """How much the loss rose."""
        return self.loss_after - self.loss_before


@dataclass(frozen=True)
class Progress:
    """One part of a sweep is done."""

    done: int
    total: int
    change: Change


def all_heads(model: Decoder) -> list[Place]:
    """Every head of every layer, in order."""
    return [
        Place(layer, "head", head)
        for layer, block in enumerate(blocks(model))
        for head in range(heads_of(block.self_attn))
    ]


def all_parts(model: Decoder) -> list[Place]:
    """Attention, feed-forward part and the whole of every layer, in order."""
    return [Place(layer, part) for layer in range(len(model.layers)) for part in PARTS[2:]]


@contextmanager
def replaced(model: Decoder, values: Sequence[tuple[Place, Numbers | None]]) -> Iterator[None]:
    """The network with other numbers in some places while inside; None stands for zeros.

    A value is (time, n), for the first tokens of a longer text, or (n,) for all tokens alike: n is the head's width for
    a head, 1 for a neuron, the model's width for the rest. A layer taken away passes on what it received.
    """
    layers = list(blocks(model))
    with alone(model), ExitStack() as stack:
        for place, value in values:
            _check(layers, place)
            stack.enter_context(hooked([_hook(layers[place.layer], place, value)]))
        yield


def _check(layers: Sequence[Block], place: Place) -> None:
    if place.part not in PARTS or not 0 <= place.layer < len(layers):
        raise StudioError(
            tr("There is no {part} in layer {layer}.", part=place.part, layer=place.layer), tr("Choose another part.")
        )
    counts = {
        "head": heads_of(layers[place.layer].self_attn),
        "neuron": last_matrix(layers[place.layer]).in_features,
    }
    if not 0 <= place.index < counts.get(place.part, 1):
        raise StudioError(
            tr("Layer {layer} has no {part} {index}.", layer=place.layer, part=place.part, index=place.index),
            tr("Choose another part."),
        )


def _hook(block: Block, place: Place, value: Numbers | None) -> Any:
    attention = block.self_attn
    if place.part in ("head", "neuron"):
        size = attention.head_dim if place.part == "head" else 1
        wanted = attention.o_proj if place.part == "head" else last_matrix(block)
        part = slice(place.index * size, (place.index + 1) * size)

        def give(_module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor]:
            x = inputs[0].clone()
            if value is None:
                x[..., part] = 0.0
            else:
                given = _like(x, value)
                x[:, _rows(given), part] = given
            return (x,)

        return wanted.register_forward_pre_hook(give)

    def answer(_module: nn.Module, inputs: tuple[Tensor, ...], out: Tensor) -> Tensor:
        if value is not None:
            given, new = _like(out, value), out.clone()
            new[:, _rows(given)] = given
            return new
        return inputs[0] if place.part == "layer" else torch.zeros_like(out)

    return {"attention": attention, "feed_forward": block.mlp, "layer": block}[place.part].register_forward_hook(answer)


def _like(x: Tensor, value: Numbers) -> Tensor:
    return torch.as_tensor(np.array(value), dtype=x.dtype, device=x.device)


def _rows(given: Tensor) -> slice:
    """Which tokens a value is for."""
    return slice(len(given)) if given.ndim == 2 else slice(None)


def means(captured: Capture, place: Place) -> Numbers:
    """What a part puts out on average over a captured text: (n,); for neurons capture with `neurons=True`."""
    record = captured.layers[place.layer]
    if place.part == "head":
        found: Numbers = record.mixed[place.index].mean(axis=0)
    elif place.part == "neuron":
        if record.neurons is None:
            raise StudioError(tr("The neurons were not captured."), tr("Capture the text with its neurons."))
        found = record.neurons[:, place.index : place.index + 1].mean(axis=0)
    else:
        whole = {"attention": record.attention_out, "feed_forward": record.feed_forward_out, "layer": record.after}
        found = whole[place.part].mean(axis=0)
    return found


def own(captured: Capture, place: Place) -> Numbers:
    """What a part puts out for every token of a captured text: putting it back changes nothing."""
    record = captured.layers[place.layer]
    if place.part == "neuron":
        if record.neurons is None:
            raise StudioError(tr("The neurons were not captured."), tr("Capture the text with its neurons."))
        return record.neurons[:, place.index : place.index + 1]
    whole = {"attention": record.attention_out, "feed_forward": record.feed_forward_out, "layer": record.after}
    return record.mixed[place.index] if place.part == "head" else whole[place.part]


def ablate(
    model: Decoder, ids: Sequence[int], place: Place, how: str | Sequence[int] = "zero", tokens: int = 0
) -> Change:
    """Loss and `tokens` greedily written ids with and without one part; see `sweep` for `how`."""
    return next(iter(sweep(model, ids, [place], how, tokens=tokens))).change


def sweep(
    model: Decoder,
    ids: Sequence[int],
    places: Sequence[Place],
    how: str | Sequence[int] = "zero",
    keep_going: Callable[[], bool] = lambda: True,
    tokens: int = 0,
) -> Iterator[Progress]:
    """One part after the other, the network whole again before each progress is told; ends early when asked to.

    `how` is zero, mean, own (what the part puts out anyway), or the ids of another text whose values take the place.
    """
    if isinstance(how, str) and how not in WAYS:
        raise StudioError(tr("Parts are replaced by zero or by their mean, not by “{name}”.", name=how))
    window = window_of(model, len(ids))
    read = ids[window.start : window.end]
    if len(read) < 2 or not next(blocks(model)).self_attn.causal:
        raise StudioError(
            tr("Without a next token there is no loss to compare."),
            tr("Take a longer text and a model that writes from left to right."),
        )
    source = _source(model, read, any(place.part == "neuron" for place in places), how)
    if how not in ("zero", "mean"):  # a value for each place: written text must not push the places along
        tokens = min(tokens, window_of(model, len(read) + tokens).end - len(read))
    before, written = _logits(model, read), greedy(model, read, tokens)
    for number, place in enumerate(places):
        if not keep_going():
            return
        value = None if source is None else means(source, place) if how == "mean" else own(source, place)
        with replaced(model, [(place, value)]):
            after, now = _logits(model, read), greedy(model, read, tokens)
        change = Change(place, _loss(before, read), _loss(after, read), _divergence(before, after), written, now)
        yield Progress(number + 1, len(places), change)


def _source(model: Decoder, read: Sequence[int], neurons: bool, how: str | Sequence[int]) -> Capture | None:
    """The text whose values take the place; None for zeros."""
    if how == "zero":
        return None
    other = read if isinstance(how, str) else how[: len(read)]
    if len(other) < len(read):
        raise StudioError(
            tr("The other text has {count} tokens, this one {wanted}.", count=len(other), wanted=len(read)),
            tr("Give one that is at least as long: every token needs a value to take the place of its own."),
        )
    return capture(model, other, neurons=neurons)


def greedy(model: Decoder, ids: Sequence[int], tokens: int) -> tuple[int, ...]:
    """The likeliest continuation of so many tokens, read anew for each, as an altered network has to be."""
    word_head(model)
    text = [int(number) for number in ids]
    for _ in range(tokens):
        window = window_of(model, len(text))
        read = text[-(window.end - window.start) :]
        with at_rest(model):
            text.append(int(model(tensor_of(model, read), last_only=True)[0, -1].argmax()))
    return tuple(text[len(ids) :])


def _logits(model: Decoder, ids: Sequence[int]) -> Tensor:
    word_head(model)
    with at_rest(model):
        found: Tensor = model(tensor_of(model, ids))[0].float()
    return found


def _loss(logits: Tensor, ids: Sequence[int]) -> float:
    targets = torch.tensor([int(number) for number in ids[1:]], device=logits.device)
    return float(F.cross_entropy(logits[:-1], targets))


def _divergence(before: Tensor, after: Tensor) -> float:
    """Mean KL(before ‖ after) over the text."""
    return float(F.kl_div(after.log_softmax(-1), before.log_softmax(-1), reduction="batchmean", log_target=True))
