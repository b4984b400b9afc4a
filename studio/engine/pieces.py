"""Tokens as text: pieces that never hold half a character or any part of a stop string, for one text or several."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from studio.core.config import Sampling
from studio.core.sampling import Candidate
from studio.core.stops import StopWatch
from studio.engine.beams import RIVALS, search
from studio.engine.generate import Chosen, generate, generate_rows
from studio.engine.reader import Reader
from studio.tokenizers import StreamDecoder, Tokenizer


@dataclass(frozen=True, slots=True)
class Piece:
    """What one token adds to a text. `done` says on the last piece of each text why its writing ended."""

    text: str
    id: int  # -1 where no token stands behind it
    probability: float
    entropy: float  # bits
    tokens_per_second: float
    done: str = ""  # "length", "end", "stop" (a stop string), "stopped"
    sample: int = 0
    rivals: tuple[Candidate, ...] = ()


class _Voice:
    """One of the texts: makes pieces of its tokens and holds back what may become a stop string."""

    def __init__(
        self, tokenizer: Tokenizer, before: Sequence[int], sampling: Sampling, sample: int, ends: Sequence[int]
    ) -> None:
        self._stream = stream_after(tokenizer, before)
        self._watch: StopWatch[Piece] = StopWatch(sampling.stop)
        self._ends, self._most, self._sample = ends, sampling.tokens, sample
        self._count = 0
        self.done = ""

    def take(self, chosen: Chosen, rate: float) -> Iterator[Piece]:
        """The pieces that one more token sets free."""
        self._count += 1
        ended = chosen.id in self._ends
        self.done = "end" if ended else "length" if self._count == self._most else ""
        text = ("" if ended else self._stream(chosen.id)) + (self._stream.flush() if self.done else "")
        piece = Piece(
            "", chosen.id, chosen.probability, chosen.entropy, rate, sample=self._sample, rivals=chosen.rivals
        )
        free = self._watch.take(text, piece)
        if self._watch.found:
            self.done = "stop"
            free = free or [("", self._silence(rate))]
        elif self.done:
            free += self._watch.flush()
        return self._pieces(free)

    def stop(self, rate: float) -> Iterator[Piece]:
        """The last pieces of a text that was asked to stop."""
        self.done = "stopped"
        return self._pieces([*self._watch.flush(), (self._stream.flush(), self._silence(rate))])

    def _pieces(self, free: list[tuple[str, Piece]]) -> Iterator[Piece]:
        for place, (text, piece) in enumerate(free, 1):
            yield replace(piece, text=text, done=self.done if place == len(free) else "")

    def _silence(self, rate: float) -> Piece:
        return Piece("", -1, 0.0, 0.0, rate, sample=self._sample)


def write(
    reader: Reader,
    tokenizer: Tokenizer,
    prompt: Sequence[int],
    sampling: Sampling,
    keep_going: Callable[[], bool] = lambda: True,
    more_ends: Sequence[int] = (),
) -> Iterator[Piece]:
    """The texts after `prompt`, piece by piece; without `sampling.prompt` they stand at a beginning.

    `more_ends` are ids that end a text besides the tokenizer's own.
    """
    before = prompt if sampling.prompt else ()
    ends = [*([] if tokenizer.end_of_text is None else [tokenizer.end_of_text]), *more_ends]
    voices = [_Voice(tokenizer, before, sampling, number, ends) for number in range(sampling.samples)]
    ended: set[int] = set()
    started, rate = time.perf_counter(), 0.0
    chosen_tokens = tokens(reader, prompt, sampling, keep_going, ends, ended)
    for count, (number, chosen) in enumerate(chosen_tokens, 1):
        rate = count / max(1e-9, time.perf_counter() - started)
        if number not in ended:
            yield from voices[number].take(chosen, rate)
        if voices[number].done:
            ended.add(number)
    for voice in voices:
        if not voice.done:
            yield from voice.stop(rate)


def tokens(
    reader: Reader,
    prompt: Sequence[int],
    sampling: Sampling,
    keep_going: Callable[[], bool],
    stop_at: Sequence[int],
    ended: set[int],
) -> Iterator[tuple[int, Chosen]]:
    """(number of the text, its next token) by whichever way `sampling` asks for; stops with what is in `ended`."""
    if sampling.beams > 1:
        for number, beam in enumerate(search(reader, prompt, sampling, keep_going, stop_at)[: sampling.samples]):
            yield from ((number, chosen) for chosen in beam.chosen)
    elif sampling.samples > 1:
        yield from generate_rows(reader, prompt, sampling, keep_going, ended, RIVALS)
    else:
        for chosen in generate(reader, prompt, sampling, keep_going, stop_at, RIVALS):
            yield 0, chosen
            if 0 in ended:
                return


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
    pieces = list(write(reader, tokenizer, prompt, replace(sampling, samples=1), keep_going))
    return "".join(piece.text for piece in pieces), sum(piece.id >= 0 for piece in pieces)


def stream_after(tokenizer: Tokenizer, prompt: Sequence[int]) -> StreamDecoder:
    """A decoder that has read the prompt already, so that a word after it keeps its space."""
    stream = tokenizer.stream()
    for token in prompt:
        stream(token)
    return stream
