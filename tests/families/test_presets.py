"""The published shapes have the published number of parameters, counted three times: by us, by torch, by others."""

import dataclasses
import re

import pytest
import torch

from studio.core.config import ModelConfig
from studio.core.knobs import knobs_of, problems
from studio.core.shelf import FAMILIES
from tests.families.conftest import SHAPES, tiny

pytestmark = pytest.mark.torch

PUBLISHED = {  # unique parameters; those of Llama 2 7B, 3 8B, 3.1 8B and 3.2 1B stand in numbers.md, 6k
    "Llama 2 7B": 6_738_415_616,
    "Llama 2 13B": 13_015_864_320,
    "Llama 2 70B": 68_976_648_192,
    "Llama 3 8B": 8_030_261_248,
    "Llama 3 70B": 70_553_706_496,
    "Llama 3.1 8B": 8_030_261_248,
    "Llama 3.1 70B": 70_553_706_496,
    "Llama 3.2 1B": 1_235_814_400,
    "Llama 3.2 3B": 3_212_749_824,
    "Mistral 7B v0.1": 7_241_732_096,
    "Mistral 7B v0.3": 7_248_023_552,
    "Qwen2.5 0.5B": 494_032_768,
    "Qwen2.5 1.5B": 1_543_714_304,
    "Qwen2.5 3B": 3_085_938_688,
    "Qwen2.5 7B": 7_615_616_512,
    "Qwen3 0.6B": 596_049_920,
    "Qwen3 1.7B": 1_720_574_976,
    "Qwen3 4B": 4_022_468_096,
    "Qwen3 8B": 8_190_735_360,
    "Gemma 2B": 2_506_172_416,
    "Gemma 7B": 8_537_680_896,
    "BERT base": 109_514_298,
    "BERT large": 335_174_458,
}
PRESETS = {
    preset.name: preset.config
    for name in FAMILIES.names()
    for preset in FAMILIES.load(name).presets
    if preset.name in PUBLISHED
}


def _counted(config: ModelConfig) -> int:
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in FAMILIES.load(config.family).build(config).parameters())


def test_every_published_shape_is_on_its_shelf() -> None:
    assert PRESETS.keys() == PUBLISHED.keys()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if "70B" in name else []) for name in PUBLISHED]
)
def test_ledger_and_network_have_exactly_the_published_number_of_parameters(name: str) -> None:
    config = PRESETS[name]
    assert FAMILIES.load(config.family).ledger(config).total == _counted(config) == PUBLISHED[name]


@pytest.mark.parametrize("name", ["Llama 3.2 3B", "Mistral 7B v0.1", "Qwen2.5 0.5B", "Qwen3 0.6B", "Gemma 2B"])
def test_transformers_counts_as_many_in_the_network_it_builds_from_our_config(name: str) -> None:
    transformers = pytest.importorskip("transformers")
    config = PRESETS[name]
    outside = FAMILIES.load(config.family).to_outside(config)
    with torch.device("meta"):
        theirs = transformers.AutoModelForCausalLM.from_config(transformers.AutoConfig.for_model(**outside))
    assert sum(parameter.numel() for parameter in theirs.parameters()) == PUBLISHED[name]


def test_llama_3_2_counted_with_its_head_twice_is_what_the_book_prints() -> None:
    config = PRESETS["Llama 3.2 1B"]
    ledger = FAMILIES.load("llama").ledger(config)
    assert ledger.total + ledger.tied == 1_498_482_688
    assert FAMILIES.load("llama").ledger(dataclasses.replace(config, tie_embeddings=False)).total == 1_498_482_688


def test_shared_key_value_heads_save_what_the_book_prints() -> None:
    def attention(name: str) -> int:
        parts = {part.name: part.count for part in FAMILIES.load("llama").ledger(PRESETS[name]).parts}
        return (parts["Queries, keys, values"] + parts["Attention output"]) // PRESETS[name].n_layers

    assert (attention("Llama 2 7B"), attention("Llama 3 8B")) == (67_108_864, 41_943_040)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("name", SHAPES)
def test_the_ledger_of_a_small_shape_is_its_real_count_and_every_formula_says_its_row(name: str, tied: bool) -> None:
    config = tiny(name, tie_embeddings=tied)
    ledger = FAMILIES.load(config.family).ledger(config)
    assert ledger.total == _counted(config)
    assert bool(ledger.tied) is tied
    for part in ledger.parts:
        assert _product(part.formula) == part.count, part


def _product(formula: str) -> int:
    """What a formula such as "2 × (3 × 4 + 5)" comes to; it may hold nothing but whole numbers, × and +."""
    assert re.fullmatch(r"[\d, ×+()]+", formula)
    plain = formula.replace(",", "").replace(" ", "")
    while "(" in plain:
        plain = re.sub(r"\(([^()]*)\)", lambda inner: str(_product(inner[1])), plain)
    total = 0
    for term in plain.split("+"):
        product = 1
        for factor in term.split("×"):
            product *= int(factor)
        total += product
    return total


@pytest.mark.parametrize("name", FAMILIES.names())
def test_every_preset_is_in_order_and_every_knob_of_a_family_leaves_it_that_family(name: str) -> None:
    family = FAMILIES.load(name)
    assert set(family.knobs) <= knobs_of(ModelConfig).keys()
    assert not set(family.knobs) & family.traits.keys()
    for preset in family.presets:
        assert problems(preset.config) == []
        assert preset.config.family == name
        assert {trait: getattr(preset.config, trait) for trait in family.traits} == dict(family.traits)


def test_gpt3s_shapes_come_near_the_sizes_in_their_names() -> None:
    sizes = {"125M": 125e6, "350M": 356e6, "760M": 760e6, "1.3B": 1.3e9, "2.7B": 2.65e9, "6.7B": 6.66e9,
             "13B": 12.85e9, "175B": 174.6e9}  # fmt: skip
    presets = {preset.name: preset for preset in FAMILIES.load("gpt2").presets}
    for size, parameters in sizes.items():
        preset = presets[f"GPT-3 {size}"]
        assert FAMILIES.load("gpt2").ledger(preset.config).total == pytest.approx(parameters, rel=0.02)
        assert "calculator" in preset.about
    assert presets["GPT-3 175B"].config.n_layers == 96
