"""How the network is doing: lengths of weights, gradients and updates, what is no number, the stream, the loss."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.insight.capture import Capture
from studio.insight.lens import pieces
from studio.insight.reading import Doubles, Floats, at_rest, tensor_of, word_head
from studio.layers.decoder import Decoder

EDGES: Doubles = 10.0 ** np.linspace(-12, 4, 65)  # of the sizes in a histogram, the same for every tensor and step


@dataclass(frozen=True)
class TensorHealth:
    """One tensor: its length, its largest size, its share of zeros, and how many are NaN or infinite."""

    name: str
    count: int
    norm: float
    largest: float
    zeros: int
    nan: int
    infinite: int

    @property
    def rms(self) -> float:
        """The size of a typical number in it."""
        return self.norm / self.count**0.5 if self.count else 0.0


def examine(name: str, tensor: Tensor) -> TensorHealth:
    """Length and largest size are those of the numbers that are finite; the others are counted, never averaged."""
    flat = tensor.detach().flatten()
    if not flat.numel():
        return TensorHealth(name, 0, 0.0, 0.0, 0, 0, 0)
    zeros = flat.numel() - int(flat.count_nonzero())
    low, high = (float(end) for end in flat.aminmax())
    if np.isfinite(low) and np.isfinite(high):  # one pass says that there is nothing to count
        return TensorHealth(name, flat.numel(), _length(flat), max(abs(low), abs(high)), zeros, 0, 0)
    nan, infinite = int(flat.isnan().sum()), int(flat.isinf().sum())
    rest = flat[flat.isfinite()]
    largest = float(rest.abs().max()) if rest.numel() else 0.0
    return TensorHealth(name, flat.numel(), _length(rest), largest, zeros, nan, infinite)


def _length(flat: Tensor) -> float:
    """As torch measures it; in 64 bits where squares are too large for 32."""
    short = float(torch.linalg.vector_norm(flat, dtype=torch.float32))
    if np.isfinite(short) or flat.device.type == "mps":
        return short
    return float(torch.linalg.vector_norm(flat, dtype=torch.float64))


def weights(model: nn.Module) -> tuple[TensorHealth, ...]:
    """Every parameter, in the network's own order; tied ones once."""
    return tuple(examine(name, parameter) for name, parameter in model.named_parameters())


def gradients(model: nn.Module) -> tuple[TensorHealth, ...]:
    """Every gradient there is right now; read after unscaling and before clipping to be the true ones."""
    return tuple(
        examine(name, parameter.grad) for name, parameter in model.named_parameters() if parameter.grad is not None
    )


def copied(model: nn.Module) -> dict[str, Tensor]:
    """The weights as they are now, to compare with what a step makes of them."""
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}


def updates(before: Mapping[str, Tensor], model: nn.Module) -> tuple[TensorHealth, ...]:
    """How far every parameter moved since `copied`."""
    return tuple(examine(name, parameter.detach() - before[name]) for name, parameter in model.named_parameters())


def total_norm(found: Sequence[TensorHealth]) -> float:
    """The length of all tensors together, as clipping measures it."""
    return float(np.sqrt(np.sum([item.norm**2 for item in found])))


def by_layer(found: Sequence[TensorHealth], layers: int) -> Doubles:
    """(layers + 2,): lengths of the embeddings, of each block, and of what stands behind the last."""
    sums = np.zeros(layers + 2)
    for item in found:
        words = item.name.split(".")
        if words[0] == "layers":
            sums[int(words[1]) + 1] += item.norm**2
        else:
            sums[0 if words[0].startswith("embed") else -1] += item.norm**2
    roots: Doubles = np.sqrt(sums)
    return roots


@dataclass(frozen=True)
class StepHealth:
    """One optimizer step, by layer as `by_layer` has it; NaN where it was not measured.

    `gradients` are their lengths before clipping, `updates` how far the weights moved; `not_numbers` counts gradients.
    """

    gradients: Doubles  # (layers + 2,)
    updates: Doubles  # (layers + 2,)
    not_numbers: int = 0

    @classmethod
    def unknown(cls, layers: int) -> "StepHealth":
        """Of a moment before the first step, or of a step that nobody looked at."""
        return cls(np.full(layers + 2, np.nan), np.full(layers + 2, np.nan))


