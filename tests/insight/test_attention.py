"""Step by step through one head: every stage follows from the one before, and the last is what the network computed."""

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.insight.attention import STAGES, cell, operands_of, products, softmax, step_through, tables, walk
from studio.insight.capture import capture
from studio.insight.course import example
from studio.layers.rotary import frequencies
from tests.families.conftest import tiny
from tests.insight.conftest import IDS

pytestmark = pytest.mark.torch


def test_every_head_of_every_family_ends_where_the_network_does(model) -> None:
    found = capture(model, IDS)
    for layer in found.layers:
        for head in range(4):
            steps = walk(operands_of(model, found, layer.layer, head))
            assert np.abs(steps.weights - layer.weights[head]).max() <= 1e-5
            scale = max(1.0, float(np.abs(layer.mixed).max()))
            assert np.abs(steps.mixed - layer.mixed[head]).max() <= 1e-5 * scale
            scale = max(1.0, float(np.abs(layer.attention_out).max()))
            assert np.abs(steps.output - layer.attention_out).max() <= 1e-5 * scale


def test_each_stage_follows_from_the_operands_that_are_shown(model) -> None:
    steps = walk(operands_of(model, capture(model, IDS), 1, 3))
    o = steps.operands
    assert np.abs(steps.scores - steps.queries @ steps.keys.T).max() <= 1e-6
    assert np.abs(steps.scaled - steps.scores * o.scale).max() <= 1e-6
    turned = steps.turned_queries @ steps.turned_keys.T * o.scale
    assert np.abs(steps.positioned - turned).max() <= 1e-6
    assert np.array_equal(np.isneginf(steps.masked), o.hides)
    assert np.array_equal(steps.masked[~o.hides], steps.positioned[~o.hides])
    raised = np.exp(steps.masked)
    assert np.abs(steps.weights - raised / raised.sum(-1, keepdims=True)).max() <= 1e-6
    assert (steps.weights[o.hides] == 0.0).all()
    assert np.abs(steps.mixed - steps.weights @ steps.values).max() <= 1e-6
    size = o.queries.shape[1]
    assert np.array_equal(steps.concatenated[:, 3 * size : 4 * size], steps.mixed)
    assert np.array_equal(steps.concatenated[:, :size], o.heads[0])
    assert np.abs(steps.output - (steps.concatenated @ o.out_weight + o.out_bias)).max() <= 1e-6


def test_learned_places_leave_the_scores_alone_and_turned_ones_do_not(gpt2, llama) -> None:
    learned = walk(operands_of(gpt2, capture(gpt2, IDS), 0, 0))
    assert np.array_equal(learned.positioned, learned.scaled)
    turned = walk(operands_of(llama, capture(llama, IDS), 0, 0))
    assert np.abs(turned.positioned - turned.scaled).max() > 0.01
    np.testing.assert_allclose(np.diag(turned.positioned), np.diag(turned.scaled), atol=1e-6)


def test_a_few_rows_of_a_long_text_are_the_rows_of_the_whole(model) -> None:
    ids = np.random.default_rng(0).integers(0, 61, 80).tolist()
    found = capture(model, ids)
    whole, part = (walk(operands_of(model, found, 1, 2, rows)) for rows in (None, range(60, 76)))
    for name in STAGES:
        wanted = getattr(whole, name)
        wanted = wanted if name in ("keys", "values", "turned_keys") else wanted[60:76]
        np.testing.assert_allclose(getattr(part, name), wanted, atol=1e-12)


@pytest.mark.parametrize("changed", STAGES)
def test_an_edited_stage_moves_everything_after_it_and_nothing_before(llama, changed: str) -> None:
    operands = operands_of(llama, capture(llama, IDS), 1, 1)
    before = walk(operands)
    edited = getattr(before, changed).copy()
    edited[3, 0] += 0.5
    after = walk(operands, {changed: edited})
    assert np.array_equal(getattr(after, changed), edited)
    place = STAGES.index(changed)
    for name in STAGES[:place]:
        assert np.array_equal(getattr(before, name), getattr(after, name), equal_nan=True)
    if changed not in ("scores", "scaled"):  # here they are only what would be without turning
        assert not np.array_equal(before.output, after.output)


def test_scores_before_turning_do_not_reach_the_output_where_places_turn(llama, gpt2) -> None:
    for model, reaches in ((llama, False), (gpt2, True)):
        operands = operands_of(model, capture(model, IDS), 1, 1)
        before = walk(operands)
        after = walk(operands, {"scores": before.scores + np.eye(17)})
        assert (not np.array_equal(before.output, after.output)) == reaches


def test_an_edit_of_another_shape_is_a_sentence(gpt2) -> None:
    operands = operands_of(gpt2, capture(gpt2, IDS), 0, 0)
    with pytest.raises(StudioError, match="17 × 17"):
        walk(operands, {"scores": np.zeros((3, 3))})


def test_a_head_that_is_not_there_is_a_sentence(gpt2) -> None:
    with pytest.raises(StudioError, match="no head 4"):
        operands_of(gpt2, capture(gpt2, IDS), 0, 4)


