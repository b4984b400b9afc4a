"""Maps of many vectors: exact where they can be, stated where they are of a part, and honest about what they keep."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.insight import embeddings, projection
from studio.insight.capture import capture
from studio.insight.embeddings import basis_of, neighbours, principal, spread, together
from studio.insight.projection import (
    STAGE,
    STAGES,
    Wish,
    joint_basis,
    measured,
    project,
    project_as,
    subset,
    table_of,
    trust,
    usable,
)
from tests.families.conftest import shaken, tiny
from tests.insight.conftest import IDS

pytestmark = pytest.mark.torch
RNG = np.random.default_rng(0)


def groups(each: int = 30, width: int = 12) -> np.ndarray:
    """Four tight groups far apart in a space that two directions cannot hold."""
    rng = np.random.default_rng(5)
    middles = 8 * np.eye(4, width)
    return np.concatenate([middle + rng.standard_normal((each, width)) for middle in middles]).astype(np.float32)


def last(table: np.ndarray, wish: Wish, **more: object) -> projection.Projection:
    return list(project(measured("tokens", table), wish, **more))[-1]  # type: ignore[arg-type]


# --- principal components -------------------------------------------------------------------------------------------


def test_components_equal_scikit_learns_full_ones_up_to_sign() -> None:
    decomposition = pytest.importorskip("sklearn.decomposition")
    table = (RNG.standard_normal((3_000, 40)) * np.arange(1, 41) ** -0.3).astype(np.float32)
    found = last(table, Wish())
    theirs = decomposition.PCA(3, svd_solver="full").fit(table.astype(np.float64))
    wanted = theirs.transform(table.astype(np.float64))
    assert found.basis is not None
    exact = (table - found.basis.mean) @ found.basis.directions.T
    signs = np.sign((exact * wanted).sum(0))
    assert np.abs(exact * signs - wanted).max() <= 1e-6
    assert np.abs(found.points * signs - wanted).max() <= 1e-6 * max(1.0, np.abs(wanted).max())
    np.testing.assert_allclose(found.share, theirs.explained_variance_ratio_, rtol=1e-5)


def test_all_tokens_are_on_the_map_but_zeros_and_what_is_no_number() -> None:
    table = groups()
    table[[3, 50]] = 0
    table[7, 2] = np.nan
    found = last(table, Wish())
    assert (found.chosen, found.left_out, found.rule) == (117, 3, "")
    assert np.isnan(found.points[[3, 7, 50]]).all()
    assert np.isfinite(np.delete(found.points, [3, 7, 50], axis=0)).all()
    whole = np.delete(table, [3, 7, 50], axis=0)
    np.testing.assert_allclose(found.basis.directions, principal(whole, 3).directions, atol=1e-9)


def test_the_first_picture_comes_before_its_honesty_is_measured() -> None:
    made = list(project(measured("tokens", groups()), Wish()))
    assert [bool(one.recall) for one in made] == [False, True]
    assert set(made[-1].recall) == {2, 3}
    assert made[-1].recall[3] >= made[-1].recall[2]


@pytest.mark.parametrize("rows", [256, 256_000])
def test_a_vocabulary_of_any_size_is_mapped(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "SAMPLE", 20)
    table = RNG.standard_normal((rows, 8), np.float32)
    found = last(table, Wish())
    assert found.chosen == rows
    assert found.points.shape == (rows, 3)
    assert 0 <= found.recall[2] <= found.recall[3] <= 1


def test_pieces_add_up_to_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    table = groups()
    one = spread(table)
    monkeypatch.setattr(embeddings, "ROWS", 7)
    np.testing.assert_allclose(spread(table).products, one.products, rtol=1e-12)
    np.testing.assert_allclose(principal(table).project(table), basis_of(one).project(table), atol=1e-5)
    parts = together([spread(table[:50]), spread(table[50:])])
    np.testing.assert_allclose(parts.products, one.products, rtol=1e-9, atol=1e-6)
    assert parts.count == len(table)


def test_a_joint_basis_is_that_of_all_rows_together() -> None:
    one, other = groups(), groups() * 1.7 + 3
    found = joint_basis(iter([one, other]), 2)
    wanted = principal(np.concatenate([one, other]), 2)
    np.testing.assert_allclose(found.directions, wanted.directions, atol=1e-6)
    np.testing.assert_allclose(found.share, wanted.share, rtol=1e-6)


# --- how far a map can be trusted -------------------------------------------------------------------------------------


def test_trust_is_the_share_of_true_neighbours_that_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    table = groups(20)
    points = principal(table, 2).project(table)
    assert trust(table, [table, points])[0] == 1.0
    monkeypatch.setattr(projection, "SAMPLE", len(table))
    kept = [
        len({*neighbours(table, row, 10, "euclidean").ids} & {*neighbours(points, row, 10, "euclidean").ids}) / 10
        for row in range(len(table))
    ]
    assert trust(table, [points])[0] == pytest.approx(np.mean(kept), abs=1e-9)


def test_trust_is_measured_among_the_points_on_the_map() -> None:
    table = groups(20)
    part = np.full((len(table), 2), np.nan, np.float32)
    part[::2] = table[::2, :2]
    assert trust(table, [part])[0] == pytest.approx(trust(table[::2], [part[::2]])[0])
    assert np.isnan(trust(table, [np.full((len(table), 2), np.nan, np.float32)])[0])


# --- the slower methods --------------------------------------------------------------------------------------------


def test_tsne_keeps_more_neighbours_than_two_components_and_comes_in_stages() -> None:
    pytest.importorskip("sklearn")
    told: list[tuple[int, int]] = []
    table = groups(15)
    made = list(project(measured("tokens", table), Wish("tsne"), progress=lambda *at: told.append(at)))
    assert [one.iterations for one in made] == [*range(STAGE, STAGE * STAGES + 1, STAGE), STAGE * STAGES]
    assert told[-1] == (STAGE * STAGES, STAGE * STAGES)
    assert made[-1].recall[2] > last(table, Wish()).recall[2]
    assert made[-1].share == ()
    again = last(table, Wish("tsne"))
    np.testing.assert_array_equal(again.points, made[-1].points)


def test_tsne_can_be_called_off_between_two_stages_and_within_one() -> None:
    pytest.importorskip("sklearn")
    going, asked = [True], [0]

    def keep_going() -> bool:
        asked[0] += 1
        return going[0]

    made = project(measured("tokens", groups(15)), Wish("tsne"), keep_going=keep_going)
    assert next(made).iterations == STAGE
    assert asked[0] >= STAGE // 50
    before = asked[0]
    going[0] = False
    assert list(made) == []
    made = project(measured("tokens", groups(15)), Wish("tsne"), keep_going=lambda: next(answers))
    answers = iter([True, True, True, False])  # the components that it starts from, then two looks of the solver
    assert list(made) == []
    assert next(answers, "none left") == "none left"
    assert asked[0] <= before + 2


@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_three_points_are_a_sentence_and_no_invented_picture(method: str) -> None:
    with pytest.raises(StudioError, match=r"at least 10 vectors; there are 3"):
        list(project(measured("tokens", groups()[:3]), Wish(method)))


def test_one_vector_is_a_sentence_too() -> None:
    with pytest.raises(StudioError, match="at least 2"):
        list(project(measured("tokens", np.ones((1, 4), np.float32)), Wish()))
    with pytest.raises(StudioError, match="no map called"):
        list(project(measured("tokens", groups()), Wish("taste")))


def test_a_part_is_stated_seeded_and_holds_what_comes_most_often() -> None:
    good = np.ones(500, bool)
    good[4] = False
    counts = np.zeros(500, np.int64)
    counts[[400, 3, 4, 77]] = [9, 8, 99, 7]
    rows, rule = subset(good, 40, 0, counts)
    assert len(rows) == 40
    assert {400, 3, 77} <= set(rows.tolist())
    assert 4 not in rows
    assert rule == "40 of 499: the 3 most frequent, 37 drawn with seed 0"
    assert np.array_equal(rows, subset(good, 40, 0, counts)[0])
    assert not np.array_equal(rows, subset(good, 40, 1, counts)[0])
    assert subset(good, 40, 0)[1] == "40 of 499, drawn with seed 0"
    assert subset(good, 499, 0) == (pytest.approx(np.flatnonzero(good)), "")


def test_points_outside_the_part_have_no_place() -> None:
    pytest.importorskip("sklearn")
    found = last(groups(), Wish("tsne", limit=40))
    assert found.chosen == 40
    assert np.isfinite(found.points).all(axis=1).sum() == 40
    assert "40 of 120" in found.rule


def test_umap_is_used_where_it_is_installed_and_named_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, object] = {}

    class UMAP:
        def __init__(self, **wish: object) -> None:
            asked.update(wish)

        def fit_transform(self, table: np.ndarray) -> np.ndarray:
            return table[:, : int(str(asked["n_components"]))]

    monkeypatch.setitem(sys.modules, "umap", SimpleNamespace(UMAP=UMAP))  # type: ignore[arg-type]
    table = groups()
    found = last(table, Wish("umap", dimensions=3, limit=50))
    rows = np.isfinite(found.points).all(axis=1)
    np.testing.assert_array_equal(found.points[rows], table[rows, :3])
    assert asked == {"n_components": 3, "n_neighbors": 15, "min_dist": 0.1, "random_state": 0}
    monkeypatch.setitem(sys.modules, "umap", None)  # type: ignore[arg-type]
    with pytest.raises(StudioError, match="not installed"):
        last(table, Wish("umap"))


# --- which vectors ----------------------------------------------------------------------------------------------------


def test_tables_are_the_models_own_numbers_and_a_tie_is_stated() -> None:
    tied, free = shaken(tiny("gpt2")), shaken(tiny("gpt2 untied"))
    seen = capture(free, IDS)
    tokens, head = table_of(free, seen, "tokens"), table_of(free, seen, "head")
    assert np.array_equal(tokens.vectors, free.embed_tokens.weight.detach().numpy())
    assert np.array_equal(head.vectors, free.lm_head.weight.detach().numpy())
    assert not tokens.tied
    assert table_of(tied, capture(tied, IDS), "head").tied
    np.testing.assert_allclose(tokens.lengths, np.linalg.norm(tokens.vectors, axis=1), rtol=1e-6)
    assert not tokens.vectors.flags.writeable


def test_states_are_those_of_any_layer_and_places_those_of_the_table() -> None:
    model = shaken(tiny("gpt2"))
    seen = capture(model, IDS)
    for layer, wanted in enumerate(seen.residual):
        assert np.array_equal(table_of(model, seen, "states", layer).vectors, wanted)
    places = table_of(model, seen, "positions").vectors
    assert np.array_equal(places, model.embed_positions.weight.detach().numpy())
    with pytest.raises(StudioError, match="no table of positions"):
        table_of(shaken(tiny("llama 2")), seen, "positions")


def test_what_has_no_direction_is_found_in_any_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    table = groups()
    table[[0, 100]] = 0
    table[64] = np.inf
    wanted = sorted(set(range(len(table))) - {0, 64, 100})
    assert np.flatnonzero(usable(table)).tolist() == wanted
    monkeypatch.setattr(projection, "ROWS", 11)
    assert np.flatnonzero(usable(table)).tolist() == wanted


def test_the_method_by_its_name_is_the_same_map() -> None:
    table = measured("tokens", groups())
    one, other = list(project_as(table, "pca"))[-1], list(project(table, Wish()))[-1]
    np.testing.assert_array_equal(one.points, other.points)
