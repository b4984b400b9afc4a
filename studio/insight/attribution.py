"""Direct logit attribution: a token's logit as a sum over embedding, heads and feed-forward parts.

The final norm's scale is the one of the whole stream, frozen, so that the parts add up (never each part's own).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from torch import nn

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.insight.capture import Capture
from studio.insight.lens import logits
from studio.insight.reading import PLACES, Doubles, Numbers, at_rest, blocks, matrix, word_head
from studio.layers.decoder import Decoder
from studio.layers.norms import RMSNorm


@dataclass(frozen=True)
class Attribution:
    """What each part adds to the logit of `token` behind the token at `position`.

    `heads` (layers, heads), `attention_bias` and `feed_forward` (layers,); `ends` is what norm and head add by
    themselves. `logit` is the model's own number.
    """

    token: int
    position: int
    embedding: float
    positions: float
    heads: Doubles
    attention_bias: Doubles
    feed_forward: Doubles
    ends: float
    logit: float

    @property
    def total(self) -> float:
        """The sum of all parts; equals `logit` up to rounding."""
        parts = self.heads.sum() + self.attention_bias.sum() + self.feed_forward.sum()
        return float(parts + self.embedding + self.positions + self.ends)


def attribute(model: Decoder, captured: Capture, position: int, token: int | None = None) -> Attribution:
    """Split the logit of `token` behind `position` (counted in the capture's window); None is the likeliest token."""
    read = FrozenNorm(model, captured, position)
    if token is None:
        with at_rest(model):
            token = int(logits(model, captured.layers[-1].after[position : position + 1])[0].argmax())
    column, shift = read.direction(token)
    heads, bias, feed = [], [], []
    for block, record in zip(blocks(model), captured.layers, strict=True):
        out, offset = matrix(block.self_attn.o_proj)
        each = record.mixed[:, position, :].astype(np.float64)  # (heads, head_dim)
        added = np.einsum("hd,hdw->hw", each, out.reshape(*each.shape, -1))
        heads.append(read.normed(added) @ column)
        bias.append(read.normed(offset) @ column)
        feed.append(read.normed(record.feed_forward_out[position]) @ column)
    own = model.embed_tokens.weight[captured.ids[position]].detach().double().cpu().numpy() * model.embedding_scale
    rest = captured.embedding[position] - own
    final = captured.final[position].astype(np.float64)
    return Attribution(
        token, position, float(read.normed(own) @ column), float(read.normed(rest) @ column),
        np.array(heads), np.array(bias), np.array(feed), shift, read.logit(final, token),
    )  # fmt: skip


class FrozenNorm:
    """The final norm as the linear map it is once its scale is that of one position's whole stream."""

    def __init__(self, model: Decoder, captured: Capture, position: int) -> None:
        norm = model.norm
        if next(blocks(model)).norm_after or not isinstance(norm, nn.LayerNorm | RMSNorm):
            raise StudioError(
                tr("This model norms after each part, so its logits are no sum of the parts."),
                tr("Choose a model that norms before them, such as GPT-2 or Llama."),
            )
        stream = captured.layers[-1].after[position].astype(np.float64)
        gain = norm.weight.detach().double().cpu().numpy()
        self._centred = isinstance(norm, nn.LayerNorm)
        if isinstance(norm, RMSNorm):
            self._gain = 1.0 + gain if norm.offset else gain
            self._shift = np.zeros_like(gain)
        else:
            self._gain, self._shift = gain, norm.bias.detach().double().cpu().numpy()
        spread = stream - stream.mean() if self._centred else stream
        self.scale = float(1.0 / np.sqrt((spread**2).mean() + norm.eps))
        self._head = word_head(model)

    def normed(self, part: Numbers) -> Doubles:
        """(…, width): a part of the stream as the head reads it, without the norm's own offset."""
        wide = np.asarray(part, np.float64)
        centred: Doubles = wide - wide.mean(-1, keepdims=True) if self._centred else wide
        return centred * self.scale * self._gain

    def direction(self, token: int) -> tuple[Doubles, float]:
        """What the head reads for one token (width,), and what norm and head add to its logit by themselves."""
        column: Doubles = self._head.weight[token].detach().double().cpu().numpy()
        return column, self.logit(self._shift, token)

    def logit(self, final: Numbers, token: int) -> float:
        """What the head makes of a state (width,) that is normed already."""
        own = 0.0 if self._head.bias is None else float(self._head.bias[token])
        return float(final @ self._head.weight[token].detach().double().cpu().numpy()) + own

    def effect(self, part: Numbers) -> Doubles:
        """(vocabulary,): what one part adds to every logit; the table is read piece by piece, it may be large."""
        x, weight = self.normed(part), self._head.weight.detach()
        size = max(1, PLACES // weight.shape[1])
        found = [weight[at : at + size].double().cpu().numpy() @ x for at in range(0, len(weight), size)]
        return np.concatenate(found)

    def promoted(self, part: Numbers, k: int = 10) -> tuple[tuple[int, float], ...]:
        """The k tokens whose logits one part raises most, with how much; the smaller id first among equals."""
        return strongest(self.effect(part), k, -1.0)

    def suppressed(self, part: Numbers, k: int = 10) -> tuple[tuple[int, float], ...]:
        """The same for those it lowers most."""
        return strongest(self.effect(part), k, 1.0)


def strongest(change: Doubles, k: int, sign: float) -> tuple[tuple[int, float], ...]:
    """The k tokens that a change of all logits raises most (sign −1) or lowers most (+1), the smaller id first."""
    order = np.argsort(sign * change, kind="stable")[:k]
    return tuple((int(number), float(change[number])) for number in order)


class Part(NamedTuple):
    """One summand of a logit. `kind`: embedding, positions, head, bias or feed_forward; the last three have a layer."""

    kind: str
    layer: int = -1
    head: int = -1


@dataclass(frozen=True)
class Effect:
    """What one part does to all logits behind a position: the tokens it raises and lowers most, with how much."""

    part: Part
    promoted: tuple[tuple[int, float], ...]
    suppressed: tuple[tuple[int, float], ...]
    length: float  # of the vector that the part adds to the stream


def effect_of(model: Decoder, captured: Capture, position: int, key: tuple[str, int, int] | Part, k: int = 8) -> Effect:
    """The ends of what one part adds to the logits, under the frozen norm of that position."""
    read, part = FrozenNorm(model, captured, position), Part(*key)
    added = vector_of(model, captured, position, part)
    change = read.effect(added)
    return Effect(part, strongest(change, k, -1.0), strongest(change, k, 1.0), float(np.linalg.norm(added)))


def vector_of(model: Decoder, captured: Capture, position: int, part: Part) -> Doubles:
    """(width,): what one part adds to the residual stream at a position."""
    own = model.embed_tokens.weight[captured.ids[position]].detach().double().cpu().numpy() * model.embedding_scale
    if part.kind == "embedding":
        return np.asarray(own)
    if part.kind == "positions":
        return np.asarray(captured.embedding[position] - own)
    record = captured.layers[part.layer]
    if part.kind == "feed_forward":
        return np.asarray(record.feed_forward_out[position], np.float64)
    out, offset = matrix(list(blocks(model))[part.layer].self_attn.o_proj)
    if part.kind == "bias":
        return offset
    each = record.mixed[part.head, position].astype(np.float64)
    wide = len(each)
    return np.asarray(each @ out[part.head * wide : (part.head + 1) * wide])
