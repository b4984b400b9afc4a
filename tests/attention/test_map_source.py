"""What is drawn: exact weights, a difference, or a snapshot's rounded ones, each with its own words."""

import numpy as np
import pytest

from studio.attention.head_facts import explained, facts_of, sentence_of
from studio.attention.map_source import MapSource, rounding
from tests.attention.conftest import scene_of

pytestmark = [pytest.mark.torch, pytest.mark.gui]


@pytest.fixture(scope="module")
def scene():
    return scene_of()


def snapshot_of(scene, step=400, repeats=1):
    from studio.insight import snapshot

    ids = list(scene.capture.ids) * repeats
    return snapshot.take(scene.model, snapshot.Subject(ids, sample=(1, 2, 3, 4)), step)


@pytest.mark.parametrize("kind", ["gpt2", "llama 3.1", "mistral"])
def test_a_shown_weight_is_the_captured_one_bit_for_bit(kind):
    scene = scene_of(kind)
    source = MapSource(scene)
    assert np.array_equal(source.values(2, 3), scene.capture.attention[2, 3])
    assert source.shape == (scene.layers, scene.heads)
    assert len(source.labels) == len(source.tokens) == scene.time == source.values(0, 0).shape[0]


def test_grouped_queries_score_with_the_keys_they_share():
    scene = scene_of("llama 3.1")
    record = scene.capture.layers[1]
    for head in range(scene.heads):
        facts = facts_of(scene, 1, head, 5, 2)
        row = record.queries[head, 5].astype(np.float64) @ record.keys[head, :6].T.astype(np.float64)
        scores = row / record.queries.shape[-1] ** 0.5
        expected = np.exp(scores - scores.max())
        assert facts.weight == pytest.approx(expected[2] / expected.sum(), abs=1e-5)
        assert facts.score == pytest.approx(scores[2])


def test_shares_of_an_output_add_up_to_one_and_ranks_are_a_row_in_order(scene):
    row = 7
    facts = [facts_of(scene, 2, 1, row, column) for column in range(scene.time)]
    assert sum(one.share for one in facts) == pytest.approx(1.0, abs=1e-4)
    assert facts[0].seen == row + 1
    order = sorted(range(row + 1), key=lambda column: -facts[column].weight)
    assert [facts[column].rank for column in order] == list(range(1, row + 2))


def test_a_weight_is_read_as_query_key_and_number(scene):
    source = MapSource(scene)
    assert source.place_text(1, 0) == "q 'cat'@1 → k 'the'@0"
    assert source.value_text(0.03124) == "0.0312"
    assert source.value_text(3e-6) == "3.0e-06"
    assert source.value_text(float("nan")) == "NaN"


def test_a_model_less_itself_is_zero_everywhere_and_swapping_turns_the_sign(scene):
    other = scene_of("gpt2 untied")
    assert not MapSource(scene, scene).values(0, 0).any()
    one, two = MapSource(scene, other).values(1, 2), MapSource(other, scene).values(1, 2)
    assert np.array_equal(one, -two)
    assert np.abs(one).max() > 0
    assert MapSource(scene, other).value_text(0.25) == "+0.2500"
    assert "A " in sentence_of(MapSource(scene, other), 1, 2, 3, 1)


def test_a_snapshot_says_that_it_is_rounded_and_of_which_step(scene):
    source = MapSource(scene, None, snapshot_of(scene), scene.tokens)
    exact = scene.capture.attention[1, 1]
    assert np.abs(source.values(1, 1) - exact).max() <= 1 / 255 + 1e-6
    assert source.value_text(0.0312) == "≈ 0.031"
    assert sentence_of(source, 0, 0, 3, 1) == "8 bit, step 400"
    assert rounding() == "± 0.002"
    assert rounding(2) == "± 0.004"
    assert source.tokens == MapSource(scene).tokens


def test_a_snapshot_of_a_long_text_names_the_tokens_that_share_a_number(scene):
    snapshot = snapshot_of(scene, repeats=8)
    source = MapSource(scene, None, snapshot, tuple(f"w{at}" for at in range(len(snapshot.ids))))
    assert source.block == 2
    assert len(source.labels) == source.values(0, 0).shape[0]
    assert source.token_text(3) == "'w6'@6–7"
    assert "2 × 2 tokens" in sentence_of(source, 0, 0, 3, 1)


def test_until_their_spelling_is_known_a_snapshots_tokens_are_numbers(scene):
    source = MapSource(scene, None, snapshot_of(scene))
    assert source.tokens[:3] == ("0", "1", "2")


def test_the_explanation_is_filled_with_the_numbers_that_are_pointed_at(scene):
    source = MapSource(scene)
    words = explained(source, 1, 2, (5, 3))
    facts = facts_of(scene, 1, 2, 5, 3)
    assert f"{facts.score:.3f}" in words
    assert f"{facts.weight:.4f}" in words
    assert "'mat'@5" in words
    assert "adds up to 1" in explained(source, 1, 2, None)
    assert "adds up to 0" in explained(MapSource(scene, scene), 1, 2, None)


def test_a_row_that_is_no_number_is_a_sentence_and_no_exception():
    import torch

    from tests.families.conftest import tiny  # noqa: F401

    scene = scene_of()
    with torch.no_grad():
        next(iter(scene.model.layers)).self_attn.q_proj.weight[:] = float("nan")
    from studio.engine.scene import read_again

    broken = read_again(scene, "the cat sat")
    source = MapSource(broken)
    assert "not a number" in sentence_of(source, 0, 0, 2, 1)
    assert source.value_text(float(source.values(0, 0)[2, 1])) == "NaN"
    assert explained(source, 0, 0, (2, 1))
