"""How attention could add up through the layers: rollout of the weights, or of the weights times what values add.

All are pure; weights are (layers, heads, time, time). They say what could flow, not what causes what.
"""

from collections.abc import Callable, Sequence

import numpy as np

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.insight.capture import Capture
from studio.insight.reading import Doubles, Numbers, blocks, matrix
from studio.insight.snapshot import LEVELS, NOTHING, Snapshot
from studio.layers.decoder import Decoder

Side = tuple[Decoder, Capture]
Way = tuple[str, int, int, bool]  # how heads are joined, the first layer, the last one, whether values are weighed


def joined(weights: Numbers, heads: str = "mean") -> Doubles:
    """(layers, heads, time, time) to (layers, time, time): ½A + ½I of the heads' mean, max or min, rows summing to 1.

    What a layer passes on counts as much as what it gathers (Abnar and Zuidema 2020).
    """
    ways: dict[str, Callable[..., Doubles]] = {"mean": np.mean, "max": np.max, "min": np.min}
    if heads not in ways:
        raise StudioError(tr("Heads are joined by mean, max or min, not by “{name}”.", name=heads))
    time = weights.shape[-1]
    found = np.empty((len(weights), time, time))
    for layer, own in zip(weights, found, strict=True):  # one at a time: all heads in float64 may be too much
        own[:] = 0.5 * ways[heads](np.asarray(layer, np.float64), axis=0) + 0.5 * np.eye(time)
        own /= own.sum(-1, keepdims=True)
    return found


def rollout(weights: Numbers, heads: str = "mean", start: int = 0) -> Doubles:
    """(layers, heads, time, time) to (layers - start, time, time): every layer's `joined` weights multiplied up."""
    time = weights.shape[-1]
    flow, found = np.eye(time), []
    for layer in joined(weights[start:], heads):
        flow = layer @ flow
        found.append(flow)
    return np.stack(found) if found else np.zeros((0, time, time))


def value_lengths(model: Decoder, captured: Capture) -> Doubles:
    """(layers, heads, time): how long the vector is that a head adds where it looks at nothing but this token, v · W_O.

    A token with a short one is looked at to no effect (Kobayashi et al. 2020).
    """
    found = []
    for block, record in zip(blocks(model), captured.layers, strict=True):
        weight, _ = matrix(block.self_attn.o_proj)  # (heads · head_dim, width)
        size = block.self_attn.head_dim
        found.append([
            np.linalg.norm(values.astype(np.float64) @ weight[head * size : (head + 1) * size], axis=1)
            for head, values in enumerate(record.values)
        ])  # fmt: skip
    return np.array(found)


def weighed(weights: Numbers, lengths: Doubles) -> Numbers:
    """Each weight times the length of what it brings, so that a layer's rows, its heads averaged, sum to 1 again."""
    found = np.empty(weights.shape, np.float32)
    for layer, (own, long) in enumerate(zip(weights, lengths, strict=True)):
        brought = np.asarray(own, np.float64) * long[:, None, :]
        whole = brought.mean(axis=0).sum(axis=-1)[:, None]
        found[layer] = brought / np.where(whole == 0, 1.0, whole)
    return found


def taken(side: Side, way: Way) -> Numbers:
    """A model's weights up to the last layer of the way, weighed where that is asked for."""
    model, captured = side
    _, _, last, by_values = way
    weights = captured.attention[: last + 1]
    return weighed(weights, value_lengths(model, captured)[: last + 1]) if by_values else weights


def rollouts(sides: Sequence[Side], way: Way) -> Doubles:
    """(layers of the way, time, time): the rollout of a model, less that of another where there are two."""
    found = [rollout(taken(side, way), way[0], way[1]) for side in sides]
    return found[0] - found[1] if len(found) > 1 else found[0]


def of_snapshot(kept: Snapshot, way: Way, less: Snapshot | None = None) -> Doubles:
    """The same from a snapshot's weights in 8 bits, where each of its cells is one pair of tokens.

    It keeps no values, so that nothing can be weighed; the rows sum to 1 all the same.
    """
    if kept.block != 1:
        raise StudioError(
            tr("The snapshot keeps one number for {count} × {count} tokens, which cannot be added up.",
               count=kept.block),
            tr("Look at the checkpoint, which is exact."),
        )  # fmt: skip
    heads, first, last, _ = way
    maps = kept.maps[: last + 1]
    found = rollout(np.where(maps == NOTHING, np.float32(np.nan), maps / np.float32(LEVELS)), heads, first)
    return found if less is None else found - of_snapshot(less, way)
