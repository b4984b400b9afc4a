"""Models an adapter is worked out for: the one in memory, the next run's, every preset; and the course's own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from studio.core.adapter_costs import ALL, HEAD, planned
from studio.core.config import AdapterConfig, ModelConfig
from studio.core.language import tr
from studio.core.shelf import FAMILIES
from studio.live.session import Session

LOADED, DRAFT = "loaded", "draft"
QKVO = "q_proj, k_proj, v_proj, o_proj"
RANKS = (8, 16, 32)


@dataclass(frozen=True)
class Recipe:
    """An adapter as a source trains it: its base, what is chosen, and the batch that the memory is for."""

    name: str
    words: str
    base: str  # a preset's name
    adapter: AdapterConfig
    batch: int
    tokens: int
    outputs: int = 0  # classes, where the head tells those apart


@dataclass(frozen=True)
class Rung:
    """One row of the ladder: trained numbers at ranks 8, 16 and 32."""

    base: str
    words: str
    targets: str
    outputs: int
    counts: tuple[int, ...]


RECIPES = (
    Recipe("book", "The book's spam classifier", "GPT-2 small",
           AdapterConfig(kind="lora", rank=16, alpha=16.0, targets=f"{ALL}, {HEAD}"), 8, 120, 2),
    Recipe("lecture", "The lecture's price model", "Llama 3.1 8B",
           AdapterConfig(kind="qlora", rank=32, alpha=64.0, dropout=0.1, targets=QKVO), 4, 182),
)  # fmt: skip
_LADDER = (
    ("GPT-2 small", "all, 2 classes", f"{ALL}, {HEAD}", 2),
    ("GPT-2 small", "all, head", f"{ALL}, {HEAD}", 0),
    ("GPT-2 small", "q k v o", QKVO, 0),
    ("Llama 3.2 1B", "q k v o", QKVO, 0),
    ("Llama 3.2 1B", "all", ALL, 0),
    ("Llama 3.2 3B", "q k v o", QKVO, 0),
    ("Llama 3.2 3B", "all", ALL, 0),
    ("Llama 3.1 8B", "q k v o", QKVO, 0),
    ("Llama 3.1 8B", "all", ALL, 0),
    ("Qwen2.5 1.5B", "q k v o", QKVO, 0),
    ("Qwen2.5 1.5B", "all", ALL, 0),
)


@lru_cache(maxsize=1)
def presets() -> dict[str, ModelConfig]:
    """Every named size of every family."""
    return {one.name: one.config for family in FAMILIES.names() for one in FAMILIES.load(family).presets}


@lru_cache(maxsize=1)
def ladder() -> tuple[Rung, ...]:
    """The course's ladder, computed here."""
    found = []
    for base, words, targets, outputs in _LADDER:
        model, names = with_outputs(presets()[base], outputs), AdapterConfig(targets=targets).names
        counts = tuple(planned(model, rank, names).parameters for rank in RANKS)
        found.append(Rung(base, words, targets, outputs, counts))
    return tuple(found)


def with_outputs(model: ModelConfig, outputs: int) -> ModelConfig:
    """The same model with a head for so many classes; 0 leaves it as it is."""
    return replace(model, outputs=outputs, tie_embeddings=False) if outputs else model


def base_choices(session: Session) -> Sequence[tuple[str, str]]:
    """Values and words of the list, those at hand first."""
    found = [(DRAFT, tr("The next run's model"))]
    if session.loaded is not None:
        found.insert(0, (LOADED, tr("In memory: {name}", name=session.loaded.title)))
    return [*found, *((name, name) for name in presets())]


def base_of(session: Session, value: str) -> ModelConfig:
    """The shape behind a value of the list; one that is gone falls back to the next run's."""
    if value == LOADED and session.loaded is not None:
        shape: ModelConfig = session.loaded.shape
        return shape
    return presets().get(value, session.draft.model)
