"""All heads beside one of them: one click opens, hovers preview, what is shown is what was computed."""

import time

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from studio.attention.heads_view import HeadsView
from studio.maps.tiles import LEVELS
from tests.attention.conftest import TEXT, scene_of

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture
def view(session, look, look_at, on_screen, settled):
    found = HeadsView(session, look)
    look_at(scene_of())
    on_screen(found)
    settled()
    return found


def move(widget, point):
    nowhere, none = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(QEvent.Type.MouseMove, point, widget.mapToGlobal(point), nowhere, nowhere, none)
    QApplication.sendEvent(widget, event)


def click_head(view, layer, head):
    mosaic = view.all.mosaic
    QTest.mouseClick(mosaic.viewport(), Qt.MouseButton.LeftButton, pos=mosaic.tile_rect(layer, head).center().toPoint())


def snapshot_of(scene, step=400):
    from studio.insight import snapshot

    return snapshot.take(scene.model, snapshot.Subject(scene.capture.ids, sample=(1, 2, 3, 4)), step)


def scrub(session, snapshot):
    film = session.looking.film
    film.step, film.snapshot = (None, None) if snapshot is None else (snapshot.step, snapshot)
    session.looking.changed.emit(frozenset({"film", "snapshot"}))


# --- one head -------------------------------------------------------------------------------------------------------


def test_one_click_on_a_small_map_opens_the_same_head_large(view, session):
    click_head(view, 2, 3)
    assert (session.selection.locked("layer"), session.selection.locked("head")) == (2, 3)
    assert view.one.title.text() == "Layer 2 · head 3"
    assert np.array_equal(view.one.map.values, session.looking.scene.capture.attention[2, 3])


def test_hovering_a_cell_reads_the_stored_weight_of_these_two_tokens(view, session):
    click_head(view, 1, 2)
    heat_map, weights = view.one.map, session.looking.scene.capture.attention[1, 2]
    last = len(weights) - 1
    cells = [(0, 0), (0, last), (last, 0), (last, last), (5, 3), (7, 7)]
    words = TEXT.split()
    for row, column in cells:
        move(heat_map, heat_map.plane.rect_of(row, column).center())
        value = float(weights[row, column])
        assert heat_map.lines[0] == view.source.value_text(value)
        assert heat_map.lines[1] == f"q '{words[row]}'@{row} → k '{words[column]}'@{column}"
        assert view.one.place.text() == f"{heat_map.lines[1]} = {heat_map.lines[0]}"
        assert view.one.cell == (row, column)
        assert heat_map.lines[1] in view.explanation()


def test_a_click_locks_a_hover_does_not_destroy_it_and_escape_belongs_to_the_page(view, session):
    heat_map, chosen = view.one.map, session.selection
    QTest.mouseClick(heat_map, Qt.MouseButton.LeftButton, pos=heat_map.plane.rect_of(6, 2).center().toPoint())
    move(heat_map, heat_map.plane.rect_of(3, 1).center())
    assert (chosen.value("row"), chosen.value("column")) == (3, 1)
    assert (chosen.locked("row"), chosen.locked("column")) == (6, 2)
    QApplication.sendEvent(heat_map, QEvent(QEvent.Type.Leave))
    assert (chosen.value("row"), chosen.value("column")) == (6, 2)
    chosen.free()
    assert heat_map.locked == (None, None)


def test_the_arrow_keys_move_the_lock_of_every_page(view, session):
    heat_map = view.one.map
    heat_map.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right):
        QTest.keyClick(heat_map, key)
    assert (session.selection.locked("row"), session.selection.locked("column")) == (2, 1)


def test_what_another_page_points_at_is_marked_here(view, session):
    session.selection.lock(layer=1, head=1, row=8, column=4)
    assert view.one.title.text() == "Layer 1 · head 1"
    assert view.one.map.locked == (8, 4)
    assert view.all.mosaic.locked == (1, 1)


def test_nothing_above_the_diagonal_is_hidden_and_the_mask_is_an_overlay_one_asks_for(view):
    heat_map = view.one.map
    assert heat_map.content.veil is None
    plain = heat_map.picture(1.0)
    QTest.mouseClick(view.one.masked, Qt.MouseButton.LeftButton)
    assert np.array_equal(heat_map.content.veil.values, np.triu(np.ones((12, 12), bool), 1))
    assert heat_map.picture(1.0) != plain
    QTest.mouseClick(view.one.masked, Qt.MouseButton.LeftButton)
    assert heat_map.picture(1.0) == plain


