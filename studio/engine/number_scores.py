"""A run that completes texts with numbers, at work: the likeliest numbers of a prompt, and every row of one side."""

import heapq
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from studio.core.config import ComputeConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.engine.checkpoint import read_state
from studio.engine.classifier import KeepGoing, Progress, checkpoint_of, refuse_other, texts_of
from studio.engine.device import choose
from studio.engine.kept_scores import keep, load
from studio.engine.opening import open_weights
from studio.layers.decoder import Decoder
from studio.layers.row_reader import RowReader
from studio.objectives.regress import end_of, read
from studio.scores.regression import expected_number
from studio.store.datasets import Dataset
from studio.store.project import Project
from studio.tokenizers import Tokenizer

LONGEST = 12  # tokens of a number
AT_ONCE = 4_096  # tokens in one pass through the model
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
    checkpoint = checkpoint_of(folder, step)
    config = read_state(checkpoint).config
    refuse_other(config, "regress", checkpoint)
    dataset = Project.open(checkpoint.parents[3]).find_dataset(config.data.dataset)
    known = load(checkpoint, split, dataset.sha256)
    if known is None:
        arrays = _scored(checkpoint, dataset, split, progress, keep_going)
        keep(checkpoint, split, dataset.sha256, arrays, {})
    else:
        arrays = known[0]
    return ScoredNumbers(
        arrays["truth"], arrays["guess"], arrays["rows"], dataset.title, split, texts_of(dataset)
    )  # fmt: skip


def _scored(
    checkpoint: Path, dataset: Dataset, split: str, progress: Progress | None, keep_going: KeepGoing | None
) -> dict[str, npt.NDArray[Any]]:
    compute = replace(choose(ComputeConfig()), precision="fp32")
    compute.apply()
    known = open_weights(checkpoint, compute.device)
    assert known.tokenizer is not None
    known.model.eval()
    examples = read(dataset, known.tokenizer, known.config, lambda done, total: None, keep_going or (lambda: True))
    places = examples.split.of(split)
    asked = [examples.of(place)[~examples.learned_of(place)].tolist() for place in places.tolist()]
    guesser = Guesser(known.model, known.tokenizer, known.config.regress.top, compute.device)
    guess = []
    for first in range(0, len(asked), 16):
        if keep_going is not None and not keep_going():
            raise StudioError(tr("Guessing was stopped."), tr("Nothing was written."))
        guess += [expected_number(*found) for found in guesser.numbers(asked[first : first + 16])]
        if progress is not None:
            progress(len(guess), len(asked))
    assert examples.targets is not None
    return {"truth": examples.targets[places], "guess": np.asarray(guess, np.float64), "rows": examples.rows[places]}


@dataclass(frozen=True)
class _Begun:
    """A number that is being written: how likely so far, its spelling, and all ids behind the prompt."""

    log: float
    text: str
    ids: tuple[int, ...]


class Guesser:
    """Finds the `top` likeliest numbers behind a prompt by following the likeliest beginnings of numbers."""

    def __init__(self, model: Decoder, tokenizer: Tokenizer, top: int, device: str) -> None:
        self._model, self._top, self._device = model, top, device
        spelled = {token: tokenizer.token_text(token) for token in range(tokenizer.vocab_size)}
        self._digits = {token: text for token, text in spelled.items() if _DIGITS.fullmatch(text)}
        if not self._digits:
            raise StudioError(
                tr("This model's tokenizer has no digits, so it cannot write numbers."),
                tr("Choose a model whose tokenizer was learned from a text with numbers in it."),
            )
        self._tokens = torch.tensor([*self._digits, end_of(tokenizer)], device=device)
        self._width = max(4, top)

    def numbers(self, prompts: Sequence[Sequence[int]]) -> list[tuple[list[float], list[float]]]:
        """For each prompt its likeliest numbers and their probabilities, the likeliest first."""
        begun: list[list[_Begun]] = [[_Begun(0.0, "", ())] for _ in prompts]
        found: list[dict[float, float]] = [{} for _ in prompts]
        for _ in range(LONGEST):
            rows = [(number, one) for number, ones in enumerate(begun) for one in ones]
            if not rows:
                break
            logs = self._logs([[*prompts[number], *one.ids] for number, one in rows])
            begun = [[] for _ in prompts]
            for (number, one), log in zip(rows, logs, strict=True):
                self._extend(one, log, begun[number], found[number])
            begun = [self._worth(ones, found[number]) for number, ones in enumerate(begun)]
        return [self._best(numbers) for numbers in found]

    def _extend(
        self, one: _Begun, log: npt.NDArray[np.float64], begun: list[_Begun], found: dict[float, float]
    ) -> None:
        """Count the number that ends here, and note the ways to go on."""
        value = _value(one.text)
        if value is not None:
            found[value] = found.get(value, 0.0) + math.exp(one.log + log[-1])
        digits = list(self._digits.items())
        for place in np.argsort(-log[:-1])[: self._width].tolist():
            token, text = digits[place][0], one.text + digits[place][1]
            if _AS_WRITTEN.fullmatch(text):
                begun.append(_Begun(one.log + log[place], text, (*one.ids, token)))

    def _worth(self, ones: list[_Begun], found: dict[float, float]) -> list[_Begun]:
        """The likeliest beginnings, without those that are less likely than enough whole numbers."""
        enough = heapq.nlargest(self._top, found.values())
        least = math.log(max(enough[-1], 1e-300)) if len(enough) == self._top else -math.inf
        return heapq.nlargest(self._width, (one for one in ones if one.log > least), key=lambda one: one.log)

    def _best(self, found: dict[float, float]) -> tuple[list[float], list[float]]:
        best = sorted(found.items(), key=lambda item: -item[1])[: self._top]
        return [value for value, _ in best], [chance for _, chance in best]

    def _logs(self, rows: list[list[int]]) -> npt.NDArray[np.float64]:
        """Log-probabilities (rows, digit tokens + 1) of what comes next; the last one is that the number ends."""
        longest = max(map(len, rows))
        count, reader = max(1, AT_ONCE // longest), RowReader()
        parts = []
        for first in range(0, len(rows), count):
            some = rows[first : first + count]
            ids = torch.zeros(len(some), longest, dtype=torch.long)
            for number, row in enumerate(some):
                ids[number, : len(row)] = torch.tensor(row)
            lengths = torch.tensor([len(row) for row in some], device=self._device)
            with torch.no_grad():
                x = reader.read(self._model, self._model.embedded(ids.to(self._device)), lengths, 0)
                logs = self._model.lm_head(x).double().log_softmax(-1)
                parts.append(logs[:, self._tokens].cpu().numpy())
        return np.concatenate(parts)


def _value(text: str) -> float | None:
    return float(text) if text.strip(".") else None
