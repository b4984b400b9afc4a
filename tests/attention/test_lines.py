"""Which lines are drawn, and that what is not drawn is told."""

import time

import numpy as np
import pytest

from studio.attention.lines import MOST, NO_LINES, Wanted, joined, lines_of


def weights(length, heads=3, seed=0):
    return np.tril(np.random.default_rng(seed).dirichlet(np.ones(length), (heads, length))).astype(np.float32)


def normalised(length, heads=3):
    found = weights(length, heads) + 1e-6 * np.tri(length, dtype=np.float32)
    return found / found.sum(-1, keepdims=True)


@pytest.mark.parametrize("length", [1, 2, 17, 300])
@pytest.mark.parametrize("top", [1, 3, 10_000])
@pytest.mark.parametrize("least", [0.0, 0.05])
def test_drawn_and_hidden_are_one_for_every_token_and_head(length, top, least):
    found = lines_of(normalised(length), Wanted((0, 1, 2), top, least))
    assert np.abs(found.drawn + found.hidden - 1.0).max() <= 1e-5
    assert (found.hidden >= -1e-6).all()


@pytest.mark.parametrize("length", [40, 200, 640])
def test_never_more_than_two_thousand_lines_and_those_are_the_strongest(length):
    values = normalised(length, 4)
    found = lines_of(values, Wanted((0, 1, 2, 3), length))
    assert len(found) <= MOST
    assert len(found) + found.left_out == int((values > 0).sum())
    if found.left_out:
        assert found.weight.min() >= np.sort(values[values > 0])[-MOST]
    assert (np.diff(found.weight) >= 0).all()


def test_at_most_so_many_lines_leave_a_token_of_a_head_and_they_are_its_strongest():
    values = normalised(30)
    found = lines_of(values, Wanted((1,), top=2))
    for row in range(30):
        mine = found.weight[found.row == row]
        expected = np.sort(values[1, row][values[1, row] > 0])[-2:]
        np.testing.assert_array_equal(np.sort(mine).astype(np.float32), expected)


def test_weak_weights_are_left_out_and_count_as_hidden():
    values = normalised(20)
    found = lines_of(values, Wanted((0,), 20, least=0.2))
    assert (found.weight >= 0.2).all()
    np.testing.assert_allclose(found.hidden[0], np.where(values[0] < 0.2, values[0], 0).sum(-1), atol=1e-6)


def test_every_line_is_a_weight_the_model_computed():
    values = normalised(25)
    found = lines_of(values, Wanted((2, 0), 3))
    assert np.array_equal(values[found.head, found.row, found.column].astype(np.float64), found.weight)
    assert set(found.head.tolist()) == {0, 2}


def test_one_tokens_lines_lead_from_it_or_to_it():
    values = normalised(15)
    from_it = lines_of(values, Wanted((0, 1), 15, row=6))
    assert set(from_it.row.tolist()) == {6}
    assert len(from_it) == 2 * 7
    to_it = lines_of(values, Wanted((0, 1), 15, column=6))
    assert set(to_it.column.tolist()) == {6}
    assert len(to_it) == 2 * 9


def test_what_is_no_number_is_never_drawn_and_its_hidden_share_is_none_either():
    values = normalised(8)
    values[1, 4] = np.nan
    found = lines_of(values, Wanted((0, 1), 3))
    assert not ((found.head == 1) & (found.row == 4)).any()
    assert np.isnan(found.hidden[1, 4])
    assert np.isfinite(found.hidden[0]).all()


def test_no_heads_means_no_lines():
    assert len(lines_of(normalised(5), Wanted(()))) == 0
    assert len(NO_LINES) == 0


def test_the_weights_are_left_as_they_were():
    values = normalised(50)
    values.flags.writeable = False
    before = values.copy()
    lines_of(values, Wanted((0, 1, 2), 3))
    assert np.array_equal(values, before)


def test_twelve_heads_of_a_long_text_are_chosen_in_well_below_a_second():
    values = normalised(512, 12)
    start = time.process_time()
    lines_of(values, Wanted(tuple(range(12)), 3, 0.05))
    assert time.process_time() - start < 1.0


