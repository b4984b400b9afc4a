"""Rows as tokens in memory."""

import numpy as np

from studio.core.config import RunConfig
from studio.rows.splits import Split
from studio.store.examples import Examples, joined
from studio.tokenizers import make_tokenizer


def examples() -> Examples:
    ids, starts = joined([[1, 2, 3], [4], [], [5, 6]])
    split = Split(np.array([3, 0]), np.array([1]), np.array([2]))
    learned = np.array([False, True, True, True, False, True])
    return Examples(make_tokenizer("bytes", []), RunConfig(), ids, starts, np.array([7, 8, 9, 10]), split, learned)


def test_rows_lie_one_after_the_other_and_each_is_found_again() -> None:
    found = examples()
    assert [found.of(place).tolist() for place in range(4)] == [[1, 2, 3], [4], [], [5, 6]]
    assert found.learned_of(3).tolist() == [False, True]
    assert found.lengths(np.array([0, 3])).tolist() == [3, 2]


def test_a_side_is_its_rows_in_their_order() -> None:
    found = examples()
    assert (found.training().tolist(), found.validation().tolist()) == ([5, 6, 1, 2, 3], [4])
    assert (found.training_tokens, found.validation_tokens, found.vocab_size) == (5, 1, found.tokenizer.vocab_size)


def test_without_marks_everything_counts_and_no_rows_are_no_tokens() -> None:
    ids, starts = joined([])
    nothing = np.empty(0, np.int64)
    empty = Examples(make_tokenizer("bytes", []), RunConfig(), ids, starts, nothing, Split(nothing, nothing, nothing))
    assert (empty.training_tokens, len(empty.training())) == (0, 0)
    ids, starts = joined([[1, 2]])
    plain = Examples(make_tokenizer("bytes", []), RunConfig(), ids, starts, nothing, Split(nothing, nothing, nothing))
    assert plain.learned_of(0).all()
