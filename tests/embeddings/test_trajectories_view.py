"""Ways of tokens on a real little run: true distances in the list, a fixed basis on the map, one film for all."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from studio.embeddings.trajectories_view import TrajectoriesView
from studio.insight import journey
from studio.live.looking import Subject
from studio.store.snapshots import FOLDER, Kept, folder_name
from tests.lenses.trained import Stage

pytestmark = [pytest.mark.gui, pytest.mark.torch]
CHECKPOINTS = (3, 6, 9, 12)


@pytest.fixture
def view(stage: Stage) -> TrajectoriesView:
    stage.look_at()
    made: TrajectoriesView = stage.show(TrajectoriesView)
    stage.until(lambda: made.journey is not None)
    stage.settle()
    return made


def tables(stage: Stage) -> list[Any]:
    folder = stage.looking.scene.folder.parent
    return [journey.stored_table(folder / f"step-{step:06d}") for step in CHECKPOINTS]


def choose(control: Any, value: str) -> None:
    control.set_value(value)
    control.changed.emit(value)


def test_movers_are_sorted_by_their_distance_in_all_dimensions(view: TrajectoriesView, stage: Stage) -> None:
    first, *_, last = tables(stage)
    wanted = np.linalg.norm(last.astype(np.float64) - first, axis=1)
    order = np.argsort(-wanted, kind="stable")[:8]
    assert [row[0] for row in view.movers.list.rows] == order.tolist()
    assert view.journey.steps == CHECKPOINTS
    assert view.movers.list.rows[0][3] == 1.0
    assert "in all dimensions, not on the map" in view.movers.words.text()


def without_snapshots(view: TrajectoriesView, stage: Stage) -> None:
    stage.until(lambda: bool(stage.looking.film.steps))
    stage.looking.film.kept = Kept(checkpoints=CHECKPOINTS)
    view.refresh(frozenset({"film"}))


def test_a_run_without_snapshots_has_a_slider_over_its_checkpoints(view: TrajectoriesView, stage: Stage) -> None:
    stage.until(lambda: bool(stage.looking.film.steps))
    assert not view.moments.isVisible()
    without_snapshots(view, stage)
    assert view.moments.isVisible()
    assert view.place == 3
    np.testing.assert_array_equal(view.map.picture.points, view.journey.points[3, :, :2])
    frame = view.map.picture.camera.scale
    view.moments.slider.setFocus()
    QTest.keyClick(view.moments.slider, Qt.Key.Key_Home)
    assert view.place == 0
    np.testing.assert_array_equal(view.map.picture.points, view.journey.points[0, :, :2])
    assert view.map.picture.camera.scale == pytest.approx(frame)
    assert view.moments.where.text() == "Step 3"
    QTest.keyClick(view.moments.slider, Qt.Key.Key_Right)
    assert view.place == 1
    assert all(len(trail.points) == 2 for trail in view.map.trails)
    assert len(view.map.trails) == 10


def test_the_film_of_the_page_moves_the_map_too(view: TrajectoriesView, stage: Stage) -> None:
    stage.until(lambda: bool(stage.looking.film.steps))
    stage.looking.film.go(6)
    stage.until(lambda: stage.looking.film.step == 6)
    assert view.journey.steps[view.place] == 6
    stage.looking.film.go(None)
    assert view.journey.steps[view.place] == 12


def test_it_plays_to_the_end_and_stops(view: TrajectoriesView, stage: Stage) -> None:
    without_snapshots(view, stage)
    view.moments._timer.setInterval(5)
    view.moments.play_or_pause()
    assert view.place == 0
    stage.until(lambda: not view.moments._timer.isActive())
    assert view.place == 3


def test_snapshots_show_more_moments_of_the_tokens_they_keep(view: TrajectoriesView, stage: Stage) -> None:
    stage.until(lambda: bool(stage.looking.film.steps))
    choose(view.tools.moments, "snapshots")
    stage.until(lambda: view.journey.kept)
    folder = stage.looking.scene.folder.parent.parent / FOLDER
    wanted = journey.journey_of_snapshots([folder / folder_name(step) for step in stage.looking.film.steps], 25)
    np.testing.assert_array_equal(view.journey.points, wanted.points)
    assert view.journey.steps == stage.looking.film.steps
    assert not view.tools.basis.isEnabled()
    assert "components that snapshots keep" in view.movers.words.text()
    view.moments.moved.emit(0)
    stage.until(lambda: stage.looking.film.step == view.journey.steps[0])


def test_basis_and_procrustes_are_asked_for(view: TrajectoriesView, stage: Stage) -> None:
    choose(view.tools.basis, "joint")
    view.tools.turn.set_value(True)
    view.tools.turn.changed.emit()
    stage.until(lambda: view.journey.turned)
    wanted = journey.journey_of_run(stage.looking.scene.folder.parent, "tokens", ("joint", True))
    np.testing.assert_allclose(view.journey.points, wanted.points, atol=1e-5)
    assert "Procrustes" in view.card.note.text()
    assert "one basis of all moments" in view.card.note.text()
    choose(view.tools.dimensions, "3")
    assert view.map.picture.camera.solid


def test_a_token_tells_how_far_and_when_it_moved(view: TrajectoriesView, stage: Stage) -> None:
    row = view.movers.list.rows[0][0]
    view.movers.list.chosen.emit(row)
    assert stage.session.selection.locked("token") == row
    assert view.map.locked == row
    assert "times the median" in view.story.text()
    name = view.words.label(row)
    assert name in view.story.text()
    stage.session.selection.hover(token=row)
    moved = f"{view.journey.moved[row]:.3g}"
    assert moved in view.explanation()
    stage.session.selection.free()
    assert "Point at a token" in view.story.text()
    assert "directions that stay fixed" in view.explanation()


def test_colour_by_class_is_the_vocabularys(view: TrajectoriesView, stage: Stage) -> None:
    stage.until(lambda: view.words.vocabulary is not None)
    choose(view.color, "class")
    assert view.legend.chips
    view.legend.chips[0].click()
    assert view.map.picture.lit is not None
    choose(view.color, "movement")
    assert view.legend.bar.isVisible()
    np.testing.assert_array_equal(view.numbers()["moved"], view.journey.moved)


def test_an_imported_model_and_a_run_with_one_moment_are_sentences(
    view: TrajectoriesView, stage: Stage, monkeypatch: Any
) -> None:
    stage.looking.subject = Subject(stage.looking.scene.folder, "imported")
    assert "has no past" in view.missing()
    stage.looking.subject = stage.subject()
    assert view.missing() == ""
    monkeypatch.setattr(journey, "MOMENTS", 1)
    monkeypatch.setattr(journey, "list_checkpoints", lambda folder: [])
    choose(view.tools.basis, "first")
    stage.settle()
    assert "at least two moments" in view.banner.message.text()
    assert view.numbers() == {}


def test_a_run_that_goes_on_gets_more_moments_and_one_without_snapshots_says_so(
    view: TrajectoriesView, stage: Stage, monkeypatch: Any
) -> None:
    whole = journey.list_checkpoints
    without_snapshots(view, stage)
    monkeypatch.setattr(journey, "list_checkpoints", lambda folder: whole(folder)[:3])
    stage.looking.film.kept = Kept(checkpoints=CHECKPOINTS[:3])
    stage.looking.film.changed.emit()
    stage.until(lambda: view.journey.steps == CHECKPOINTS[:3])
    monkeypatch.setattr(journey, "list_checkpoints", whole)
    stage.looking.film.kept = Kept(checkpoints=CHECKPOINTS)
    stage.looking.film.changed.emit()
    stage.until(lambda: view.journey.steps == CHECKPOINTS)
    stage.looking.film.kept = Kept(checkpoints=CHECKPOINTS)
    choose(view.tools.moments, "snapshots")
    assert view.banner.message.text() == "This run keeps no snapshots."


def test_nothing_of_the_former_run_stays_and_what_was_called_off_is_asked_again(
    view: TrajectoriesView, stage: Stage
) -> None:
    stage.looking.look_at(stage.subject(run="run1"))
    assert view.journey is None
    assert view.numbers() == {}
    assert len(view.map.picture.points) == 0
    stage.until(lambda: view.journey is not None)
    stage.settle()
    choose(view.tools.basis, "joint")
    stage.session.jobs.cancel_lane("embeddings ways")
    view.refresh(frozenset({"film"}))
    stage.until(lambda: view.journey is not None and not stage.session.jobs.jobs)
    assert "one basis of all moments" in view.card.note.text()


@pytest.mark.slow
def test_the_ways_are_those_of_a_while_b_is_shown(view: TrajectoriesView, stage: Stage) -> None:
    before = view.journey
    stage.looking.compare_with(stage.subject(run="run1"))
    stage.until(lambda: stage.looking.other is not None)
    stage.looking.set_mode("B")
    stage.settle()
    assert view.journey is before
