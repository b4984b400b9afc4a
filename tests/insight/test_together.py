"""Queries and keys on one map: products stay, closeness follows the score, and what is said of both is measured."""

import numpy as np
import pytest

from studio.insight.together import correlation, together

pytestmark = pytest.mark.torch
RANDOM = np.random.default_rng(3)
QUERIES, KEYS = RANDOM.standard_normal((20, 8)), 5.0 * RANDOM.standard_normal((20, 8)) + 2.0
SEEN = np.tril(np.ones((20, 20), bool))


def test_the_correlation_is_numpys_over_the_pairs_that_may_be_seen() -> None:
    found = together(QUERIES, KEYS, ~SEEN, dimensions=8)
    q, k = QUERIES * found.factor, (KEYS - KEYS.mean(0)) / found.factor
    apart = ((q[:, None] - k) ** 2).sum(-1)
    scores = q @ k.T
    assert found.correlation == pytest.approx(np.corrcoef(-apart[SEEN], scores[SEEN])[0, 1], abs=1e-9)
    assert found.on_map == pytest.approx(found.correlation, abs=1e-4)  # all dimensions are on this map
    flat = together(QUERIES, KEYS, ~SEEN)
    shown = ((flat.points[:20, None] - flat.points[20:]) ** 2).sum(-1)
    assert flat.on_map == pytest.approx(np.corrcoef(-shown[SEEN], scores[SEEN])[0, 1], abs=1e-5)


def test_products_stay_but_for_a_constant_in_each_row() -> None:
    found = together(QUERIES, KEYS, ~SEEN)
    again = (QUERIES * found.factor) @ ((KEYS - KEYS.mean(0)) / found.factor).T
    less = again - QUERIES @ KEYS.T
    np.testing.assert_allclose(less, np.broadcast_to(less[:, :1], less.shape), atol=1e-9)


def test_no_other_factor_follows_the_score_better() -> None:
    found = together(QUERIES, KEYS, ~SEEN)
    q, k = QUERIES, KEYS - KEYS.mean(0)
    scores = (q @ k.T)[SEEN]
    for factor in found.factor * np.array([0.25, 0.5, 0.8, 1.25, 2.0, 4.0]):
        apart = ((q[:, None] * factor - k / factor) ** 2).sum(-1)
        assert correlation(-apart[SEEN], scores) <= found.correlation + 1e-9


def test_keys_that_are_like_their_query_lie_beside_it() -> None:
    keys = np.eye(6) * 4.0
    found = together(keys, keys, np.zeros((6, 6), bool), dimensions=6)
    apart = ((found.points[:6, None] - found.points[6:]) ** 2).sum(-1)
    assert (apart.argmin(axis=1) == np.arange(6)).all()
    assert found.correlation > 0.99


def test_a_text_of_one_token_has_a_map_and_nothing_to_correlate() -> None:
    found = together(QUERIES[:1], KEYS[:1], np.zeros((1, 1), bool))
    assert found.points.shape == (2, 2)
    assert np.isfinite(found.points).all()
    assert np.isnan(found.correlation)


def test_what_is_no_number_has_no_place_and_spoils_no_other() -> None:
    queries = QUERIES.copy()
    queries[4, 2] = np.nan
    found = together(queries, KEYS, ~SEEN)
    assert np.isnan(found.points[4]).all()
    assert np.isfinite(np.delete(found.points, 4, axis=0)).all()
    assert np.isfinite(found.correlation)
