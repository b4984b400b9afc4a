"""Changing family keeps what a person has chosen, and builds."""

from dataclasses import replace

import pytest

from studio.core.config import ModelConfig
from studio.core.knobs import problems
from studio.core.shelf import FAMILIES
from studio.families import Family, keep_traits
from studio.workshop.moving import SIZES, moved, published, teaching

NAMES = FAMILIES.names()


def family(name: str) -> Family:
    found: Family = FAMILIES.load(name)
    return found


def shape(family_name: str, preset: str) -> ModelConfig:
    return next(one.config for one in family(family_name).presets if one.name == preset)


@pytest.mark.parametrize("new", NAMES)
@pytest.mark.parametrize("old", NAMES)
def test_every_family_can_become_every_other(old: str, new: str) -> None:
    for preset in family(old).presets:
        model = moved(preset.config, family(old), family(new))
        assert model.family == new
        keep_traits(model, new, family(new).traits)
        assert problems(model) == []
        assert [getattr(model, name) for name in SIZES] == [getattr(preset.config, name) for name in SIZES]


@pytest.mark.parametrize("new", [name for name in NAMES if name not in ("gpt2", "mistral")])
def test_a_size_to_learn_with_becomes_the_other_familys_of_that_name(new: str) -> None:
    model = moved(shape("gpt2", "stories"), family("gpt2"), family(new))
    assert model == replace(shape(new, "stories"), n_heads=6, n_kv_heads=model.n_kv_heads, head_width=model.head_width)


def test_a_size_keeps_its_value_and_a_convention_follows_the_family() -> None:
    chosen = replace(shape("gpt2", "small"), drop_rate=0.2, context_length=300, tie_embeddings=False)
    llama = moved(chosen, family("gpt2"), family("llama"))
    assert (llama.drop_rate, llama.context_length, llama.tie_embeddings) == (0.2, 300, False)
    assert (llama.hidden_dim, llama.n_kv_heads, llama.output_bias) == (1_024, 2, False)
    assert moved(chosen, family("gpt2"), family("qwen3")).norm_eps == 1e-6


def test_a_knob_that_was_changed_goes_along_where_both_have_it() -> None:
    llama = replace(shape("llama", "stories"), rope_base=50_000.0, norm_eps=1e-4)
    mistral = moved(llama, family("llama"), family("mistral"))
    assert (mistral.rope_base, mistral.norm_eps) == (50_000.0, 1e-4)
    assert moved(llama, family("llama"), family("gpt2")).rope_base == ModelConfig().rope_base


@pytest.mark.parametrize("other", [name for name in NAMES if name not in ("gpt2", "bert")])
@pytest.mark.parametrize("width", [32, 384, 1_600])
def test_there_and_back_is_where_it_was(other: str, width: int) -> None:
    start = replace(shape("gpt2", "small"), n_layers=9, n_heads=4, emb_dim=width, drop_rate=0.1)
    assert moved(moved(start, family("gpt2"), family(other)), family(other), family("gpt2")) == start


def test_widths_keep_the_familys_proportions() -> None:
    wide = replace(shape("gpt2", "small"), emb_dim=768, n_heads=12)
    llama = moved(wide, family("gpt2"), family("llama"))
    assert (llama.hidden_dim, llama.n_heads // llama.n_kv_heads) == (2_048, 3)


def test_heads_that_cannot_be_shared_out_are_each_their_own() -> None:
    odd = replace(shape("gpt2", "small"), n_heads=8)
    assert moved(odd, family("gpt2"), family("llama")).kv_heads == 8  # three queries a head do not go into eight


@pytest.mark.parametrize("name", NAMES)
def test_sizes_to_learn_with_come_first_and_published_shapes_know_their_vocabulary(name: str) -> None:
    presets = family(name).presets
    assert presets == teaching(family(name)) + published(family(name))
    assert teaching(family(name))
    assert published(family(name))


def test_what_nobody_can_get_is_for_the_calculator() -> None:
    marked = [preset.name for preset in family("gpt2").presets if preset.calculator]
    assert marked == [preset.name for preset in family("gpt2").presets if preset.name.startswith("GPT-3")]
    assert len(marked) == 8
