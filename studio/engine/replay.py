"""Writing on a CUDA device by a recorded graph: a small model's token is hundreds of launches, a graph is one.

It is recorded only behind some ordinary tokens, and kept only when it then gave the same logits as the ordinary way,
and sooner. Whatever goes wrong with it, the ordinary way is still there.
"""

import math
import time
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.engine.evaluate import at_rest
from studio.engine.recording import Play, may_record, recorded
from studio.layers.decoder import Decoder
from studio.layers.key_value_cache import KeyValueCache
from studio.layers.lora import lora_layers
from studio.layers.static_cache import StaticCache

Logits = npt.NDArray[np.float32]

WARM = 8  # ordinary tokens in the same memory before a graph is worth its recording
TRIED = 3  # tokens that are computed both ways
OFF = 1e-3  # how far logits may be off, of the largest one: two orders of addition, as different kernels have


def possible(model: Decoder) -> bool:
    """Whether the model can be recorded: on CUDA, without adapters, whose strength may change between two tokens.

    One in training is not, nor what autocast makes of its weights, which lies in memory that is soon used otherwise.
    """
    there = model.embed_tokens.weight.device.type == "cuda" and not model.training
    return there and not torch.is_autocast_enabled("cuda") and not lora_layers(model)


class Step:
    """One token for each row of a cache, always in the same memory: ids (rows, 1) in, logits (rows, vocabulary) out.

    `record` makes of a function that launches kernels one that launches them again.
    """

    def __init__(self, model: Decoder, cache: KeyValueCache, record: Callable[[Play], Play]) -> None:
        device = model.embed_tokens.weight.device
        self._model, self._cache = model, StaticCache(cache)
        self._ids = torch.zeros(cache.keys.shape[1], 1, dtype=torch.long, device=device)
        self._logits = torch.zeros(cache.keys.shape[1], model.embed_tokens.num_embeddings, device=device)
        with at_rest(model), torch.no_grad():
            self._play = record(self._compute)

    def _compute(self) -> None:
        logits: Tensor = self._model(self._ids, self._cache, last_only=True)
        self._logits.copy_(logits[:, -1])

    def __call__(self, tokens: Sequence[int], place: int) -> Logits:
        """Logits (rows, vocabulary) behind `tokens`, one for each row, at `place`."""
        self._ids.copy_(torch.tensor(tokens, dtype=torch.long).view(-1, 1))
        self._cache.move_to(place)
        with at_rest(self._model), torch.no_grad():
            self._play()
        found: Logits = self._logits.cpu().numpy().copy()
        return found


class Replay:
    """Decides token by token between the two ways; the ordinary one counts until the graph has proved itself."""

    def __init__(self, model: Decoder) -> None:
        self._model = model
        self._memory: Tensor | None = None  # the keys that the tokens below were written into
        self._tokens = 0
        self._step: Step | None = None
        self._trial = Trial()
        self.given_up = False

    def read(self, tokens: Sequence[int], cache: KeyValueCache, ordinary: Callable[[], Logits]) -> Logits:
        """Logits (rows, vocabulary) behind one more token for each row; `ordinary` computes them, advances `cache`."""
        if self.given_up or not possible(self._model):
            self._step = self._memory = None
            return ordinary()
        if self._memory is not cache.keys:
            self._memory, self._tokens, self._step, self._trial = cache.keys, 0, None, Trial()
        self._tokens += 1
        if self._tokens <= WARM:
            return ordinary()
        try:
            return self._by_graph(tokens, cache, ordinary)
        except RuntimeError:  # what torch raises when a driver or a kernel refuses to be recorded
            self.given_up, self._step = True, None
            return ordinary()

    def _by_graph(self, tokens: Sequence[int], cache: KeyValueCache, ordinary: Callable[[], Logits]) -> Logits:
        if self._step is None:
            if not may_record():
                return ordinary()
            self._step = Step(self._model, cache, recorded)
        if self._trial.over:
            found = self._step(tokens, cache.length)
            cache.advance(1)
            return found
        step, place = self._step, cache.length
        wanted, passed = self._trial.both(lambda: step(tokens, place), ordinary)
        if not passed:
            self.given_up, self._step = True, None
        return wanted


class Trial:
    """Some tokens are computed both ways, until the quicker way has shown that it is right, and quicker."""

    def __init__(self) -> None:
        self._took: list[tuple[float, float]] = []  # seconds of the ordinary way and of the other

    @property
    def over(self) -> bool:
        """Whether all the tokens have been tried."""
        return len(self._took) >= TRIED

    def both(self, quick: Callable[[], Logits], ordinary: Callable[[], Logits]) -> tuple[Logits, bool]:
        """What the ordinary way says, and whether the quick one may go on; both write the same keys."""
        found, sooner = timed(quick)
        wanted, later = timed(ordinary)
        self._took.append((later, sooner))
        return wanted, not self.slow and same(found, wanted)

    @property
    def slow(self) -> bool:
        """Whether all is tried and the quick way was not the quicker one."""
        return self.over and min(quick for _, quick in self._took) >= min(own for own, _ in self._took)


def same(played: Logits, wanted: Logits) -> bool:
    """Whether two ways of computing logits agree, the likeliest token of every row among them."""
    off = float(np.abs(played - wanted).max()) if np.isfinite(played).all() else math.inf
    equal = bool((played.argmax(axis=-1) == wanted.argmax(axis=-1)).all())
    return equal and off <= OFF * float(np.abs(wanted).max())


def timed(read: Callable[[], Logits]) -> tuple[Logits, float]:
    """What was read, and seconds by the clock: the device has finished when its numbers are here."""
    started = time.perf_counter()
    logits = read()
    return logits, time.perf_counter() - started
