"""The figures behind the Results views, computed from arrays."""

import numpy as np
import pytest

from studio.classifying.comparison import compare, mcnemar
from studio.classifying.results import against, cell_rows, results_of, split_rows_at
from studio.classifying.score_tiles import tiles_of
from studio.classifying.scored import ScoredRun, chances_of
from tests.classifying.guesses import guessed, texts_of


def small(logits: list[list[float]], truth: list[int], split: str = "test") -> ScoredRun:
    """Two classes, ham and spam, with these logits."""
    values = np.asarray(logits, np.float64)
    labels, rows = ("ham", "spam"), np.arange(len(truth)) + 10
    return ScoredRun(labels, np.asarray(truth), chances_of(values), values, rows, split, "tale", texts_of, "spam@1")


def test_logits_become_probabilities_that_sum_to_one_or_stand_alone():
    values = np.asarray([[0.0, 0.0], [1000.0, -1000.0]])
    assert chances_of(values).tolist() == [[0.5, 0.5], [1.0, 0.0]]
    assert chances_of(values, several=True).tolist() == [[0.5, 0.5], [1.0, 0.0]]
    assert chances_of(np.asarray([[0.0, 0.0, 0.0]]), several=True)[0].tolist() == [0.5, 0.5, 0.5]


def test_losses_and_chances_are_those_of_the_truth():
    run = small([[2.0, 0.0], [0.0, 3.0]], [0, 0])
    assert run.chances == pytest.approx([1 / (1 + np.exp(-2)), 1 / (1 + np.exp(3))])
    assert run.losses == pytest.approx(-np.log(run.chances))
    assert run.chances_at(1) == pytest.approx(run.chances[1])
    assert (run.truth_words(1), run.guess_words(1)) == ("ham", "spam")


def test_of_several_classes_each_is_a_guess_of_its_own():
    run = guessed(classes=3, rows=50, several=True)
    results = results_of(run)
    assert results.matrix.size == 0
    assert results.accuracy == (run.guess == run.truth).all(1).mean()
    assert results.per_class.support.tolist() == run.truth.sum(0).tolist()
    assert results.fitted_on == ""
    assert results.temperature == 1.0
    assert len(results.doubtful) == 0
    assert run.chances.tolist() == pytest.approx([run.chances_at(place) for place in range(50)])


def test_the_matrix_accuracy_and_interval_belong_together():
    results = results_of(guessed(classes=5, rows=200))
    assert results.matrix.sum() == 200
    assert np.trace(results.matrix) == round(results.accuracy * 200)
    low, high = results.interval
    assert low < results.accuracy < high


def test_the_worst_rows_come_first():
    results = results_of(guessed(rows=80))
    losses = results.losses[results.worst]
    assert len(results.worst) == 80
    assert (np.diff(losses) <= 0).all()


def test_a_class_without_rows_has_no_curve_and_the_areas_leave_it_out():
    run = small([[2.0, 0.0], [3.0, 0.0], [0.0, 1.0]], [0, 0, 0])
    assert against(run, 0) is None
    results = results_of(run)
    assert results.against == (None, None)
    assert all(np.isnan(value) for value in results.areas)
    assert tiles_of(results)[2].value == "–"


def test_the_temperature_comes_from_the_rows_that_it_is_told_and_is_not_flattered_by_the_same_rows():
    validation, test = guessed(rows=300, seed=1), guessed(rows=300, seed=2)
    together = results_of(validation)
    assert together.fitted_on == "validation"
    tile = tiles_of(together)[3]
    assert tile.value == f"{together.raw.error:.3f}"
    assert "fitted here" in tile.note
    fitted = results_of(ScoredRun(**(vars(test) | {"split": "test"})), validation)
    assert fitted.temperature == pytest.approx(together.temperature)
    assert tiles_of(fitted)[3].value == f"{fitted.cooled.error:.3f}"


def test_rows_that_are_all_right_teach_no_temperature():
    results = results_of(small([[5.0, 0.0], [0.0, 5.0], [4.0, 0.0]], [0, 1, 0]))
    assert results.fitted_on == ""
    assert tiles_of(results)[3].note == "no temperature can be learned here"


def test_a_cell_lists_its_rows_the_worst_first():
    run = small([[0.0, 1.0], [0.0, 3.0], [2.0, 0.0], [0.0, 2.0]], [0, 0, 0, 1])
    assert cell_rows(run, 0, 1).tolist() == [1, 0]
    assert cell_rows(run, 1, 0).tolist() == []


def test_a_threshold_moves_rows_from_one_cell_to_the_other():
    run = small([[0.0, 1.0], [0.0, 3.0], [2.0, 0.0], [0.0, 2.0]], [0, 0, 0, 1])
    assert split_rows_at(run, 1, 0.5, (0, 1)).tolist() == [1, 0]
    assert split_rows_at(run, 1, 0.9, (0, 1)).tolist() == [1]
    assert split_rows_at(run, 1, 0.99, (1, 0)).tolist() == [3]


def test_two_runs_are_compared_on_the_rows_that_both_have():
    present = small([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]], [0, 0, 1, 1])
    shifted = small([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]], [0, 0, 1, 1])
    earlier = ScoredRun(**(vars(shifted) | {"rows": np.asarray([13, 12, 11, 99]), "truth": np.asarray([1, 1, 0, 0])}))
    found = compare(present, earlier)
    assert found.missing == 2
    assert found.counts.tolist() == [[0, 1], [1, 1]]
    assert found.places(0, 1).tolist() == [1]  # row 11 was right
    assert found.places(1, 0).tolist() == [2]


def test_mcnemars_test_is_the_binomial_one():
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(3, 3) == 1.0
    assert mcnemar(0, 10) == pytest.approx(2 / 2**10)
    assert mcnemar(2, 8) == pytest.approx(2 * (1 + 10 + 45) / 2**10)
    assert mcnemar(400, 600) < 1e-6
