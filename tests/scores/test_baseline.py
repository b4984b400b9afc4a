"""Baselines: what counting words finds, a class that is not shown, and texts that hold nothing."""

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.scores.baseline import Baseline, constant, majority, tfidf_classifier, tfidf_regressor

TEXTS = ["win a prize now", "free prize call now", "see you at lunch", "lunch at one", "call your mother", "win free"]
LABELS = np.array([1, 1, 0, 0, 0, 1])


def weighed(asked: list[str]) -> tuple[object, object]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", sublinear_tf=True)
    return vectorizer.fit_transform(TEXTS), vectorizer.transform(asked)


def test_the_majority_is_the_most_frequent_class_and_the_first_of_equals() -> None:
    assert majority([2, 0, 2, 1]) == Baseline(2, 0.5)
    assert majority([1, 0]) == Baseline(0, 0.5)
    assert majority([3]).guess(2).tolist() == [3, 3]


def test_the_constant_is_the_mean() -> None:
    assert constant([1.0, 2.0, 6.0]) == 3


def test_word_counts_classify_as_scikit_learn_does_by_itself() -> None:
    from sklearn.linear_model import LogisticRegression

    asked = ["a free prize", "lunch with mother", "nothing of this was seen"]
    train, rows = weighed(asked)
    wanted = LogisticRegression(C=10.0, max_iter=1_000).fit(train, LABELS).predict_proba(rows)
    found = tfidf_classifier(TEXTS, LABELS, asked)
    assert np.allclose(found, wanted, rtol=0, atol=1e-9)
    assert found.argmax(1)[:2].tolist() == [1, 0]


def test_word_counts_guess_numbers_as_scikit_learn_does_by_itself() -> None:
    from sklearn.linear_model import Ridge

    values = np.array([1.0, 2.0, 30.0, 40.0, 50.0, 3.0])
    train, rows = weighed(["win a prize", "lunch"])
    found = tfidf_regressor(TEXTS, values, ["win a prize", "lunch"])
    assert np.allclose(found, Ridge(alpha=1.0, solver="lsqr").fit(train, values).predict(rows), rtol=0, atol=1e-9)
    assert found[0] < found[1]


def test_a_class_that_no_training_row_shows_has_probability_zero() -> None:
    found = tfidf_classifier(TEXTS, LABELS * 2, ["prize"], classes=4)
    assert found.shape == (1, 4)
    assert found[0, [1, 3]].tolist() == [0, 0]
    assert found.sum() == pytest.approx(1)


def test_a_single_class_is_certain() -> None:
    assert tfidf_classifier(TEXTS, np.ones(6, int), ["lunch"]).tolist() == [[0, 1]]


def test_rows_with_several_classes_are_learned_column_by_column() -> None:
    marks = np.stack([LABELS, 1 - LABELS, np.ones(6, int)], 1).astype(bool)
    found = tfidf_classifier(TEXTS, marks, ["prize", "lunch"])
    assert found.shape == (2, 3)
    assert np.allclose(found[:, 0], tfidf_classifier(TEXTS, LABELS, ["prize", "lunch"])[:, 1])
    assert found[:, 2].tolist() == [1, 1]


def test_no_texts_to_guess_give_no_guesses() -> None:
    assert tfidf_classifier(TEXTS, LABELS, []).shape == (0, 2)
    assert tfidf_regressor(TEXTS, LABELS.astype(float), []).shape == (0,)


def test_training_texts_without_words_are_refused() -> None:
    for fit in (lambda: tfidf_classifier(["", "…"], [0, 1], ["a"]), lambda: tfidf_regressor(["", "!"], [0, 1], ["a"])):
        with pytest.raises(StudioError, match="holds a word"):
            fit()


def test_no_rows_too_few_labels_and_nan_are_refused() -> None:
    for find in (majority, constant, lambda labels: tfidf_classifier([], labels, ["a"])):
        with pytest.raises(StudioError, match="no rows"):
            find([])
    with pytest.raises(StudioError, match="6 rows on one side and 2"):
        tfidf_classifier(TEXTS, [0, 1], ["a"])
    with pytest.raises(StudioError, match="not numbers"):
        tfidf_regressor(TEXTS, [1, 2, 3, 4, 5, np.nan], ["a"])
    with pytest.raises(StudioError, match="whole number"):
        majority([0.5, 1.0])
    with pytest.raises(StudioError, match="label -1"):
        majority([0, -1])
