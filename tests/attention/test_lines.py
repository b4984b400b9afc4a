"""Which lines are drawn, and that what is not drawn is told."""

import time

import numpy as np
import pytest

from studio.attention.lines import MOST, NO_LINES, Wanted, lines_of


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