def test_a_window_of_the_model_is_part_of_its_mask(session, look, look_at, on_screen, settled):
    view = HeadsView(session, look)
    scene = scene_of("mistral")
    look_at(scene)
    on_screen(view)
    settled()
    view.one.masked.setChecked(True)
    hides = view.one.map.content.veil.values
    assert hides[11, 0]
    assert not scene.capture.attention[:, :, hides].any()
    assert scene.capture.attention[:, :, ~hides].all()


def test_leaving_the_first_token_aside_changes_the_range_and_no_number(view, session):
    weights = session.looking.scene.capture.attention[0, 0]
    assert view.one.map.colouring.limits == (0.0, 1.0)
    view.one.sink.click()
    most = float(weights[:, 1:].max())
    assert view.one.map.colouring.limits == (0.0, pytest.approx(most))
    assert np.array_equal(view.one.map.values, weights)
    assert "≥" in view.one.bar.accessibleDescription() or view.one.bar._cut[1]
    assert "colours reach" in view.one.words.text()
    view.one.sink.click()
    assert view.one.map.colouring.limits == (0.0, 1.0)


def test_the_scale_is_that_of_the_large_map_and_of_the_small_ones(view):
    for scale in ("linear", "log", "sqrt"):
        view.one.scale._choose(scale)
        assert view.one.map.colouring.scale == view.all.mosaic._scale == scale


def test_a_map_can_be_kept_and_others_shown_less_it(view, session):
    weights = session.looking.scene.capture.attention
    click_head(view, 0, 1)
    view.one.subtract.click()
    click_head(view, 2, 2)
    assert np.array_equal(view.one.map.values, weights[2, 2] - weights[0, 1])
    assert view.one.title.text() == "Layer 2 · head 2 − layer 0 · head 1"
    assert view.one.map.colouring.signed
    click_head(view, 0, 1)
    assert not view.one.map.values.any()
    view.one.subtract.click()
    assert np.array_equal(view.one.map.values, weights[0, 1])


def test_a_long_text_is_prepared_off_the_screen_and_arrives(view, session, look_at, settled, monkeypatch):
    monkeypatch.setattr("studio.attention.head_card.LARGE", 100)
    session.selection.lock(layer=1, head=3)
    assert any(job.lane == "attention map" for job in session.jobs.jobs)
    settled()
    assert np.array_equal(view.one.map.values, session.looking.scene.capture.attention[1, 3])


def test_a_long_map_that_comes_late_does_not_replace_the_short_one_shown_since(
    view, session, look_at, settled, monkeypatch
):
    monkeypatch.setattr("studio.attention.head_card.LARGE", 100)
    session.selection.lock(layer=1, head=3)
    monkeypatch.undo()
    session.selection.lock(layer=0, head=2)
    settled()
    assert np.array_equal(view.one.map.values, session.looking.scene.capture.attention[0, 2])


# --- all heads ------------------------------------------------------------------------------------------------------


def test_every_small_map_is_the_block_maximum_of_its_head(view, session):
    weights, tiles = session.looking.scene.capture.attention, view.all.mosaic.tiles
    for layer in range(3):
        for head in range(4):
            assert np.abs(tiles.numbers(layer, head) - weights[layer, head]).max() <= 1 / 255 + 1e-6


def test_badges_are_the_scores_of_the_heads(view, session):
    from studio.insight.heads import taxonomy

    scene = session.looking.scene
    scores = taxonomy(scene.model, scene.capture)
    for name in ("entropy", "first_token", "previous_token", "induction"):
        view.all.badge._choose(name)
        np.testing.assert_allclose(view.all.values(), getattr(scores, name), atol=1e-9)
    assert "Chance is" in view.all.meaning.text()
    assert "induction" in view.one.note.text()


def test_the_weights_are_the_same_after_everything_was_scored(view, session):
    scene = session.looking.scene
    before = scene.capture.attention.copy()
    view.refresh()
    view._take()
    assert np.array_equal(scene.capture.attention, before)
    assert not scene.capture.attention.flags.writeable


def test_heads_are_sorted_by_their_badge(view):
    for badge in ("entropy", "induction"):
        view.all.badge._choose(badge)
        values = view.all.values()
        view.all.sort.set_value("down")
        view.all._arrange()
        order = [values[place] for place in view.all.mosaic.shown]
        assert order == sorted(order, reverse=True)
        assert len(order) == 12
    view.all.sort.set_value("")
    view.all._arrange()
    assert view.all.mosaic.shown[5] == (1, 1)


