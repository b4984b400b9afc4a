"""A logit as a sum of what every part adds, with the one scale that makes it a sum."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.core.errors import StudioError
from studio.core.shelf import FAMILIES
from studio.insight.attribution import FrozenNorm, Part, attribute, effect_of, vector_of
from studio.insight.capture import capture
from tests.families.conftest import SHAPES, shaken, tiny
from tests.insight.conftest import IDS

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("name", SHAPES)
def test_all_parts_together_are_the_logit(name: str) -> None:
    model = shaken(tiny(name))
    captured = capture(model, IDS)
    with torch.no_grad():
        wanted = model(torch.tensor([IDS]))[0].double().numpy()
    for position, token in ((0, 5), (16, 42), (9, 0)):
        found = attribute(model, captured, position, token)
        assert found.heads.shape == (3, 4)
        assert abs(found.logit - wanted[position, token]) <= 1e-4
        assert abs(found.total - wanted[position, token]) <= 1e-3 + 1e-5 * np.abs(wanted).max()


def test_only_learned_places_add_something(gpt2, llama) -> None:
    assert abs(attribute(gpt2, capture(gpt2, IDS), 4, 3).positions) > 1e-3
    assert abs(attribute(llama, capture(llama, IDS), 4, 3).positions) <= 1e-5


def test_a_head_adds_what_the_logit_loses_when_only_its_part_is_taken_from_the_stream(gpt2) -> None:
    captured = capture(gpt2, IDS)
    found, read = attribute(gpt2, captured, 8, 7), FrozenNorm(gpt2, captured, 8)
    weight = gpt2.layers[1].self_attn.o_proj.weight.detach().double().numpy()
    part = weight[:, 12:18] @ captured.layers[1].mixed[2, 8].astype(np.float64)
    column, shift = read.direction(7)
    stream = captured.layers[-1].after[8].astype(np.float64)
    whole, without = (float(read.normed(x) @ column + shift) for x in (stream, stream - part))
    assert found.heads[1, 2] == pytest.approx(whole - without, abs=1e-9)
    assert whole == pytest.approx(found.logit, abs=1e-4)


def test_a_parts_own_norm_would_not_add_up(gpt2) -> None:
    """Mistake 7: each part through its own full LayerNorm."""
    captured = capture(gpt2, IDS)
    found = attribute(gpt2, captured, 8, 7)
    with torch.no_grad():
        column = gpt2.lm_head.weight[7]
        own = [float(gpt2.norm(torch.tensor(layer.feed_forward_out[8])) @ column) for layer in captured.layers]
    assert np.abs(np.array(own) - found.feed_forward).max() > 0.05
    rest = found.total - found.feed_forward.sum()
    assert abs(rest + sum(own) - found.logit) > 0.05


@pytest.mark.parametrize("name", ["gpt2", "gemma"])
def test_promoted_and_suppressed_tokens_are_the_ends_of_what_a_part_adds(name: str) -> None:
    model = shaken(tiny(name))
    captured = capture(model, IDS)
    read, part = FrozenNorm(model, captured, 8), captured.layers[1].feed_forward_out[8]
    up, down = read.promoted(part, 5), read.suppressed(part, 5)
    change = {token: attribute(model, captured, 8, token).feed_forward[1] for token in range(61)}
    order = sorted(change, key=lambda token: -change[token])
    assert [token for token, _ in up] == order[:5]
    assert [token for token, _ in down] == order[::-1][:5]
    assert all(raised == pytest.approx(change[token]) for token, raised in up + down)


def test_a_model_that_norms_after_each_part_is_refused() -> None:
    config = replace(FAMILIES.load("bert").presets[0].config, vocab_size=61, emb_dim=24, n_layers=2, n_heads=4)
    model = shaken(config)
    with pytest.raises(StudioError, match="no sum") as refused:
        attribute(model, capture(model, IDS), 0, 0)
    assert "Llama" in refused.value.hint


def test_without_a_token_the_likeliest_is_split(gpt2) -> None:
    found = attribute(gpt2, capture(gpt2, IDS), 8)
    with torch.no_grad():
        wanted = gpt2(torch.tensor([IDS]))[0, 8]
    assert found.token == int(wanted.argmax())
    assert found.logit == pytest.approx(float(wanted.max()), abs=1e-4)


@pytest.mark.parametrize("name", ["gpt2", "llama 3.1", "gemma"])
def test_the_vectors_of_all_parts_are_the_stream(name: str) -> None:
    model = shaken(tiny(name))
    captured = capture(model, IDS)
    parts = [Part("embedding"), Part("positions")]
    for layer in range(3):
        parts += [Part("bias", layer), Part("feed_forward", layer), *(Part("head", layer, head) for head in range(4))]
    found = np.sum([vector_of(model, captured, 8, part) for part in parts], axis=0)
    np.testing.assert_allclose(found, captured.layers[-1].after[8], atol=1e-4)


@pytest.mark.parametrize("part", [Part("embedding"), Part("head", 1, 2), Part("feed_forward", 2), Part("bias", 0)])
def test_what_a_part_does_to_one_token_is_what_it_adds_to_its_logit(gpt2, part: Part) -> None:
    captured = capture(gpt2, IDS)
    told = effect_of(gpt2, captured, 8, part, k=3)
    token, value = told.promoted[0]
    found = attribute(gpt2, captured, 8, token)
    own = {"embedding": found.embedding, "head": found.heads[1, 2], "feed_forward": found.feed_forward[2],
           "bias": found.attention_bias[0]}  # fmt: skip
    assert value == pytest.approx(float(own[part.kind]), abs=1e-9)
    assert len(told.promoted) == len(told.suppressed) == 3
    assert told.promoted[0][1] >= told.promoted[1][1] >= told.suppressed[1][1] >= told.suppressed[0][1]
    assert told.length == pytest.approx(float(np.linalg.norm(vector_of(gpt2, captured, 8, part))))


def test_a_part_can_be_named_by_kind_layer_and_head(gpt2) -> None:
    captured = capture(gpt2, IDS)
    assert effect_of(gpt2, captured, 3, ("head", 1, 0)) == effect_of(gpt2, captured, 3, Part("head", 1, 0))


def test_a_large_table_is_read_piece_by_piece(gpt2, monkeypatch: pytest.MonkeyPatch) -> None:
    captured = capture(gpt2, IDS)
    whole = effect_of(gpt2, captured, 8, Part("feed_forward", 1))
    monkeypatch.setattr("studio.insight.attribution.PLACES", 24 * 7)
    parts = effect_of(gpt2, captured, 8, Part("feed_forward", 1))
    assert [token for token, _ in parts.promoted] == [token for token, _ in whole.promoted]
    np.testing.assert_allclose([v for _, v in parts.promoted], [v for _, v in whole.promoted], atol=1e-12)
