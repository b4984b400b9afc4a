"""Rotary positions as turning hands, by the code that models use."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.exercises.rotation import KEY, QUERY, turn
from studio.layers.rotary import Rotary

pytestmark = pytest.mark.torch

LLAMA = ModelConfig(family="llama", positions="rotary", emb_dim=16, n_heads=2, head_width=8)


def test_a_turn_keeps_the_length_of_every_pair() -> None:
    found = turn(LLAMA)
    for before, after in (found.query, found.key):
        assert np.linalg.norm(before, axis=1) == pytest.approx(np.linalg.norm(after, axis=1))
    assert not np.allclose(*found.query)


def test_each_pair_turns_by_its_frequency_times_its_place() -> None:
    found = turn(LLAMA, places=(5, 2))
    assert found.radians == pytest.approx(10_000.0 ** (-np.arange(4) / 4))
    before, after = found.query
    angles = np.arctan2(after[:, 1], after[:, 0]) - np.arctan2(before[:, 1], before[:, 0])
    assert np.cos(angles) == pytest.approx(np.cos(5 * found.radians))
    assert np.sin(angles) == pytest.approx(np.sin(5 * found.radians))


def test_only_the_distance_counts() -> None:
    found = turn(LLAMA, places=(5, 2), shift=11)
    assert found.moved == pytest.approx(found.score, abs=1e-6)
    assert turn(LLAMA, places=(25, 22)).score == pytest.approx(found.score, abs=1e-6)
    assert turn(LLAMA, places=(6, 2)).score != pytest.approx(found.score, abs=1e-3)


def test_the_score_is_the_one_a_model_computes() -> None:
    found = turn(LLAMA, places=(5, 2))
    rotary = Rotary(LLAMA)
    query = torch.tensor(QUERY).expand(1, 1, 6, 8)
    key = torch.tensor(KEY).expand(1, 1, 6, 8)
    queries, keys = rotary.turn(query, key, 0)
    assert float(queries[0, 0, 5] @ keys[0, 0, 2]) == pytest.approx(found.score, abs=1e-5)
    assert found.scores[:6] == pytest.approx((queries[0, 0, 5] @ keys[0, 0].T).numpy(), abs=1e-5)


def test_a_larger_base_turns_the_slow_pairs_more_slowly() -> None:
    assert (turn(replace(LLAMA, rope_base=500_000.0)).radians[1:] < turn(LLAMA).radians[1:]).all()
    assert turn(replace(LLAMA, rope_scaling="linear", rope_factor=8.0)).radians == pytest.approx(
        turn(LLAMA).radians / 8
    )


def test_numbers_that_form_no_pairs_are_refused() -> None:
    with pytest.raises(StudioError, match="even count"):
        turn(LLAMA, query=(1.0, 2.0, 3.0), key=(1.0, 2.0, 3.0))
