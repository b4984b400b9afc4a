"""The text a model learned from, found again on disk, and windows of it that are the same every time."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.shelf import OBJECTIVES
from studio.layers.decoder import Decoder
from studio.objectives import Ids, Objective
from studio.store.corpus import Text, open_text
from studio.store.project import Project
from studio.store.shards import find_shards
from studio.store.starts import cut_with
from studio.tokenizers import Tokenizer

LONGEST = 1 << 20  # characters of another text that are cut into tokens for a model without one of its own
SHORT = 256  # tokens of a window of such a text, one window a batch: it was not cut for this model's training
TRAINED, HELD_BACK, BORROWED = "trained on", "held back", "borrowed"


@dataclass(frozen=True)
class OwnText:
    """Token ids of a text, mapped from the disk, and which part of it they are: one of the three words above."""

    name: str
    part: str
    ids: Ids
    config: RunConfig

    def sentence(self, tokens: int) -> str:
        """What the screen says of a sample of so many tokens."""
        words = {
            TRAINED: tr("{tokens} of {total} tokens of “{name}” that it was trained on"),
            HELD_BACK: tr("{tokens} of {total} tokens of “{name}” that were held back"),
            BORROWED: tr("{tokens} of {total} tokens of “{name}”, which it may never have seen"),
        }
        return words[self.part].format(tokens=f"{tokens:,}", total=f"{len(self.ids):,}", name=self.name)

    def starts(self, length: int, most: int) -> tuple[int, ...]:
        """Where at most `most` windows of `length` tokens begin, spread evenly over the text, none over another."""
        count = min(most, len(self.ids) // length)
        if count < 1:
            raise StudioError(
                tr("The text “{name}” is shorter than one window of {length} tokens.", name=self.name, length=length),
                tr("Choose a longer text."),
            )
        return tuple(number * (len(self.ids) - length) // max(1, count - 1) for number in range(count))

    def window(self, start: int, length: int) -> list[int]:
        """The ids of one window."""
        return [int(number) for number in self.ids[start : start + length]]

    def rows(self, length: int, most: int) -> npt.NDArray[np.int64]:
        """(windows, length): the windows themselves."""
        return np.stack([np.asarray(self.ids[start : start + length], np.int64) for start in self.starts(length, most)])


@dataclass(frozen=True)
class Ground:
    """Batches that stay the same, and what is measured on them."""

    objective: Objective
    batches: tuple[npt.NDArray[np.int64], ...]
    words: str


class Looked(Protocol):
    """A model that is looked at, with what is known of where it came from; the engine's `Scene` is one."""

    @property
    def folder(self) -> Path:
        """Where its weights lie."""

    @property
    def config(self) -> RunConfig:
        """What its run was asked to do."""

    @property
    def tokenizer(self) -> Tokenizer | None:
        """How it reads text, where that is known."""

    @property
    def model(self) -> Decoder:
        """The network."""


def own_text(looked: Looked, part: str = TRAINED, other: Path | None = None) -> OwnText:
    """The text of the run that the model belongs to; `other` is the folder of a text to borrow where it has none.

    The held-back part falls back to the other one where it is shorter than a window. Nothing is written.
    """
    config, tokenizer = looked.config, looked.tokenizer
    project = _project_of(looked.folder)
    text = _text_of(project, config.data.text) if project is not None else None
    if project is not None and text is not None:
        data = config.data
        cut = cut_with(looked.folder, config)
        shards = find_shards(text, cut, data.validation_share, project.tokens_folder)
        if shards is not None and (tokenizer is None or shards.tokenizer.fingerprint == tokenizer.fingerprint):
            held = part == HELD_BACK and shards.validation_tokens > config.model.context_length
            ids: Ids = shards.validation() if held else shards.training()
            return OwnText(text.name, HELD_BACK if held else TRAINED, ids, config)
    return _borrowed(text or (open_text(other) if other is not None else None), config, tokenizer)


def _project_of(folder: Path) -> Project | None:
    for parent in folder.parents[:4]:
        if (parent / "project.json").is_file():
            return Project.open(parent)
    return None


def _text_of(project: Project, value: str) -> Text | None:
    """The text a run names; one that was given as a path was imported under the file's name."""
    names = {value, Path(value).stem} if value else set()
    return next((text for text in project.texts() if text.name in names), None)


def _borrowed(text: Text | None, config: RunConfig, tokenizer: Tokenizer | None) -> OwnText:
    if text is None or tokenizer is None:
        raise StudioError(
            tr("There is no text to measure this model on."),
            tr("Open a project with a text in it, or look at a run of your own."),
        )
    ids = np.asarray(tokenizer.encode(next(text.chunks(LONGEST), "")), np.int64)
    model = replace(config.model, context_length=min(SHORT, config.model.context_length))
    short = config.with_part(model=model, training=replace(config.training, batch_size=1))
    return OwnText(text.name, BORROWED, ids, short)


def ground(text: OwnText, batches: int) -> Ground:
    """The first `batches` of the text, just as a run measures itself on them; fewer where there are not so many."""
    config = text.config
    if len(text.ids) <= config.model.context_length:
        raise StudioError(
            tr("The text “{name}” is shorter than one window of {length} tokens.", name=text.name,
               length=config.model.context_length),
            tr("Choose a longer text."),
        )  # fmt: skip
    objective: Objective = OBJECTIVES.load(config.objective)
    if objective.rows is not None and not config.model.outputs:  # taught by rows, it still expects next words
        objective = OBJECTIVES.load("pretrain")
    found = objective.batches(text.ids, config, config.training.batch_size)
    taken = tuple(found.batch(index) for index in range(min(batches, found.per_epoch)))
    return Ground(objective, taken, text.sentence(sum(batch.shape[0] * config.model.context_length for batch in taken)))
