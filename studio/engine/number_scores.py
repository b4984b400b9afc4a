"""A run that completes texts with numbers, at work: the likeliest numbers of a prompt, and every row of one side."""

import heapq
import math
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from studio.core.config import ComputeConfig, ModelConfig, RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.engine.checkpoint import read_state
from studio.engine.classifier import KeepGoing, Progress, checkpoint_of, refuse_other, rows_of, texts_of
from studio.engine.device import choose
from studio.engine.kept_scores import kept_or_made
from studio.engine.last_opened import at_hand
from studio.engine.opening import open_weights
from studio.layers.decoder import Decoder
from studio.layers.key_value_cache import KeyValueCache
from studio.objectives.regress import asked_of, end_of, read
from studio.scores.regression import expected_number
from studio.store.datasets import Dataset
from studio.store.examples import Examples
from studio.tokenizers import Tokenizer

LONGEST = 12  # tokens of a number
ALONG, FEW = 64, 16  # held-back rows that are guessed at every measurement: of a model below `DEAR` weights, above it
DEAR = 20_000_000
Floats = npt.NDArray[np.float64]
_DIGITS = re.compile(r"[0-9]+|[0-9]*\.[0-9]*")
_AS_WRITTEN = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]*)?")  # no zeros before it, as the rows were written


@dataclass(frozen=True)
class ScoredNumbers:
    """True and guessed numbers of the rows of one side; `rows` are numbers in `dataset` (NAME@VERSION)."""

    truth: npt.NDArray[np.float64]
    guess: npt.NDArray[np.float64]
    rows: npt.NDArray[np.int64]
    dataset: str
    split: str
    texts: Callable[[Sequence[int]], list[str]]


def scored_numbers(
    folder: Path, split: str = "validation", progress: Progress | None = None, keep_going: KeepGoing | None = None,
    step: int | None = None,
) -> ScoredNumbers:  # fmt: skip
    """What the run in `folder` guesses for every row of "training", "validation" or "test"; quick the second time."""
    checkpoint, _, dataset = rows_of(folder, step, "regress")
    make = partial(_scored, checkpoint, dataset, split, progress, keep_going)
    arrays = kept_or_made(checkpoint, split, dataset.sha256, make)
    return ScoredNumbers(
        arrays["truth"], arrays["guess"], arrays["rows"], dataset.title, split, texts_of(dataset)
    )  # fmt: skip


def _scored(
    checkpoint: Path, dataset: Dataset, split: str, progress: Progress | None, keep_going: KeepGoing | None
) -> dict[str, npt.NDArray[Any]]:
    guesser, config, tokenizer = _opened(checkpoint)
    going = keep_going or (lambda: True)
    examples = read(dataset, tokenizer, config, lambda done, total: None, going)
    places = examples.split.of(split)
    guess = guesses(guesser, prompts_of(examples, places), going, progress)
    if len(guess) < len(places):
        raise StudioError(tr("Guessing was stopped."), tr("Nothing was written."))
    assert examples.targets is not None
    return {"truth": examples.targets[places], "guess": np.asarray(guess, np.float64), "rows": examples.rows[places]}


# --- along the way, and single texts ----------------------------------------------------------------------------------


def mean_error(model: Decoder, words: Examples, device: str) -> Callable[[KeepGoing], dict[str, float]]:
    """For a run that learns: the mean error of the first held-back rows, the same ones at every measurement.

    A sample, as each guess takes several passes; `error_rows` says of how many. Nothing where none is held back.
    """
    weights = sum(weight.numel() for weight in model.parameters())
    places = words.split.validation[: ALONG if weights < DEAR else FEW]
    guesser = Guesser(model, words.config.model, words.tokenizer, words.config.regress.top, device)
    assert words.targets is not None
    truth = words.targets[places]

    def measured(keep_going: KeepGoing) -> dict[str, float]:
        guess = guesses(guesser, prompts_of(words, places), keep_going)
        if not len(places) or len(guess) < len(places):
            return {}
        return {"error": float(np.abs(np.asarray(guess) - truth).mean()), "error_rows": float(len(places))}

    return measured


def prompts_of(examples: Examples, places: npt.NDArray[np.int64]) -> list[list[int]]:
    """What stands before the number of each of these rows."""
    return [examples.of(place)[~examples.learned_of(place)].tolist() for place in places.tolist()]


def guesses(
    guesser: "Guesser", prompts: Sequence[Sequence[int]], keep_going: KeepGoing, progress: Progress | None = None
) -> list[float]:
    """The expected number behind each prompt; fewer when asked to stop."""
    found: list[float] = []
    for prompt in prompts:
        if not keep_going():
            break
        found.append(expected_number(*guesser.numbers(prompt)))
        if progress is not None:
            progress(len(found), len(prompts))
    return found


