"""The shape of a network: what older files say is still read, and what cannot be built is told before."""

import dataclasses

import pytest

from studio.core.config import ModelConfig, RunConfig, config_from_json, config_to_json
from studio.core.knobs import knobs_of, problems

# What the first Atelier wrote, before there was any family but GPT-2.
FIRST = {
    "family": "gpt2", "vocab_size": 65, "context_length": 64, "emb_dim": 128, "n_layers": 4, "n_heads": 4,
    "drop_rate": 0.1, "qkv_bias": True, "tie_embeddings": False, "hidden_dim": 0, "norm_eps": 1e-05,
    "initialization": "gpt2",
}  # fmt: skip


def test_a_model_of_the_first_atelier_is_still_the_gpt2_it_was() -> None:
    data = config_to_json(RunConfig())
    read = config_from_json({**data, "model": FIRST}).model
    assert {name: getattr(read, name) for name in FIRST} == FIRST
    assert (read.positions, read.norm, read.feed_forward, read.activation) == ("learned", "layer", "plain", "gelu_tanh")
    assert (read.kv_heads, read.head_dim, read.sliding_window, read.feed_forward_dim) == (4, 32, 0, 512)
    assert (read.output_bias, read.feed_forward_bias, read.query_key_norm) == (True, True, False)


def test_everything_a_person_new_to_models_need_not_know_is_folded_away() -> None:
    plain = {name for name, knob in knobs_of(ModelConfig).items() if not knob.advanced}
    assert plain == {"family", "context_length", "emb_dim", "n_layers", "n_heads", "drop_rate", "tie_embeddings"}


def test_heads_are_as_wide_as_their_share_of_the_model_or_as_they_are_told() -> None:
    shape = ModelConfig(emb_dim=96, n_heads=6)
    assert (shape.head_dim, shape.kv_heads) == (16, 6)
    told = dataclasses.replace(shape, head_width=40, n_kv_heads=2)
    assert (told.head_dim, told.kv_heads) == (40, 2)


@pytest.mark.parametrize(
    ("shape", "field", "words"),
    [
        ({"emb_dim": 100, "n_heads": 8}, "n_heads", "96 would"),
        ({"n_heads": 6, "n_kv_heads": 4}, "n_kv_heads", "do not divide by 4"),
        ({"n_heads": 6, "n_kv_heads": 12}, "n_kv_heads", "do not divide by 12"),
        ({"head_width": 7, "positions": "rotary"}, "head_width", "one over"),
        ({"rope_scaling": "llama3", "rope_high_frequency": 1.0}, "rope_high_frequency", "above the low one"),
        ({"positions": "sideways"}, "positions", "Learned|learned"),
    ],
)
def test_a_shape_that_cannot_be_built_is_told_at_its_field(shape: dict[str, object], field: str, words: str) -> None:
    (problem,) = problems(ModelConfig(**shape))  # type: ignore[arg-type]
    assert problem.field == field
    assert any(word in problem.message for word in words.split("|"))


def test_a_head_of_its_own_width_need_not_divide_the_model() -> None:
    assert problems(ModelConfig(emb_dim=100, n_heads=8, head_width=64, n_kv_heads=2, positions="rotary")) == []
