"""How attention adds up through the layers: plain, weighed by what values add, and from a snapshot's weights."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.core.errors import StudioError
from studio.insight.capture import capture
from studio.insight.flow import flows, flows_between
from studio.insight.rollout import of_snapshot, rollout, rollouts, taken, value_lengths, weighed
from studio.insight.snapshot import MAP_ERROR, Subject, take
from tests.families.conftest import shaken, tiny
from tests.insight.conftest import IDS
from tests.insight.test_heads import evenly, looking_back

pytestmark = pytest.mark.torch
ALL = ("mean", 0, 2, False)
WEIGHED = ("mean", 0, 2, True)


@pytest.mark.parametrize("how", ["mean", "max", "min"])
@pytest.mark.parametrize("start", [0, 1])
def test_rollout_rows_sum_to_one_and_nothing_flows_backwards(gpt2, how: str, start: int) -> None:
    found = rollout(capture(gpt2, IDS).attention, how, start)
    assert found.shape == (3 - start, 17, 17)
    np.testing.assert_allclose(found.sum(-1), 1.0, atol=1e-5)
    assert found.min() >= 0
    assert (found[:, np.triu(np.ones((17, 17), bool), 1)] == 0).all()
    np.testing.assert_allclose(found[:, 0, 0], 1.0)


def test_rollout_of_one_layer_is_half_of_it_and_half_of_itself() -> None:
    weights = np.stack([evenly(6), looking_back(6, 1)])[None]
    np.testing.assert_allclose(rollout(weights)[0], 0.5 * weights[0].mean(0) + 0.5 * np.eye(6))
    same = np.broadcast_to(np.eye(6), (4, 2, 6, 6))
    np.testing.assert_allclose(rollout(same)[-1], np.eye(6))


def test_rollout_multiplies_the_later_layer_from_the_left() -> None:
    first, second = evenly(5), looking_back(5, 2)
    mixed = [0.5 * one + 0.5 * np.eye(5) for one in (first, second)]
    np.testing.assert_allclose(rollout(np.stack([first, second])[:, None])[1], mixed[1] @ mixed[0])


def test_heads_are_not_joined_in_a_way_nobody_knows() -> None:
    with pytest.raises(StudioError, match="median"):
        rollout(evenly(4)[None, None], "median")


# --- weighed by values ------------------------------------------------------------------------------------------------


def test_the_length_of_a_value_is_that_of_what_the_block_would_add(model) -> None:
    """For one head alone, on one token alone: the difference that its value makes behind the last matrix."""
    found = capture(model, IDS)
    lengths = value_lengths(model, found)
    assert lengths.shape == found.attention.shape[:3]
    attention = model.layers[1].self_attn
    row = torch.zeros(attention.o_proj.in_features)
    row[2 * attention.head_dim : 3 * attention.head_dim] = torch.from_numpy(np.array(found.layers[1].values[2, 5]))
    with torch.no_grad():
        added = attention.o_proj(row) - attention.o_proj(torch.zeros_like(row))
    assert lengths[1, 2, 5] == pytest.approx(float(added.norm()), rel=1e-5)


@pytest.mark.parametrize("heads", ["mean", "max", "min"])
def test_weighed_rows_sum_to_one_and_nothing_flows_backwards(model, heads: str) -> None:
    found = rollouts([(model, capture(model, IDS))], (heads, 0, 2, True))
    np.testing.assert_allclose(found.sum(-1), 1.0, atol=1e-5)
    assert found.min() >= 0
    assert (found[:, np.triu(np.ones((17, 17), bool), 1)] == 0).all()


def test_values_of_one_length_change_nothing() -> None:
    weights = np.stack([evenly(6), looking_back(6, 1)])[None].astype(np.float32)
    np.testing.assert_allclose(weighed(weights, np.full((1, 2, 6), 3.0)), weights, atol=1e-6)


def test_a_token_without_a_value_is_looked_at_to_no_effect() -> None:
    weights = evenly(4)[None, None]
    lengths = np.array([[[0.0, 1.0, 1.0, 1.0]]])
    found = weighed(weights, lengths)[0, 0]
    assert (found[:, 0] == 0).all()
    np.testing.assert_allclose(found[3], [0, 1 / 3, 1 / 3, 1 / 3], atol=1e-6)
    np.testing.assert_allclose(rollout(weighed(weights, lengths))[0][0], [1, 0, 0, 0])  # nothing came, so all stays


def test_what_is_no_number_stays_none_when_it_is_weighed() -> None:
    weights = np.array([[[[1.0, 0.0], [np.nan, 0.5]]]])
    found = weighed(weights, np.ones((1, 1, 2)))
    assert np.isfinite(found[0, 0, 0]).all()
    assert np.isnan(found[0, 0, 1]).any()


# --- two models, a few layers, a snapshot -----------------------------------------------------------------------------


def test_two_models_are_subtracted_and_swapping_them_turns_the_sign() -> None:
    one, other = (shaken(tiny("gpt2"), seed) for seed in (1, 2))
    sides = [(model, capture(model, IDS)) for model in (one, other)]
    for way in (ALL, WEIGHED):
        less = rollouts(sides, way)
        np.testing.assert_array_equal(less, rollouts(sides[:1], way) - rollouts(sides[1:], way))
        np.testing.assert_array_equal(less, -rollouts(sides[::-1], way))
        assert not rollouts([sides[0], sides[0]], way).any()
        assert np.abs(less).max() > 0.01


def test_layers_beyond_the_way_are_left_out(gpt2) -> None:
    side = (gpt2, capture(gpt2, IDS))
    assert rollouts([side], ("max", 1, 1, False)).shape == (1, 17, 17)
    assert len(taken(side, ("mean", 0, 1, True))) == 2


def test_flows_of_two_models_are_subtracted_row_by_row() -> None:
    one, other = (shaken(tiny("gpt2"), seed) for seed in (1, 2))
    sides = [(model, capture(model, IDS[:5])) for model in (one, other)]
    wanted = [dict(flows(side[1].attention)) for side in sides]
    found = dict(flows_between(sides, ALL, [4, 1]))
    assert list(found) == [4, 1]
    for row, values in found.items():
        np.testing.assert_allclose(values, wanted[0][row] - wanted[1][row])
    assert dict(flows_between(sides, ALL, keep_going=lambda: False)) == {}


def test_a_snapshot_gives_the_rollout_within_its_rounding(gpt2) -> None:
    kept = take(gpt2, Subject(IDS, range(4)), 7)
    exact, rounded = rollouts([(gpt2, capture(gpt2, IDS))], ALL), of_snapshot(kept, ALL)
    np.testing.assert_allclose(rounded.sum(-1), 1.0, atol=1e-6)
    assert np.abs(rounded[0] - exact[0]).max() <= 20 * MAP_ERROR  # each row is brought back to 1 after rounding
    with pytest.raises(StudioError, match="cannot be added up"):
        of_snapshot(replace(kept, block=2), ALL)
