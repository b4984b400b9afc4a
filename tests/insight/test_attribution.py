"""A logit as a sum of what every part adds, with the one scale that makes it a sum."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.core.errors import StudioError
from studio.core.shelf import FAMILIES
from studio.insight.attribution import FrozenNorm, attribute, text_attribution
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


def test_a_text_is_attributed_to_the_tokens_that_came(llama) -> None:
    found = text_attribution(llama, capture(llama, IDS), [3, 15, 16])
    assert [(one.position, one.token) for one in found] == [(3, IDS[4]), (15, IDS[16])]


def test_a_model_that_norms_after_each_part_is_refused() -> None:
    config = replace(FAMILIES.load("bert").presets[0].config, vocab_size=61, emb_dim=24, n_layers=2, n_heads=4)
    model = shaken(config)
    with pytest.raises(StudioError, match="no sum") as refused:
        attribute(model, capture(model, IDS), 0, 0)
    assert "Llama" in refused.value.hint
