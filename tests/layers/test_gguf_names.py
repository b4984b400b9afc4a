"""llama.cpp's names, orders and numbers against those of `transformers`."""

import math
from typing import Any

import pytest
import torch

from studio.core.errors import StudioError
from studio.core.shelf import FAMILIES
from studio.layers.gguf_names import (
    ARCHITECTURES,
    Layout,
    gguf_name,
    in_halves,
    in_pairs,
    metadata_of,
    outside_config,
    rope_factors,
    scaling_of,
)

pytestmark = pytest.mark.torch
gguf = pytest.importorskip("gguf")

NAMES = [name for name in FAMILIES.names() if set(FAMILIES.load(name).model_types) & set(ARCHITECTURES.values())]


@pytest.mark.parametrize("name", NAMES)
def test_every_weight_has_the_name_that_llama_cpps_library_gives_it(name: str) -> None:
    family = FAMILIES.load(name)
    config = family.presets[0].config
    architecture = metadata_of(family.to_outside(config))["general.architecture"]
    number = next(key for key, word in gguf.MODEL_ARCH_NAMES.items() if word == architecture)
    table = gguf.get_tensor_name_map(number, config.n_layers)
    for ours, source in family.sources(config).items():
        if ours == "lm_head.weight" and config.tie_embeddings:
            continue
        assert gguf_name(source.name) == table.get_name(source.name, try_suffixes=(".weight", ".bias"))


def test_pairs_of_neighbours_become_halves_and_back() -> None:
    rows = torch.arange(12).view(12, 1)  # two heads of six
    assert in_halves(rows, 2).flatten().tolist() == [0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11]
    assert torch.equal(in_pairs(in_halves(rows, 2), 2), rows)
    vector = torch.randn(12)
    assert torch.equal(in_halves(in_pairs(vector, 3), 3), vector)


def test_a_query_turned_by_neighbours_meets_a_key_as_one_turned_by_halves() -> None:
    width, place, other = 8, 5, 2
    queries, keys = torch.randn(width), torch.randn(width)
    angles = 10_000.0 ** (-torch.arange(0, width, 2) / width)

    def by_neighbours(x: torch.Tensor, where: int) -> torch.Tensor:
        cos, sin = (where * angles).cos(), (where * angles).sin()
        even, odd = x[0::2], x[1::2]
        return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten()

    def by_halves(x: torch.Tensor, where: int) -> torch.Tensor:
        cos, sin = (where * angles).cos(), (where * angles).sin()
        first, second = x.chunk(2)
        return torch.cat((first * cos - second * sin, second * cos + first * sin))

    theirs = by_neighbours(queries, place) @ by_neighbours(keys, other)
    ours = by_halves(in_halves(queries, 1), place) @ by_halves(in_halves(keys, 1), other)
    assert torch.allclose(theirs, ours, atol=1e-5)


@pytest.mark.parametrize(
    ("architecture", "name", "moves"),
    [
        ("llama", "blk.0.attn_q.weight", True), ("llama", "blk.0.attn_k.weight", True),
        ("llama", "blk.0.attn_v.weight", False), ("llama", "blk.0.attn_q.bias", True),
        ("qwen2", "blk.0.attn_q.weight", False), ("qwen3", "blk.0.attn_k.weight", False),
        ("gemma", "blk.0.attn_norm.weight", True), ("gemma", "output_norm.weight", True),
        ("gemma", "blk.0.attn_q.weight", False), ("llama", "output_norm.weight", False),
        ("gpt2", "blk.0.ffn_up.weight", True), ("gpt2", "token_embd.weight", False),
        ("gpt2", "position_embd.weight", False), ("gpt2", "blk.0.ffn_up.bias", False),
    ],
)  # fmt: skip
def test_only_what_llama_cpp_keeps_otherwise_is_moved_and_comes_back(architecture: str, name: str, moves: bool) -> None:
    layout = Layout(architecture, 4, 2)
    tensor = torch.randn(16) if name.endswith(("bias", "norm.weight")) else torch.randn(16, 6)
    stored = layout.to_file(name, tensor)
    assert torch.allclose(layout.from_file(name, stored), tensor, atol=1e-6)
    assert moves != (stored.shape == tensor.shape and torch.equal(stored, tensor))


