"""What a run optimizes: batches in, a summed loss out. Modules import torch only inside the functions that compute."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from studio.core.config import ModelConfig, RunConfig
from studio.rows.kinds import text_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from studio.store.datasets import Dataset
    from studio.store.examples import Examples, KeepGoing, Progress
    from studio.tokenizers import Tokenizer

Ids = npt.NDArray[np.integer[Any]]


class Batches(Protocol):
    """Batches as a pure function of their number, so that the position in the data is the step number."""

    @property
    def per_epoch(self) -> int:
        """Batches in one pass over the data."""

    def batch(self, index: int) -> npt.NDArray[np.int64]:
        """Batch `index` of an endless, reproducible sequence."""


class Words(Protocol):
    """What a run reads, as far as tokens go: a text that was cut into them, or the rows of a dataset."""

    @property
    def tokenizer(self) -> "Tokenizer":
        """What cut it."""

    @property
    def vocab_size(self) -> int:
        """Different tokens."""

    @property
    def training_tokens(self) -> int:
        """Tokens to learn from."""

    @property
    def validation_tokens(self) -> int:
        """Tokens that are only measured."""

    def training(self) -> Ids:
        """All ids to learn from."""

    def validation(self) -> Ids:
        """All ids that are only measured."""


@dataclass(frozen=True)
class Scored:
    """A batch measured: loss summed over its targets, how many there are, and how many of them were right.

    `sums` are further measures by name, summed in the same way.
    """

    loss: "Tensor"
    targets: int
    hits: int = 0
    sums: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """What a run asks its model along the way: what the person reads of it, the ids, and where an answer ends.

    A `canary` is asked at every checkpoint, however seldom samples are written.
    """

    shown: str
    ids: tuple[int, ...]
    stops: tuple[str, ...] = ()
    canary: bool = False


# What a run measures itself along the way: asked whether to go on, it answers with figures by name.
Along = Callable[["KeepGoing"], dict[str, float]]


@dataclass(frozen=True)
class RowTask:
    """How an objective learns from the rows of a dataset instead of from a text.

    `kinds` are those of `rows.kinds` that it reads. `read` makes tokens of the rows, fills in the config what only they
    can say, and refuses with figures what cannot be learned from. `batches` are those of one side of the split.
    `around` is what stands around the values of every row, for vocabularies that are learned from the rows.
    """

    kinds: tuple[str, ...]
    read: Callable[["Dataset", "Tokenizer", RunConfig, "Progress", "KeepGoing"], "Examples"]
    batches: Callable[["Examples", RunConfig, int, str], Batches]  # examples, config, batch size, side
    tokens: Callable[["Tensor"], int]  # that a batch makes the model read, padding left out
    around: Callable[["Dataset", RunConfig], str] | None = None


def learnable(
    task: RowTask, dataset: "Dataset", config: RunConfig, keep_going: "KeepGoing | None" = None
) -> Iterator[str]:
    """All that a tokenizer may learn from the rows of a dataset, for those that learn from a text."""
    if task.around is not None:
        yield task.around(dataset, config)
    for values in dataset.stream(keep_going):
        yield f"{text_of(dataset.reading, values)}\n"


@dataclass(frozen=True)
class Objective:
    """One item of the shelf; `about` is one line on what its models learn.

    `obstacle` says why a model is not made for it, in a sentence, or nothing; `family` is the one that is.
    `ready` refuses a model that cannot be trained so, and fills in what the objective needs of the tokenizer. `score`
    is the loss with how many targets were the likeliest token. `sample` is what a run shows along the way, with the
    number of tokens the model chose, where its model does not learn to write on; `questions` is what it is asked
    instead of the prompt where it does. `rows` says how it learns from rows; without it, it reads a text.
    `prepare_model` freezes what is not to be trained and sets what the config says about the network beyond its shape.
    """

    name: str
    label: str
    about: str
    family: str
    obstacle: Callable[[ModelConfig], str]
    default: RunConfig
    batches: Callable[[Ids, RunConfig, int], Batches]  # tokens, config, batch size
    loss: Callable[["nn.Module", "Tensor"], tuple["Tensor", int]]  # model, batch -> summed loss, real targets
    targets: Callable[["Tensor"], int]  # real targets of a batch
    ready: Callable[[RunConfig, "Tokenizer"], RunConfig]
    score: Callable[["nn.Module", "Tensor"], Scored] | None = None
    sample: Callable[["nn.Module", RunConfig, Words], tuple[str, int]] | None = None
    questions: Callable[[RunConfig, Words], tuple[Question, ...]] | None = None
    rows: RowTask | None = None
    prepare_model: Callable[["nn.Module", RunConfig], None] | None = None
    worry: Callable[[Mapping[str, float]], str] | None = None  # what measures should make a person look at, or nothing
    page: str = "pretrain"  # where its runs are set up and followed
    sections: tuple[str, ...] = ()  # of `RunConfig` that only this objective reads
    along: str = ""  # (model, words, device) -> `Along`, by name: what beyond batches is measured along the way

    @property
    def writes(self) -> bool:
        """Whether its models learn to write on behind a text."""
        return self.sample is None
