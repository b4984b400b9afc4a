"""What an adapter changed: sizes against the formed product, prompts against two plain passes, and four bits."""

import math

import numpy as np
import pytest
import torch

from studio.core.errors import StudioError
from studio.engine.adapter_insight import nf4_errors, place_of, product_values, shift, weigh
from studio.layers.lora import activate, lora_layers, merge, set_strength
from studio.layers.lora_linear import Adapter
from studio.layers.nf4 import quantize_blocks
from tests.engine.adapted_models import TEXT, loaded_model, with_adapter

pytestmark = pytest.mark.torch


def network(loaded):
    return loaded.change(lambda model, _config: model)


@pytest.mark.parametrize("shape", [(4, 30, 20), (1, 7, 9), (16, 12, 40), (8, 40, 2)])
def test_singular_values_are_those_of_the_product_that_is_never_formed(shape):
    rank, inputs, outputs = shape
    a, b = torch.randn(rank, inputs), torch.randn(outputs, rank)
    formed = torch.linalg.svdvals(0.7 * b.double() @ a.double()).numpy()
    found = product_values(a, b, 0.7)
    np.testing.assert_allclose(found, formed[: len(found)], rtol=1e-12, atol=1e-12)
    assert formed[len(found) :].max(initial=0.0) < 1e-12


def test_every_layer_is_weighed_against_its_own_weight():
    loaded = with_adapter(loaded_model("llama"))
    found = weigh(loaded, "prices")
    layers = lora_layers(network(loaded))
    assert [one.path for one in found.layers] == list(layers)
    assert (found.rank, found.alpha, found.scale) == (4, 8.0, 2.0)
    for one in found.layers:
        adapter, weight = layers[one.path].named["prices"], layers[one.path].base.weight
        change = (2.0 * adapter.B @ adapter.A).detach()
        assert one.norm == pytest.approx(float(change.norm()), rel=1e-5)
        assert one.base == pytest.approx(float(weight.norm()), rel=1e-6)
        assert one.relative == pytest.approx(float(change.norm() / weight.norm()), rel=1e-5)
        assert 1.0 <= one.effective_rank <= 4.0
        assert (one.outputs, one.inputs) == tuple(weight.shape)


def test_effective_rank_is_e_to_the_entropy_of_the_shares():
    one = weigh(with_adapter(loaded_model()), "prices").layers[0]
    shares = one.singular / one.singular.sum()
    assert one.effective_rank == pytest.approx(math.exp(-sum(float(p) * math.log(p) for p in shares)))


def test_an_adapter_that_learned_nothing_changes_nothing():
    loaded = loaded_model()
    with_adapter(loaded)
    for layer in lora_layers(network(loaded)).values():
        torch.nn.init.zeros_(layer.named["prices"].B)
    found = weigh(loaded, "prices")
    assert {(one.norm, one.effective_rank) for one in found.layers} == {(0.0, 0.0)}
    assert shift(loaded, "prices", 2.0, TEXT).divergence.max() == 0.0


def test_a_head_that_was_trained_whole_is_weighed_too():
    loaded = with_adapter(loaded_model(tie_embeddings=False), whole=["lm_head"])
    head = next(one for one in weigh(loaded, "prices").layers if one.path == "lm_head")
    layer = network(loaded).lm_head
    change = layer.named["prices"].weight - layer.base.weight
    assert head.rank == 0
    assert head.norm == pytest.approx(float(change.detach().norm()), rel=1e-5)
    assert head.singular[0] == pytest.approx(float(torch.linalg.svdvals(change.detach())[0]), rel=1e-5)


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("targets", ["all", ("all", "lm_head")])
def test_a_shift_is_that_of_two_plain_passes(strength, targets):
    loaded = with_adapter(loaded_model(), targets)
    found = shift(loaded, "prices", strength, TEXT, k=3)
    model, ids = network(loaded), torch.tensor([loaded.encode(TEXT)])
    with torch.no_grad():
        activate(model, None)
        base = model(ids)[0].log_softmax(-1)
        activate(model, "prices")
        set_strength(model, strength)
        own = model(ids)[0].log_softmax(-1)
    apart = (own.exp() * (own - base)).sum(-1).clamp(min=0)
    np.testing.assert_allclose(found.divergence, apart.numpy(), atol=1e-6)
    for side, logs in enumerate((base, own)):
        assert found.top[side].tolist() == logs.topk(3).indices.tolist()
        np.testing.assert_allclose(found.shares[side], logs.topk(3).values.exp().numpy(), rtol=1e-4)
        real = logs[:-1].gather(-1, ids[0, 1:, None])[:, 0]
        np.testing.assert_allclose(found.chances[side][:-1], real.exp().numpy(), rtol=1e-4)
        assert found.loss(side) == pytest.approx(float(-real.mean()), rel=1e-4)
    np.testing.assert_allclose(found.was, base.gather(-1, own.topk(3).indices).exp().numpy(), rtol=1e-4)
    assert found.words[loaded.encode("t")[0]] == "t"


