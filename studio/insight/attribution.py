"""Direct logit attribution: a token's logit as a sum over embedding, heads and feed-forward parts.

The final norm's scale is the one of the whole stream, frozen, so that the parts add up (never each part's own).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import nn

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.insight.capture import Capture
from studio.insight.reading import Doubles, Numbers, blocks, matrix
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


def attribute(model: Decoder, captured: Capture, position: int, token: int) -> Attribution:
    """Split the logit of `token` behind `position` (counted in the capture's window)."""
    read = FrozenNorm(model, captured, position)
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
    weight, constant = matrix(model.lm_head)
    return Attribution(
        token, position, float(read.normed(own) @ column), float(read.normed(rest) @ column),
        np.array(heads), np.array(bias), np.array(feed), shift, float(final @ weight[:, token] + constant[token]),
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
        self._head, self._constant = matrix(model.lm_head)

    def normed(self, part: Numbers) -> Doubles:
        """(…, width): a part of the stream as the head reads it, without the norm's own offset."""
        wide = np.asarray(part, np.float64)
        centred: Doubles = wide - wide.mean(-1, keepdims=True) if self._centred else wide
        return centred * self.scale * self._gain

    def direction(self, token: int) -> tuple[Doubles, float]:
        """What the head reads for one token (width,), and what norm and head add to its logit by themselves."""
        column = self._head[:, token]
        return column, float(self._shift @ column + self._constant[token])

    def promoted(self, part: Numbers, k: int = 10) -> tuple[tuple[int, float], ...]:
        """The k tokens whose logits one part raises most, with how much; the smaller id first among equals."""
        change = self.normed(part) @ self._head
        return tuple((int(number), float(change[number])) for number in np.argsort(-change, kind="stable")[:k])

    def suppressed(self, part: Numbers, k: int = 10) -> tuple[tuple[int, float], ...]:
        """The same for those it lowers most."""
        change = self.normed(part) @ self._head
        return tuple((int(number), float(change[number])) for number in np.argsort(change, kind="stable")[:k])


def text_attribution(model: Decoder, captured: Capture, positions: Sequence[int]) -> list[Attribution]:
    """The logits of the tokens that really came next, one attribution for each position that has a next token."""
    return [
        attribute(model, captured, position, captured.ids[position + 1])
        for position in positions
        if position + 1 < len(captured.ids)
    ]
