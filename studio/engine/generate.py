"""Writing text token by token: the model gives logits, `core.sampling` chooses."""

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from studio.core.config import Sampling
from studio.core.errors import StudioError
from studio.core.sampling import Candidate, Floats, candidates, certain, draw, probabilities, ranked, uncut
from studio.engine.reader import Logits, Reader, Rows


@dataclass(frozen=True, slots=True)
class Chosen:
    """One token, how likely it was after every control, and how uncertain the choice was (bits)."""

    id: int
    probability: float
    entropy: float
    rivals: tuple[Candidate, ...] = ()  # the likeliest tokens at that moment, itself often among them


def generate(
    reader: Reader,
    prompt: Sequence[int],
    sampling: Sampling,
    keep_going: Callable[[], bool] = lambda: True,
    stop_at: Sequence[int] = (),
    rivals: int = 0,
) -> Iterator[Chosen]:
    """Up to `sampling.tokens` tokens after `prompt`; ends early at a token of `stop_at` or when asked to stop.

    What `reader` has read before is not read again as far as the prompt begins with it. `rivals`: how many of the
    likeliest tokens are told with each chosen one.
    """
    check_prompt(reader, prompt)
    random = np.random.default_rng(sampling.seed)
    logits = reader.read_from(prompt, keep_going)
    for place in range(sampling.tokens):
        if logits is None or not keep_going():
            return
        chosen = _choose(logits, sampling, reader.ids, random, rivals)
        yield chosen
        if chosen.id in stop_at:
            return
        if place + 1 < sampling.tokens:
            logits = reader.read([chosen.id])


def generate_rows(
    reader: Reader,
    prompt: Sequence[int],
    sampling: Sampling,
    keep_going: Callable[[], bool] = lambda: True,
    ended: Container[int] = (),
    rivals: int = 0,
) -> Iterator[tuple[int, Chosen]]:
    """`sampling.samples` texts in one batch from one reading of the prompt: (number of the text, its next token).

    Text n is the one that seed + n writes alone. Texts that the caller has put into `ended` are not written on.
    """
    check_prompt(reader, prompt)
    first = reader.read_from(prompt, keep_going)
    if first is None:
        return
    randoms = [np.random.default_rng(sampling.seed + row) for row in range(sampling.samples)]
    rows, alive = Rows(reader, sampling.samples), list(range(sampling.samples))
    logits: Logits = np.repeat(first[None], sampling.samples, axis=0)
    for place in range(sampling.tokens):
        chosen: dict[int, Chosen] = {}
        for at, row in enumerate(alive):
            if not keep_going():
                return
            chosen[row] = _choose(logits[at], sampling, rows.ids[at], randoms[row], rivals)
            yield row, chosen[row]
        staying = [at for at, row in enumerate(alive) if row not in ended]
        alive = [alive[at] for at in staying]
        if not alive or place + 1 == sampling.tokens:
            return
        rows.keep(staying)
        logits = rows.read([chosen[row].id for row in alive])


def _choose(
    logits: Logits, sampling: Sampling, seen: Sequence[int], random: np.random.Generator, rivals: int
) -> Chosen:
    if sampling.temperature == 0.0 and not rivals:
        return Chosen(certain(logits, sampling, seen), 1.0, 0.0)
    chances = probabilities(logits, sampling, seen)
    token = draw(chances, random)
    chosen = Chosen(token, float(chances[token]), entropy(chances))
    if not rivals:
        return chosen
    before = chances if uncut(sampling) == sampling else probabilities(logits, uncut(sampling), seen)
    return replace(chosen, rivals=ranked(candidates(chances, before, rivals), logits))


def entropy(chances: Floats) -> float:
    """Bits of a distribution: 0 for certainty, 1 for an even choice of two."""
    positive = chances[chances > 0]
    return float(-(positive * np.log2(positive)).sum())


def check_prompt(reader: Reader, prompt: Sequence[int]) -> None:
    """Refuse a prompt that is empty or speaks of tokens the model does not have."""
    vocab_size = reader.model.embed_tokens.num_embeddings
    if not prompt:
        raise StudioError("There is nothing to go on from.", "Type a few words as a prompt.")
    if outside := [token for token in prompt if not 0 <= token < vocab_size]:
        raise StudioError(f"Token {outside[0]} is outside this model's vocabulary of {vocab_size:,}.")