@pytest.mark.parametrize("name", NAMES)
def test_a_shape_survives_the_way_into_metadata_and_back(name: str) -> None:
    family = FAMILIES.load(name)
    for preset in family.presets:
        config = preset.config
        outside = family.to_outside(config)
        metadata = metadata_of(outside)
        vocabulary, width = max(1, config.vocab_size), config.emb_dim
        shapes = {"token_embd.weight": (vocabulary, width)}
        shapes |= {} if config.tie_embeddings else {"output.weight": (vocabulary, width)}
        if (factors := rope_factors(outside)) is not None:
            assert factors.shape == (config.head_dim // 2,)
        said = outside_config(metadata, shapes)
        if factors is not None:
            said["rope_scaling"] = scaling_of(factors, said["head_dim"], said["rope_theta"])
        kin = FAMILIES.load(said["model_type"])
        back = kin.to_outside(kin.from_outside(said))
        unsaid = {"architectures", "model_type", "vocab_size", "sliding_window", "max_position_embeddings", "head_dim",
                  "resid_pdrop", "embd_pdrop", "attn_pdrop"}  # fmt: skip
        for key in outside.keys() - unsaid:
            assert back.get(key, outside[key]) == outside[key], key
        assert kin.from_outside(said).head_dim == config.head_dim


def test_a_window_ends_the_context_where_llama_cpp_has_none() -> None:
    family = FAMILIES.load("mistral")
    config = family.from_outside({**family.to_outside(family.presets[0].config), "sliding_window": 32})
    metadata = metadata_of(family.to_outside(config))
    assert metadata["llama.context_length"] == 32 < config.context_length
    assert outside_config(metadata, {"token_embd.weight": (9, 9)})["model_type"] == "mistral"


LLAMA = {
    "general.architecture": "llama", "llama.context_length": 64, "llama.embedding_length": 32, "llama.block_count": 2,
    "llama.attention.head_count": 4, "llama.feed_forward_length": 48, "llama.attention.layer_norm_rms_epsilon": 1e-5,
}  # fmt: skip
SHAPES = {"token_embd.weight": (100, 32)}


def test_what_a_file_leaves_out_is_what_llama_cpp_takes() -> None:
    said = outside_config(LLAMA, SHAPES)
    assert (said["num_key_value_heads"], said["rope_theta"], said["head_dim"]) == (4, 10_000.0, 8)
    assert said["tie_word_embeddings"]
    assert not said["attention_bias"]
    assert outside_config(LLAMA, {**SHAPES, "blk.0.attn_q.bias": (32,)})["attention_bias"]
    single = float(torch.tensor(1e-5))  # as it comes out of 32 bits
    assert outside_config({**LLAMA, "llama.attention.layer_norm_rms_epsilon": single}, SHAPES)["rms_norm_eps"] == 1e-5


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"general.architecture": "mamba"}, "mamba"),
        ({"general.architecture": 7}, "architecture"),
        ({"llama.expert_count": 8}, "experts"),
        ({"llama.block_count": 0}, r"llama\.block_count"),
        ({"llama.block_count": "2"}, r"llama\.block_count"),
        ({"llama.block_count": True}, r"llama\.block_count"),
        ({"llama.embedding_length": 1 << 40}, "embedding_length"),
        ({"llama.attention.head_count": [4, 4]}, "head_count"),
        ({"llama.attention.layer_norm_rms_epsilon": math.nan}, "epsilon"),
        ({"llama.attention.layer_norm_rms_epsilon": None}, "epsilon"),
        ({"llama.rope.freq_base": math.inf}, "freq_base"),
    ],
)
def test_metadata_that_cannot_be_is_refused_by_its_key(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(StudioError, match=words) as refused:
        outside_config({**LLAMA, **changes}, SHAPES)
    assert refused.value.hint


def test_a_file_without_an_embedding_is_refused() -> None:
    with pytest.raises(StudioError, match="embedding"):
        outside_config(LLAMA, {})


def test_llama_31s_factors_are_those_of_transformers() -> None:
    from transformers import LlamaConfig
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    family = FAMILIES.load("llama")
    preset = next(one for one in family.presets if one.name == "Llama 3.2 1B")
    outside = family.to_outside(preset.config)
    config = LlamaConfig(**{key: value for key, value in outside.items() if key != "model_type"})
    slowed, _ = ROPE_INIT_FUNCTIONS["llama3"](config, torch.device("cpu"))
    plain = 500_000.0 ** (-torch.arange(0, 64, 2) / 64)
    factors = rope_factors(outside)
    assert factors is not None
    assert torch.allclose(plain / factors, slowed, rtol=1e-5)
    assert scaling_of(factors, 64, 500_000.0)["factor"] == 32.0
    with pytest.raises(StudioError, match="scales its positions"):
        scaling_of(factors.flip(0), 64, 500_000.0)


def test_a_kind_or_a_scaling_that_has_no_place_in_the_file_is_refused() -> None:
    family = FAMILIES.load("llama")
    outside = family.to_outside(family.presets[0].config)
    assert set(NAMES) >= {"gpt2", "llama", "mistral", "qwen2", "qwen3", "gemma"}
    with pytest.raises(StudioError, match="bert"):
        metadata_of({**outside, "model_type": "bert"})
    with pytest.raises(StudioError, match="yarn"):
        metadata_of({**outside, "rope_scaling": {"rope_type": "yarn", "factor": 2.0}})
    with pytest.raises(StudioError, match="output head"):
        metadata_of({**outside, "model_type": "gemma", "tie_word_embeddings": False})
    linear = metadata_of({**outside, "rope_scaling": {"rope_type": "linear", "factor": 2.0}})
    assert linear["llama.rope.scaling.factor"] == 2.0
    assert outside_config(linear, SHAPES)["rope_scaling"] == {"rope_type": "linear", "factor": 2.0}
