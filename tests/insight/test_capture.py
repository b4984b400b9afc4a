"""A capture tells the truth about a forward pass, and leaves no trace of having looked."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from studio.core.shelf import FAMILIES
from studio.insight.capture import attention_weights, capture, hidden, walk_through
from studio.insight.reading import blocks, heads_of
from studio.layers.foreign_weights import collect
from tests.families.conftest import SHAPES, shaken, theirs_for, tiny
from tests.insight.conftest import IDS

pytestmark = pytest.mark.torch


def traces(model: Any) -> list[Any]:
    """Everything that looking could have left in a network."""
    left: list[Any] = [name for name, _ in model.named_buffers()]
    left += [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    for module in model.modules():
        left += [*module._forward_hooks.values(), *module._forward_pre_hooks.values()]
        left += [*module._backward_hooks.values(), *module._backward_pre_hooks.values()]
    return left + [block.self_attn.observe for block in model.layers if block.self_attn.observe is not None]


# --- G1: the numbers are those of the network -------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHAPES)
def test_weights_equal_the_eager_ones_of_transformers(name: str) -> None:
    config = tiny(name)
    family, theirs = FAMILIES.load(config.family), theirs_for(config)
    ours = family.build(config).eval()
    ours.load_state_dict(collect(family.sources(config), theirs.state_dict().__getitem__), strict=True)
    found = capture(ours, IDS)
    with torch.no_grad():
        answer = theirs(torch.tensor([IDS]), output_attentions=True, output_hidden_states=True)
    wanted = torch.cat(answer.attentions).numpy()
    assert found.attention.shape == wanted.shape == (3, 4, 17, 17)
    assert found.attention.dtype == np.float32
    assert np.abs(found.attention - wanted).max() <= 1e-5
    for ours_after, theirs_after in zip(found.residual[:-1], answer.hidden_states[:-1], strict=True):
        np.testing.assert_allclose(ours_after, theirs_after[0].numpy(), atol=1e-4)


@pytest.mark.parametrize("time", [1, 2, 17, 96])
@pytest.mark.parametrize("name", SHAPES)
def test_weights_times_values_are_what_each_head_put_out(name: str, time: int) -> None:
    model = shaken(tiny(name))
    found = capture(model, np.random.default_rng(0).integers(0, 61, time).tolist())
    scale = max(1.0, max(float(np.abs(layer.mixed).max()) for layer in found.layers))
    assert found.errors.shape == (3, 4)
    assert found.errors.max() <= 1e-5 * scale
    assert found.exact


def test_tiled_instead_of_repeated_keys_and_values_would_be_noticed(llama) -> None:
    """Mistake 12 of reference/insight.md 1.3: query head h reads key-value head h // group, not h % heads."""
    layer = capture(llama, IDS).layers[0]
    assert np.array_equal(layer.keys[0], layer.keys[1])
    assert not np.allclose(layer.keys[1], layer.keys[2])
    own = layer.values[::2]
    tiled = np.tile(own, (2, 1, 1))
    assert np.abs(layer.weights @ tiled - layer.mixed).max() > 0.1
    assert np.abs(layer.weights @ own.repeat(2, axis=0) - layer.mixed).max() <= 1e-5


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.bfloat16, 2e-2), (torch.float16, 3e-3)])
def test_half_precision_is_as_close_as_its_format_allows(dtype: torch.dtype, tolerance: float) -> None:
    model = shaken(tiny("llama 3.1")).to(dtype)
    found = capture(model, IDS)
    assert found.precision == dtype
    assert found.attention.dtype == np.float32
    scale = max(1.0, max(float(np.abs(layer.mixed).max()) for layer in found.layers))
    assert found.errors.max() <= tolerance * scale
    assert found.exact


def test_a_map_that_does_not_explain_the_output_is_not_called_exact(gpt2) -> None:
    found = capture(gpt2, IDS)
    layer = found.layers[1]
    object.__setattr__(layer, "mixed", layer.mixed + np.float32(0.01))
    assert not found.exact
    assert found.errors[1].min() > 0.005 > found.errors[0].max()


