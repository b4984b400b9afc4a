"""Every family computes what `transformers` computes, and its files go out and come back as they were."""

import dataclasses
import json
from typing import Any

import pytest
import torch

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.knobs import problems
from studio.core.model_config import FAMILY_CHOICES
from studio.core.shelf import FAMILIES
from studio.layers.foreign_weights import collect, scatter
from studio.layers.key_value_cache import KeyValueCache
from tests.families.conftest import SHAPES, shaken, theirs_for, tiny

pytestmark = pytest.mark.torch


def _pair(config: ModelConfig) -> tuple[Any, Any]:
    """Their network and ours with their weights."""
    family, theirs = FAMILIES.load(config.family), theirs_for(config)
    ours = family.build(config).eval()
    state = theirs.state_dict()
    ours.load_state_dict(collect(family.sources(config), state.__getitem__), strict=True)
    return theirs, ours


def test_a_config_can_name_exactly_the_families_that_lie_on_the_shelf() -> None:
    assert dict(FAMILY_CHOICES) == {name: FAMILIES.load(name).label for name in FAMILIES.names()}


@pytest.mark.parametrize("name", SHAPES)
def test_logits_equal_those_of_transformers_with_the_same_weights(name: str) -> None:
    theirs, ours = _pair(tiny(name))
    ids = torch.randint(0, 61, (2, 60))
    with torch.no_grad():
        wanted = theirs(ids).logits
        assert wanted.std() > 0.1
        torch.testing.assert_close(ours(ids), wanted, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", SHAPES)
def test_greedy_writing_equals_that_of_transformers_token_for_token(name: str) -> None:
    config = tiny(name)
    theirs, ours = _pair(config)
    prompt = torch.randint(0, 61, (1, 5))
    theirs.generation_config.eos_token_id = None
    seen = torch.ones_like(prompt)  # otherwise a prompt's token 0 would be taken for padding
    wanted = theirs.generate(prompt, attention_mask=seen, max_new_tokens=32, do_sample=False, pad_token_id=0)[
        0
    ].tolist()
    cache = KeyValueCache(config, like=ours.embed_tokens.weight.detach())
    written, new = prompt[0].tolist(), prompt
    with torch.no_grad():
        while len(written) < len(wanted):
            new = ours(new, cache, last_only=True)[:, -1].argmax(-1, keepdim=True)
            written.append(int(new))
    assert written == wanted
    assert len(set(written)) > 3


@pytest.mark.parametrize("name", SHAPES)
def test_observed_queries_and_keys_give_the_attention_weights_of_transformers(name: str) -> None:
    config = tiny(name, n_layers=2)
    theirs, ours = _pair(config)
    ids, seen = torch.randint(0, 61, (1, 20)), []

    def look(layer: int, queries: torch.Tensor, keys: torch.Tensor) -> None:
        keys = keys.repeat_interleave(queries.shape[1] // keys.shape[1], dim=1)
        scores = queries @ keys.transpose(2, 3) / queries.shape[3] ** 0.5
        distance = torch.arange(20)[:, None] - torch.arange(20)
        near = (distance >= 0) & (distance < (config.sliding_window or 20))
        seen.append(scores.masked_fill(~near, -torch.inf).softmax(-1))

    with torch.no_grad():
        before = ours(ids)
        for block in ours.layers:
            block.self_attn.observe = look
        assert torch.equal(ours(ids), before)
        wanted = theirs(ids, output_attentions=True).attentions
    for ours_weights, their_weights in zip(seen, wanted, strict=True):
        torch.testing.assert_close(ours_weights, their_weights, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_comes_back_from_the_file_we_write_and_from_the_one_transformers_writes(name: str) -> None:
    config = tiny(name)
    family = FAMILIES.load(config.family)
    assert problems(config) == []
    outside = json.loads(json.dumps(family.to_outside(config)))
    assert family.from_outside(outside) == config
    rewritten = json.loads(theirs_for(config).config.to_json_string(use_diff=False))
    same = {field.name for field in dataclasses.fields(ModelConfig)} - {"drop_rate", "initialization"}
    back = family.from_outside(rewritten)
    assert {field: getattr(back, field) for field in same} == {field: getattr(config, field) for field in same}


@pytest.mark.parametrize("name", SHAPES)
def test_weights_come_back_from_their_outside_names_bit_for_bit_and_nothing_is_left_over(name: str) -> None:
    config = tiny(name)
    sources = FAMILIES.load(config.family).sources(config)
    state = theirs_for(config).state_dict()
    back = scatter(collect(sources, state.__getitem__), sources)
    assert back.keys() == state.keys()
    assert all(torch.equal(back[key], state[key]) and back[key].is_contiguous() for key in state)


@pytest.mark.parametrize(
    ("name", "changes"),
    [("gpt2", {"qkv_bias": False}), ("llama 3.1", {"qkv_bias": True}), ("qwen3", {"output_bias": True}),
     ("gemma", {"output_bias": True})],
)  # fmt: skip
def test_a_bias_that_only_the_outside_has_is_filled_with_zeros(name: str, changes: dict[str, bool]) -> None:
    config = tiny(name, **changes)
    family, ours = FAMILIES.load(config.family), shaken(config)
    twin = family.from_outside(family.to_outside(config))
    assert twin != config
    theirs = theirs_for(config)
    theirs.load_state_dict(scatter(ours.state_dict(), family.sources(twin)), strict=True)
    ids = torch.randint(0, 61, (1, 20))
    with torch.no_grad():
        torch.testing.assert_close(ours(ids), theirs(ids).logits, atol=1e-5, rtol=0)


# --- what is refused ------------------------------------------------------------------------------------------------

REFUSED = [
    ("llama 3.1", {"hidden_act": "relu"}, "relu"),
    ("llama 3.1", {"rope_scaling": {"rope_type": "yarn", "factor": 2.0}}, "yarn"),
    ("llama 3.1", {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 1.0}}, "dynamic"),
    ("llama 3.1", {"partial_rotary_factor": 0.5}, "partial_rotary_factor"),
    ("llama 3.1", {"hidden_size": None}, "hidden_size"),
    ("llama 3.1", {"num_hidden_layers": "three"}, "n_layers"),
    ("llama 3.1", {"num_attention_heads": 5}, "heads"),
    ("llama 3.1", {"num_attention_heads": 0}, "Heads"),
    ("llama 3.1", {"num_hidden_layers": 10**9}, "Layers"),
    ("llama 3.1", {"head_dim": 7}, "Rotary"),
    ("llama 3.1", {"rope_theta": float("inf")}, "finite"),
    ("llama 3.1", {"attention_bias": "yes"}, "qkv_bias"),
    ("mistral", {"hidden_act": ["silu"]}, "silu"),
    ("qwen2", {"use_sliding_window": True, "sliding_window": 8, "max_window_layers": 1}, "max_window_layers"),
    ("qwen3", {"num_key_value_heads": 3}, "key-value heads"),
    ("gemma", {"use_bidirectional_attention": True}, "bidirectional"),
]


@pytest.mark.parametrize(("name", "change", "reason"), REFUSED)
def test_a_file_that_asks_for_what_cannot_be_computed_is_refused_by_name(
    name: str, change: dict[str, Any], reason: str
) -> None:
    family = FAMILIES.load(SHAPES[name][0])
    with pytest.raises(StudioError, match=reason) as refused:
        family.from_outside({**family.to_outside(tiny(name)), **change})
    assert refused.value.hint or "n_layers" in str(refused.value) or "qkv_bias" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "changes"),
    [("gpt2", {"norm": "rms"}), ("llama 3.1", {"activation": "relu"}), ("mistral", {"qkv_bias": True}),
     ("qwen2", {"qkv_bias": False}), ("qwen3", {"query_key_norm": False}), ("gemma", {"norm_offset": False})],
)  # fmt: skip
def test_a_model_that_contradicts_its_family_is_not_built(name: str, changes: dict[str, Any]) -> None:
    config = tiny(name, **changes)
    with pytest.raises(StudioError, match="cannot have"):
        FAMILIES.load(config.family).build(config)


def test_a_llama_that_transformers_could_not_build_is_not_written() -> None:
    config = tiny("llama with biases", emb_dim=26)
    with pytest.raises(StudioError, match="divides"):
        FAMILIES.load("llama").to_outside(config)
