"""A moving threshold against counting anew, its best places against trying all, and its processor time."""

import math
import time

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.scores.thresholds import Figures, Sweep


def counted(score: np.ndarray, truth: np.ndarray, threshold: float) -> tuple[int, int, int, int]:
    taken = score >= threshold
    return tuple(int(both.sum()) for both in (taken & truth, taken & ~truth, ~taken & ~truth, ~taken & truth))


def some_rows(seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    truth = random.random(90) < 0.4
    return np.round((random.random(90) + 0.5 * truth) * 20) / 20, truth


@pytest.mark.parametrize("seed", range(4))
def test_every_threshold_counts_what_counting_anew_does(seed: int) -> None:
    score, truth = some_rows(seed)
    sweep = Sweep(score, truth)
    for threshold in [*score, *(score + 1e-9), -math.inf, math.inf, 0.0, 2.0]:
        found = sweep.at(float(threshold))
        tp, fp, tn, fn = counted(score, truth, threshold)
        assert (found.tp, found.fp, found.tn, found.fn) == (tp, fp, tn, fn)
        assert found.precision == (tp / (tp + fp) if tp + fp else 0)
        assert found.recall == tp / (tp + fn)
        assert found.f1 == pytest.approx(2 * tp / (2 * tp + fp + fn), abs=1e-15)
        assert found.accuracy == (tp + tn) / 90


@pytest.mark.parametrize("aim", ["precision", "recall", "f1", "accuracy"])
@pytest.mark.parametrize("seed", range(3))
def test_the_best_threshold_is_the_highest_of_the_best_of_all(aim: str, seed: int) -> None:
    score, truth = some_rows(seed)
    sweep = Sweep(score, truth)
    tried = {float(item): getattr(sweep.at(float(item)), aim) for item in [*score, 9.0]}
    best = sweep.best(aim)
    assert getattr(sweep.at(best), aim) == max(tried.values())
    assert best == max(item for item, value in tried.items() if value == max(tried.values()))


@pytest.mark.parametrize("costs", [(1, 1), (1, 10), (10, 1), (0, 1), (1, 0), (0, 0)])
def test_the_cheapest_threshold_costs_least_of_all(costs: tuple[float, float]) -> None:
    score, truth = some_rows(7)
    sweep = Sweep(score, truth)
    cost = sweep.cost(sweep.cheapest(*costs), *costs)
    assert cost == min(sweep.cost(float(item), *costs) for item in [*score, 9.0])


def test_taking_nothing_for_positive_can_be_cheapest() -> None:
    sweep = Sweep([0.9, 0.1], [0, 0])
    assert sweep.at(sweep.cheapest(1, 1)) == Figures(0, 0, 2, 0, 0.0, 0.0, 0.0, 1.0)


def test_rows_of_one_class_have_figures_too() -> None:
    assert Sweep([0.2, 0.8], [1, 1]).at(0.5) == Figures(1, 0, 0, 1, 1.0, 0.5, pytest.approx(2 / 3), 0.5)


@pytest.mark.parametrize(
    ("score", "truth", "said"),
    [([], [], "no rows"), ([np.nan], [1], "not numbers"), ([0.1], [0, 1], "1 rows on one side and 2")],
)
def test_what_cannot_be_swept_is_refused_in_words(score: list[float], truth: list[int], said: str) -> None:
    with pytest.raises(StudioError, match=said):
        Sweep(score, truth)


def test_thresholds_and_costs_that_are_none_are_refused() -> None:
    sweep = Sweep([0.1, 0.2], [0, 1])
    with pytest.raises(StudioError, match="not a number"):
        sweep.at(math.nan)
    for costs in ((-1, 1), (1, math.inf), (math.nan, 1)):
        with pytest.raises(StudioError, match="cost must be"):
            sweep.cheapest(*costs)


def test_ten_thousand_rows_answer_within_a_fifth_of_a_millisecond() -> None:
    random = np.random.default_rng(0)
    sweep = Sweep(random.random(10_000), random.random(10_000) < 0.2)
    begin = time.process_time()
    for step in range(200):
        sweep.at(step / 200)
    assert (time.process_time() - begin) / 200 < 2e-4
