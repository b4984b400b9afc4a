"""A decoder-only language model, assembled from parts that a family chooses."""

from torch import Tensor, nn

from studio.layers.attention import Attention
from studio.layers.dropout import dropout
from studio.layers.key_value_cache import KeyValueCache, positions_after


class Block(nn.Module):
    r"""One layer: x + attention(norm(x)), then x + feed_forward(norm(x)).

    x ──┬─ norm ─ attention ──(+)──┬─ norm ─ feed forward ──(+)── out
        └──────────────────────┘   └─────────────────────────┘
    """

    def __init__(self, attention: Attention, feed_forward: nn.Module, norms: tuple[nn.Module, nn.Module]) -> None:
        super().__init__()
        self.self_attn = attention
        self.mlp = feed_forward
        self.input_layernorm, self.post_attention_layernorm = norms
        self.drop_rate = attention.drop_rate

    def forward(self, x: Tensor, cache: KeyValueCache | None = None) -> Tensor:
        """(batch, time, width) in and out."""
        x = x + self._drop(self.self_attn(self.input_layernorm(x), cache))
        return x + self._drop(self.mlp(self.post_attention_layernorm(x)))

    def _drop(self, x: Tensor) -> Tensor:
        return dropout(x, self.drop_rate) if self.training else x


class Decoder(nn.Module):
    """Token ids in, logits out. Parameter names follow Llama's files on the hub, so that weights map by name."""

    def __init__(
        self, tokens: nn.Embedding, positions: nn.Embedding, layers: list[Block], ends: tuple[nn.Module, nn.Linear]
    ) -> None:
        super().__init__()
        self.embed_tokens = tokens
        self.embed_positions = positions
        self.layers = nn.ModuleList(layers)
        self.norm, self.lm_head = ends
        self.drop_rate = layers[0].drop_rate

    def forward(self, ids: Tensor, cache: KeyValueCache | None = None, last_only: bool = False) -> Tensor:
        """Ids (batch, time) to logits (batch, time, vocabulary), or (batch, 1, vocabulary) with `last_only`."""
        x = self.hidden(ids, cache)
        logits: Tensor = self.lm_head(x[:, -1:] if last_only else x)
        return logits

    def hidden(self, ids: Tensor, cache: KeyValueCache | None = None) -> Tensor:
        """Ids (batch, time) to what the output head reads: (batch, time, width), after the final norm."""
        positions = positions_after(cache, ids.shape[1], ids.device)
        x = self.embed_tokens(ids) + self.embed_positions(positions)
        x = dropout(x, self.drop_rate) if self.training else x
        for layer in self.layers:
            x = layer(x, cache)
        if cache is not None:
            cache.advance(ids.shape[1])
        normed: Tensor = self.norm(x)
        return normed
