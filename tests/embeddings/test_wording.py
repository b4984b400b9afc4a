"""What maps and ways say of themselves: counts, shares and reasons, from the numbers they were given."""

from types import SimpleNamespace

import numpy as np
import pytest

from studio.embeddings import map_words, two_places, way_words
from studio.embeddings.way_tools import WayWish
from studio.embeddings.wishes import MapWish, map_key, table_key
from studio.maps.colours import signed_text

POINTS = np.array([[0.5, -1.0, 2.0], [np.nan, 0.0, 0.0]], np.float32)


def projection(**more):
    wish = MapWish(method=more.pop("method", "pca"))
    made = {"wish": wish, "chosen": 2, "rule": "", "share": (0.5, 0.25, 0.1), "points": POINTS, "recall": {2: 0.42},
            "left_out": 0, "sampled": 100, "iterations": 0}  # fmt: skip
    return SimpleNamespace(**{**made, **more})


def test_a_map_says_how_much_of_the_truth_it_holds() -> None:
    said = map_words.honesty(projection(left_out=1, rule="2 of 9 tokens"), MapWish())
    assert said == (
        "2 of 9 tokens · 2 components hold 75 % of the variance · nearest ten kept 42 % · 1 zero vector left out"
    )
    bare = projection(share=(), recall={2: float("nan")}, left_out=1_200)
    assert map_words.honesty(bare, MapWish()) == "1,200 zero vectors left out"
    assert map_words.title_of(projection(), MapWish("states")) == "2 states"
    assert "for 100 points" in map_words.honesty_tip(projection())


def test_a_place_on_the_map_is_told_with_its_numbers_or_that_it_has_none() -> None:
    assert "“cat” is a vector x of 768 numbers" in map_words.place_words(projection(), MapWish(), 0, "cat", 768)
    assert "(0.500, -1.000)" in map_words.place_words(projection(), MapWish(), 0, "cat", 768)
    assert map_words.place_words(projection(), MapWish(), 1, "cat", 768) == "“cat” is not on this map."
    by_neighbours = projection(share=(), method="tsne")
    assert "t-SNE keeps neighbours together" in map_words.place_words(by_neighbours, MapWish(), 0, "cat", 768)


def test_progress_is_that_of_the_method_that_was_asked_for() -> None:
    wish = MapWish(method="tsne")
    assert map_words.progress_words(None, wish) == "t-SNE is being computed…"
    assert map_words.progress_words(projection(), wish) == "t-SNE is being computed…"
    assert map_words.progress_words(projection(method="tsne", iterations=250), wish) == "t-SNE, 250 iterations so far…"


def test_bars_of_neighbours_are_cosines_or_shares_of_the_nearest_distance() -> None:
    near = SimpleNamespace(ids=(4, 5), closeness=(0.9, -0.2))
    assert [one[3] for one in map_words.near_rows(near, "cosine", str)] == [0.9, 0.0]
    far = SimpleNamespace(ids=(4, 5), closeness=(0.5, 2.0))
    assert [one[3] for one in map_words.near_rows(far, "euclidean", str)] == [1.0, 0.25]
    assert map_words.near_words("cosine", 768, 3) == "cosine in all 768 dimensions · 3 without a direction left out"


def test_a_map_is_found_again_by_all_that_it_depends_on_and_nothing_else() -> None:
    scene = SimpleNamespace(checksum="abc", capture=SimpleNamespace(ids=(1, 2)))
    other = SimpleNamespace(checksum="abc", capture=SimpleNamespace(ids=(3,)))
    assert table_key(scene, MapWish()) == table_key(other, MapWish())
    assert table_key(scene, MapWish("states", 1)) != table_key(other, MapWish("states", 1))
    assert table_key(scene, MapWish("states", 1)) != table_key(scene, MapWish("states", 2))
    assert map_key(scene, MapWish(dimensions=3)) == map_key(scene, MapWish())
    assert map_key(scene, MapWish(method="tsne", dimensions=3)) != map_key(scene, MapWish(method="tsne"))


# --- ways -----------------------------------------------------------------------------------------------------------


def way(**more):
    moved = np.array([4.0, 1.0, 0.0, np.nan], np.float32)
    legs = np.array([[1.0, 0.5, 0.0, np.nan], [3.0, 0.5, 0.0, np.nan]], np.float32)
    made = {"steps": (0, 10, 1_000), "points": np.zeros((3, 4, 3)), "legs": legs, "moved": moved, "kept": False,
            "share": (0.5, 0.2, 0.1), "turned": False, "busiest": lambda row: (1, 2, 0.75),
            "since": lambda place: legs[:place].sum(axis=0)}  # fmt: skip
    return SimpleNamespace(**{**made, **more})


def test_a_way_is_told_beside_the_median_and_when_most_of_it_was_gone() -> None:
    said = way_words.story(way(), 0, "cat")
    assert said == "“cat” moved 4, 4 times the median. 75 % of its way lies between steps 10 and 1,000."
    assert way_words.story(way(), 2, "cat") == "“cat” did not move."
    assert "not among the tokens that are followed" in way_words.story(way(), 3, "cat")
    assert "lies between" not in way_words.story(way(steps=(0, 10)), 0, "cat")


def test_a_way_says_its_basis_its_distances_and_the_dimensions_it_knows() -> None:
    assert way_words.title_of(way()) == "3 tokens, 3 moments"
    assert way_words.honesty(way(), WayWish()) == "basis of the last moment · 2 components hold 70 % of its variance"
    assert way_words.honesty(way(turned=True), WayWish()).endswith("turned onto the last (Procrustes)")
    assert way_words.movers_note(way()) == "Distance from step 0 to 1,000 in all dimensions, not on the map."
    assert "components that snapshots keep" in way_words.movers_note(way(kept=True))
    assert way_words.distance_words(way(kept=True)) == "moved, on the kept components"
    assert "is 4 long at step 1,000" in way_words.explanation(way(), 2, 0, str)
    assert "directions that stay fixed" in way_words.explanation(way(), 2, 3, str)


# --- two models' places ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "words"), [(0.25, "+0.2500"), (-0.25, "−0.2500"), (float("nan"), "NaN")])
def test_a_difference_always_has_its_sign(value: float, words: str) -> None:
    assert signed_text(value) == words


def test_both_operands_stand_in_every_sentence_about_two_tables() -> None:
    a, b = (SimpleNamespace(cosines=np.full((2, 2), size), lengths=np.full(2, size)) for size in (0.75, 0.5))
    found = SimpleNamespace(a=a, b=b, lengths=np.zeros(2), apart=np.array([0.1, 0.2]), widths=(8, 16))
    assert two_places.learned_words(found, 0, 1) == "cos(p0, p1): A 0.7500 − B 0.5000 = +0.2500."
    said = two_places.learned_words(found, 1, -1)
    assert said.startswith("Length of the vector of position 1: A 0.7500 − B 0.5000 = +0.2500.")
    assert said.endswith("the two vectors are 0.2000 apart.")
    assert "Vectors of 8 numbers in A and of 16 in B" in two_places.width_words(found)
    assert two_places.beyond_words("A − B", 3) == "A − B; 3 more have only one of the two"
    assert two_places.beyond_words("A − B", 0) == "A − B"
