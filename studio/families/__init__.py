"""A family is a file: its knobs, its presets, its network and the names of its weights outside.

Family modules import nothing heavy until a network is built, so that a window may read presets and ledgers at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.core.config import ModelConfig

if TYPE_CHECKING:
    from torch import Tensor

    from studio.layers.decoder import Decoder


@dataclass(frozen=True)
class Part:
    """One row of the ledger: how many parameters, and from which product they come."""

    name: str
    count: int
    formula: str


@dataclass(frozen=True)
class Ledger:
    """Parameters by part. `tied` is how many the output head would add if it had its own."""

    parts: tuple[Part, ...]
    tied: int

    @property
    def total(self) -> int:
        """Parameters the model really has."""
        return sum(part.count for part in self.parts)


@dataclass(frozen=True)
class Preset:
    """A named shape with one line on what it is good for."""

    name: str
    about: str
    config: ModelConfig


@dataclass(frozen=True)
class Family:
    """What the shelf offers for each architecture."""

    name: str
    label: str
    presets: tuple[Preset, ...]
    knobs: tuple[str, ...]
    ledger: Callable[[ModelConfig], Ledger]
    build: Callable[[ModelConfig], "Decoder"]
    from_hugging_face: Callable[[Mapping[str, "Tensor"]], dict[str, "Tensor"]]
    to_hugging_face: Callable[[Mapping[str, "Tensor"]], dict[str, "Tensor"]]
