"""Writing text token by token: the model gives logits, `core.sampling` chooses."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.core.config import ModelConfig, Sampling
from studio.core.errors import StudioError
from studio.core.sampling import draw, probabilities
from studio.engine.evaluate import at_rest
from studio.layers.decoder import Decoder
from studio.layers.key_value_cache import KeyValueCache
from studio.tokenizers import StreamDecoder, Tokenizer


@dataclass(frozen=True, slots=True)
class Chosen:
    """One token, how likely it was after every control, and how uncertain the choice was (bits)."""

    id: int
    probability: float
    entropy: float


class Reader:
    """Feeds tokens to a model and hands out the logits behind the newest one, in the precision of the weights.

    As long as everything fits into the context, keys and values are cached; beyond it the last `context_length`
    tokens are read anew for each token, because learned positions shift: the same numbers as without a cache.
    """

    def __init__(self, model: Decoder, config: ModelConfig, cached: bool = True) -> None:
        self.model = model
        self.context_length = config.context_length
        self.ids: list[int] = []
        weight = model.embed_tokens.weight
        self._device = weight.device
        self._cache = KeyValueCache(config, like=weight.detach()) if cached else None

    def read(self, ids: Sequence[int]) -> npt.NDArray[np.float32]:
        """Append `ids` and return the logits (vocabulary,) for what comes next."""
        self.ids += ids
        if self._cache is not None and len(self.ids) <= self.context_length:
            return self._forward(self.ids[self._cache.length :], self._cache)
        return self._forward(self.ids[-self.context_length :], None)

    def _forward(self, ids: Sequence[int], cache: KeyValueCache | None) -> npt.NDArray[np.float32]:
        tensor = torch.tensor([list(ids)], dtype=torch.long, device=self._device)
        # The contexts close before the caller sees anything: a generator that rests inside them would leak them.
        with at_rest(self.model), torch.no_grad():
            logits: Tensor = self.model(tensor, cache, last_only=True)
        found: npt.NDArray[np.float32] = logits[0, -1].float().cpu().numpy()
        return found


def generate(
    reader: Reader,
    prompt: Sequence[int],
    sampling: Sampling,
    keep_going: Callable[[], bool] = lambda: True,
    stop_at: Sequence[int] = (),
) -> Iterator[Chosen]:
    """Up to `sampling.tokens` tokens after `prompt`; ends early at a token of `stop_at` or when asked to stop."""
    vocab_size = reader.model.embed_tokens.num_embeddings
    if not prompt:
        raise StudioError("There is nothing to go on from.", "Type a few words as a prompt.")
    if outside := [token for token in prompt if not 0 <= token < vocab_size]:
        raise StudioError(f"Token {outside[0]} is outside this model's vocabulary of {vocab_size:,}.")
    random = np.random.default_rng(sampling.seed)
    logits = reader.read(prompt)
    for place in range(sampling.tokens):
        if not keep_going():
            return
        chances = probabilities(logits, sampling, reader.ids)
        token = draw(chances, random)
        positive = chances[chances > 0]
        yield Chosen(token, float(chances[token]), float(-(positive * np.log2(positive)).sum()))
        if token in stop_at:
            return
        if place + 1 < sampling.tokens:
            logits = reader.read([token])


def continue_text(
    reader: Reader,
    tokenizer: Tokenizer,
    first: int,
    sampling: Sampling,
    keep_going: Callable[[], bool] = lambda: True,
) -> tuple[str, int]:
    """The text after `sampling.prompt` and how many tokens it has; without a prompt, from end-of-text or `first`."""
    end = tokenizer.end_of_text
    prompt = tokenizer.encode(sampling.prompt) or [first if end is None else end]
    stop = [] if end is None else [end]
    ids = [chosen.id for chosen in generate(reader, prompt, sampling, keep_going, stop)]
    stream = stream_after(tokenizer, prompt if sampling.prompt else [])
    text = "".join(stream(token) for token in ids if token not in stop)
    return text + stream.flush(), len(ids)


def stream_after(tokenizer: Tokenizer, prompt: Sequence[int]) -> StreamDecoder:
    """A decoder that has read the prompt already, so that a word after it keeps its space."""
    stream = tokenizer.stream()
    for token in prompt:
        stream(token)
    return stream
