"""A file on this shelf is one outside format of models: what it reads, what it writes, and nothing that runs.

Modules here import nothing heavy until a file is read.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from studio.core.config import ModelConfig
from studio.families import Source
from studio.tokenizers import Tokenizer

if TYPE_CHECKING:
    from torch import Tensor


class Tensors(Protocol):
    """The weights of a foreign file, looked at but not read."""

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Every tensor's name and shape as stored."""

    def read(self, name: str) -> "Tensor":
        """One tensor in memory, in the type it is stored in (quantised ones already as floats)."""

    def bytes(self) -> int:
        """What all of them take on disk."""


@dataclass(frozen=True)
class Found:
    """A foreign model, read so far as to say what it is; nothing of its weights is in memory yet."""

    title: str
    config: ModelConfig
    tensors: Tensors
    sources: Mapping[str, Source]  # for every parameter of ours: where it lies in `tensors`
    tokenizer: Tokenizer | None = None
    precision: str = "fp32"  # as stored
    facts: Mapping[str, Any] = field(default_factory=dict)  # "licence", "origin", "chat_template", "generation", …
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outgoing:
    """A model of ours on its way out: its weights are read one by one, under our names."""

    title: str
    config: ModelConfig
    tensors: Tensors
    tokenizer: Tokenizer | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Exchange:
    """What the shelf offers for each outside format; `open` or `write` is None where it goes one way only.

    `recognises` is quick and never raises; `open` refuses with a `StudioError` that names the reason. `write` fills an
    empty folder that the caller commits by one rename, with the options it knows (`precision`). What is written but
    never opened says with `answer` what it computes by itself: the last logits (prompts, vocabulary) after ids.
    """

    name: str
    label: str
    about: str
    recognises: Callable[[Path], bool]
    open: Callable[[Path], Found] | None = None
    write: Callable[[Outgoing, Path, Mapping[str, Any]], None] | None = None
    answer: Callable[[Path, Sequence[Sequence[int]]], "Tensor"] | None = None
    precisions: tuple[str, ...] = ()  # what `write` can be asked for
    usual: str = ""  # the one it takes without being asked; nothing: as stored
    suffix: str = ""  # of a format that is one file
