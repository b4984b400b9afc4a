"""Queries and keys as bars: of one model before and after turning, of two with the difference of their products."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from studio.steps import pair_rows


def walk(scale: float = 1.0) -> Any:
    """One query and two keys of two dimensions; turning swaps the two dimensions of a query."""
    queries, keys = scale * np.array([[1.0, 2.0]]), np.array([[3.0, 0.5], [1.0, -1.0]])
    turned = queries[:, ::-1]

    def products(row: int, column: int) -> Any:
        after = turned[row] * keys[column]
        order = tuple(int(at) for at in np.argsort(-np.abs(after)))
        return SimpleNamespace(query=turned[row], key=keys[column], before=queries[row] * keys[column], after=after,
                               order=order, scale=0.5)  # fmt: skip

    return SimpleNamespace(queries=queries, keys=keys, products=products, operands=SimpleNamespace(first_row=1),
                           scaled=queries @ keys.T / 2, positioned=turned @ keys.T / 2)  # fmt: skip


WORDS = ("the", "cat")


def test_bars_are_the_numbers_now_with_marks_for_the_others() -> None:
    rows, order = pair_rows.pair_rows(walk(), WORDS, 0, 0, turned=True)
    np.testing.assert_array_equal(rows[0].values, [2.0, 1.0])
    np.testing.assert_array_equal(rows[0].ghost, [1.0, 2.0])
    np.testing.assert_array_equal(rows[2].values, [6.0, 0.5])
    assert order == (0, 1)
    plain, order = pair_rows.pair_rows(walk(), WORDS, 0, 1, turned=False)
    np.testing.assert_array_equal(plain[2].values, [1.0, -2.0])
    assert order == (1, 0)
    assert "cat" in plain[0].title  # the first row of the walk is the second word


def test_two_models_have_their_products_subtracted_and_ordered_by_that() -> None:
    rows, order = pair_rows.both_rows(walk(), walk(0.5), WORDS, 0, 0, turned=True)
    np.testing.assert_array_equal(rows[2].values, [3.0, 0.25])
    np.testing.assert_array_equal(rows[0].ghost, [1.0, 0.5])
    assert order == (0, 1)
    same, _ = pair_rows.both_rows(walk(), walk(), WORDS, 0, 0, turned=True)
    assert not same[2].values.any()


@pytest.mark.parametrize(("turned", "total"), [(True, 6.5), (False, 4.0)])
def test_the_sum_over_the_dimensions_times_the_scale_is_the_score(turned: bool, total: float) -> None:
    assert pair_rows.score_of(walk(), 0, 0, turned) == total / 2
    said = pair_rows.sum_words(walk(), 0, 0, turned)
    assert said.startswith("Σ q·k over 2 dimensions = ")
    assert pair_rows.result(total) in said
    assert said.endswith(f"= {pair_rows.result(total / 2)}")


def test_one_dimension_is_told_with_both_operands() -> None:
    said = pair_rows.product_words(walk(), 0, 0, 1, turned=False)
    assert said == f"q·k = {pair_rows.figure(2.0)} · {pair_rows.figure(0.5)} = {pair_rows.result(1.0)}"
    assert pair_rows.both_words("one", "two") == "A: one\nB: two"
