"""Query and key by dimension: what the bars show adds up to the score, before and after turning."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from studio.insight.together import together
from studio.steps.query_key_view import QueryKeyView
from tests.attention.conftest import scene_of

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture
def view(session, look, look_at, on_screen, settled, request):
    look_at(scene_of(getattr(request, "param", "llama 3.1")))
    view = QueryKeyView(session, look)
    on_screen(view)
    settled()
    return view


@pytest.mark.parametrize("view", ["gpt2", "llama 3.1", "qwen3", "mistral"], indirect=True)
def test_the_bars_add_up_to_the_score_before_the_mask(session, view) -> None:
    scene = session.looking.scene
    for row, column in ((11, 3), (5, 5), (2, 9)):
        session.selection.lock(row=row, column=column)
        shown = view.numbers()
        scale = shown["query"].size ** -0.5
        score = shown["scores"][row, column]
        assert abs(shown["product"].sum() * scale - score) <= 1e-5
        assert np.allclose(shown["query"] * shown["key"], shown["product"])
        record = scene.capture.layers[0]
        assert np.abs(shown["query"] - record.queries[0, row]).max() <= 1e-5
        assert np.abs(shown["key"] - record.keys[0, column]).max() <= 1e-5


def test_turning_keeps_the_lengths(session, view) -> None:
    session.selection.lock(row=10, column=4)
    shown = view.numbers()
    for name in ("query", "key"):
        assert np.linalg.norm(shown[name]) == pytest.approx(np.linalg.norm(shown[f"{name}_before"]), abs=1e-5)
    assert not np.allclose(shown["query"], shown["query_before"])


def test_bars_stand_by_size_or_in_order_before_or_after(session, view) -> None:
    session.selection.lock(row=10, column=4)
    products = view.numbers()["product"]
    assert list(view.bars.order) == list(np.argsort(-np.abs(products), kind="stable"))
    view.sorting.set_value("order")
    view.sorting.changed.emit("order")
    assert list(view.bars.order) == list(range(6))
    after = view.bars.rows[2].values
    view.turning.set_value("before")
    view.turning.changed.emit("before")
    assert np.array_equal(view.bars.rows[2].ghost, after)
    assert np.array_equal(view.bars.rows[2].values, view.numbers()["product_before"])


@pytest.mark.parametrize("view", ["gpt2"], indirect=True)
def test_where_places_are_learned_nothing_is_turned(view) -> None:
    assert not view.turning.isVisible()
    assert view.pair.note.text() == ""
    assert "RoPE" not in view.explanation()


def test_pointing_at_a_bar_writes_its_product_and_leaving_the_sum(session, view, qtbot) -> None:
    session.selection.lock(row=10, column=4)
    assert view.strip.written.toPlainText().startswith("Σ q·k over 6 dimensions = ")
    bars = view.bars
    x = round(8 + 0.5 * bars.slot)
    qtbot.mouseMove(bars, QPoint(x, 60))
    first = bars.order[0]
    assert bars.dimension == first
    product = view.numbers()["product"][first]
    assert view.strip.written.toPlainText().endswith(f"{product:.4f}".replace("-", "−"))
    bars.setFocus()
    qtbot.keyClick(bars, Qt.Key.Key_Right)
    assert bars.dimension == bars.order[1]
    bars.point(-1)
    assert view.strip.written.toPlainText().startswith("Σ q·k")


def test_the_map_is_of_the_scores_and_chooses_the_pair(session, view, qtbot) -> None:
    assert np.allclose(view.map.values, view.numbers()["scores"], atol=1e-5)
    place = view.map.plane.rect_of(7, 2).center().toPoint()
    qtbot.mouseMove(view.map, place)
    assert (session.selection.value("row"), session.selection.value("column")) == (7, 2)
    qtbot.mouseClick(view.map, Qt.MouseButton.LeftButton, pos=place)
    assert (session.selection.locked("row"), session.selection.locked("column")) == (7, 2)
    words = view.explanation()
    tokens = session.looking.scene.tokens
    assert f"the query of “{tokens[7]}” and the key of “{tokens[2]}”" in words
    session.selection.lock(row=2, column=7)
    assert "hides it afterwards" in view.explanation()


def test_another_head_brings_other_numbers(session, view, settled) -> None:
    before = view.numbers()["scores"]
    session.selection.lock(layer=2, head=1)
    settled()
    assert not np.array_equal(before, view.numbers()["scores"])


def test_a_long_text_shows_the_rows_around_the_chosen_one(session, view, look_at, settled) -> None:
    look_at(scene_of("llama 3.1", " ".join(["the", "cat", "sat"] * 30)))
    session.selection.lock(row=80, column=3)
    settled()
    assert view.numbers()["scores"].shape == (26, 90)
    assert "queries 64 to 89" in view.pairs.note.text()
    shown = view.numbers()
    assert abs(shown["product"].sum() * 6**-0.5 - shown["scores"][16, 3]) <= 1e-5


def test_a_text_of_one_token_has_one_pair(session, view, look_at, settled) -> None:
    look_at(scene_of("llama 3.1", "the"))
    settled()
    assert view.numbers()["scores"].shape == (1, 1)
    assert "100 %" in view.explanation()


def test_both_themes_draw_the_bars(view, look) -> None:
    dark = view.bars.grab().toImage()
    look.set_theme("light")
    assert view.bars.grab().toImage() != dark


# --- queries and keys on one map ------------------------------------------------------------------------------------


@pytest.fixture
def map_view(view, settled):
    view.picture.set_value("together")
    view.picture.changed.emit("together")
    settled()
    return view


def test_queries_and_keys_are_points_of_one_map(session, map_view) -> None:
    walk = map_view.walker.walk
    wanted = together(walk.turned_queries, walk.turned_keys, walk.operands.hides)
    assert np.array_equal(map_view.numbers()["together"], wanted.points)
    assert len(map_view.together.map.picture.points) == 24
    assert f"{wanted.correlation:.3f}".replace("-", "−").rstrip("0") in map_view.together.note.text()
    assert "every product stays" in map_view.explanation()


def test_before_turning_the_map_is_another(map_view, settled) -> None:
    after = map_view.numbers()["together"]
    map_view.turning.set_value("before")
    map_view.turning.changed.emit("before")
    settled()
    assert not np.allclose(map_view.numbers()["together"], after)


def test_points_of_another_head_are_not_those_of_this_one(session, map_view, settled) -> None:
    walker = map_view.walker
    map_view.together.show_walk(replace(walker.walk), walker.words, True)
    assert "together" not in map_view.numbers()
    assert len(map_view.together.map.picture.points) == 0
    settled()
    assert len(map_view.together.map.picture.points) == 24
    map_view.picture.set_value("scores")
    map_view.picture.changed.emit("scores")
    session.selection.lock(layer=2, head=1)
    settled()
    assert "together" not in map_view.numbers()


def test_a_point_chooses_its_query_or_its_key(session, map_view) -> None:
    shown = map_view.together.map
    shown.hovered.emit(7)
    assert session.selection.value("row") == 7
    shown.clicked.emit(12 + 3)
    shown.clicked.emit(7)
    assert (session.selection.locked("row"), session.selection.locked("column")) == (7, 3)
    assert (shown.locked, shown.linked) == (7, (15,))
    shown.hovered.emit(-1)
    tokens = session.looking.scene.tokens
    assert f"query of “{tokens[7]}” and the key of “{tokens[3]}”" in map_view.explanation()
    assert map_view.together._label(7).startswith("q ")
    assert map_view.together._label(15).startswith("k ")


def test_both_themes_draw_the_points(map_view, look) -> None:
    dark = map_view.together.grab().toImage()
    look.set_theme("light")
    assert map_view.together.grab().toImage() != dark


# --- two models -----------------------------------------------------------------------------------------------------


@pytest.fixture
def pair(session, view, look_at, settled):
    """A and B beside one another: their scores by themselves, and the view of the difference."""
    one, other = (scene_of("llama 3.1", seed=seed) for seed in (1, 2))
    alone = []
    for scene in (one, other):
        look_at(scene)
        settled()
        session.selection.lock(row=9, column=4)
        alone.append(view.numbers())
    look_at(one, other)
    settled()
    return view, alone


def test_scores_and_products_of_two_models_are_subtracted(session, pair) -> None:
    view, (one, other) = pair
    shown = view.numbers()
    assert np.allclose(shown["scores"], one["scores"] - other["scores"])
    assert np.array_equal(shown["query_b"], other["query"])
    less = one["product"] - other["product"]
    assert np.array_equal(view.bars.rows[2].values, less)
    assert np.array_equal(view.bars.rows[0].ghost, other["query"])
    assert list(view.bars.order) == list(np.argsort(-np.abs(less), kind="stable"))
    assert view.pair.note.text() == "bars: A, lines: B"
    difference = shown["scores"][9, 4]
    assert less.sum() * 6**-0.5 == pytest.approx(difference)
    written = view.strip.written.toPlainText().splitlines()
    assert view.strip.place.text().endswith(f"A − B = {difference:.4f}".replace("-", "−"))
    assert [line[:6] for line in written] == ["A: Σ q", "B: Σ q"]
    assert f"{difference:.4f}".replace("-", "−") in view.explanation()


def test_pointing_at_a_bar_writes_both_products(pair) -> None:
    view, (one, other) = pair
    view.bars.point(2)
    written = view.strip.written.toPlainText().splitlines()
    assert written[0].endswith(f"{one['product'][2]:.4f}".replace("-", "−"))
    assert written[1].endswith(f"{other['product'][2]:.4f}".replace("-", "−"))


def test_a_difference_has_no_map_of_points_and_says_why(pair) -> None:
    view, _ = pair
    assert not view.picture._buttons["together"].isEnabled()
    assert "choose A or B" in view.picture._buttons["together"].toolTip()


def test_heads_of_two_widths_are_refused_with_the_reason(session, view, look_at, settled) -> None:
    look_at(scene_of("llama 3.1"), scene_of("llama 3.1", emb_dim=16))
    settled()
    assert "numbers wide" in view.strip.place.text()
    assert view.numbers() == {}
