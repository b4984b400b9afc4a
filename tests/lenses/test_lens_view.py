"""The table shows what the engine computed, follows one selection, and tells of every cell with its own numbers."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from studio.insight import comparison, lens
from studio.lenses.lens_numbers import MEASURES, drawn, row_words
from studio.lenses.lens_view import LensView
from studio.seeing.shown_text import text_of
from tests.lenses.trained import STEPS, Stage

pytestmark = [pytest.mark.gui, pytest.mark.torch]


def shown_on(stage: Stage) -> LensView:
    stage.look_at()
    view: LensView = stage.show(LensView)
    stage.until(lambda: view.shown is not None)
    return view


@pytest.fixture
def view(stage: Stage) -> LensView:
    return shown_on(stage)


def wanted(stage: Stage, **wish: Any) -> lens.Lens:
    scene = stage.looking.scene
    return lens.lens(scene.model, scene.capture, **wish)


def center(view: LensView, row: int, column: int) -> QPoint:
    return view.table.cell_rect(row, column).center().toPoint()


def test_every_cell_is_the_likeliest_token_and_its_number(view: LensView, stage: Stage) -> None:
    found, tokenizer = wanted(stage), stage.looking.scene.tokenizer
    cells = view.table.cells
    assert list(cells.rows) == ["embedding", "layer 0", "layer 1"]
    assert cells.texts[2][4] == tokenizer.token_text(int(found.ids[2, 4, 0]))
    np.testing.assert_array_equal(cells.values, found.probabilities[:, :, 0])
    assert cells.hits is not None
    assert cells.hits[-1].tolist() == (found.rank[-1] == 0).tolist()
    for name in ("ids", "probabilities", "entropy", "divergence", "rank", "tracked"):
        np.testing.assert_array_equal(view.numbers()[name], getattr(found, name))


@pytest.mark.parametrize("measure", [name for name, _ in MEASURES])
def test_each_measure_colours_by_its_own_numbers(view: LensView, stage: Stage, measure: str) -> None:
    found = wanted(stage)
    numbers = {
        "probability": found.probabilities[:, :, 0], "entropy": found.entropy, "divergence": found.divergence,
        "rank": np.where(found.rank < 0, np.nan, np.log10(np.maximum(found.rank, 0) + 1.0)), "tracked": found.tracked,
    }[measure]  # fmt: skip
    view.measure.set_value(measure)
    view.measure.changed.emit()
    np.testing.assert_allclose(view.table.cells.values, numbers, rtol=1e-6)
    assert view.bar.label
    low, high = view.bar.colouring.limits
    assert low <= np.nanmin(numbers)
    assert high >= np.nanmax(numbers) - 1e-6


def test_pointing_at_a_cell_tells_its_five_likeliest_and_fills_the_formula(
    view: LensView, stage: Stage, qtbot: Any
) -> None:
    found = wanted(stage)
    qtbot.mouseMove(view.table.viewport(), center(view, 0, 2))
    qtbot.mouseMove(view.table.viewport(), center(view, 1, 5))
    assert stage.session.selection.value("row") == 5
    assert stage.session.selection.value("layer") == 0
    assert [choice.id for choice in view.side.bars.choices] == found.ids[1, 5].tolist()
    assert view.side.facts.texts()["KL to the last row"] == f"{found.divergence[1, 5]:.4f} nats"
    assert f"{found.divergence[1, 5]:.4f} nats" in view.explanation()
    assert "layer 0" in view.explanation()


def test_a_click_locks_and_leaving_brings_the_locked_cell_back(view: LensView, stage: Stage, qtbot: Any) -> None:
    selection = stage.session.selection
    qtbot.mouseClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=center(view, 1, 3))
    assert (selection.locked("row"), selection.locked("layer")) == (3, 0)
    qtbot.mouseMove(view.table.viewport(), center(view, 2, 6))
    assert view.cell == (2, 6)
    view.table.hovered.emit(-1, -1)
    assert view.cell == (1, 3)
    selection.free()
    assert view.cell == (2, len(stage.looking.scene.tokens) - 2)


def test_the_embedding_can_be_locked_although_it_is_no_block(view: LensView, qtbot: Any) -> None:
    qtbot.mouseClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=center(view, 0, 3))
    assert view.cell == (0, 3)


def test_arrow_keys_walk_through_every_row_with_half_steps_too(view: LensView, stage: Stage, qtbot: Any) -> None:
    qtbot.mouseClick(view.halves, Qt.MouseButton.LeftButton)
    stage.until(lambda: len(view.table.cells.rows) == 5)
    assert list(view.table.cells.rows)[1] == "½ layer 0"
    qtbot.mouseClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=center(view, 4, 2))
    seen = []
    for _ in range(4):
        QTest.keyClick(view.table, Qt.Key.Key_Up)
        seen.append(view.cell)
    assert seen == [(3, 2), (2, 2), (1, 2), (0, 2)]
    QTest.keyClick(view.table, Qt.Key.Key_Right)
    assert view.cell == (0, 3)


def test_another_view_moves_the_mark(view: LensView, stage: Stage) -> None:
    last = len(stage.looking.scene.tokens) - 1
    stage.session.selection.lock(row=last, layer=1)
    assert view.cell == (2, last)
    assert view.table.cell_at(center(view, 2, last)) == (2, last)  # scrolled into sight


def test_a_chosen_token_is_followed_through_all_rows(view: LensView, stage: Stage) -> None:
    token = view.side.bars.choices[3].id
    view.side.bars.chosen.emit(token)
    stage.until(lambda: bool((view.numbers()["targets"] == token).all()))
    found = wanted(stage, token=token)
    np.testing.assert_array_equal(view.numbers()["tracked"], found.tracked)
    assert view.free.isVisible()
    view.free.click()
    stage.until(lambda: view.numbers()["targets"][-1] == -1)


def test_two_models_are_coloured_by_how_far_they_are_apart(view: LensView, stage: Stage) -> None:
    stage.looking.compare_with(stage.subject(3))
    stage.until(lambda: stage.looking.other is not None)
    stage.until(lambda: "apart" in view.numbers())
    a, b = ((one.model, one.capture) for one in (stage.looking.scene, stage.looking.other))
    *_, apart = comparison.lens_pair(a, b)
    np.testing.assert_allclose(view.table.cells.values, apart, atol=1e-6)
    assert any("→" in text for row in view.table.cells.texts for text in row)
    stage.looking.set_mode("B")
    stage.until(lambda: "apart" not in view.numbers())
    np.testing.assert_array_equal(view.numbers()["ids"], lens.lens(*b).ids)


def test_a_model_against_itself_is_nowhere_apart(view: LensView, stage: Stage) -> None:
    stage.looking.compare_with(stage.subject(STEPS))
    stage.until(lambda: "apart" in view.numbers())
    assert (view.numbers()["apart"] == 0).all()


def test_scrubbing_shows_the_snapshots_words_and_says_so(view: LensView, stage: Stage) -> None:
    stage.until(lambda: bool(stage.looking.film.steps))
    stage.looking.film.go(6)
    stage.until(lambda: stage.looking.film.snapshot is not None)
    snapshot = stage.looking.film.snapshot
    np.testing.assert_array_equal(view.numbers()["ids"], snapshot.top_ids)
    assert "step 6" in view.side.hint.text()
    assert "≈" in view.side.facts.texts()["likeliest"]
    assert not view.measure.isEnabled()
    assert "snapshot" in view.measure.toolTip()
    stage.looking.film.go(None)
    stage.until(lambda: "entropy" in view.numbers())


def test_weights_that_are_no_numbers_are_drawn_as_such(stage: Stage) -> None:
    import torch

    stage.look_at()
    scene = stage.looking.scene
    from studio.insight.capture import capture

    with torch.no_grad():
        scene.model.layers[1].mlp.down_proj.weight[0, 0] = float("nan")
    broken = drawn(lens.lens(scene.model, capture(scene.model, scene.capture.ids)), text_of(scene), "probability")
    assert np.isnan(broken.cells.values[-1]).all()
    assert np.isfinite(broken.cells.values[:2]).all()


def test_a_half_step_is_called_after_its_block() -> None:
    assert [row_words(name) for name in ("embedding", "attention 3", "block 3")] == [
        "embedding",
        "½ layer 2",
        "layer 2",
    ]


def test_places_of_the_text_a_run_watches_stay_out_of_the_selection(view: LensView, stage: Stage, qtbot: Any) -> None:
    stage.until(lambda: bool(stage.looking.film.steps))
    stage.looking.film.go(6)
    stage.until(lambda: stage.looking.film.snapshot is not None)
    film = stage.looking.film
    film.snapshot = dataclasses.replace(film.snapshot, ids=tuple(reversed(film.snapshot.ids)))
    film.changed.emit()
    qtbot.mouseMove(view.table.viewport(), center(view, 1, 2))
    qtbot.mouseMove(view.table.viewport(), center(view, 2, 3))
    assert view.cell == (2, 3)
    assert stage.session.selection.value("row") is None
    qtbot.mouseClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=center(view, 2, 3))
    assert (stage.session.selection.locked("row"), stage.session.selection.locked("layer")) == (None, 1)
