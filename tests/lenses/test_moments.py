"""The film's moment as other views draw it, and two moments of it that every page subtracts from one another."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from studio.attention.heads_view import HeadsView
from studio.attention.lines_view import LinesView
from studio.insight.snapshot import MAP_ERROR
from studio.lenses.lens_view import LensView
from studio.lenses.stream_view import StreamView
from studio.maps.tiles import LEVELS, NOTHING, Tiles, less
from studio.probes.taxonomy_view import TaxonomyView
from studio.seeing.moment import own_moment, weights_of
from studio.seeing.provenance import provenance
from studio.seeing.step_bar import StepBar
from studio.steps.rollout_view import RolloutView
from tests.lenses.trained import Stage

pytestmark = [pytest.mark.gui, pytest.mark.torch]


def go(stage: Stage, step: int) -> Any:
    stage.looking.film.go(step)
    stage.until(lambda: stage.looking.film.step == step)
    stage.settle()
    return stage.looking.film.snapshot


@pytest.fixture
def moments(stage: Stage) -> tuple[Any, Any]:
    """The run's last moment is shown, less its first one."""
    scene = stage.look_at()
    stage.until(lambda: len(stage.looking.film.steps) > 3)
    then = go(stage, 0)
    stage.looking.hold()
    now = go(stage, 12)
    assert then.ids == now.ids == scene.capture.ids
    return now, then


def test_every_page_draws_one_moment_less_the_other(stage: Stage, moments: tuple[Any, Any]) -> None:
    now, then = moments
    heads = stage.show(HeadsView)
    taxonomy, lens = stage.show(TaxonomyView), stage.show(LensView)
    stream, rollout = stage.show(StreamView), stage.show(RolloutView)
    stage.settle()
    exact = weights_of(now, 0)[0] - weights_of(then, 0)[0]
    np.testing.assert_allclose(heads.numbers()["map"], exact, atol=1e-6)
    assert heads.source.value_text(0.25) == "≈ +0.250"
    assert heads.all.mosaic.tiles.signed
    assert "step 12 − step 0" in heads.explanation()
    kind = taxonomy.kind.value()
    np.testing.assert_array_equal(taxonomy.numbers()[kind], now.scores[kind] - then.scores[kind])
    assert taxonomy.map.colouring.signed
    change = now.top_chances[:, :, 0].astype(np.float32) - then.top_chances[:, :, 0].astype(np.float32)
    np.testing.assert_array_equal(lens.shown.cells.values, change)
    assert lens.table.cells.colouring.signed
    both = now.top_ids[:, :, 0] != then.top_ids[:, :, 0]
    assert [["→" in text for text in row] for row in lens.shown.cells.texts] == both.tolist()
    np.testing.assert_allclose(stream.shown.values[:, -1], now.stream - then.stream, rtol=1e-5)
    assert np.abs(stream.shown.values[:, 0]).max() == 0
    assert rollout.signed
    np.testing.assert_allclose(rollout.values.sum(-1), 0.0, atol=1e-6)


@pytest.mark.slow
def test_a_moment_less_itself_is_nothing(stage: Stage, moments: tuple[Any, Any]) -> None:
    heads, taxonomy, lens = stage.show(HeadsView), stage.show(TaxonomyView), stage.show(LensView)
    go(stage, 0)
    assert not heads.numbers()["map"].any()
    assert not taxonomy.numbers()[taxonomy.kind.value()].any()
    assert not lens.shown.cells.values.any()


