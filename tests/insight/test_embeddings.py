"""Maps of vectors: exact components, true neighbours, places, and motion that is motion."""

import time

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.insight import embeddings
from studio.insight.capture import capture
from studio.insight.embeddings import (
    LearnedPositions,
    TurnedPositions,
    aligned,
    cosines,
    is_tied,
    neighbours,
    positions,
    principal,
    states,
)
from tests.families.conftest import shaken, tiny
from tests.insight.conftest import IDS

pytestmark = pytest.mark.torch


def slowly_decaying(rows: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.standard_normal((width, width)))[0]
    table = rng.standard_normal((rows, width)) * np.arange(1, width + 1) ** -0.3 @ turn + 3 * rng.random(width)
    return table.astype(np.float32)


def reference(table: np.ndarray, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Points and shares by a full singular value decomposition in float64."""
    centred = table.astype(np.float64) - table.astype(np.float64).mean(0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    return (left * sizes)[:, :dimensions], (sizes**2 / (sizes**2).sum())[:dimensions]


@pytest.mark.parametrize(("exact", "tolerance"), [(True, 1e-6), (False, 1e-3)])
def test_components_equal_a_full_decomposition_up_to_sign(
    exact: bool, tolerance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = slowly_decaying(6_000, 48)
    if not exact:
        monkeypatch.setattr(embeddings, "EXACT", 0)
    basis = principal(table, 3)
    wide = (table - basis.mean) @ basis.directions.T
    wanted, share = reference(table, 3)
    assert np.abs(wide * np.sign((wide * wanted).sum(0)) - wanted).max() <= tolerance
    np.testing.assert_allclose(basis.share, share, rtol=1e-5)
    assert np.abs(basis.project(table) - wide).max() <= 1e-5 * np.abs(wide).max()


def test_components_agree_with_scikit_learn() -> None:
    decomposition = pytest.importorskip("sklearn.decomposition")
    table = slowly_decaying(500, 20)
    theirs = decomposition.PCA(3, svd_solver="full").fit(table.astype(np.float64))
    ours = principal(table, 3)
    signs = np.sign((ours.directions * theirs.components_).sum(1))
    np.testing.assert_allclose(ours.directions * signs[:, None], theirs.components_, atol=1e-6)
    np.testing.assert_allclose(ours.variances, theirs.explained_variance_, rtol=1e-5)
    np.testing.assert_allclose(ours.share, theirs.explained_variance_ratio_, rtol=1e-5)


def test_the_sign_is_the_one_with_the_largest_loading_positive_every_time() -> None:
    table = slowly_decaying(300, 12)
    one, mirrored = principal(table, 3), principal(-table, 3)
    assert (one.directions[np.arange(3), np.abs(one.directions).argmax(1)] > 0).all()
    np.testing.assert_allclose(one.directions, mirrored.directions, atol=1e-8)


@pytest.mark.slow
def test_the_table_of_gpt2_small_takes_at_most_five_seconds() -> None:
    table = np.random.default_rng(0).standard_normal((50_257, 768), np.float32)
    times = []
    for _ in range(2):
        began = time.process_time()
        basis = principal(table, 3)
        times.append(time.process_time() - began)
    assert basis.directions.shape == (3, 768)
    assert min(times) <= 10.0  # of processor time: five seconds on each of two cores


def test_rows_that_are_no_numbers_are_left_out_counted_and_have_no_place() -> None:
    table = slowly_decaying(100, 8)
    clean = principal(table[1:], 2)
    table[0, 3] = np.nan
    basis = principal(table, 2)
    assert basis.left_out == 1
    np.testing.assert_allclose(basis.directions, clean.directions, atol=1e-9)
    points = basis.project(table)
    assert np.isnan(points[0]).all()
    assert np.isfinite(points[1:]).all()


def test_more_dimensions_than_there_are_give_those_there_are() -> None:
    assert principal(slowly_decaying(10, 2), 3).directions.shape == (2, 2)
    same = principal(np.ones((4, 3), np.float32), 2)
    assert same.share.tolist() == [0, 0]
    with pytest.raises(StudioError, match="fewer than two"):
        principal(np.ones((1, 3), np.float32))


def test_a_map_made_for_another_width_is_refused() -> None:
    with pytest.raises(StudioError, match=r"8 numbers.*12"):
        principal(slowly_decaying(50, 12)).project(slowly_decaying(50, 8))


@pytest.mark.parametrize("by", ["cosine", "euclidean"])
def test_neighbours_equal_brute_force_in_the_original_space(by: str) -> None:
    table = slowly_decaying(400, 16)
    wide = table.astype(np.float64)
    for row in (0, 17, 399):
        if by == "cosine":
            far = -(wide @ wide[row]) / np.linalg.norm(wide, axis=1) / np.linalg.norm(wide[row])
        else:
            far = np.linalg.norm(wide - wide[row], axis=1)
        wanted = [int(n) for n in np.argsort(far, kind="stable") if n != row][:10]
        found = neighbours(table, row, 10, by)
        assert list(found.ids) == wanted
        np.testing.assert_allclose(found.closeness, np.abs(far[wanted]), atol=1e-5)


def test_equals_come_in_the_order_of_their_ids_and_zero_vectors_not_at_all() -> None:
    table = np.array([[1, 0], [0, 1], [2, 0], [0, 0], [4, 0], [np.nan, 1]], np.float32)
    found = neighbours(table, 2, 10)
    assert found.ids == (0, 4, 1)
    assert found.left_out == 2
    with pytest.raises(StudioError, match="no direction"):
        neighbours(table, 3)
    assert neighbours(table, 3, 2, "euclidean").ids == (0, 1)
    with pytest.raises(StudioError, match="by “taste”"):
        neighbours(table, 0, by="taste")


def test_a_tie_of_both_tables_is_known() -> None:
    assert is_tied(shaken(tiny("gpt2")))
    assert not is_tied(shaken(tiny("gpt2 untied")))


def test_states_at_every_layer_are_those_of_the_stream(gpt2) -> None:
    captured = capture(gpt2, IDS)
    assert np.array_equal(states(captured, 0), captured.embedding)
    assert np.array_equal(states(captured, 3), captured.layers[2].after)
    with pytest.raises(StudioError, match="3 layers"):
        states(captured, 4)


# --- positions --------------------------------------------------------------------------------------------------------


def test_learned_positions_are_compared_by_true_cosines(gpt2) -> None:
    found = positions(gpt2)
    assert isinstance(found, LearnedPositions)
    table = gpt2.embed_positions.weight.detach().double().numpy()
    even = table / np.linalg.norm(table, axis=1, keepdims=True)
    np.testing.assert_allclose(found.cosines, even @ even.T, atol=1e-6)
    assert np.array_equal(found.cosines, found.cosines.T)
    assert (np.diag(found.cosines) == 1).all()
    assert np.abs(found.cosines).max() <= 1
    np.testing.assert_allclose(found.lengths, np.linalg.norm(table, axis=1), rtol=1e-6)
    assert found.points.shape == (96, 3)


def test_a_zero_place_is_at_right_angles_to_every_other() -> None:
    assert cosines(np.array([[0, 0], [3, 4]], np.float32)).tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize("name", ["llama 2", "llama 3.1", "llama stretched", "gemma"])
def test_a_family_without_a_table_shows_how_it_turns(name: str) -> None:
    from studio.layers.rotary import frequencies

    found = positions(shaken(tiny(name)), 50)
    assert isinstance(found, TurnedPositions)
    radians = frequencies(tiny(name)).double().numpy()
    np.testing.assert_allclose(found.radians, radians, atol=1e-6)
    wanted = np.cos(np.outer(np.arange(50), radians)).mean(1)
    np.testing.assert_allclose(found.by_distance, wanted, atol=1e-5)
    assert found.by_distance[0] == 1


# --- through time -----------------------------------------------------------------------------------------------------


def test_a_turned_table_lies_back_on_the_other() -> None:
    table = slowly_decaying(300, 16)
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((16, 16)))[0]
    turned = (table @ turn).astype(np.float32)
    assert np.abs(turned - table).max() > 1
    assert np.abs(aligned(turned, table) - table).max() <= 1e-4
