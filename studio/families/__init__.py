"""A family is a file: its knobs, its presets, its network and the names of its weights outside.

Family modules import nothing heavy until a network is built, so that a window may read presets and ledgers at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.knobs import from_json, knobs_of, problems
from studio.core.language import tr
from studio.core.ledger import Ledger as Ledger
from studio.core.ledger import Part as Part

if TYPE_CHECKING:
    from studio.layers.decoder import Decoder

# What every family shares that predicts the next token.
DECODER: Mapping[str, Any] = {"causal": True, "norm_place": "before", "segments": 0, "word_head": False}


@dataclass(frozen=True)
class Preset:
    """A named shape with one line on what it is good for; `calculator` marks those whose weights nobody can get."""

    name: str
    about: str
    config: ModelConfig
    calculator: bool = False


@dataclass(frozen=True)
class Source:
    """Where one of our tensors lies in somebody else's file: under which name, which share of it, which way round.

    `parts` above 1: the foreign tensor holds several of ours side by side along its last axis as stored; `part` counts
    from 0. `transposed`: it is stored as (in, out).
    """

    name: str
    transposed: bool = False
    part: int = 0
    parts: int = 1


@dataclass(frozen=True)
class Family:
    """What the shelf offers for each architecture.

    `model_types` are the words by which `config.json` on the hub calls it; `from_outside` reads such a file (and
    refuses with a sentence what this family cannot compute), `to_outside` writes one; `sources` says for every
    parameter of `build(config)` where `transformers` keeps it. A name that a file may lack because it is tied is still
    listed. `traits` are the fields that make the family and are not for choosing. `spare` are endings of names that
    its files may hold beyond the network, by what `config.json` says.
    """

    name: str
    label: str
    presets: tuple[Preset, ...]
    knobs: tuple[str, ...]
    ledger: Callable[[ModelConfig], Ledger]
    model_types: tuple[str, ...]
    from_outside: Callable[[Mapping[str, Any]], ModelConfig]
    to_outside: Callable[[ModelConfig], dict[str, Any]]
    sources: Callable[[ModelConfig], dict[str, Source]]
    traits: Mapping[str, Any] = field(default_factory=dict)
    spare: Callable[[Mapping[str, Any]], tuple[str, ...]] = lambda outside: ()

    def build(self, config: ModelConfig) -> "Decoder":
        """A fresh network; its weights follow `config.initialization` and torch's global seed."""
        from studio.layers.assembly import decoder

        keep_traits(config, self.label, self.traits)
        return decoder(config)


def keep_traits(config: ModelConfig, label: str, traits: Mapping[str, Any]) -> None:
    """Refuse a config that contradicts what makes its family; a file that says one thing must not compute another."""
    for name, wanted in traits.items():
        if getattr(config, name) != wanted:
            knob = knobs_of(ModelConfig)[name]
            words = dict(knob.choices)
            raise StudioError(
                tr(
                    "A {family} model cannot have {setting} = {value}.",
                    family=label, setting=knob.label, value=words.get(getattr(config, name), getattr(config, name)),
                ),
                tr("Set it to {value}, or start from a preset of this family.", value=words.get(wanted, wanted)),
            )  # fmt: skip


def checked(fields: Mapping[str, Any]) -> ModelConfig:
    """A config from the values of somebody's `config.json`; wrong types and impossible shapes are a `StudioError`."""
    config = from_json(ModelConfig, dict(fields))
    if found := problems(config):
        raise StudioError(
            tr("The model's config.json describes a network that cannot be built. {reason}", reason=found[0].message),
            tr("The file is damaged, or belongs to another kind of model."),
        )
    return config