def test_a_filter_leaves_those_that_reach_it_and_says_when_none_does(view):
    view.all.badge._choose("entropy")
    view.all.filter.set_value(0.5)
    view.all._arrange()
    values = view.all.values()
    assert set(view.all.mosaic.shown) == {tuple(place) for place in np.argwhere(values >= 0.5).tolist()}
    view.all.badge._choose("induction")
    view.all.filter.set_value(0.75)
    view.all._arrange()
    assert view.all.mosaic.shown == ()
    assert "No head reaches 0.75" in view.all.meaning.text()


def test_pointing_at_a_small_map_previews_it_and_names_its_scores(view, session):
    click_head(view, 0, 0)
    mosaic = view.all.mosaic
    move(mosaic.viewport(), mosaic.tile_rect(2, 1).center())
    assert view.one.title.text() == "Layer 2 · head 1"
    assert mosaic.lines[0] == "Layer 2 · head 1"
    assert any("entropy" in line for line in mosaic.lines)
    QApplication.sendEvent(mosaic.viewport(), QEvent(QEvent.Type.Leave))
    assert view.one.title.text() == "Layer 0 · head 0"


def test_a_text_of_one_token_has_maps_and_says_what_it_cannot_score(session, look, look_at, on_screen, settled):
    view = HeadsView(session, look)
    look_at(scene_of(text="the"))
    on_screen(view)
    settled()
    assert view.one.map.values.shape == (1, 1)
    assert float(view.one.map.values[0, 0]) == 1.0
    view.all.badge._choose("entropy")
    assert np.isnan(view.all.values()).all()
    assert not view.grab().isNull()


def test_a_context_too_short_for_scores_keeps_the_maps_and_says_why(session, look, look_at, on_screen, settled):
    view = HeadsView(session, look)
    scene = scene_of(text="the cat", context_length=3)
    look_at(scene)
    on_screen(view)
    settled()
    assert "too short" in view.all.meaning.text()
    assert np.array_equal(view.one.map.values, scene.capture.attention[0, 0])
    view.all.badge._choose("induction")
    assert "too short" in view.all.meaning.text()


def test_a_head_that_looks_at_everything_alike_has_an_entropy_of_one(session, look, look_at, on_screen, settled):
    import torch

    from studio.engine.scene import read_again

    scene = scene_of()
    with torch.no_grad():
        for block in scene.model.layers:
            block.self_attn.q_proj.weight.zero_()
            block.self_attn.q_proj.bias.zero_()
    view = HeadsView(session, look)
    look_at(read_again(scene, TEXT + " and"))
    on_screen(view)
    settled()
    assert np.abs(view.all.values() - 1.0).max() <= 1e-6
    last = view.one.map.values[-1]
    assert np.abs(last - 1 / 13).max() <= 1e-6


# --- difference, film -----------------------------------------------------------------------------------------------


def test_a_difference_shows_a_less_b_everywhere_and_says_so(view, session, settled):
    looking = session.looking
    looking.other, looking.mode = scene_of("gpt2 untied"), "difference"
    looking.changed.emit(frozenset({"other", "mode"}))
    settled()
    first, second = looking.scene.capture.attention, looking.other.capture.attention
    click_head(view, 1, 0)
    assert np.array_equal(view.one.map.values, first[1, 0] - second[1, 0])
    assert view.one.map.colouring.signed
    assert view.one.bar.label == "A − B"
    tiles = view.all.mosaic.tiles
    assert tiles.signed
    change = np.abs(first - second).max(axis=(2, 3))
    assert np.abs(view.all.values() - change).max() <= 2 * tiles.high / LEVELS
    looking.mode = "B"
    looking.changed.emit(frozenset({"mode"}))
    settled()
    assert np.array_equal(view.one.map.values, second[1, 0])


def test_while_the_film_is_moved_the_snapshot_is_shown_with_its_rounding(view, session, settled):
    scene = session.looking.scene
    snapshot = snapshot_of(scene)
    scrub(session, snapshot)
    settled()
    click_head(view, 2, 1)
    heat_map = view.one.map
    move(heat_map, heat_map.plane.rect_of(6, 3).center())
    assert heat_map.lines[0] == f"≈ {snapshot.value(2, 1, 6, 3):.3f}"
    assert heat_map.lines[1] == "q 'and'@6 → k 'on'@3"
    assert heat_map.lines[2] == "8 bit, step 400, ± 0.002"
    assert "step 400, 8 bit" in view.one.note.text()
    assert view.all.mosaic.tiles.levels is snapshot.maps
    assert np.array_equal(view.all.values(), snapshot.scores["entropy"])
    scrub(session, None)
    assert np.array_equal(heat_map.values, scene.capture.attention[2, 1])


