"""A language model of one stack of blocks, assembled from parts that a family chooses: a decoder or an encoder."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from studio.layers.attention import Attention, seen_within
from studio.layers.dropout import dropout
from studio.layers.key_value_cache import KeyValueCache, positions_after
from studio.layers.row_reader import RowReader


class StoppedError(Exception):
    """A forward pass was not wanted any more; its cache counts no more tokens than before."""


class Block(nn.Module):
    r"""One layer: x + attention(norm(x)), then x + feed_forward(norm(x)); with `norm_after` norm(x + part(x)).

    x ──┬─ norm ─ attention ──(+)──┬─ norm ─ feed forward ──(+)── out
        └──────────────────────┘   └─────────────────────────┘
    """

    def __init__(
        self,
        attention: Attention,
        feed_forward: nn.Module,
        norms: tuple[nn.Module, nn.Module],
        norm_after: bool = False,
    ) -> None:
        super().__init__()
        self.self_attn = attention
        self.mlp = feed_forward
        self.input_layernorm, self.post_attention_layernorm = norms
        self.norm_after = norm_after
        self.drop_rate = attention.drop_rate

    def forward(self, x: Tensor, cache: KeyValueCache | None = None, seen: Tensor | None = None) -> Tensor:
        """(batch, time, width) in and out; `seen` as in `Attention`."""
        if self.norm_after:
            x = self.input_layernorm(x + self._drop(self.self_attn(x, cache, seen)))
            normed: Tensor = self.post_attention_layernorm(x + self._drop(self.mlp(x)))
            return normed
        return self.finished(x, self.self_attn(self.input_layernorm(x), cache, seen))

    def finished(self, x: Tensor, mixed: Tensor) -> Tensor:
        """What comes out at places where x went in and attention found `mixed`; for norms before each part."""
        x = x + self._drop(mixed)
        return x + self._drop(self.mlp(self.post_attention_layernorm(x)))

    def _drop(self, x: Tensor) -> Tensor:
        return dropout(x, self.drop_rate) if self.training else x


@dataclass(frozen=True)
class Start:
    """What makes the first block's input: a vector for the token, and what is added to it or done with it."""

    tokens: nn.Embedding
    positions: nn.Embedding | None = None  # None where attention turns queries and keys instead
    segments: nn.Embedding | None = None
    norm: nn.Module | None = None
    scale: float = 1.0


class Decoder(nn.Module):
    """Token ids in, logits out. Parameter names follow Llama's files on the hub, so that weights map by name.

    An encoder is the same with attention that looks both ways, norms in other places, and a longer end: what stands
    between the last block and the head (`norm`) is its masked-word head's first part.
    """

    def __init__(self, start: Start, layers: list[Block], ends: tuple[nn.Module, nn.Linear]) -> None:
        super().__init__()
        self.embed_tokens, self.embed_positions = start.tokens, start.positions
        self.embed_segments, self.embed_norm = start.segments, start.norm
        self.embedding_scale = start.scale
        self.layers = nn.ModuleList(layers)
        self.norm, self.lm_head = ends
        self.drop_rate = layers[0].drop_rate
        self.reader: RowReader | None = None  # how a head of classes reads a row; its objective sets it

    def forward(
        self,
        ids: Tensor,
        cache: KeyValueCache | None = None,
        last_only: bool = False,
        keep_going: Callable[[], bool] | None = None,
    ) -> Tensor:
        """Ids (batch, time) to logits (batch, time, vocabulary), or (batch, 1, vocabulary) with `last_only`."""
        x = self.hidden(ids, cache, keep_going)
        logits: Tensor = self.lm_head(x[:, -1:] if last_only else x)
        return logits

    def hidden(
        self,
        ids: Tensor,
        cache: KeyValueCache | None = None,
        keep_going: Callable[[], bool] | None = None,
        texts: Tensor | None = None,
    ) -> Tensor:
        """Ids (batch, time) to what the output head reads: (batch, time, width), normed.

        `keep_going` is asked before each layer; a no raises `StoppedError`. `texts` (batch, time) numbers the text that
        each token is of: texts in one row, and their padding, know nothing of one another.
        """
        x = self.embedded(ids, cache, texts)
        attention: Attention = self.layers[0].self_attn  # type: ignore[assignment]
        seen = cache.seen(attention.window) if cache is not None else None
        if texts is not None:
            seen = seen_within(texts, attention.causal, attention.window)
        for layer in self.layers:
            if keep_going is not None and not keep_going():
                raise StoppedError
            x = layer(x, cache, seen)
        if cache is not None:
            cache.advance(ids.shape[1])
        normed: Tensor = self.norm(x)
        return normed

    def embedded(self, ids: Tensor, cache: KeyValueCache | None = None, texts: Tensor | None = None) -> Tensor:
        """What the first block reads: (batch, time, width)."""
        x = self.embed_tokens(ids)
        if self.embedding_scale != 1.0:
            x = x * x.new_full((), self.embedding_scale)  # rounded to the type of the weights, as Gemma was trained
        if self.embed_positions is not None:
            places = positions_after(cache, ids.shape[1], ids.device) if texts is None else places_within(texts)
            x = x + self.embed_positions(places)
        if self.embed_segments is not None:
            x = x + self.embed_segments.weight[0]  # one text, so all of it is the first segment
        if self.embed_norm is not None:
            x = self.embed_norm(x)
        return dropout(x, self.drop_rate) if self.training else x

    def classes(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Ids (rows, time), of which the first `lengths` (rows,) are text, to what the head says: (rows, outputs)."""
        reader = self.reader if self.reader is not None else RowReader()
        said: Tensor = self.lm_head(reader(self, ids, lengths))
        return said


def places_within(texts: Tensor) -> Tensor:
    """Each token's place (batch, time) in its own text, counted from 0; a text's tokens stand side by side."""
    steps = torch.arange(texts.shape[1], device=texts.device).expand(texts.shape)
    begins = torch.ones_like(texts, dtype=torch.bool)
    begins[:, 1:] = texts[:, 1:] != texts[:, :-1]
    return steps - torch.where(begins, steps, 0).cummax(dim=1).values