def test_a_long_prompt_is_compared_in_parts_that_meet(monkeypatch):
    loaded = with_adapter(loaded_model())
    whole = shift(loaded, "prices", 1.0, TEXT)
    monkeypatch.setattr("studio.engine.adapter_insight._ROWS", 4)
    parted = shift(loaded, "prices", 1.0, TEXT)
    np.testing.assert_allclose(parted.divergence, whole.divergence, atol=1e-6)
    np.testing.assert_allclose(parted.chances, whole.chances, rtol=1e-5)


def test_looking_leaves_the_loaded_model_as_it_is():
    loaded = with_adapter(loaded_model())
    model = network(loaded)
    set_strength(model, 1.5)
    shift(loaded, "prices", 0.2, TEXT)
    weigh(loaded, "prices")
    assert {(layer.active, layer.strength) for layer in lora_layers(model).values()} == {("prices", 1.5)}


def test_an_unknown_adapter_is_refused_by_name():
    with pytest.raises(StudioError, match="no adapter “nobody”"):
        shift(loaded_model(), "nobody", 1.0, TEXT)


def test_the_errors_of_four_bits_are_those_of_the_real_change():
    loaded = loaded_model("llama")
    said = []
    found = nf4_errors(loaded, lambda done, total: said.append((done, total)))
    model = network(loaded)
    weights = {one.path: model.get_submodule(one.path).weight.detach().clone() for one in found}
    costs = {cost.path: cost for cost in quantize_blocks(model)}
    assert list(costs) == [one.path for one in found]
    for one in found:
        wide = model.get_submodule(one.path).widened().weight
        assert one.relative == pytest.approx(costs[one.path].error)
        assert one.bits == costs[one.path].bits
        apart = (wide - weights[one.path]).abs().max() / weights[one.path].abs().max()
        assert one.largest == pytest.approx(float(apart))
        assert one.relative < 0.1
    assert said[-1] == (len(found) - 1, len(found))
    with pytest.raises(StudioError, match="in 4 bits already"):
        nf4_errors(loaded)


def test_measuring_leaves_the_weights_and_can_be_stopped():
    loaded = with_adapter(loaded_model())
    before = {name: weight.clone() for name, weight in network(loaded).named_parameters()}
    assert nf4_errors(loaded, keep_going=lambda: False) is None
    assert weigh(loaded, "prices", keep_going=lambda: False) is None
    assert shift(loaded, "prices", 1.0, TEXT, keep_going=lambda: False) is None
    nf4_errors(loaded)
    assert all(torch.equal(before[name], weight) for name, weight in network(loaded).named_parameters())
    assert isinstance(next(iter(lora_layers(network(loaded)).values())).named["prices"], Adapter)


def test_merging_would_change_exactly_by_what_was_weighed():
    loaded = with_adapter(loaded_model())
    found = {one.path: one.norm for one in weigh(loaded, "prices").layers}
    model = network(loaded)
    kept = merge(model)
    for path, layer in kept.items():
        change = model.get_submodule(path).weight - layer.base.weight
        assert found[path] == pytest.approx(float(change.norm()), rel=1e-4)


def test_a_path_says_its_block_and_its_kind():
    assert place_of("layers.11.mlp.up_proj") == (11, "up_proj")
    assert place_of("lm_head") == (-1, "lm_head")
