"""The order of rows in batches: each once an epoch, the same after a resume, all of what is measured."""

import dataclasses

import numpy as np
import pytest

from studio.core.config import RunConfig
from studio.store.row_order import RowOrder

PLACES = np.asarray([3, 5, 8, 13, 21, 34, 55])
CONFIG = RunConfig()


def epoch(order: RowOrder, number: int) -> list[int]:
    batches = range(number * order.per_epoch, (number + 1) * order.per_epoch)
    return [place for index in batches for place in order.batch(index).tolist()]


def test_what_is_learned_from_comes_once_an_epoch_in_whole_batches_and_each_time_anew() -> None:
    order = RowOrder(PLACES, CONFIG, 3, "training")
    assert order.per_epoch == 2
    first, second = epoch(order, 0), epoch(order, 1)
    assert len(set(first)) == len(set(second)) == 6, "the seventh waits for another epoch"
    assert set(first) | set(second) <= set(PLACES.tolist())
    assert first != second


def test_a_run_that_goes_on_gets_the_batches_it_would_have_had_and_another_seed_gets_others() -> None:
    straight, resumed = (RowOrder(PLACES, CONFIG, 3, "training") for _ in range(2))
    for index in range(5):
        straight.batch(index)
    assert np.array_equal(straight.batch(9), resumed.batch(9))
    other = CONFIG.with_part(compute=dataclasses.replace(CONFIG.compute, seed=CONFIG.compute.seed + 1))
    assert epoch(RowOrder(PLACES, other, 3, "training"), 0) != epoch(resumed, 0)


@pytest.mark.parametrize("side", ["validation", "test"])
def test_what_is_measured_comes_in_one_order_and_all_of_it(side: str) -> None:
    order = RowOrder(PLACES, CONFIG, 3, side)
    assert order.per_epoch == 3
    assert epoch(order, 0) == epoch(order, 4) == PLACES.tolist()


def test_the_order_is_drawn_from_seed_and_epoch_alone() -> None:
    drawn = np.random.default_rng((CONFIG.compute.seed, 2)).permutation(len(PLACES))
    assert np.array_equal(RowOrder(PLACES, CONFIG, 7, "training").batch(2), PLACES[drawn])


def test_fewer_rows_than_a_batch_are_one_batch() -> None:
    assert RowOrder(PLACES[:2], CONFIG, 8, "training").batch(0).tolist() in ([3, 5], [5, 3])
    assert RowOrder(PLACES[:0], CONFIG, 8, "validation").per_epoch == 0
