"""Feeding tokens to a model: what was read already stays read, alone or for several continuations at once."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from studio.core.config import ModelConfig
from studio.engine.evaluate import at_rest
from studio.engine.looping import Looping
from studio.engine.replay import Logits as Logits
from studio.engine.replay import Replay
from studio.layers.decoder import Decoder, StoppedError
from studio.layers.key_value_cache import KeyValueCache

Asked = Callable[[], bool]

# Tokens of a prompt that are read at once, in one product for each matrix and without a mask for its attention; whether
# to go on is asked before each layer, of more than a few tokens. 1,000 in one piece: 1.15 times as fast as in two.
PIECE, FEW = 2_048, 128
_FIRST_ROOM = 256  # tokens a cache has room for at first; a long context is paid for only by a long text


class Reader:
    """Hands out the logits behind the newest token, in the precision of the weights.

    As long as everything fits into the context, keys and values are cached; beyond it the last `context_length`
    tokens are read anew for each token, because learned positions shift: the same numbers as without a cache.
    """

    def __init__(self, model: Decoder, config: ModelConfig, cached: bool = True) -> None:
        self.model = model
        self.context_length = config.context_length
        self.ids: list[int] = []
        self.cache: KeyValueCache | None = None
        self._logits: Logits | None = None  # behind the last of `ids`
        self.replay = Replay(model)
        self.looping = Looping(model, config) if model.embed_tokens.weight.device.type == "cpu" else None
        if cached:
            room = min(_FIRST_ROOM, config.context_length)
            self.cache = KeyValueCache(config, like=model.embed_tokens.weight.detach(), capacity=room)

    def read(self, ids: Sequence[int], keep_going: Asked | None = None) -> Logits:
        """Append `ids` and return the logits (vocabulary,) for what comes next; stopped, none of them are read."""
        total = len(self.ids) + len(ids)
        if self.cache is not None and total <= self.context_length:
            self.cache = with_room(self.cache, total, self.context_length)
            logits = self._read_on([*self.ids[self.cache.length :], *ids], self.cache, keep_going)
        else:
            logits = forward(self.model, [[*self.ids, *ids][-self.context_length :]], None, keep_going)
        self.ids += ids
        newest: Logits = logits[0]
        self._logits = newest
        return newest

    def read_from(self, ids: Sequence[int], keep_going: Callable[[], bool] = lambda: True) -> Logits | None:
        """The logits behind the whole text `ids`, of which only what is new is read; None when asked to stop before."""
        if self._logits is not None and list(ids) == self.ids:
            return self._logits
        held = self.cache.length if self.cache is not None else 0
        self._forget_behind(min(common_length(self.ids, ids), held, len(ids) - 1))
        asked = keep_going if len(ids) - len(self.ids) > FEW else None
        try:
            while self.cache is not None and len(ids) <= self.context_length and len(ids) - len(self.ids) > PIECE:
                self.read(ids[len(self.ids) : len(self.ids) + PIECE], asked)
            return self.read(ids[len(self.ids) :], asked)
        except StoppedError:
            return None

    def _read_on(self, new: Sequence[int], cache: KeyValueCache, keep_going: Asked | None) -> Logits:
        def ordinary() -> Logits:
            return forward(self.model, [new], cache, keep_going)

        if len(new) > 1:
            return ordinary()
        if self.looping is not None:
            return self.looping.read(new[0], cache, ordinary)
        return self.replay.read(new, cache, ordinary)

    def _forget_behind(self, length: int) -> None:
        self._logits = None
        del self.ids[length:]
        if self.cache is not None:
            self.cache.truncate(length)


class Rows:
    """Continuations of what a reader has read, side by side: one forward pass gives every row its next logits."""

    def __init__(self, reader: Reader, count: int) -> None:
        self._model, self._limit = reader.model, reader.context_length
        self.replay = Replay(reader.model)
        self.ids = [list(reader.ids) for _ in range(count)]
        cached = reader.cache is not None and reader.cache.length == len(reader.ids)
        self._cache = reader.cache.picked([0] * count) if reader.cache is not None and cached else None

    def read(self, tokens: Sequence[int]) -> Logits:
        """Append one token to each row; logits (rows, vocabulary) for what comes next."""
        for ids, token in zip(self.ids, tokens, strict=True):
            ids.append(token)
        total = len(self.ids[0])
        if self._cache is not None and total <= self._limit:
            cache = self._cache = with_room(self._cache, total, self._limit)
            new = [[token] for token in tokens]
            return self.replay.read(tokens, cache, lambda: forward(self._model, new, cache))
        return forward(self._model, [ids[-self._limit :] for ids in self.ids], None)

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows, some of them perhaps several times, in this order."""
        if list(rows) != list(range(len(self.ids))):
            self.ids = [list(self.ids[row]) for row in rows]
            self._cache = self._cache.picked(rows) if self._cache is not None else None


def forward(
    model: Decoder, ids: Sequence[Sequence[int]], cache: KeyValueCache | None, keep_going: Asked | None = None
) -> Logits:
    """Logits (rows, vocabulary) behind the last of `ids` (rows, time)."""
    tensor = torch.tensor(ids, dtype=torch.long, device=model.embed_tokens.weight.device)
    # The contexts close before the caller sees anything: a generator that rests inside them would leak them.
    with at_rest(model), torch.no_grad():
        logits: Tensor = model(tensor, cache, last_only=True, keep_going=keep_going)
    found: Logits = logits[:, -1].float().cpu().numpy()
    return found


def with_room(cache: KeyValueCache, tokens: int, limit: int) -> KeyValueCache:
    """The cache itself while `tokens` fit, else one of at least double the room, `limit` at most."""
    if tokens <= cache.capacity:
        return cache
    return cache.picked(range(cache.keys.shape[1]), min(limit, max(tokens, 2 * cache.capacity)))


def common_length(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two texts share at their beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))