def test_a_snapshot_from_before_a_score_existed_says_so_and_keeps_its_maps(view, session, settled):
    snapshot = snapshot_of(session.looking.scene)
    del snapshot.scores["local"]
    scrub(session, snapshot)
    settled()
    view.all.badge._choose("local")
    assert view.all.values() is None
    assert "did not measure it yet" in view.all.meaning.text()
    assert view.all.mosaic.tiles is not None
    view.all.badge._choose("previous_token")
    assert np.array_equal(view.all.values(), snapshot.scores["previous_token"])
    assert "yet" not in view.all.meaning.text()


def test_two_moments_of_a_run_are_compared_by_keeping_one(view, session, settled):
    scene = session.looking.scene
    early, late = snapshot_of(scene, 100), snapshot_of(scene_of("gpt2 untied"), 200)
    scrub(session, early)
    settled()
    view.one.subtract.click()
    scrub(session, late)
    assert np.allclose(view.one.map.values, view.source.values(0, 0) - view.one.kept.values)
    assert "step 100" in view.one.title.text()


def test_a_frame_of_the_film_is_drawn_within_the_time_of_a_film(view, session, settled):
    scene = session.looking.scene
    frames = [snapshot_of(scene, step) for step in (1, 2)]
    scrub(session, frames[0])
    settled()
    start = time.process_time()
    for at in range(10):
        scrub(session, frames[at % 2])
        view.all.mosaic.viewport().repaint()
        view.one.map.repaint()
    assert (time.process_time() - start) / 10 < 0.150


# --- what the page asks ---------------------------------------------------------------------------------------------


def test_the_numbers_are_the_ones_that_were_computed(view, session):
    scene = session.looking.scene
    click_head(view, 1, 1)
    found = view.numbers()
    assert found["attention"] is scene.capture.attention
    assert np.array_equal(found["map"], scene.capture.attention[1, 1])
    assert found["tokens"].tolist() == TEXT.split()
    assert found["entropy"].shape == (3, 4)


def test_nan_weights_are_shown_as_such(session, look, look_at, on_screen, settled):
    import torch

    from studio.engine.scene import read_again

    scene = scene_of()
    with torch.no_grad():
        scene.model.layers[1].self_attn.q_proj.weight[:] = float("nan")
    look_at(read_again(scene, "the cat sat on the mat"))
    view = HeadsView(session, look)
    on_screen(view)
    settled()
    click_head(view, 1, 0)
    move(view.one.map, view.one.map.plane.rect_of(3, 1).center())
    assert view.one.map.lines[0] == "NaN"
    assert np.isnan(view.all.values()[1]).all()
    assert "NaN" in view.one.place.text()


@pytest.mark.parametrize("kind", ["llama 3.1", "gemma"])
def test_other_families_are_drawn_alike(session, look, look_at, on_screen, settled, kind):
    scene = scene_of(kind)
    look_at(scene)
    view = HeadsView(session, look)
    on_screen(view)
    settled()
    click_head(view, scene.layers - 1, scene.heads - 1)
    assert np.array_equal(view.one.map.values, scene.capture.attention[-1, -1])


def test_a_model_that_goes_away_leaves_no_picture_to_read(view, session):
    session.looking.scene = None
    session.looking.changed.emit(frozenset({"scene"}))
    assert view.explanation() == ""
    assert view.numbers() == {}
    move(view.one.map, QPointF(QPoint(60, 60)))


def test_places_of_the_text_a_run_watches_stay_out_of_the_selection_of_the_prompt(view, session, settled):
    from dataclasses import replace

    snapshot = snapshot_of(session.looking.scene)
    scrub(session, replace(snapshot, ids=tuple(reversed(snapshot.ids))))
    settled()
    heat_map = view.one.map
    move(heat_map, heat_map.plane.rect_of(6, 3).center())
    assert session.selection.value("row") is None
    assert view.one.cell == (6, 3)
    QTest.mouseClick(heat_map, Qt.MouseButton.LeftButton, pos=heat_map.plane.rect_of(6, 3).center().toPoint())
    assert session.selection.locked("row") is None
    assert session.selection.locked("layer") == 0


def test_a_comparison_is_exact_while_the_film_is_moved(view, session, settled):
    looking = session.looking
    scrub(session, snapshot_of(looking.scene))
    looking.other, looking.mode = scene_of("gpt2 untied"), "difference"
    looking.changed.emit(frozenset({"other", "mode"}))
    settled()
    assert view.source.snapshot is None
    assert view.source.other is looking.other