def test_the_bar_keeps_a_moment_and_lets_go_of_it(stage: Stage) -> None:
    stage.look_at()
    stage.until(lambda: len(stage.looking.film.steps) > 3)
    bar = StepBar(stage.session, stage.look)
    stage.bot.addWidget(bar)
    bar.resize(1_000, 60)
    bar.show()
    assert not bar.hold.isVisible()  # at rest the checkpoint is shown, which A and B are for
    go(stage, 3)
    assert bar.hold.text() == "Subtract this step"
    bar.hold.click()
    go(stage, 9)
    assert bar.hold.text() == "− step 3"
    words = provenance(stage.looking, stage.session.selection, True, True)
    assert "step 9 − step 3 · ≈ snapshots in 8 bit" in words
    bar.hold.click()
    assert stage.looking.moments == (stage.looking.film.snapshot, None)
    bar.hold.click()
    stage.looking.held = replace(stage.looking.film.snapshot, ids=(1,))  # of a text that is read no more
    stage.looking.hold()
    assert stage.looking.held is stage.looking.film.snapshot
    stage.looking.look_at(stage.subject(6, "run1"))
    stage.settle()
    assert stage.looking.held is None  # a moment of another run is not of this one


def test_lines_follow_the_film_where_a_snapshot_keeps_every_pair(stage: Stage) -> None:
    scene = stage.look_at()
    stage.until(lambda: len(stage.looking.film.steps) > 3)
    view = stage.show(LinesView)
    kept = go(stage, 3)
    assert view.scrubs
    np.testing.assert_array_equal(view.sides[0], weights_of(kept, 0))
    assert "≈ step 3, 8 bit" in view.note.text()
    assert view._describe("row", 2)[1][0].text.startswith("≈ ")
    stage.looking.film.go(None)
    stage.settle()
    assert view.sides is not None
    np.testing.assert_array_equal(view.sides[0], scene.capture.attention[0])
    assert not view.scrubs
    assert "≈" not in view._describe("row", 2)[1][0].text


def test_lines_of_one_moment_less_the_other(stage: Stage, moments: tuple[Any, Any]) -> None:
    now, then = moments
    view = stage.show(LinesView)
    view.least.set_value(0.0)
    view.least.changed.emit()
    stage.settle()
    lines, (one, other) = view.canvas.lines, (weights_of(kept, 0) for kept in (now, then))
    places = lines.head, lines.row, lines.column
    assert len(lines)
    assert np.array_equal(lines.weight, one[places].astype(np.float64) - other[places])
    assert "≈ step 12 − step 0, 8 bit" in view.note.text()
    assert view.key.words[:2] == ("step 12 looks more", "step 0 looks more")
    row = view._describe("row", 2)[1][0].text
    assert row.startswith("≈ ")
    assert "(step 12 0." in row


def test_only_a_snapshot_of_the_very_tokens_stands_in() -> None:
    kept: Any = SimpleNamespace(block=1, ids=(1, 2))
    scene = SimpleNamespace(capture=SimpleNamespace(ids=(1, 2)))
    looking: Any = SimpleNamespace(snapshot=kept, shown=(scene, None))
    assert own_moment(looking) is kept
    for other in (SimpleNamespace(block=2, ids=(1, 2)), SimpleNamespace(block=1, ids=(1, 3)), None):
        looking.snapshot = other
        assert own_moment(looking) is None


def test_differences_of_tiles_are_within_two_roundings_and_keep_what_is_no_number() -> None:
    random = np.random.default_rng(0)
    one, other = (random.random((2, 3, 8, 8)) for _ in range(2))
    tiles = [Tiles(np.rint(values * LEVELS).astype(np.uint8)) for values in (one, other)]
    tiles[0].levels[0, 0, 0, 0] = NOTHING
    found = less(*tiles)
    assert found.signed
    assert np.isnan(found.numbers(0, 0)[0, 0])
    wanted = one[1, 2] - other[1, 2]
    step = (found.high - found.low) / LEVELS
    assert np.abs(found.numbers(1, 2) - wanted).max() <= 2 * MAP_ERROR + step
    back = less(tiles[1], tiles[0])
    np.testing.assert_allclose(back.numbers(1, 2), -found.numbers(1, 2), atol=step)
    same = less(tiles[1], replace(tiles[1]))
    assert not same.numbers(1, 2).any()