def test_block_by_block_the_stream_is_the_sum_of_what_was_added(model) -> None:
    found = capture(model, IDS)
    for layer in found.layers:
        added = layer.before + layer.attention_out + layer.feed_forward_out
        assert np.abs(added - layer.after).max() <= 1e-5 * np.abs(layer.after).max()
    for earlier, later in zip(found.layers[:-1], found.layers[1:], strict=True):
        assert np.array_equal(earlier.after, later.before)
    assert np.array_equal(found.embedding, found.layers[0].before)
    assert len(found.residual) == 4
    with torch.no_grad():
        logits = model(torch.tensor([IDS]))[0]
        again = model.lm_head(torch.tensor(found.final))
    assert torch.equal(logits, again)


def test_neurons_are_what_the_last_matrix_reads(model) -> None:
    assert capture(model, IDS).layers[0].neurons is None
    for layer, block in zip(capture(model, IDS, neurons=True).layers, blocks(model), strict=True):
        with torch.no_grad():
            out = block.mlp.down_proj(torch.tensor(layer.neurons))
        assert np.array_equal(out.numpy(), layer.feed_forward_out)


def test_queries_before_and_after_turning_have_one_length_and_the_first_is_not_turned(llama) -> None:
    for layer in capture(llama, IDS).layers:
        for plain, turned in ((layer.plain_queries, layer.queries), (layer.plain_keys, layer.keys)):
            np.testing.assert_allclose(np.linalg.norm(plain, axis=-1), np.linalg.norm(turned, axis=-1), atol=1e-5)
            np.testing.assert_allclose(plain[:, 0], turned[:, 0], atol=1e-6)
            assert np.abs(plain[:, 5] - turned[:, 5]).max() > 0.01


def test_an_encoder_is_captured_looking_both_ways() -> None:
    from dataclasses import replace

    config = replace(
        FAMILIES.load("bert").presets[0].config, vocab_size=61, emb_dim=24, n_layers=2, n_heads=4, context_length=32
    )
    found = capture(shaken(config), IDS)
    assert found.exact
    assert found.attention[:, :, 0, 1:].min() > 0


# --- G2: nothing is blanked -------------------------------------------------------------------------------------------


def test_rows_sum_to_one_and_nothing_looks_ahead(model) -> None:
    found = capture(model, IDS)
    np.testing.assert_allclose(found.attention.sum(-1), 1.0, atol=1e-5)
    above = np.triu(np.ones((17, 17), bool), 1)
    assert (found.attention[:, :, above] == 0.0).all()
    assert (found.attention[:, :, 0, 0] == 1.0).all()


def test_a_broken_mask_is_seen_above_the_diagonal(gpt2) -> None:
    """Mistake 4: a viewer that blanks the upper triangle cannot show that a mask is broken."""
    for block in gpt2.layers:
        block.self_attn.causal = False
    found = capture(gpt2, IDS)
    assert found.attention[:, :, 0, 1:].min() > 0
    assert found.exact


@pytest.mark.parametrize("window", [1, 4, 16, 17, 99])
def test_the_mask_hides_the_future_and_what_a_window_leaves_behind(window: int) -> None:
    hides = hidden(17, window).numpy()
    for query in range(17):
        assert [not hides[query, key] for key in range(17)] == [0 <= query - key < window for key in range(17)]
    assert not hidden(17, causal=False).any()


def test_weights_are_computed_in_32_bits_whatever_comes_in() -> None:
    q, k = (torch.randn(2, 40, 8).bfloat16() for _ in "qk")
    found = attention_weights(q, k)
    assert found.dtype == torch.float32
    wide = (q.double() @ k.double().transpose(1, 2) / 8**0.5).masked_fill(hidden(40), -torch.inf).softmax(-1)
    assert (found - wide).abs().max() <= 1e-6


def test_weights_that_are_no_numbers_stay_none(gpt2) -> None:
    with torch.no_grad():
        gpt2.layers[1].self_attn.q_proj.weight[0, 0] = float("nan")
    found = capture(gpt2, IDS)
    assert np.isfinite(found.attention[0]).all()
    assert np.isnan(found.attention[1, 0]).all(where=~hidden(17).numpy())
    assert np.isfinite(found.attention[1, 1]).all()
    assert not found.exact