def test_the_products_by_dimension_add_up_to_the_score(model) -> None:
    steps = walk(operands_of(model, capture(model, IDS), 2, 1))
    for row, column in ((16, 0), (9, 9), (4, 3)):
        found = products(steps, row, column)
        assert abs(found.score - steps.positioned[row, column]) <= 1e-5
        assert abs(found.before.sum() * found.scale - steps.scaled[row, column]) <= 1e-5
        sizes = np.abs(found.after)[list(found.order)]
        assert (np.diff(sizes) <= 0).all()
        assert sorted(found.order) == list(range(len(found.after)))


def test_turning_keeps_lengths_and_only_the_distance_counts(llama) -> None:
    rotary = llama.layers[0].self_attn.rotary
    cos, sin = tables(rotary, 40, 6)
    np.testing.assert_allclose(cos**2 + sin**2, 1.0, atol=1e-6)
    np.testing.assert_allclose(np.arctan2(sin[1], cos[1]), frequencies(tiny("llama 3.1")).numpy(), atol=1e-6)
    found = capture(llama, [5] * 40)  # one token: every query and every key is the same vector before turning
    scores = walk(operands_of(llama, found, 0, 0)).positioned
    for distance in (0, 1, 7):
        places = np.diagonal(scores, -distance)
        assert np.abs(places - places[0]).max() <= 1e-5 * max(1.0, np.abs(scores).max())


@pytest.mark.parametrize("stage", ["scores", "scaled", "positioned", "masked", "weights", "mixed", "output"])
def test_the_operands_of_a_cell_give_the_cell(llama, stage: str) -> None:
    steps = walk(operands_of(llama, capture(llama, IDS), 1, 2))
    o = cell(steps, stage, 9, 4)
    computed = {
        "scores": lambda: o["query"] @ o["key"],
        "scaled": lambda: o["query"] @ o["key"] * o["scale"],
        "positioned": lambda: o["query"] @ o["key"] * o["scale"],
        "masked": lambda: -np.inf if o["hidden"] else o["score"],
        "weights": lambda: np.exp(o["score"]) / np.exp(o["row"]).sum(),
        "mixed": lambda: o["weights"] @ o["values"],
        "output": lambda: o["heads"] @ o["weights"] + o["bias"],
    }
    assert abs(computed[stage]() - getattr(steps, stage)[9, 4]) <= 1e-6


@pytest.mark.parametrize("stage", ["queries", "keys", "values"])
def test_the_projections_of_every_family_give_queries_keys_and_values(model, stage: str) -> None:
    steps = step_through(model, capture(model, IDS), 1, 3)
    found = getattr(steps, stage)
    for row, column in ((0, 0), (9, 4), (16, 5)):
        o = steps.cell(stage, row, column)
        assert o["inputs"] @ o["weights"] + o["bias"] == pytest.approx(float(o["projected"]), abs=1e-12)
        if not o["normed"]:
            assert float(o["projected"]) == pytest.approx(float(found[row, column]), abs=1e-5)
    if steps.cell(stage, 0, 0)["normed"]:  # one length for all, then a gain for each number
        width = found.shape[1]
        projected = np.array([[steps.cell(stage, row, n)["projected"] for n in range(width)] for row in (0, 9)])
        unit = projected / np.sqrt((projected**2).mean(-1, keepdims=True))
        gain = found[[0, 9]] / unit
        np.testing.assert_allclose(gain[0], gain[1], rtol=1e-3)


@pytest.mark.parametrize("stage", ["turned_queries", "turned_keys"])
def test_the_operands_of_turning_give_the_turned_number(llama, stage: str) -> None:
    steps = step_through(llama, capture(llama, IDS), 1, 2, 6, 8)
    for row, column in ((0, 0), (5, 2), (7, 5)):
        o = steps.cell(stage, row, column)
        turned = o["own"] * o["cos"] + o["other"] * o["sin"]
        assert float(turned) == pytest.approx(float(getattr(steps, stage)[row, column]), abs=1e-9)


def test_a_walk_of_a_few_queries_ends_where_the_text_does(gpt2) -> None:
    found = capture(gpt2, IDS)
    steps = step_through(gpt2, found, 0, 1, 12, 64)
    assert steps.operands.first_row == 12
    assert steps.weights.shape == (5, 17)
    np.testing.assert_allclose(steps.weights, step_through(gpt2, found, 0, 1).weights[12:], atol=1e-12)
    assert steps.products(0, 3).score == pytest.approx(float(steps.positioned[0, 3]))


def test_a_stage_without_a_formula_is_a_sentence() -> None:
    with pytest.raises(StudioError, match="queries"):
        cell(walk(example("without weights").heads[0]), "queries", 0, 0)


def test_softmax_keeps_large_scores_hidden_places_and_what_is_no_number() -> None:
    found = softmax(np.array([[1e4, 1e4, -np.inf], [0.0, np.nan, 1.0]]))
    assert found[0].tolist() == [0.5, 0.5, 0.0]
    assert np.isnan(found[1]).all()
