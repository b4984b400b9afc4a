"""What a head does, in scores that ideal heads reach exactly; and an induction head that is seen to grow."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from studio.core.errors import StudioError
from studio.core.shelf import FAMILIES
from studio.insight import heads
from studio.insight.capture import capture
from studio.insight.heads import duplicate, entropy, first_token, induction, local, previous_token, repeated
from tests.families.conftest import shaken, tiny
from tests.insight.conftest import IDS

pytestmark = pytest.mark.torch


def looking_back(time: int, distance: int) -> np.ndarray:
    """A head that always looks so many tokens back, at the first where there are not so many."""
    weights = np.zeros((time, time), np.float32)
    weights[np.arange(time), np.maximum(0, np.arange(time) - distance)] = 1.0
    return weights


def evenly(time: int) -> np.ndarray:
    return np.tril(np.ones((time, time))) / np.arange(1, time + 1)[:, None]


def test_ideal_heads_score_one() -> None:
    assert abs(previous_token(looking_back(50, 1)) - 1) <= 1e-6
    assert abs(first_token(looking_back(50, 99)) - 1) <= 1e-6
    assert [abs(local(looking_back(50, away)) - 1) <= 1e-6 for away in (0, 1, 2)] == [True] * 3
    assert abs(induction(looking_back(50, 24), 25) - 1) <= 1e-6
    assert abs(duplicate(looking_back(50, 25), 25) - 1) <= 1e-6


def test_a_head_of_one_kind_is_none_of_the_others() -> None:
    assert induction(looking_back(50, 25), 25) == 0
    assert duplicate(looking_back(50, 24), 25) == 0
    assert local(looking_back(50, 3)) == 0
    assert previous_token(looking_back(50, 24)) == pytest.approx(1 / 49)  # only its second row, which has no choice


def test_the_induction_score_of_a_head_that_looks_everywhere_is_the_measured_one() -> None:
    assert abs(induction(evenly(50), 25) - 0.0273) <= 1e-4
    model = shaken(tiny("llama 2"))
    assert heads.round_scores(model, *heads.probe(model))["chance"] == pytest.approx(induction(evenly(50), 25))


@pytest.mark.parametrize("time", [4, 9, 60])
@pytest.mark.parametrize("distance", [1, 2, 4])
def test_a_local_head_is_scored_by_what_lies_near_in_every_row_that_sees_more(time: int, distance: int) -> None:
    raw = np.random.default_rng(time).random((2, time, time)) + 0.1
    both_ways = raw / raw.sum(-1, keepdims=True)
    causal = np.tril(raw) / np.tril(raw).sum(-1, keepdims=True)
    near = np.abs(np.subtract.outer(np.arange(time), np.arange(time))) <= distance
    for weights in (both_ways, causal):
        found = local(weights, distance)
        if time <= distance + 1:
            assert np.isnan(found).all()
            continue
        np.testing.assert_allclose(found, (weights * near).sum(-1)[:, distance + 1 :].mean(-1))
    assert local(causal.astype(np.float32), distance).dtype == np.float64


@pytest.mark.parametrize("time", [2, 64, 300])
def test_entropy_of_a_uniform_head_is_one_and_of_a_certain_head_zero(time: int) -> None:
    """Mistake 9: divided by log T for every row, a uniform head would score far below 1."""
    assert abs(entropy(evenly(time)) - 1.0) <= 1e-6
    assert entropy(looking_back(time, 1)) == 0
    rows = evenly(time)[1:]
    wrong = -(rows * np.log(rows, where=rows > 0, out=np.zeros_like(rows))).sum(-1).mean() / np.log(time)
    assert wrong < 0.95 or time == 2


def test_entropy_counts_only_what_a_row_may_see() -> None:
    window = np.tril(np.triu(np.ones((20, 20)), -3))
    window /= window.sum(1, keepdims=True)
    assert abs(entropy(window, np.minimum(np.arange(1, 21), 4)) - 1) <= 1e-6
    assert entropy(window) < 0.7
    both = np.full((20, 20), 1 / 20)
    assert abs(entropy(both, np.full(20, 20)) - 1) <= 1e-6


def test_scores_change_nothing_and_come_out_the_same_for_one_and_for_many() -> None:
    """Mistake 8, second half: scores are pure, and a batch's are its members'."""
    rng = np.random.default_rng(0)
    raw = np.tril(rng.random((3, 2, 4, 30, 30))) + 1e-9 * np.eye(30)
    weights = raw / raw.sum(-1, keepdims=True)
    before = weights.tobytes()
    for score in (entropy, first_token, previous_token, local, lambda w: induction(w, 15), lambda w: duplicate(w, 15)):
        many = score(weights)
        assert many.shape == (3, 2, 4)
        assert many.mean() == pytest.approx(np.mean([score(one) for one in weights]))
        assert many[1, 0, 2] == pytest.approx(float(score(weights[1, 0, 2])))
    assert weights.tobytes() == before


def test_a_text_too_short_to_say_anything_says_nothing() -> None:
    one = np.ones((2, 3, 1, 1))
    for found in (entropy(one), first_token(one), previous_token(one), induction(one, 1), duplicate(one, 5)):
        assert found.shape == (2, 3)
        assert np.isnan(found).all()


def test_what_is_no_number_is_no_score() -> None:
    weights = evenly(10)
    weights[4, 2] = np.nan
    assert np.isnan(entropy(weights))


def test_a_repeated_sequence_repeats_and_is_the_same_for_the_same_seed() -> None:
    ids = repeated(61, 20, seed=4, rounds=3)
    assert ids[:20] == ids[20:40] == ids[40:]
    assert len(set(ids)) == 20
    assert ids == repeated(61, 20, seed=4, rounds=3) != repeated(61, 20, seed=5, rounds=3)
    assert set(repeated([3, 5, 8], 3)) == {3, 5, 8}
    assert len(repeated(2, 10)) == 20


def test_the_probe_shortens_its_period_to_the_context_and_refuses_one_that_is_too_short() -> None:
    found, period = heads.probe(shaken(tiny("gpt2", context_length=18)))
    assert period == 9
    assert found.ids[:9] == found.ids[9:]
    with pytest.raises(StudioError, match="too short"):
        heads.probe(shaken(tiny("gpt2", context_length=3)))


def test_every_family_is_scored_for_all_its_heads(model) -> None:
    text = capture(model, IDS)
    found = heads.scores(model, text, *heads.probe(model))
    for name in ("entropy", "first_token", "previous_token", "induction", "duplicate"):
        values = getattr(found, name)
        assert values.shape == (3, 4)
        assert (values >= 0).all()
        assert (values <= 1 + 1e-6).all()
    assert found.previous_token[1, 2] == pytest.approx(np.diagonal(text.attention[1, 2], -1).mean())


# --- an induction head grows ------------------------------------------------------------------------------------------


def _repetitions(rng: np.random.Generator) -> torch.Tensor:
    """32 rows of a random sequence, each of a period of its own, over and over: only content tells where to look."""
    rows = [np.resize(rng.permutation(24)[: rng.integers(8, 17)], 32) for _ in range(32)]
    return torch.from_numpy(np.stack(rows))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_layers_trained_on_repetitions_grow_an_induction_head() -> None:
    special: dict[str, Any] = {"vocab_size": 24, "context_length": 32, "emb_dim": 64, "n_layers": 2, "n_heads": 2}
    special |= {"n_kv_heads": 0, "tie_embeddings": False, "hidden_dim": 128}
    config = replace(FAMILIES.load("llama").presets[0].config, **special)
    torch.manual_seed(0)
    model, rng, timeline = FAMILIES.load("llama").build(config), np.random.default_rng(0), {}
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.98), weight_decay=0.01)
    for step in range(401):
        if step % 50 == 0:
            again, period = heads.probe(model, 16, seed=5)
            found = heads.scores(model, again, again, period)
            timeline[step] = float(found.induction.max())
            if timeline[step] > 0.6:
                break
        ids = _repetitions(rng)
        loss = F.cross_entropy(model(ids)[:, 15:-1].flatten(0, 1), ids[:, 16:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert timeline[0] < 2 * found.chance
    assert max(timeline.values()) > 0.5
    grown = min(step for step, score in timeline.items() if score > 0.5)
    assert 0 < grown <= 400
    assert np.unravel_index(found.induction.argmax(), (2, 2))[0] == 1  # it reads what a head before it has written