# --- G3 to G5: looking changes nothing --------------------------------------------------------------------------------


def test_dropout_is_off_while_looking_and_on_again_after() -> None:
    model = shaken(tiny("gpt2", drop_rate=0.5)).train()
    state = torch.get_rng_state()
    found = capture(model, IDS)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(module.training for module in model.modules())
    assert np.array_equal(found.attention, capture(model.eval(), IDS).attention)
    np.testing.assert_allclose(found.attention.sum(-1), 1.0, atol=1e-5)


def test_output_is_bit_identical_with_and_without_looking(model) -> None:
    ids = torch.tensor([IDS])
    with torch.no_grad():
        before = model.hidden(ids)
        found = capture(model, IDS)
        after = model.hidden(ids)
    assert torch.equal(before, after)
    assert np.array_equal(before[0].numpy(), found.final)


def test_nothing_is_left_behind(model) -> None:
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    assert traces(model) == []
    capture(model, IDS, neurons=True)
    assert traces(model) == []
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_nothing_is_left_behind_when_looking_fails(gpt2) -> None:
    gpt2.train()

    def fail(*_: object) -> None:
        raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        walk_through(gpt2, IDS, fail)
    assert traces(gpt2) == []
    assert gpt2.training


def test_somebody_elses_observer_is_put_back(gpt2) -> None:
    def theirs(*_: object) -> None:
        return None

    gpt2.layers[0].self_attn.observe = theirs
    capture(gpt2, IDS)
    assert gpt2.layers[0].self_attn.observe is theirs
    assert gpt2.layers[1].self_attn.observe is None


@pytest.mark.parametrize("name", ["gpt2", pytest.param("qwen3", marks=pytest.mark.slow)])
def test_fifty_training_steps_are_bit_identical_with_a_capture_at_each(name: str) -> None:
    def trained(looking: bool) -> tuple[list[float], dict[str, torch.Tensor]]:
        model = shaken(tiny(name, drop_rate=0.1)).train()
        torch.manual_seed(5)
        optimizer, losses = torch.optim.AdamW(model.parameters(), lr=1e-3), []
        for _ in range(50):
            ids = torch.randint(0, 61, (2, 24))
            loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
            optimizer.zero_grad()
            loss.backward()
            if looking:
                capture(model, IDS)
            optimizer.step()
            losses.append(loss.item())
        return losses, copy.deepcopy(model.state_dict())

    (plain, weights), (watched, same) = trained(False), trained(True)
    assert plain == watched
    assert len(set(plain)) == 50
    assert all(torch.equal(weights[key], same[key]) for key in weights)


def test_maps_can_be_handed_over_layer_by_layer_and_are_then_not_kept(llama) -> None:
    seen: list[tuple[int, np.ndarray]] = []
    found = capture(llama, IDS, maps=lambda layer, weights: seen.append((layer, weights)))
    whole = capture(llama, IDS)
    assert [layer for layer, _ in seen] == [0, 1, 2]
    assert all(np.array_equal(weights, whole.attention[layer]) for layer, weights in seen)
    assert found.attention.size == 0
    assert np.array_equal(found.final, whole.final)


def test_a_long_text_is_read_in_the_window_it_says(gpt2) -> None:
    ids = np.random.default_rng(1).integers(0, 61, 300).tolist()
    found = capture(gpt2, ids, start=100)
    assert found.ids == tuple(ids[100:196])
    assert "101 to 196 of 300" in found.window.sentence()
    assert np.array_equal(found.attention, capture(gpt2, ids[100:196]).attention)


def test_one_token_is_a_map_of_one(model) -> None:
    found = capture(model, [5])
    assert found.attention.shape == (3, heads_of(model.layers[0].self_attn), 1, 1)
    assert (found.attention == 1.0).all()


def test_what_was_captured_cannot_be_changed(gpt2) -> None:
    """Mistake 8, first half: scores that overwrite the cache which is shown."""
    found = capture(gpt2, IDS)
    for array in (found.attention, found.layers[0].weights, found.layers[0].mixed, found.final):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
