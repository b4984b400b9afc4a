"""What each token of a text adds to a class: by gradient times input, by integrated gradients, and by covering it.

Nothing is known of a token whose vector is zero; its place still is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.layers.decoder import Decoder
from studio.layers.row_reader import RowReader

METHODS = ("gradient", "integrated", "occlusion")
AT_ONCE = 2_048  # tokens in one pass through the model
STRETCH = 64  # lengths of which nothing is known that are computed at once
MANY, FEW = 32, 8  # points on the way from nothing to the text
_DEAR = 4e9  # weights times tokens from which on there are few points


@dataclass(frozen=True)
class Effects:
    """`scores` (tokens,) for the class `output`; `wanted` is the logit's distance from that of nothing."""

    scores: npt.NDArray[np.float64]
    output: int
    wanted: float
    logits: npt.NDArray[np.float32]  # (classes,)


class Grounds:
    """What a model says where nothing is known, by the number of tokens: kept, as it does not depend on the text.

    A model that looks back only and reads the last token says it for all lengths of a stretch in one pass. Weights must
    not change meanwhile; of an adapter at another strength there are other grounds.
    """

    def __init__(self) -> None:
        self._known: dict[int, Tensor] = {}

    def of(self, model: Decoder, ids: Tensor, lengths: Tensor, nothing: Tensor) -> Tensor:
        """Logits (classes,) of `nothing` (time, width), the row without its text."""
        size = int(lengths[0])
        if size not in self._known:
            reader = model.reader if model.reader is not None else RowReader()
            attention = model.layers[0].self_attn
            if reader.place == "last" and attention.causal:  # type: ignore[union-attr]
                self._stretch(model, size)
            elif reader.place == "padded":  # what fills the row up is read too, and is no secret
                return _logits(model, ids, lengths, nothing[None])[0]
            else:
                self._known[size] = _logits(model, ids, lengths, nothing[None])[0]
        return self._known[size]

    def _stretch(self, model: Decoder, size: int) -> None:
        """All lengths up to the next whole stretch, in one row."""
        table = model.embed_positions
        most = table.num_embeddings if table is not None else size + STRETCH
        time = min(-(-size // STRETCH) * STRETCH, max(size, most))
        weight = model.embed_tokens.weight
        with _instead(model, weight.new_zeros(1, time, weight.shape[1])):
            said = model(torch.zeros(1, time, dtype=torch.long, device=weight.device))[0].float()
        self._known |= {number + 1: logits for number, logits in enumerate(said)}


def effects(
    model: Decoder, ids: Tensor, lengths: Tensor, output: int | None, method: str, grounds: Grounds | None = None
) -> Effects:
    """Take one row apart: ids (1, time) of which `lengths` (1,) are text; without an `output` the likeliest.

    `grounds` are kept by whoever asks again and again about texts of one model.
    """
    if method not in METHODS:
        raise StudioError(
            tr("There is no way “{name}” to say what a token adds.", name=method),
            tr("There are: {names}.", names=", ".join(METHODS)),
        )
    text = torch.arange(ids.shape[1], device=ids.device) < lengths[0]
    with torch.no_grad():
        vectors = model.embed_tokens(ids)[0].detach().float()  # (time, width)
    nothing = vectors * ~text[:, None]
    with torch.no_grad():
        ground = (grounds or Grounds()).of(model, ids, lengths, nothing)
    if method == "gradient":  # the text goes through once, on its way to the slope
        slope, logits, chosen = _slope(model, ids, lengths, vectors, output)
    else:
        with torch.no_grad():
            logits = _logits(model, ids, lengths, vectors[None])[0]
        chosen = int(logits.argmax()) if output is None else output
    if method == "occlusion":
        scores = logits[chosen] - _covered(model, ids, lengths, vectors, chosen)
    else:
        if method == "integrated":
            points, weights = _points(model, ids.shape[1])
            slope = _mean_slope(model, ids, lengths, (nothing, vectors), (points, weights, chosen))
        scores = (slope * (vectors - nothing)).sum(-1)
    found = scores[: int(lengths[0])].double().cpu().numpy()
    return Effects(found, chosen, float(logits[chosen] - ground[chosen]), logits.cpu().numpy())


def _slope(
    model: Decoder, ids: Tensor, lengths: Tensor, vectors: Tensor, output: int | None
) -> tuple[Tensor, Tensor, int]:
    """The class' gradient at the text itself (time, width), the logits (classes,), and the class that was taken."""
    with torch.enable_grad():
        here = vectors[None].detach().requires_grad_(True)
        said = _logits(model, ids, lengths, here)[0]
        chosen = int(said.argmax()) if output is None else output
        (found,) = torch.autograd.grad(said[chosen], here)
    return found[0], said.detach(), chosen


def _points(model: Decoder, tokens: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Where to look on the way from 0 to 1, and what each look counts (Gauss and Legendre)."""
    dear = sum(weight.numel() for weight in model.layers.parameters()) * tokens > _DEAR
    places, weights = np.polynomial.legendre.leggauss(FEW if dear else MANY)
    return (places + 1) / 2, weights / 2


def _mean_slope(
    model: Decoder, ids: Tensor, lengths: Tensor, ends: tuple[Tensor, Tensor], way: tuple[object, object, int]
) -> Tensor:
    """(time, width): the class' gradient, averaged over points between both `ends` (Sundararajan et al. 2017)."""
    (nothing, vectors), (points, weights, output) = ends, way
    slope = torch.zeros_like(vectors)
    count = max(1, AT_ONCE // ids.shape[1])
    steps = torch.tensor(np.asarray(points), dtype=vectors.dtype, device=vectors.device)
    counts = torch.tensor(np.asarray(weights), dtype=vectors.dtype, device=vectors.device)
    for first in range(0, len(steps), count):
        step = steps[first : first + count, None, None]
        with torch.enable_grad():
            between = (nothing + step * (vectors - nothing)).detach().requires_grad_(True)
            said = _logits(model, ids, lengths, between)[:, output].sum()
            (found,) = torch.autograd.grad(said, between)
        slope += (found * counts[first : first + count, None, None]).sum(0)
    return slope


def _covered(model: Decoder, ids: Tensor, lengths: Tensor, vectors: Tensor, output: int) -> Tensor:
    """(time,): the class' logit with each token covered in turn (Zeiler and Fergus 2014); as it is beyond the text."""
    size, count = int(lengths[0]), max(1, AT_ONCE // ids.shape[1])
    found = []
    with torch.no_grad():
        for first in range(0, size, count):
            places = torch.arange(first, min(size, first + count), device=ids.device)
            rows = vectors.repeat(len(places), 1, 1)
            rows[torch.arange(len(places)), places] = 0.0
            found.append(_logits(model, ids, lengths, rows)[:, output])
    return torch.cat([*found, found[0].new_zeros(ids.shape[1] - size)])


def _logits(model: Decoder, ids: Tensor, lengths: Tensor, vectors: Tensor) -> Tensor:
    """(rows, classes) of one text with other token vectors (rows, time, width)."""
    reader = model.reader if model.reader is not None else RowReader()
    many = ids.expand(len(vectors), -1)
    size = lengths.expand(len(vectors)) if reader.place != "padded" else torch.full_like(many[:, 0], ids.shape[1])
    with _instead(model, vectors):
        x = model.embedded(many)
    said: Tensor = model.lm_head(reader.read(model, x, size, 0)).float()
    return said


@contextmanager
def _instead(model: Decoder, vectors: Tensor) -> Iterator[None]:
    """Let the embedding answer with these vectors."""
    handle = model.embed_tokens.register_forward_hook(lambda *_: vectors.to(model.embed_tokens.weight.dtype))
    try:
        yield
    finally:
        handle.remove()
