"""The book's own training of byte pairs: its 742 merges, its regression ids, its ties."""

from pathlib import Path

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.vocabularies.book_training import joined, most_frequent, train_book_pairs


def test_the_verdict_gives_742_merges_and_the_regression_ids_of_the_book(data_folder: Path) -> None:
    """The ids of the book's tests; those printed in its notebook are stale (reference numbers.md, 1.X 15)."""
    tokenizer = train_book_pairs((data_folder / "the-verdict.txt").read_text("utf-8"), 1_000)
    assert (len(tokenizer.merges), tokenizer.vocab_size) == (742, 1_000)
    text = "Jack embraced beauty through art and life."
    ids = [74, 361, 310, 109, 98, 420, 397, 100, 300, 428, 116, 121, 519, 699, 299, 808, 534]
    assert tokenizer.encode(text) == ids
    assert tokenizer.decode(ids) == text


def test_the_first_of_equally_frequent_pairs_is_joined_and_none_across_a_border() -> None:
    assert most_frequent(np.array([5, 6, -1, 7, 8, -1])) == (5, 6)
    assert most_frequent(np.array([7, 8, -1, 5, 6, 5, 6, -1])) == (5, 6)
    assert most_frequent(np.array([5, -1, 5, -1])) is None


@pytest.mark.parametrize(
    ("ids", "pair", "after"),
    [
        ([1, 1, 1], (1, 1), [9, 1]),
        ([1, 1, 1, 1, 2, 1, 1, 1], (1, 1), [9, 9, 2, 9, 1]),
        ([1, 2, 1, 2, 2], (1, 2), [9, 9, 2]),
        ([1, -1, 2], (1, 2), [1, -1, 2]),
        ([2, 2, -1, 2, 2], (2, 2), [9, -1, 9]),
    ],
)
def test_a_pair_is_joined_from_left_to_right(ids: list[int], pair: tuple[int, int], after: list[int]) -> None:
    assert joined(np.array(ids), pair, 9).tolist() == after


def test_a_text_without_pairs_learns_nothing_and_work_can_be_called_off() -> None:
    assert train_book_pairs("a b", 400, ()).merges == ((256, 98, 257),)
    assert train_book_pairs("", 400).merges == ()
    with pytest.raises(StudioError, match="stopped"):
        train_book_pairs("the cat", 400, keep_going=lambda: False)