@dataclass(frozen=True)
class Histogram:
    """Counts of sizes between `EDGES`, negative numbers mirrored; every number is in exactly one of the fields."""

    negative: npt.NDArray[np.int64]
    positive: npt.NDArray[np.int64]
    small: int  # below the smallest edge, zeros included
    below: int  # larger than the largest edge, negative
    above: int
    nan: int
    infinite: int

    @property
    def count(self) -> int:
        """All numbers."""
        rest = self.small + self.below + self.above + self.nan + self.infinite
        return int(self.negative.sum() + self.positive.sum()) + rest


def histogram(tensor: Tensor) -> Histogram:
    """A tensor's sizes in bins that never change, so that steps can be compared and no value breaks them."""
    flat = tensor.detach().flatten().float().cpu().numpy()
    nan, infinite = int(np.isnan(flat).sum()), int(np.isinf(flat).sum())
    flat = flat[np.isfinite(flat)]
    where = np.searchsorted(EDGES, np.abs(flat).astype(np.float64), side="right") - 1
    outside, inner = where >= len(EDGES) - 1, (where >= 0) & (where < len(EDGES) - 1)
    down = flat < 0
    bins = len(EDGES) - 1
    return Histogram(
        np.bincount(where[inner & down], minlength=bins), np.bincount(where[inner & ~down], minlength=bins),
        int((where < 0).sum()), int((outside & down).sum()), int((outside & ~down).sum()), nan, infinite,
    )  # fmt: skip


# --- the stream -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StreamHealth:
    """The residual stream of one text. `norms` and `nan` (layers + 1, time) before the first block and after each.

    `attention_share`, `feed_forward_share` (layers, time): length of what a part adds by the length of what it is added
    to. `turning` (layers, time): cosine of the stream before and after the block.
    """

    norms: Floats
    nan: npt.NDArray[np.int64]
    attention_share: Floats
    feed_forward_share: Floats
    turning: Floats


def stream(captured: Capture) -> StreamHealth:
    """How large the stream is and what each block does to it; what is no number stays none."""
    lengths = [np.linalg.norm(x, axis=1) for x in captured.residual]
    nan = [(~np.isfinite(x)).sum(axis=1) for x in captured.residual]
    shares: list[Floats] = []
    feeds: list[Floats] = []
    turns: list[Floats] = []
    with np.errstate(divide="ignore", invalid="ignore"):
        for record, before, after in zip(captured.layers, lengths[:-1], lengths[1:], strict=True):
            middle = np.linalg.norm(record.before + record.attention_out, axis=1)
            shares.append(np.linalg.norm(record.attention_out, axis=1) / before)
            feeds.append(np.linalg.norm(record.feed_forward_out, axis=1) / middle)
            turns.append((record.before * record.after).sum(axis=1) / (before * after))
    return StreamHealth(np.stack(lengths), np.stack(nan), np.stack(shares), np.stack(feeds), np.stack(turns))


def loss_by_position(model: Decoder, rows: Sequence[Sequence[int]]) -> Doubles:
    """(rows, time - 1) of losses: entry i is that of token i + 1 behind those before it. All rows are equally long."""
    lengths = {len(row) for row in rows}
    if len(lengths) != 1 or min(lengths) < 2:
        raise StudioError(
            tr("Loss by position needs texts of one length, at least two tokens each."), tr("Choose such windows.")
        )
    found = []
    with at_rest(model):
        for row in rows:
            ids = tensor_of(model, row)[0]
            states = model.hidden(ids[None])[0, :-1]
            parts = [
                F.cross_entropy(word_head(model)(states[part]).float(), ids[1:][part], reduction="none")
                for part in pieces(model, len(states))
            ]
            found.append(torch.cat(parts).double().cpu().numpy())
    return np.stack(found)
