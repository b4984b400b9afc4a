"""The heads' scores are the engine's, now and at every snapshot, and the page says when the first one grew."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from studio.core.errors import StudioError
from studio.insight.heads import taxonomy
from studio.probes.score_words import KINDS
from studio.probes.taxonomy_view import TaxonomyView, first_grown
from tests.lenses.trained import STEPS, Stage

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture
def view(stage: Stage) -> TaxonomyView:
    stage.look_at()
    shown: TaxonomyView = stage.show(TaxonomyView)
    stage.until(lambda: shown._now.answer is not None)
    stage.until(lambda: stage.looking.film.all().missing == 0 and len(stage.looking.film.steps) > 3)
    stage.settle()
    return shown


def choose(view: TaxonomyView, kind: str) -> None:
    view.kind.set_value(kind)
    view.kind.changed.emit(kind)


@pytest.mark.parametrize("kind", [kind for kind, _ in KINDS])
def test_the_map_holds_the_scores_of_the_present_checkpoint(view: TaxonomyView, stage: Stage, kind: str) -> None:
    choose(view, kind)
    scene = stage.looking.scene
    wanted = getattr(taxonomy(scene.model, scene.capture), kind)
    np.testing.assert_allclose(view.map.values, wanted.astype(np.float32))
    assert np.array_equal(view.numbers()[kind], wanted)


def test_the_curves_are_those_of_the_snapshots_with_chance_across(view: TaxonomyView, stage: Stage) -> None:
    series = stage.looking.film.all()
    assert [line.x.tolist() for line in view.chart.lines] == [series.steps.tolist()] * 4
    for at, line in enumerate(view.chart.lines):
        assert np.array_equal(line.y, series.scores["induction"][:, at // 2, at % 2])
    assert view.chart.level is not None
    assert view.chart.level.value == view._now.answer.chance
    choose(view, "previous_token")
    assert view.chart.level is None


def test_scrubbing_shows_the_scores_of_that_step(view: TaxonomyView, stage: Stage) -> None:
    film = stage.looking.film
    film.go(6)
    stage.until(lambda: film.step == 6)
    np.testing.assert_allclose(view.map.values, film.snapshot.scores["induction"].astype(np.float32))
    assert "step 6, from its snapshot" in view._heads.note.text()
    film.go(None)
    assert f"step {STEPS}, exact" in view._heads.note.text()


def test_a_run_from_before_a_score_existed_says_what_is_missing(view: TaxonomyView, stage: Stage) -> None:
    film = stage.looking.film
    film.go(6)
    stage.until(lambda: film.step == 6)
    film.snapshot = replace(film.snapshot, scores={"induction": film.snapshot.scores["induction"]})
    series = film.all()
    older = replace(series, scores={"induction": series.scores["induction"]})
    film.all = lambda: older
    choose(view, "local")
    assert view.map.values.size == 0
    assert "did not measure it yet" in view._heads.note.text()
    assert view.chart.lines == ()
    assert "did not measure this yet" in view.chart._empty
    choose(view, "induction")
    assert view.map.values.size
    assert len(view.chart.lines) == 4


def test_the_page_says_when_the_first_head_rose_above_a_half() -> None:
    steps = np.array([0, 100, 200, 300])
    found = np.full((4, 2, 2), 0.1)
    found[2:, 1, 0] = (0.62, 0.9)
    found[3, 0, 1] = 0.7
    series: Any = SimpleNamespace(steps=steps, scores={"induction": found}, missing=0)
    assert "Layer 1 head 0" in first_grown(series, "induction")
    assert "at step 200, to 0.620" in first_grown(series, "induction")
    series.scores = {"induction": 0.3 * found / found.max()}
    assert "the highest was 0.300" in first_grown(series, "induction")
    assert first_grown(series, "local") == ""


def test_pointing_at_a_cell_brings_its_curve_to_the_front_and_fills_the_formula(
    view: TaxonomyView, stage: Stage, qtbot: Any
) -> None:
    said: list[Any] = []
    stage.session.selection.changed.connect(said.append)
    at = view.map.plane.rect_of(1, 0).center().toPoint()
    qtbot.mouseMove(view.map, QPoint(1, 1))
    qtbot.mouseMove(view.map, at)
    assert stage.session.selection.value("layer") == 1
    assert stage.session.selection.value("head") == 0
    assert view.chart.scene.chosen == 2
    value = view._shown[1, 0]
    assert f"= {value:.4f}" in view.explanation()
    assert "Layer 1 head 0" in view.explanation()
    assert f"chance is {view._now.answer.chance:.4f}" in view.explanation()
    qtbot.mouseClick(view.map, Qt.MouseButton.LeftButton, pos=at)
    assert stage.session.selection.locked("head") == 0
    assert said


def test_clicking_a_curve_goes_to_its_step_and_head(view: TaxonomyView, stage: Stage) -> None:
    view.chart.clicked.emit(3, 2)
    stage.until(lambda: stage.looking.film.step is not None)
    assert stage.looking.film.step == int(stage.looking.film.all().steps[2])
    assert (stage.session.selection.locked("layer"), stage.session.selection.locked("head")) == (1, 1)


def test_compared_with_itself_every_difference_is_zero(view: TaxonomyView, stage: Stage) -> None:
    stage.looking.compare_with(stage.subject())
    stage.until(lambda: stage.looking.mode == "difference")
    stage.until(lambda: view._beside.answer is not None and not view._beside.waiting)
    assert view.map.colouring.signed
    assert (view.map.values == 0).all()


def test_two_checkpoints_are_subtracted_the_right_way_round(view: TaxonomyView, stage: Stage) -> None:
    stage.looking.compare_with(stage.subject(3))
    stage.until(lambda: stage.looking.mode == "difference" and view._beside.answer is not None)
    stage.settle()
    scene, other = stage.looking.shown
    wanted = taxonomy(scene.model, scene.capture).induction - taxonomy(other.model, other.capture).induction
    np.testing.assert_allclose(view.map.values, wanted.astype(np.float32))
    a, b = (taxonomy(one.model, one.capture).induction[1, 0] for one in (scene, other))
    difference, operands = view.map.describe(1, 0)[1]
    assert (difference.text, difference.note) == (f"induction {a - b:+.4f}", "A − B, exact")
    assert operands.text == f"A {a:.4f} − B {b:.4f}"
    stage.session.selection.hover(layer=1, head=0)
    said = view.explanation()
    assert f"= {a:.4f}; chance" in said.partition(" A: ")[2].partition(" B: ")[0]
    assert f"= {b:.4f}; chance" in said.partition(" B: ")[2]
    assert said.endswith(f"A − B = {a - b:+.4f}.")
    stage.looking.set_mode("B")
    stage.until(lambda: not view._now.waiting)
    np.testing.assert_allclose(view.map.values, taxonomy(other.model, other.capture).induction.astype(np.float32))


def test_while_scores_are_computed_or_failed_there_is_no_map_but_a_word(view: TaxonomyView, stage: Stage) -> None:
    view._now.ask("another", refuse)
    view._draw()
    assert view.map.values.size == 0
    assert view._heads.note.text() == "being computed…"
    stage.settle()
    assert view.map.values.size == 0
    assert "Too large." in view._heads.note.text()


def refuse() -> None:
    raise StudioError("Too large.", "Choose a smaller one.")


def test_a_comparison_scores_the_two_models_while_the_film_is_moved(view: TaxonomyView, stage: Stage) -> None:
    film = stage.looking.film
    film.go(6)
    stage.until(lambda: film.step == 6)
    stage.looking.compare_with(stage.subject())
    stage.until(lambda: stage.looking.mode == "difference")
    stage.until(lambda: view._beside.answer is not None and not view._beside.waiting)
    assert (view._scores() == 0).all()
