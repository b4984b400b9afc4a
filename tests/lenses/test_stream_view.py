"""The map and the table show what was measured; scrubbing shows what a snapshot kept; two models show a difference."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from studio.insight.layer_health import layer_health
from studio.lenses.stream_numbers import MEASURES, difference_of, map_of
from studio.lenses.stream_view import StreamView
from tests.lenses.trained import STEPS, Stage

pytestmark = [pytest.mark.gui, pytest.mark.torch]


def shown_on(stage: Stage) -> StreamView:
    stage.look_at()
    view: StreamView = stage.show(StreamView)
    stage.until(lambda: view.shown is not None)
    return view


@pytest.fixture
def view(stage: Stage) -> StreamView:
    return shown_on(stage)


def wanted(stage: Stage) -> Any:
    return layer_health(stage.looking.scene.model, stage.looking.scene.capture)


def choose(view: StreamView, measure: str) -> None:
    view.measure.set_value(measure)
    view.measure.changed.emit()


@pytest.mark.parametrize("measure", [name for name, _ in MEASURES if name != "training"])
def test_each_measure_is_drawn_with_its_own_numbers(view: StreamView, stage: Stage, measure: str) -> None:
    found = wanted(stage)
    numbers = {
        "norms": found.stream.norms, "attention": found.stream.attention_share,
        "feed_forward": found.stream.feed_forward_share, "turning": found.stream.turning, "peaks": found.peaks,
        "spread": found.spread, "nan": found.stream.nan,
    }[measure]  # fmt: skip
    choose(view, measure)
    np.testing.assert_allclose(view.map.values, numbers, rtol=1e-6)
    assert view.bar.label == view.shown.words  # type: ignore[union-attr]
    low, high = view.map.colouring.limits
    assert low <= np.nanmin(numbers)
    assert high >= np.nanmax(numbers) - 1e-6


def test_the_table_holds_every_layer_with_its_means(view: StreamView, stage: Stage) -> None:
    found, rows = wanted(stage), view.table.rows()
    assert [row.name for row in rows] == ["embedding", "layer 0", "layer 1"]
    assert rows[1].length == pytest.approx(float(found.stream.norms[1].mean()))
    assert rows[2].off == pytest.approx(found.off[1])
    assert rows[2].spread == pytest.approx(float(found.spread[1].mean()))
    words = [view.table.model().index(0, column).data() for column in range(9)]
    assert words.count("–") == 5  # the embedding adds nothing to itself
    assert view.numbers()["sharpness"].shape == (len(stage.looking.scene.tokens),)


def test_a_cell_fills_the_formula_and_moves_the_selection(view: StreamView, stage: Stage) -> None:
    view.map.hovered.emit(2, 4)
    assert stage.session.selection.value("layer") == 1
    assert stage.session.selection.value("row") == 4
    assert view.map.pointed == (2, 4)
    assert f"{wanted(stage).stream.norms[2, 4]:.4f}"[:5] in view.explanation()
    view.map.clicked.emit(1, 3)
    assert stage.session.selection.locked("layer") == 0
    choose(view, "peaks")
    view.map.hovered.emit(2, 4)
    assert f"number {wanted(stage).peak_places[2, 4] + 1} of the width" in view.explanation()


def test_a_map_of_heads_points_at_heads(view: StreamView, stage: Stage) -> None:
    choose(view, "spread")
    view.map.clicked.emit(1, 0)
    selection = stage.session.selection
    assert (selection.locked("layer"), selection.locked("head"), selection.locked("row")) == (1, 0, None)
    assert view.map.locked == (1, 0)


def test_a_row_of_the_table_locks_its_layer(view: StreamView, stage: Stage, qtbot: Any) -> None:
    at = view.table.visualRect(view.table.model().index(2, 0)).center()
    qtbot.mouseClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert stage.session.selection.locked("layer") == 1


def test_scrubbing_shows_the_lengths_over_the_run(view: StreamView, stage: Stage) -> None:
    stage.until(lambda: bool(stage.looking.film.steps))
    stage.looking.film.go(6)
    stage.until(lambda: view.shown is not None and view.shown.axes[1] == "step" and len(view.shown.columns) == 5)
    series = stage.looking.film.all()
    np.testing.assert_allclose(view.map.values, series.stream.T)
    assert view.map.pointed[1] == list(stage.looking.film.steps).index(6)
    kept = stage.looking.film.snapshot.stream
    assert view.table.model().index(1, 1).data() == f"{kept[1]:.2f}"
    assert view.table.model().index(1, 2).data() == "–"
    assert "at step 6" in view.said.text()
    view.map.clicked.emit(1, 0)
    stage.until(lambda: stage.looking.film.step == stage.looking.film.steps[0])
    stage.looking.film.go(None)
    stage.until(lambda: view.shown is not None and view.shown.axes[1] == "token")


def test_two_models_show_their_difference_and_swapping_negates_it(view: StreamView, stage: Stage) -> None:
    stage.looking.compare_with(stage.subject(3))
    stage.until(lambda: view.shown is not None and view.shown.colouring.signed)
    a, b = (layer_health(one.model, one.capture) for one in (stage.looking.scene, stage.looking.other))
    np.testing.assert_allclose(view.map.values, a.stream.norms.astype(np.float64) - b.stream.norms)
    tokens = stage.looking.scene.tokens
    for measure in ("norms", "turning", "peaks"):
        np.testing.assert_array_equal(
            difference_of(a, b, measure, tokens).values, -difference_of(b, a, measure, tokens).values
        )
        assert (difference_of(a, a, measure, tokens).values == 0).all()


def test_a_model_without_snapshots_has_no_film_to_choose(stage: Stage) -> None:
    stage.look_at(STEPS)
    stage.looking.film.follow(None)
    view: StreamView = stage.show(StreamView)
    assert view.measure.findData("training") < 0


def test_weights_that_are_no_numbers_are_counted_in_the_map(stage: Stage) -> None:
    import torch

    from studio.insight.capture import capture

    scene = stage.look_at()
    with torch.no_grad():
        scene.model.layers[0].mlp.down_proj.weight[0, 0] = float("nan")
    found = layer_health(scene.model, capture(scene.model, scene.capture.ids))
    shown = map_of(found, "nan", scene.tokens)
    assert (shown.values[1:] > 0).all()
    assert (shown.values[0] == 0).all()
    assert np.isnan(map_of(found, "norms", scene.tokens).values[1:]).all()


def test_nothing_of_the_former_text_is_told_while_the_next_is_measured(view: StreamView, stage: Stage) -> None:
    assert view.numbers()
    view.own.ask("another", wanted, stage)
    assert (view.numbers(), view._rows(), view._words()) == ({}, [], "")
    stage.settle()
