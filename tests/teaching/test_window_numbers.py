"""The arithmetic of windows against counting them one by one."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.schedule import windows_in
from studio.teaching.window_numbers import Cut, packed, packed_rows, padded

CUTS = st.builds(Cut, st.integers(0, 60), st.integers(1, 12), st.integers(1, 15), st.integers(1, 5))


def counted(cut: Cut) -> np.ndarray:
    """How often each token is input, window by window."""
    times = np.zeros(cut.tokens, np.int64)
    start = 0
    while start + cut.context + 1 <= cut.tokens:
        times[start : start + cut.context] += 1
        start += cut.stride
    return times


@settings(max_examples=10)
@given(CUTS)
def test_the_formula_counts_what_the_loader_cuts(cut: Cut) -> None:
    assert cut.windows == windows_in(cut.tokens, cut.context, cut.stride)
    if cut.windows:
        size = min(cut.batch, cut.windows)
        assert cut.batches == cut.windows // size
        assert cut.batches * size + cut.left_over == cut.windows


@settings(max_examples=10)
@given(CUTS)
def test_each_token_is_read_as_often_as_counting_says(cut: Cut) -> None:
    assert cut.times(np.arange(cut.tokens)).tolist() == counted(cut).tolist()


@settings(max_examples=10)
@given(CUTS, st.integers(1, 9))
def test_stretches_average_their_tokens_exactly(cut: Cut, parts: int) -> None:
    edges = np.unique(np.linspace(0, cut.tokens, parts + 1).astype(np.int64))
    times = counted(cut)
    wanted = [times[start:end].mean() for start, end in pairwise(edges)]
    assert cut.mean_times(edges).tolist() == pytest.approx(wanted)


def test_the_book_s_text_has_its_windows() -> None:
    assert Cut(5_145, 256, 128).windows == math.ceil((5_145 - 256) / 128) == 39
    assert Cut(1_001, 4, 4).windows == 250
    assert Cut(4, 4, 1).windows == 0
    assert Cut(4, 4, 1).batches == Cut(4, 4, 1).left_over == 0


def test_padding_fills_short_rows_and_cuts_long_ones() -> None:
    found = padded(np.array([3, 10, 8]), 8)
    assert (found.rows, found.kept, found.cut) == (3, 19, 2)
    assert found.share == pytest.approx(5 / 24)
    assert found.cut_share == pytest.approx(2 / 21)
    assert padded(np.zeros(0, np.int64), 8).share == padded(np.zeros(0, np.int64), 8).cut_share == 0.0


@settings(max_examples=10)
@given(st.lists(st.integers(1, 20), max_size=12), st.integers(1, 9))
def test_packing_loses_nothing_but_the_end(lengths: list[int], context: int) -> None:
    found, rows = packed(np.array(lengths, np.int64), context), packed_rows(np.array(lengths, np.int64), context, 999)
    total = sum(lengths) + len(lengths)
    assert found.rows * context + found.left_over == total
    assert 0 <= found.left_over < context
    whole = [row for row in rows if sum(part for _, _, part in row) == context]
    assert len(whole) == found.rows
    assert sum(part for row in rows for _, _, part in row) == total
    assert sum(len({number for number, _, _ in row}) > 1 for row in whole) == found.mixed


def test_only_the_rows_that_are_asked_for_are_laid_out() -> None:
    assert len(packed_rows(np.full(50, 7), 4, 3)) == 3
    assert packed_rows(np.array([2, 1]), 3, 9) == [[(0, 0, 3)], [(1, 0, 2)]]
