"""How the layers are: outliers, neurons that are off, how widely heads look, and nothing averaged away."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.insight.capture import capture
from studio.insight.layer_health import OFF, layer_health
from tests.families.conftest import shaken, tiny
from tests.insight.conftest import IDS

pytestmark = pytest.mark.torch


def test_the_stream_is_what_every_part_adds(model) -> None:
    """P10: after − before − attention − feed forward."""
    captured = capture(model, IDS)
    for layer in captured.layers:
        left = layer.after - layer.before - layer.attention_out - layer.feed_forward_out
        assert np.abs(left).max() <= 1e-5 * max(1.0, float(np.abs(layer.after).max()))
    found = layer_health(model, captured)
    assert found.stream.norms.shape == found.peaks.shape == (4, len(IDS))


def test_a_peak_is_the_largest_number_of_a_state_by_its_typical_size(gpt2) -> None:
    captured = capture(gpt2, IDS)
    found = layer_health(gpt2, captured)
    state = captured.residual[2][5].astype(np.float64)
    assert found.peaks[2, 5] == pytest.approx(np.abs(state).max() / np.sqrt((state**2).mean()), rel=1e-5)
    assert found.peak_places[2, 5] == int(np.abs(state).argmax())
    assert found.peaks.max() <= 24**0.5 + 1e-5  # one number alone


def test_neurons_that_no_token_switches_on_are_counted() -> None:
    model = shaken(tiny("gpt2"))
    with torch.no_grad():
        model.layers[1].mlp.up_proj.weight[:30] = 0.0
        model.layers[1].mlp.up_proj.bias[:30] = -5.0
    found = layer_health(model, capture(model, IDS))
    assert not found.gated
    hidden = model.layers[1].mlp.up_proj.out_features
    values = capture(model, IDS, neurons=True).layers[1].neurons
    assert found.off[1] == pytest.approx((values.max(0) <= 0).mean())
    assert found.off[1] >= 30 / hidden
    assert found.off[0] < found.off[1]


def test_a_gated_neuron_is_off_when_it_never_leaves_nothing(llama) -> None:
    with torch.no_grad():
        llama.layers[2].mlp.up_proj.weight[:8] = 0.0
    found = layer_health(llama, capture(llama, IDS))
    assert found.gated
    values = np.abs(capture(llama, IDS, neurons=True).layers[2].neurons)
    typical = np.sqrt((values**2).mean())
    assert found.off[2] == pytest.approx((values.max(0) <= OFF * typical).mean())
    assert found.off[2] >= 8 / values.shape[1]


def test_neurons_that_were_captured_are_not_read_again(gpt2, monkeypatch: pytest.MonkeyPatch) -> None:
    captured = capture(gpt2, IDS, neurons=True)
    again = layer_health(gpt2, capture(gpt2, IDS))
    monkeypatch.setattr("studio.insight.layer_health.capture", None)
    found = layer_health(gpt2, captured)
    np.testing.assert_allclose(found.off, again.off)


def test_a_head_that_looks_everywhere_alike_has_entropy_one(gpt2) -> None:
    """Mistake 9: each row by the logarithm of what it may see, and the first row left out."""
    with torch.no_grad():
        gpt2.layers[0].self_attn.q_proj.weight.zero_()
        gpt2.layers[0].self_attn.q_proj.bias.zero_()
    found = layer_health(gpt2, capture(gpt2, IDS))
    np.testing.assert_allclose(found.spread[0], 1.0, atol=1e-6)
    assert found.spread[1:].max() < 1.0


def test_sharpness_is_the_spread_of_the_models_own_logits(gpt2) -> None:
    with torch.no_grad():
        wanted = gpt2(torch.tensor([IDS]))[0].std(-1).numpy()
    np.testing.assert_allclose(layer_health(gpt2, capture(gpt2, IDS)).sharpness, wanted, rtol=1e-4)


def test_what_is_no_number_is_counted_and_never_averaged_away(gpt2) -> None:
    with torch.no_grad():
        gpt2.layers[1].mlp.down_proj.weight[0, 0] = float("nan")
    found = layer_health(gpt2, capture(gpt2, IDS))
    assert (found.stream.nan[:2] == 0).all()
    assert (found.stream.nan[2:] > 0).all()
    assert np.isnan(found.peaks[2:]).all()
    assert np.isnan(found.off[2])
    assert np.isfinite(found.off[:2]).all()


def test_one_token_has_no_entropy_to_speak_of(gpt2) -> None:
    found = layer_health(gpt2, capture(gpt2, [5]))
    assert np.isnan(found.spread).all()
    assert found.stream.norms.shape == (4, 1)


def test_a_model_that_sees_the_whole_text_has_its_health_too() -> None:
    from studio.core.shelf import FAMILIES

    config = replace(FAMILIES.load("bert").presets[0].config, vocab_size=61, emb_dim=24, n_layers=2, n_heads=4)
    model = shaken(config)
    found = layer_health(model, capture(model, IDS))
    assert found.spread.shape == (2, 4)
    assert np.isfinite(found.spread).all()
