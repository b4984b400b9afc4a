"""From one family to another: what a person has chosen stays, what makes the family comes with it."""

from dataclasses import replace
from math import log
from typing import Any

from studio.core.config import ModelConfig
from studio.families import Family, Preset

# Sizes and habits that mean the same in every family.
SIZES = (
    "n_layers", "n_heads", "emb_dim", "context_length", "drop_rate", "tie_embeddings", "vocab_size", "initialization",
)  # fmt: skip


def teaching(family: Family) -> tuple[Preset, ...]:
    """The sizes to learn with, which take their vocabulary from the tokenizer."""
    return tuple(preset for preset in family.presets if not preset.config.vocab_size)


def published(family: Family) -> tuple[Preset, ...]:
    """The shapes that others have trained, with the vocabulary they had."""
    return tuple(preset for preset in family.presets if preset.config.vocab_size)


def moved(model: ModelConfig, old: Family, new: Family) -> ModelConfig:
    """The same size in another family.

    A knob that both have keeps its value where it is a size or was changed; the others start as in the new family's
    preset of the nearest width, in its proportions.
    """
    usual, start = _start(old, model), _start(new, model)
    both = [name for name in new.knobs if name in old.knobs]
    chosen = {name for name in both if getattr(model, name) != getattr(usual, name)}
    kept = {name: getattr(model, name) for name in both if name in SIZES or name in chosen}
    return replace(start, **{**kept, **new.traits}, family=new.name)


def _start(family: Family, model: ModelConfig) -> ModelConfig:
    """The family's preset of the nearest width, in its proportions for this model's width and heads."""
    presets = (preset.config for preset in teaching(family))
    found = min(presets, key=lambda config: abs(log(config.emb_dim / max(1, model.emb_dim))))
    return replace(found, **_proportions(found, model))


def _proportions(start: ModelConfig, model: ModelConfig) -> dict[str, Any]:
    """Widths and groups that follow the model's own width and heads as they do in `start`."""
    group = start.n_heads // start.kv_heads
    fields: dict[str, Any] = {"n_kv_heads": model.n_heads // group if group > 1 and model.n_heads % group == 0 else 0}
    if start.emb_dim != model.emb_dim:
        fields["head_width"] = 0
        fields["hidden_dim"] = 8 * round(start.hidden_dim * model.emb_dim / start.emb_dim / 8)
    return fields
