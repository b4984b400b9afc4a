"""Beam search: several beginnings are followed at once, and the likeliest whole text wins; nothing is drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from studio.core.config import Sampling
from studio.core.sampling import Candidate, Floats, candidates, penalized
from studio.engine.generate import Chosen, check_prompt, entropy
from studio.engine.reader import Logits, Reader, Rows

RIVALS = 10  # likeliest tokens that are told with each chosen one


@dataclass(frozen=True, slots=True)
class Beam:
    """A text so far: the sum of its tokens' log-probabilities, divided by length**penalty once it is finished."""

    score: float
    chosen: tuple[Chosen, ...] = ()
    row: int = 0  # of the batch it grew out of


@dataclass
class _Search:
    """The beams that still grow and the finished texts, best first."""

    sampling: Sampling
    stop_at: Sequence[int]
    running: list[Beam] = field(default_factory=lambda: [Beam(0.0)])
    finished: list[Beam] = field(default_factory=list)
    improvable: bool = True
    over: bool = False

    def grow(self, logits: Logits, texts: Sequence[Sequence[int]]) -> None:
        """One more token for every beam: logits (rows, vocabulary) behind `texts`, one row for each running beam."""
        found = self._continuations(logits, texts)
        length = len(found[0].chosen)
        last = length == self.sampling.tokens
        ends = [last or beam.chosen[-1].id in self.stop_at for beam in found]
        most = self.sampling.beams
        full = len(self.finished) == most
        if self.improvable and not (full and self.sampling.early_stopping == "yes"):
            done = [
                Beam(beam.score / float(length) ** self.sampling.length_penalty, beam.chosen)
                for beam, end in zip(found[:most], ends[:most], strict=True)
                if end
            ]
            self.finished = sorted(self.finished + done, key=lambda beam: -beam.score)[:most]
        self.running = [beam for beam, end in zip(found, ends, strict=True) if not end][:most]
        self.improvable = self.improvable and self._can_improve(length)
        enough = len(self.finished) == most and self.sampling.early_stopping == "yes"
        self.over = not self.improvable or enough or not self.running

    def _continuations(self, logits: Logits, texts: Sequence[Sequence[int]]) -> list[Beam]:
        """The best next beginnings, best first: enough that as many as there are beams go on after every end token."""
        wanted = max(2, 1 + len(self.stop_at)) * self.sampling.beams
        own = log_softmax(np.asarray(logits, dtype=np.float64))
        powers = np.exp(own)  # before the penalty, so that what a reader sees are the model's own chances
        for row, text in enumerate(texts):
            penalized(own[row], self.sampling, text)
        total = (own + np.array([[beam.score] for beam in self.running])).ravel()
        best = np.argpartition(-total, wanted)[:wanted] if wanted < len(total) else np.arange(len(total))
        order = best[np.argsort(-total[best], kind="stable")]
        vocabulary = logits.shape[1]
        told = {row: _told(powers[row]) for row in {int(place) // vocabulary for place in order}}
        beams = []
        for place in order:
            row, token = divmod(int(place), vocabulary)
            chosen = Chosen(token, float(powers[row, token]), *told[row])
            beams.append(Beam(float(total[place]), (*self.running[row].chosen, chosen), row))
        return beams

    def _can_improve(self, length: int) -> bool:
        """Whether the best running beam could still beat the worst finished text, by the rule that was chosen."""
        if len(self.finished) < self.sampling.beams or not self.running:
            return True
        longest = self.sampling.early_stopping == "never" and self.sampling.length_penalty > 0
        reach = float(self.sampling.tokens if longest else length)
        best: float = self.running[0].score / reach**self.sampling.length_penalty
        return best > self.finished[-1].score


def search(
    reader: Reader,
    prompt: Sequence[int],
    sampling: Sampling,
    keep_going: Callable[[], bool] = lambda: True,
    stop_at: Sequence[int] = (),
) -> list[Beam]:
    """The best texts of `sampling.beams` beams, best first, by the rules of `transformers`.

    Asked to stop, it answers with what is finished so far, else with the beginnings it was following.
    """
    check_prompt(reader, prompt)
    state = _Search(sampling, stop_at)
    logits = reader.read_from(prompt, keep_going)
    if logits is None:
        return []
    rows, batch = Rows(reader, 1), logits[None]
    while keep_going():
        state.grow(batch, rows.ids)
        if state.over:
            return state.finished
        rows.keep([beam.row for beam in state.running])
        batch = rows.read([beam.chosen[-1].id for beam in state.running])
    return state.finished or [beam for beam in state.running if beam.chosen]


def log_softmax(scores: Floats) -> Floats:
    """Logarithms of the probabilities, (rows, vocabulary) in and out."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def _told(chances: Floats) -> tuple[float, tuple[Candidate, ...]]:
    return entropy(chances), candidates(chances, chances, RIVALS)
