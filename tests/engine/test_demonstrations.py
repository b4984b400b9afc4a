"""The small experiments of the course give the course's numbers, and follow the model that they are shown for."""

import math
from dataclasses import replace

import pytest
import torch

from studio.core.config import ModelConfig
from studio.engine.demonstrations import bends, demonstrate, layer_norm, shortcuts

pytestmark = pytest.mark.torch
RMS = ModelConfig(norm="rms")

# Chapter 4.4 of the book as its notebook prints it; numbers.md, stage 5, has the same rounded.
WITHOUT = (0.00020173587836325169, 0.0001201116101583466, 0.0007152041653171182, 0.001398873864673078,
           0.005049646366387606)  # fmt: skip
WITH = (0.22169792652130127, 0.20694105327129364, 0.32896995544433594, 0.2665732502937317, 1.3258541822433472)


# --- shortcuts ------------------------------------------------------------------------------------------------------


def test_gradients_with_and_without_shortcuts_are_the_courses() -> None:
    found = shortcuts()
    assert found.without == pytest.approx(WITHOUT, abs=1e-5, rel=0)
    assert found.with_them == pytest.approx(WITH, abs=1e-5, rel=0)
    assert [f"{each:.5f}" for each in found.without] == ["0.00020", "0.00012", "0.00072", "0.00140", "0.00505"]
    assert [f"{each:.4f}" for each in found.with_them] == ["0.2217", "0.2069", "0.3290", "0.2666", "1.3259"]


def test_without_shortcuts_the_small_gradients_agree_in_more_than_their_size() -> None:
    assert shortcuts().without == pytest.approx(WITHOUT, rel=1e-5)


@pytest.mark.parametrize("depth", [5, 8, 12])
def test_shortcuts_reach_the_first_layer_of_a_deeper_network(depth: int) -> None:
    found = shortcuts(depth)
    assert len(found.without) == len(found.with_them) == depth
    assert found.with_them[0] > 10 * found.without[0] > 0


def test_another_seed_is_another_network() -> None:
    assert shortcuts(seed=7) != shortcuts()


# --- norm -----------------------------------------------------------------------------------------------------------


def test_the_rows_are_the_books_example() -> None:
    first, second = layer_norm(ModelConfig())
    assert first.before == pytest.approx((0.2260, 0.3470, 0.0, 0.2216, 0.0, 0.0), abs=5e-5)
    assert second.before == pytest.approx((0.2133, 0.2394, 0.0, 0.5198, 0.3297, 0.0), abs=5e-5)
    assert (first.mean[0], second.mean[0]) == pytest.approx((0.1324, 0.2170), abs=5e-5)
    # The book prints the variance over n - 1; a LayerNorm divides by the one over n.
    assert [6 / 5 * each.variance[0] for each in (first, second)] == pytest.approx([0.0231, 0.0398], abs=5e-5)


def test_a_layer_norm_leaves_mean_zero_and_variance_one() -> None:
    for row in layer_norm(ModelConfig(norm_eps=0.0)):
        assert row.mean[1] == pytest.approx(0, abs=1e-6)
        assert row.variance[1] == pytest.approx(1, abs=1e-5)


def test_an_epsilon_keeps_the_variance_a_little_below_one() -> None:
    row = layer_norm(ModelConfig(norm_eps=1e-2))[0]
    assert row.variance[1] == pytest.approx(row.variance[0] / (row.variance[0] + 1e-2), abs=1e-5)


@pytest.mark.parametrize("offset", [False, True])
def test_an_rms_norm_makes_the_length_one_and_leaves_a_mean(offset: bool) -> None:
    for row in layer_norm(replace(RMS, norm_offset=offset, norm_eps=0.0)):
        assert row.length[1] == pytest.approx(1, abs=1e-6)
        assert row.mean[1] > 0.1


# --- bends ----------------------------------------------------------------------------------------------------------


def test_gelu_is_the_formula_of_the_course() -> None:
    (gelu,) = bends(["gelu_tanh"])
    for x, y in zip(gelu.x, gelu.y, strict=True):
        assert y == pytest.approx(0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))), abs=1e-5)


def test_relu_has_no_slope_below_zero_and_gelu_has() -> None:
    gelu, relu = bends(["gelu_tanh", "relu"])
    below = [at for at, x in enumerate(relu.x) if -2 < x < 0]
    assert {relu.slope[at] for at in below} == {0.0}
    assert all(abs(gelu.slope[at]) > 1e-3 for at in below if abs(gelu.x[at] + 0.75) > 0.1)


def test_slopes_are_those_of_the_curve() -> None:
    for bend in bends(["gelu_tanh", "gelu", "silu"]):
        for at in range(1, len(bend.x) - 1):
            step = (bend.y[at + 1] - bend.y[at - 1]) / (bend.x[at + 1] - bend.x[at - 1])
            assert bend.slope[at] == pytest.approx(step, abs=2e-3)


def test_a_name_is_drawn_once() -> None:
    assert [bend.name for bend in bends(["relu", "silu", "relu"])] == ["relu", "silu"]


# --- together -------------------------------------------------------------------------------------------------------


def test_the_models_own_norm_and_bend_are_shown() -> None:
    found = demonstrate(ModelConfig(norm="rms", activation="silu"), depth=8)
    assert [bend.name for bend in found["bends"]] == ["gelu_tanh", "relu", "silu"]
    assert found["norm"] == layer_norm(RMS)
    assert len(found["shortcuts"].without) == 8


def test_the_generator_of_a_run_that_computes_is_not_touched() -> None:
    before = torch.random.get_rng_state()
    demonstrate(ModelConfig())
    assert torch.equal(before, torch.random.get_rng_state())
