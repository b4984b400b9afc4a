"""What a run reads of a text: its stream of tokens, the windows they are cut into, the batches of its own loader."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.shelf import OBJECTIVES
from studio.store.corpus import END_OF_TEXT, Text
from studio.store.dataset_texts import documents_in
from studio.store.project import Project
from studio.store.shards import find_shards, make_shards
from studio.store.starts import find_start, tokenizer_in
from studio.tokenizers import Tokenizer, make_tokenizer

Ids = npt.NDArray[np.integer[Any]]
Progress = Callable[[int, int], None]
KeepGoing = Callable[[], bool]

NUMBERS, SENTENCE = "numbers", "sentence"
AT_ONCE = 20_000_000  # bytes of a text whose tokens are made without being asked for
MOST_DOCUMENTS, MOST_CHARACTERS = 2_000, 4_000_000  # that are measured
# Edith Wharton, "The Verdict" (1908), its first sentence: the text of the book's chapter 2.
_VERDICT = (
    "I HAD always thought Jack Gisburn rather a cheap genius--though a good fellow enough--so it was no great surprise "
    "to me to hear that, in the height of his glory, he had dropped his painting, married a rich widow, and "
    "established himself in a villa on the Riviera."
)


@dataclass(frozen=True, eq=False)
class Stream:
    """Tokens in a row. Without a tokenizer an id is shown as the number it is; `end` is the id between documents."""

    title: str
    ids: Ids
    tokenizer: Tokenizer | None = None
    end: int | None = None


@dataclass(frozen=True, eq=False)
class Batch:
    """One batch of the loader, (batch, context + 1), and where in the stream each of its windows begins.

    A loader that `hides` tokens gives (batch, context): what the model reads of them.
    """

    ids: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    per_epoch: int
    objective: str
    counted: int  # windows that the stream was really cut into
    hides: bool = False


@dataclass(frozen=True, eq=False)
class Documents:
    """Tokens in each document of a text, in order; `whole` is False where only the first were measured."""

    lengths: npt.NDArray[np.int64]
    whole: bool
    paragraphs: bool  # whether paragraphs stand in for documents, since the text does not part its own


def preset(name: str) -> Stream:
    """The book's two: the numbers from 0 to 1,000, and the first sentence of its text by GPT-2's tokenizer."""
    if name == NUMBERS:
        return Stream(tr("Numbers 0 to 1,000"), np.arange(1_001))
    if name != SENTENCE:
        raise ValueError(f"there is no preset “{name}”")
    tokenizer = make_tokenizer("gpt2")
    return Stream(tr("“The Verdict”, first sentence"), np.array(tokenizer.encode(_VERDICT)), tokenizer)


def reads_with(project: Project, config: RunConfig) -> str | Tokenizer:
    """How a run of this config cuts its text: as its start does, where it starts from a model."""
    if config.start_from:
        return tokenizer_in(find_start(project.path, config.start_from).folder)
    return project.tokenizer(config.data.tokenizer)


def open_stream(
    project: Project,
    text: Text,
    config: RunConfig,
    asked: bool = False,
    progress: Progress | None = None,
    keep_going: KeepGoing | None = None,
) -> Stream | None:
    """The training tokens of a text, out of the very file that a run reads.

    None where they would first have to be made from a large text and nobody `asked`.
    """
    tokenizer, share, folder = reads_with(project, config), config.data.validation_share, project.tokens_folder
    if not asked and text.bytes > AT_ONCE and find_shards(text, tokenizer, share, folder) is None:
        return None
    shards = make_shards(text, tokenizer, share, folder, progress=progress, keep_going=keep_going)
    end = shards.tokenizer.special.get(END_OF_TEXT, shards.tokenizer.end_of_text) if text.marked else None
    return Stream(text.name, shards.training(), shards.tokenizer, end)


def first_batch(stream: Stream, config: RunConfig, index: int = 0) -> Batch:
    """Batch `index` as the objective's own loader gives it, which is what the engine trains on."""
    need, have = config.model.context_length + 1, len(stream.ids)
    if have < need:
        raise StudioError(
            tr("There are {have} tokens; one window takes {need}.", have=f"{have:,}", need=f"{need:,}"),
            tr("Choose a longer text or a shorter context."),
        )
    objective = OBJECTIVES.load(config.objective)
    batches = objective.batches(stream.ids, config, config.training.batch_size)
    # The same loader over 0, 1, 2, … gives the places; a loader that hides tokens still cuts the same windows.
    cut = OBJECTIVES.load("pretrain").batches(np.arange(have), config, config.training.batch_size)
    stride = config.data.stride or config.model.context_length
    counted = len(windows(stream.ids, config.model.context_length, stride))
    ids = batches.batch(index)
    read = ids[:, 0] if ids.ndim == 3 else ids  # a loader that hides tokens gives what is read and what is asked
    return Batch(read, cut.batch(index)[:, 0], batches.per_epoch, objective.label, counted, hides=ids.ndim == 3)


def windows(ids: Ids, context: int, stride: int) -> Ids:
    """Every window of a stream, (windows, context + 1): a view, nothing is copied."""
    if len(ids) <= context:
        return np.empty((0, context + 1), ids.dtype)
    return np.lib.stride_tricks.sliding_window_view(ids, context + 1)[:: max(1, stride)]


def documents(project: Project, text: Text, config: RunConfig, keep_going: KeepGoing = lambda: True) -> Documents:
    """How long the documents of a text are: parted by its separator, else by empty lines."""
    wanted = reads_with(project, config)
    made = make_tokenizer(wanted, text.chunks()) if isinstance(wanted, str) else wanted
    lengths: list[int] = []
    characters, whole = 0, True
    for document in documents_in(text.chunks(), text.separator, keep_going):
        if len(lengths) == MOST_DOCUMENTS or characters > MOST_CHARACTERS:
            whole = False
            break
        characters += len(document)
        lengths.append(len(made.encode(document)))
    return Documents(np.array(lengths, np.int64), whole, not text.separator.strip())
