"""Every figure against scikit-learn's or scipy's, to 1e-9, on random cases.

All in one file and imported inside, so that only one of the processes that test loads them.
"""

import math
import random
from typing import Any

import numpy as np
import pytest

from studio.scores.answers import Neighbours
from studio.scores.calibration import brier, expected_calibration_error, log_loss, reliability, temperature
from studio.scores.confusion import (
    accuracy,
    averages,
    confusion,
    multi_averages,
    multi_confusion,
    multi_per_class,
    per_class,
)
from studio.scores.correlations import kendall, pearson, spearman
from studio.scores.curves import area, average_precision, precision_recall, roc
from studio.scores.intervals import mean_interval, student, wilson
from studio.scores.regression import band, regression_scores, running_error


@pytest.fixture(scope="module")
def metrics() -> Any:
    from sklearn import metrics

    return metrics


@pytest.fixture(scope="module")
def stats() -> Any:
    from scipy import stats

    return stats


def softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True)


def some_logits(seed: int, classes: int, sharp: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are `sharp` times too large for the labels drawn from them."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (300, classes))
    labels = np.array([random.choice(classes, p=row) for row in softmax(logits)])
    return logits * sharp, labels


def some_labels(seed: int, classes: int, rows: int = 60) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    truth = random.integers(0, classes, rows)
    return truth, np.where(random.random(rows) < 0.6, truth, random.integers(0, classes, rows))


@pytest.mark.parametrize("classes", [2, 3, 7, 40])  # of forty some neither occur nor are guessed
@pytest.mark.parametrize("seed", range(2))
def test_figures_equal_scikit_learns(metrics: Any, classes: int, seed: int) -> None:
    truth, guess = some_labels(seed, classes)
    matrix = confusion(truth, guess, classes)
    labels = list(range(classes))
    assert (matrix == metrics.confusion_matrix(truth, guess, labels=labels)).all()
    found = per_class(matrix)
    wanted = metrics.precision_recall_fscore_support(truth, guess, labels=labels, zero_division=0)
    for ours, theirs in zip((found.precision, found.recall, found.f1, found.support), wanted, strict=True):
        assert np.allclose(ours, theirs, rtol=0, atol=1e-9)
    assert accuracy(matrix) == pytest.approx(metrics.accuracy_score(truth, guess), abs=1e-9)
    for kind in ("macro", "micro", "weighted"):
        theirs = metrics.precision_recall_fscore_support(truth, guess, average=kind, zero_division=0)[:3]
        assert getattr(averages(matrix), kind) == pytest.approx(theirs, abs=1e-9), kind


@pytest.mark.parametrize("seed", range(2))
def test_figures_of_rows_with_several_classes_equal_scikit_learns(metrics: Any, seed: int) -> None:
    random = np.random.default_rng(seed)
    truth, guess = random.random((50, 5)) < 0.3, random.random((50, 5)) < 0.4
    matrices = multi_confusion(truth, guess)
    assert (matrices == metrics.multilabel_confusion_matrix(truth, guess)).all()
    found = multi_per_class(matrices)
    wanted = metrics.precision_recall_fscore_support(truth, guess, zero_division=0)
    for ours, theirs in zip((found.precision, found.recall, found.f1, found.support), wanted, strict=True):
        assert np.allclose(ours, theirs, rtol=0, atol=1e-9)
    for kind in ("macro", "micro", "weighted"):
        theirs = metrics.precision_recall_fscore_support(truth, guess, average=kind, zero_division=0)[:3]
        assert getattr(multi_averages(matrices), kind) == pytest.approx(theirs, abs=1e-9), kind


def some_scores(seed: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores of 80 rows; few `steps` make many of them equal."""
    random = np.random.default_rng(seed)
    truth = random.random(80) < 0.3
    truth[:2] = True, False
    return truth, np.round((random.random(80) + 0.4 * truth) * steps) / steps


@pytest.mark.parametrize("steps", [3, 10, 10**9])
@pytest.mark.parametrize("seed", range(2))
def test_curves_and_areas_equal_scikit_learns(metrics: Any, steps: int, seed: int) -> None:
    truth, score = some_scores(seed, steps)
    ours = roc(truth, score)
    false, true, thresholds = metrics.roc_curve(truth, score, drop_intermediate=False)
    for one, other in ((ours.x, false), (ours.y, true), (ours.thresholds, thresholds)):
        assert np.allclose(one, other, rtol=0, atol=1e-9)
    assert area(ours) == pytest.approx(metrics.roc_auc_score(truth, score), abs=1e-9)
    ours = precision_recall(truth, score)
    precision, recall, thresholds = metrics.precision_recall_curve(truth, score)
    assert np.allclose(ours.x, recall[::-1], rtol=0, atol=1e-9)
    assert np.allclose(ours.y, precision[::-1], rtol=0, atol=1e-9)
    assert np.allclose(ours.thresholds[1:], thresholds[::-1], rtol=0, atol=1e-9)
    assert average_precision(truth, score) == pytest.approx(metrics.average_precision_score(truth, score), abs=1e-9)


@pytest.mark.parametrize("classes", [2, 3, 6])
@pytest.mark.parametrize("seed", range(2))
def test_brier_and_log_loss_equal_scikit_learns(metrics: Any, classes: int, seed: int) -> None:
    logits, labels = some_logits(seed, classes)
    shares, names = softmax(logits), list(range(classes))
    two = classes == 2
    wanted = metrics.brier_score_loss(labels, shares[:, 1] if two else shares, labels=None if two else names)
    assert brier(shares, labels) == pytest.approx(wanted, abs=1e-9)
    assert log_loss(shares, labels) == pytest.approx(metrics.log_loss(labels, shares, labels=names), abs=1e-9)


@pytest.mark.parametrize("seed", range(2))
def test_reliability_equals_scikit_learns_curve(seed: int) -> None:
    from sklearn.calibration import calibration_curve

    random = np.random.default_rng(seed)
    sure = random.random(400)
    right = random.random(400) < sure**2
    found = reliability(sure, right, 10)
    shares, means = calibration_curve(right, sure, n_bins=10)
    filled = found.counts > 0
    assert np.allclose(found.share_right[filled], shares, rtol=0, atol=1e-9)
    assert np.allclose(found.mean_probability[filled], means, rtol=0, atol=1e-9)
    assert found.counts.sum() == 400
    gap = (abs(shares - means) * found.counts[filled]).sum() / 400
    assert expected_calibration_error(sure, right, 10) == pytest.approx(gap, abs=1e-12)


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("sharp", [0.3, 1.0, 4.0])
def test_the_temperature_is_where_the_log_loss_is_smallest(classes: int, sharp: float) -> None:
    from scipy.optimize import minimize_scalar

    logits, labels = some_logits(3, classes, sharp)
    found = temperature(logits, labels)
    searched = minimize_scalar(
        lambda power: log_loss(softmax(logits / np.exp(power)), labels), bounds=(-4, 4), method="bounded",
        options={"xatol": 1e-10},
    )  # fmt: skip
    assert found == pytest.approx(np.exp(searched.x), rel=1e-6)
    assert log_loss(softmax(logits / found), labels) <= searched.fun + 1e-12


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99])
def test_wilsons_interval_equals_scipys(stats: Any, level: float) -> None:
    for right, count in [(0, 1), (1, 1), (3, 10), (150, 300), (287, 300), (0, 500), (500, 500)]:
        wanted = stats.binomtest(right, count).proportion_ci(level, "wilson")
        assert wilson(right, count, level) == pytest.approx((wanted.low, wanted.high), abs=1e-9)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 9, 30, 199, 200, 201, 5_000, 1_000_000])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_students_quantile_equals_scipys(stats: Any, freedom: int, level: float) -> None:
    assert student(level, freedom) == pytest.approx(stats.t.ppf((1 + level) / 2, freedom), rel=1e-9)


def test_the_interval_of_five_seeds_equals_scipys(stats: Any) -> None:
    values = [0.957, 0.963, 0.95, 0.973, 0.96]
    wanted = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    assert mean_interval(values) == pytest.approx(wanted, abs=1e-9)
    assert mean_interval([2.0, 2.0]) == (2, 2)


def some_prices(seed: int, rows: int = 70) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    truth = np.round(random.lognormal(4.5, 1, rows), 2)
    return truth, np.maximum(0, truth + random.normal(0, 60, rows))


@pytest.mark.parametrize("seed", range(2))
def test_scores_equal_scikit_learns(metrics: Any, seed: int) -> None:
    truth, guess = some_prices(seed)
    found = regression_scores(truth, guess)
    assert found.mae == pytest.approx(metrics.mean_absolute_error(truth, guess), rel=1e-9)
    assert found.rmse == pytest.approx(metrics.root_mean_squared_error(truth, guess), rel=1e-9)
    assert found.rmsle == pytest.approx(metrics.root_mean_squared_log_error(truth, guess), rel=1e-9)
    assert found.r2 == pytest.approx(metrics.r2_score(truth, guess), abs=1e-9)
    assert found.hit == np.mean(
        [band(float(one), float(other)) == "green" for one, other in zip(truth, guess, strict=True)]
    )


def test_the_running_error_is_students_interval_of_the_rows_so_far(stats: Any) -> None:
    truth, guess = some_prices(9, rows=260)
    mean, half = running_error(truth, guess)
    assert mean[0] == abs(truth[0] - guess[0])
    assert math.isnan(half[0])
    for count in (2, 3, 10, 200, 201, 202, 203, 260):
        errors = abs(truth[:count] - guess[:count])
        assert mean[count - 1] == pytest.approx(errors.mean(), rel=1e-12)
        wanted = stats.t.ppf(0.975, count - 1) * stats.sem(errors)
        assert half[count - 1] == pytest.approx(wanted, rel=1e-9), count


@pytest.mark.parametrize("steps", [3, 100, 10**9])
@pytest.mark.parametrize("seed", range(2))
def test_correlations_equal_scipys(stats: Any, steps: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    one = np.round(random.random(70) * steps)
    other = np.round((random.random(70) + one / steps) * steps)
    assert pearson(one, other) == pytest.approx(stats.pearsonr(one, other).statistic, abs=1e-9)
    assert spearman(one, other) == pytest.approx(stats.spearmanr(one, other).statistic, abs=1e-9)
    assert kendall(one, other) == pytest.approx(stats.kendalltau(one, other).statistic, abs=1e-9)


def test_what_is_nearest_is_what_scikit_learns_weights_say() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    chance = random.Random(2)
    texts = [" ".join(chance.choices("abcdefghijkl", k=6)) for _ in range(300)]
    asked = [" ".join(chance.choices("abcdefghijklz", k=6)) for _ in range(40)]
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\w+", smooth_idf=False)  # the same weights
    alike = (vectorizer.fit_transform(texts) @ vectorizer.transform(asked).T).toarray()
    near = Neighbours(texts)
    for column, question in enumerate(asked):
        assert alike[near.nearest(question), column] == pytest.approx(alike[:, column].max(), abs=1e-12)