@dataclass(frozen=True)
class Guessed:
    """The likeliest numbers behind a text with their probabilities; `mean` weighs them, `prompt` is what was read."""

    numbers: tuple[float, ...]
    chances: tuple[float, ...]
    mean: float
    prompt: str


_ASKING = threading.Lock()


def guessed(folder: Path, text: str, step: int | None = None) -> Guessed:
    """What the run in `folder` says of one text; its model stays at hand until another one is asked."""
    guesser, config, tokenizer = at_hand(checkpoint_of(folder, step), _opened)
    ids, _ = asked_of(tokenizer, config, text.strip())
    with _ASKING:
        numbers, chances = guesser.numbers(ids)
    if not numbers:
        raise StudioError(
            tr("The model finds no number behind this text."), tr("Train it longer, or ask about another text.")
        )
    return Guessed(tuple(numbers), tuple(chances), expected_number(numbers, chances), tokenizer.decode(ids))


def _opened(checkpoint: Path) -> tuple["Guesser", RunConfig, Tokenizer]:
    config = read_state(checkpoint).config
    refuse_other(config, "regress", checkpoint)
    compute = replace(choose(ComputeConfig()), precision="fp32")
    compute.apply()
    known = open_weights(checkpoint, compute.device)
    assert known.tokenizer is not None
    config, model = known.config, known.model.eval()
    guesser = Guesser(model, config.model, known.tokenizer, config.regress.top, compute.device)
    return guesser, config, known.tokenizer


@dataclass(frozen=True)
class _Begun:
    """A number that is being written: how likely so far, its spelling, its newest token, the row it grew out of."""

    log: float
    text: str
    token: int = -1
    row: int = 0


class Guesser:
    """Finds the `top` likeliest numbers behind a prompt by following the likeliest beginnings of numbers.

    A prompt is read once; what follows goes on from its keys and values.
    """

    def __init__(self, model: Decoder, config: ModelConfig, tokenizer: Tokenizer, top: int, device: str) -> None:
        self._model, self._config, self._top, self._device = model, config, top, device
        spelled = {token: tokenizer.token_text(token) for token in range(tokenizer.vocab_size)}
        self._digits = [(token, text) for token, text in spelled.items() if _DIGITS.fullmatch(text)]
        if not self._digits:
            raise StudioError(
                tr("This model's tokenizer has no digits, so it cannot write numbers."),
                tr("Choose a model whose tokenizer was learned from a text with numbers in it."),
            )
        self._tokens = torch.tensor([*(token for token, _ in self._digits), end_of(tokenizer)], device=device)
        self._width = max(4, top)

    def numbers(self, prompt: Sequence[int]) -> tuple[list[float], list[float]]:
        """The likeliest numbers behind a prompt and their probabilities, the likeliest first."""
        weight = self._model.embed_tokens.weight
        cache = KeyValueCache(self._config, weight, 1, len(prompt) + LONGEST)
        begun, found = [_Begun(0.0, "")], dict[float, float]()
        logs = self._logs([list(prompt)], cache)
        for _ in range(LONGEST):
            grown = [more for row, one in enumerate(begun) for more in self._extended(one, logs[row], row, found)]
            begun = self._worth(grown, found)
            if not begun:
                break
            cache = cache.picked([one.row for one in begun])
            logs = self._logs([[one.token] for one in begun], cache)
        best = sorted(found.items(), key=lambda item: -item[1])[: self._top]
        return [value for value, _ in best], [chance for _, chance in best]

    def _extended(self, one: _Begun, log: Floats, row: int, found: dict[float, float]) -> Iterator[_Begun]:
        """Count the number that ends here, and note the ways to go on."""
        value = _value(one.text)
        if value is not None:
            found[value] = found.get(value, 0.0) + math.exp(one.log + log[-1])
        for place in np.argsort(-log[:-1])[: self._width].tolist():
            token, digits = self._digits[place]
            if _AS_WRITTEN.fullmatch(one.text + digits):
                yield _Begun(one.log + log[place], one.text + digits, token, row)

    def _worth(self, ones: list[_Begun], found: dict[float, float]) -> list[_Begun]:
        """The likeliest beginnings, without those that are less likely than enough whole numbers."""
        enough = heapq.nlargest(self._top, found.values())
        least = math.log(max(enough[-1], 1e-300)) if len(enough) == self._top else -math.inf
        return heapq.nlargest(self._width, (one for one in ones if one.log > least), key=lambda one: one.log)

    def _logs(self, rows: list[list[int]], cache: KeyValueCache) -> Floats:
        """Log-probabilities (rows, digit tokens + 1) of what comes next; the last one is that the number ends."""
        with torch.no_grad():
            logits = self._model(torch.tensor(rows, device=self._device), cache, last_only=True)[:, -1]
            found: Floats = logits.double().log_softmax(-1)[:, self._tokens].cpu().numpy()
        return found


def _value(text: str) -> float | None:
    return float(text) if text.strip(".") else None