def test_one_tokens_lines_are_found_without_adding_up_all_weights(monkeypatch):
    monkeypatch.setattr("studio.attention.lines._hidden", lambda *_: pytest.fail("all weights were read"))
    assert np.isnan(lines_of(normalised(15), Wanted((0, 1), 15, row=6)).hidden).all()
    assert np.isnan(lines_of(normalised(15), Wanted((0, 1), 15, column=6)).hidden).all()


# --- differences ------------------------------------------------------------------------------------------------------


def pair(length=20, heads=3):
    rounds = [weights(length, heads, seed) + 1e-6 * np.tri(length, dtype=np.float32) for seed in (1, 2)]
    return [found / found.sum(-1, keepdims=True) for found in rounds]


@pytest.mark.parametrize("top", [1, 3, 10_000])
@pytest.mark.parametrize("least", [0.0, 0.05])
def test_drawn_and_hidden_differences_are_half_of_what_differs(top, least):
    one, other = pair()
    found = lines_of(one, Wanted((0, 2), top, least), other)
    differs = np.abs(one.astype(np.float64) - other)[[0, 2]].sum(-1) / 2
    np.testing.assert_allclose(found.drawn + found.hidden, differs, atol=1e-12)
    assert differs.max() <= 1.0 + 1e-6
    assert found.signed


def test_a_difference_keeps_its_sign_and_those_furthest_from_zero_come_last():
    one, other = pair()
    found = lines_of(one, Wanted((0, 1, 2), 20), other)
    places = found.head, found.row, found.column
    assert np.array_equal(found.weight, one[places].astype(np.float64) - other[places])
    assert (found.weight < 0).any()
    assert (found.weight > 0).any()
    assert (np.diff(np.abs(found.weight)) >= 0).all()


def test_the_strongest_differences_of_each_token_are_kept_whichever_side_looks_more():
    one, other = pair()
    found = lines_of(one, Wanted((1,), top=2), other)
    for row in range(20):
        expected = np.sort(np.abs(one[1, row].astype(np.float64) - other[1, row]))[-2:]
        np.testing.assert_allclose(np.sort(np.abs(found.weight[found.row == row])), expected[expected > 0], atol=1e-8)


def test_full_colour_is_the_largest_difference_of_all_heads_also_of_those_that_are_not_drawn():
    one, other = pair()
    one[2, 5, 0] = other[2, 5, 0] + 1.5
    assert lines_of(one, Wanted((0,), 3), other).most == pytest.approx(1.5, abs=1e-6)
    assert lines_of(one, Wanted((0,), 3)).most == 1.0


def test_swapped_sides_change_nothing_but_the_sign():
    one, other = pair()
    there, back = (lines_of(a, Wanted((0, 1), 3), b) for a, b in ((one, other), (other, one)))
    assert np.array_equal(there.weight, -back.weight)
    assert np.array_equal(there.column, back.column)
    assert np.array_equal(there.hidden, back.hidden)


def test_a_model_less_itself_has_no_lines_and_hides_nothing():
    one, _ = pair()
    found = lines_of(one, Wanted((0, 1, 2), 20), one)
    assert len(found) == 0
    assert not found.hidden.any()
    assert found.most == 0.0
    assert lines_of(one, Wanted((0, 1, 2), 20, row=6), one).most == 0.0


def test_what_is_no_number_on_either_side_is_no_difference():
    one, other = pair()
    other[0, 4, 1] = np.nan
    found = lines_of(one, Wanted((0,), 20), other)
    assert not ((found.row == 4) & (found.column == 1)).any()
    assert np.isnan(found.hidden[0, 4])
    assert np.isfinite(found.most)


def test_both_directions_of_a_token_are_joined_by_size_and_its_own_line_comes_once():
    one, other = pair()
    found = joined(lines_of(one, Wanted((0,), 20, row=6), other), lines_of(one, Wanted((0,), 20, column=6), other), 6)
    assert found.signed
    assert (np.diff(np.abs(found.weight)) >= 0).all()
    assert ((found.row == 6) & (found.column == 6)).sum() == 1
