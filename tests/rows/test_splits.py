"""How rows are shared out: no row twice, classes alike, copies together, and the book's own rows."""

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.rows.splits import balanced, book_split, given_split, split_rows

LABELS = ["ham"] * 80 + ["spam"] * 20


def test_every_row_is_on_exactly_one_side_and_the_shares_hold_for_each_class() -> None:
    split = split_rows(100, (0.1, 0.2), seed=3, labels=LABELS)
    assert sorted([*split.training, *split.validation, *split.test]) == list(range(100))
    counts = [[sum(LABELS[row] == name for row in side) for name in ("ham", "spam")]
              for side in (split.training, split.validation, split.test)]  # fmt: skip
    assert counts == [[56, 14], [8, 2], [16, 4]]


def test_a_seed_decides_and_another_one_decides_otherwise() -> None:
    first, same, other = (split_rows(100, (0.1, 0.2), seed, labels=LABELS) for seed in (3, 3, 4))
    assert np.array_equal(first.test, same.test)
    assert not np.array_equal(np.sort(first.test), np.sort(other.test))


def test_copies_of_a_row_stay_on_one_side() -> None:
    copies = [row // 4 for row in range(100)]
    split = split_rows(100, (0.1, 0.2), seed=1, how="shuffled", copies=copies)
    for side in (split.training, split.validation, split.test):
        rest = set(range(100)) - set(side.tolist())
        assert not {copies[row] for row in side} & {copies[row] for row in rest}


def test_a_class_with_one_row_is_learned_from() -> None:
    split = split_rows(11, (0.3, 0.3), seed=0, labels=["many"] * 10 + ["one"])
    assert 10 in split.training


def test_in_order_cuts_as_chapter_seven_of_the_book_does() -> None:
    split = split_rows(1100, (0.05, 0.1), seed=0, how="in_order")
    assert (len(split.training), len(split.test), len(split.validation)) == (935, 110, 55)
    assert (split.training[-1], split.test[0], split.validation[0]) == (934, 935, 1045)


def test_a_column_may_say_it_in_its_own_words_and_an_unknown_word_is_named_with_its_row() -> None:
    split = given_split(["train", "Test", "val", "TRAINING"])
    assert (split.training.tolist(), split.validation.tolist(), split.test.tolist()) == ([0, 3], [2], [1])
    with pytest.raises(StudioError, match=r"row 2.*“maybe”"):
        given_split(["train", "maybe"])


def test_the_book_draws_the_larger_class_down_and_cuts_at_seventy_and_eighty_percent() -> None:
    split = book_split(["ham"] * 4825 + ["spam"] * 747)
    assert (len(split.training), len(split.validation), len(split.test)) == (1045, 149, 300)
    everything = np.concatenate([split.training, split.validation, split.test])
    assert len(set(everything.tolist())) == 1494
    assert (everything >= 4825).sum() == 747
    with pytest.raises(StudioError, match="two classes"):
        book_split(["one", "two", "three"])


@pytest.mark.parametrize(("how", "size"), [("undersample", 3), ("oversample", 7), ("none", None)])
def test_classes_come_to_one_size_by_leaving_out_or_repeating(how: str, size: int | None) -> None:
    rows, labels = np.arange(10, 20), np.array([0] * 7 + [1] * 3)
    found = balanced(rows, labels, how, seed=2)
    if size is None:
        assert np.array_equal(found, rows)
        return
    assert [(found < 17).sum(), (found >= 17).sum()] == [size, size]
    assert set(found.tolist()) <= set(rows.tolist())


def test_many_small_classes_together_give_the_shares_that_each_is_too_small_for() -> None:
    labels = [f"class {row // 4}" for row in range(400)]
    split = split_rows(400, (0.1, 0.1), seed=2, labels=labels)
    assert (len(split.validation), len(split.test)) == (40, 40)
    assert {labels[row] for row in split.training} == set(labels)


def test_however_much_is_held_back_every_class_keeps_a_row_to_learn_from() -> None:
    labels = [f"class {row // 2}" for row in range(20)]
    split = split_rows(20, (0.5, 0.5), seed=2, labels=labels)
    assert {labels[row] for row in split.training} == set(labels)
