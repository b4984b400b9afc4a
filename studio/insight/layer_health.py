"""Block by block: outliers in the stream, neurons that stay off, how widely heads look, how sharp the end is."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.insight.capture import Capture, LayerCapture, capture
from studio.insight.heads import entropy, visible
from studio.insight.health import StreamHealth, stream
from studio.insight.lens import logits, pieces
from studio.insight.reading import Doubles, Floats, at_rest, blocks
from studio.layers.decoder import Decoder
from studio.layers.feed_forward import GatedFeedForward

OFF = 0.01  # of a layer's typical size: a gated neuron that never gets beyond it is off


@dataclass(frozen=True)
class LayerHealth:
    """The stream of one text and what made it; rows of (layers + 1, time) are before the first block and after each.

    `peaks` is the largest number of a state by its root mean square, `peak_places` which of the width's numbers it is.
    `off` (layers,) is the share of neurons that no token of the text switched on; `spread` (layers, heads) the
    attention's entropy, 1 for a head that looks everywhere alike; `sharpness` (time,) the logits' standard deviation.
    """

    stream: StreamHealth
    peaks: Floats
    peak_places: npt.NDArray[np.int32]
    off: Doubles
    gated: bool
    spread: Doubles
    sharpness: Floats


def layer_health(model: Decoder, captured: Capture) -> LayerHealth:
    """Everything about one text; where the capture has no neurons, the text is read once more for them."""
    tables = [np.abs(x) for x in captured.residual]
    with np.errstate(invalid="ignore", divide="ignore"):
        peaks = [x.max(axis=1) / np.sqrt((x**2).mean(axis=1)) for x in tables]
    gated = isinstance(next(blocks(model)).mlp, GatedFeedForward)
    seen = visible(model, len(captured.ids))
    return LayerHealth(
        stream(captured),
        np.stack(peaks),
        np.stack([x.argmax(axis=1) for x in tables]).astype(np.int32),
        np.array([_off(layer, gated) for layer in _with_neurons(model, captured)]),
        gated,
        np.stack([entropy(layer.weights, seen) for layer in captured.layers]),
        _sharpness(model, captured),
    )


def _with_neurons(model: Decoder, captured: Capture) -> tuple[LayerCapture, ...]:
    if all(layer.neurons is not None for layer in captured.layers):
        return captured.layers
    return capture(model, captured.ids, neurons=True, maps=lambda _layer, _weights: None).layers


def _off(layer: LayerCapture, gated: bool) -> float:
    """The share of neurons that never passed anything on: never above 0, or with a gate never away from it."""
    assert layer.neurons is not None
    if not np.isfinite(layer.neurons).all():
        return float("nan")
    if not gated:  # ReLU, GELU and SiLU are above 0 exactly where what they bend is
        return float((layer.neurons.max(axis=0) <= 0).mean())
    size = np.abs(layer.neurons)
    return float((size.max(axis=0) <= OFF * np.sqrt((size**2).mean())).mean())


def _sharpness(model: Decoder, captured: Capture) -> Floats:
    found = np.zeros(len(captured.ids), np.float32)
    with at_rest(model):
        for part in pieces(model, len(captured.ids)):
            found[part] = logits(model, captured.layers[-1].after[part]).std(-1).cpu().numpy()
    return found
