"""What a classifier guessed for the rows of one split: plain arrays, the document that every view of results reads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studio.core.shelf import resolve
from studio.store.runs import RunRecord

if TYPE_CHECKING:
    from pathlib import Path

SCORED = "studio.engine.classifier:scored"  # (run folder, split, progress, keep_going)
SPLITS = ("validation", "test")

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Texts = Callable[[Sequence[int]], list[str]]


@dataclass(frozen=True)
class ScoredRun:
    """`truth` is (rows,) of class places, or (rows, classes) of bool where a row may have several classes."""

    labels: tuple[str, ...]
    truth: npt.NDArray[Any]
    probabilities: Floats  # (rows, classes)
    logits: Floats  # (rows, classes)
    rows: Ints  # their numbers in the dataset
    split: str  # one of `SPLITS`
    title: str  # the run
    texts: Texts  # by row numbers, read from the disk
    dataset: str = ""  # NAME@VERSION
    step: int = 0
    sample: bool = False  # whether these are only some rows of the split

    @property
    def several(self) -> bool:
        """Whether a row may belong to several classes."""
        return self.truth.ndim == 2

    @property
    def guess(self) -> npt.NDArray[Any]:
        """The likeliest class of each row, or every class of at least one half where several may hold."""
        if self.several:
            return np.asarray(self.probabilities >= 0.5)
        return np.asarray(self.probabilities.argmax(1), np.int64)

    def belongs(self, place: int) -> npt.NDArray[np.bool_]:
        """Which rows really are of the class at a place."""
        return np.asarray(self.truth[:, place] if self.several else self.truth == place, np.bool_)

    @property
    def losses(self) -> Floats:
        """The surprise about each row's truth, (rows,); of several classes their mean."""
        tiny = np.finfo(np.float64).tiny
        if self.several:
            right = np.where(self.truth, self.probabilities, 1.0 - self.probabilities)
            return np.asarray(-np.log(np.maximum(right, tiny)).mean(1))
        return np.asarray(-np.log(np.maximum(self.chances, tiny)))

    @property
    def chances(self) -> Floats:
        """The probability that each row's true class was given, (rows,); of several the least likely one."""
        if self.several:
            right = np.where(self.truth, self.probabilities, 1.0 - self.probabilities)
            return np.asarray(right.min(1))
        return np.asarray(self.probabilities[np.arange(len(self.truth)), self.truth])

    def chances_at(self, place: int) -> float:
        """The probability that the truth of one row was given."""
        one = self.probabilities[place]
        return float(np.where(self.truth[place], one, 1.0 - one).min() if self.several else one[self.truth[place]])

    def truth_words(self, place: int) -> str:
        """The class of a row, or its classes."""
        return self._words(self.truth[place])

    def guess_words(self, place: int) -> str:
        """What a row was read as."""
        one = self.probabilities[place]
        return self._words(one >= 0.5 if self.several else one.argmax())

    def _words(self, classes: Any) -> str:
        if not self.several:
            return self.labels[int(classes)]
        return ", ".join(label for label, there in zip(self.labels, classes, strict=True) if there) or "–"

    def cooled(self, temperature: float) -> "ScoredRun":
        """The same guesses with logits divided by a temperature (Guo et al. 2017); no order of classes changes."""
        return replace(self, probabilities=chances_of(self.logits / temperature, self.several))


def chances_of(logits: Floats, several: bool = False) -> Floats:
    """Probabilities of logits (rows, classes): softmax, or a sigmoid for each class where several may hold."""
    if several:
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits)))
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


def read_scored(
    folder: "Path", split: str, *,
    progress: Callable[[int, int], None] | None = None, keep_going: Callable[[], bool] | None = None,
) -> ScoredRun:  # fmt: skip
    """Let the run's best checkpoint, else its newest, read every row of a split; for a worker thread."""
    step = best_step(folder)
    found = resolve(SCORED)(folder, split, progress, keep_going)
    logits, truth = np.asarray(found.logits, np.float64), np.asarray(found.truth)
    return ScoredRun(
        tuple(found.labels), truth, chances_of(logits, truth.ndim == 2), logits, np.asarray(found.rows, np.int64),
        split, folder.name, found.texts, found.dataset, step,
    )  # fmt: skip


def best_step(folder: "Path") -> int:
    """The step of a run's best checkpoint, else of its newest; 0 without any."""
    infos = RunRecord(folder).checkpoints()
    best = next((info.step for info in infos if info.best), None)
    return best if best is not None else infos[-1].step if infos else 0
