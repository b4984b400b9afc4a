"""Ways between two moments: the held one and the slider's, on the basis that stays, by their true distance."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.embeddings.trajectories_view import TrajectoriesView
from studio.embeddings.two_moments import TwoMoments
from studio.insight import journey
from tests.lenses.trained import Stage

pytestmark = [pytest.mark.gui, pytest.mark.torch]


def table(stage: Stage, step: int) -> Any:
    return journey.stored_table(stage.looking.scene.folder.parent / f"step-{step:06d}").astype(np.float64)


def go(stage: Stage, step: int) -> None:
    stage.looking.film.go(step)
    stage.until(lambda: stage.looking.film.step == step)
    stage.settle()


@pytest.fixture
def view(stage: Stage) -> TrajectoriesView:
    """Step 3 is held; step 9 is shown."""
    stage.look_at()
    made: TrajectoriesView = stage.show(TrajectoriesView)
    stage.until(lambda: made.journey is not None and len(stage.looking.film.steps) > 3)
    go(stage, 3)
    stage.looking.hold()
    go(stage, 9)
    stage.until(lambda: made.between.journey is not None)
    return made


def test_the_table_is_of_the_largest_movers_between_the_two(view: TrajectoriesView, stage: Stage) -> None:
    wanted = np.linalg.norm(table(stage, 9) - table(stage, 3), axis=1)
    np.testing.assert_allclose(view.numbers()["between"], wanted, rtol=1e-5)
    assert view.numbers()["between_steps"].tolist() == [3, 9]
    order = np.argsort(-wanted, kind="stable")[:8].tolist()
    assert [row[0] for row in view.movers.list.rows] == order
    assert "from step 3 to 9 in all dimensions" in view.movers.words.text()
    assert view.card.note.text().startswith("step 9 − step 3 · ")
    stage.session.selection.lock(token=order[0])
    assert f"moved {wanted[order[0]]:.3g}"[:8] in view.story.text()
    assert "|x(last) − x(first)|" in view.explanation()
    assert "since step 3" in view.explanation()


def test_the_map_stays_on_its_basis_and_trails_lie_between_the_two(view: TrajectoriesView) -> None:
    assert view.journey.steps == (3, 6, 9, 12)
    np.testing.assert_array_equal(view.map.picture.points, view.journey.points[2, :, :2])
    assert all(len(trail.points) == 3 for trail in view.map.trails)
    row = view.map.trails[0].index
    np.testing.assert_array_equal(view.map.trails[0].points, view.journey.points[0:3, row, :2])


def test_letting_go_brings_the_whole_way_back(view: TrajectoriesView, stage: Stage) -> None:
    stage.looking.hold()
    assert view.between.journey is None
    assert "between" not in view.numbers()
    assert "from step 3 to 12" in view.movers.words.text()
    assert "−" not in view.card.note.text().split(" · ")[0]


@pytest.mark.slow
def test_a_moment_less_itself_has_not_moved(view: TrajectoriesView, stage: Stage) -> None:
    go(stage, 3)
    stage.until(lambda: view.between.journey is not None)
    assert not view.numbers()["between"].any()
    stage.session.selection.hover(token=4)
    assert "did not move" in view.story.text()


def test_a_moment_without_a_checkpoint_is_the_nearest_one_and_says_so(view: TrajectoriesView, stage: Stage) -> None:
    go(stage, 0)
    stage.until(lambda: view.between.journey is not None)
    assert "the moments nearest to 0 and 3" in view.card.note.text()
    assert view.numbers()["between_steps"].tolist() == [3, 3]


@pytest.mark.slow
def test_of_snapshots_the_kept_components_are_subtracted(view: TrajectoriesView, stage: Stage) -> None:
    view.tools.moments.set_value("snapshots")
    view.tools.moments.changed.emit("snapshots")
    stage.until(lambda: view.journey is not None and view.journey.kept and view.between.journey is not None)
    first, last = (view.journey.steps.index(step) for step in (3, 9))
    wanted = np.linalg.norm(view.journey.points[last] - view.journey.points[first], axis=1)
    np.testing.assert_allclose(view.numbers()["between"], wanted, rtol=1e-6)
    assert "components that snapshots keep" in view.movers.words.text()


def test_turned_tables_are_turned_here_too_and_what_is_gone_is_a_sentence(view: TrajectoriesView, stage: Stage) -> None:
    folder = stage.looking.scene.folder.parent
    last = table(stage, 12).astype(np.float32)
    one, other = (journey.aligned(table(stage, step).astype(np.float32), last) for step in (3, 9))
    found = journey.moved_between(folder, (3, 9), "tokens", True)
    np.testing.assert_allclose(found, np.linalg.norm(one - other, axis=1), rtol=1e-4)
    with pytest.raises(StudioError, match="The checkpoint of step 4 is gone"):
        journey.moved_between(folder, (3, 4))


def whole(seed: int, steps: tuple[int, ...] = (3, 6, 9), kept: bool = True) -> journey.Journey:
    points = np.random.default_rng(seed).normal(size=(len(steps), 5, 3)).astype(np.float32)
    return journey.Journey(steps, points, np.zeros((2, 5)), np.zeros(5), (1.0,), turned=False, kept=kept)


def held_at(step: int, **told: Any) -> Any:
    return SimpleNamespace(moments=(None, SimpleNamespace(step=step)), **told)


@pytest.mark.usefixtures("qapp")
def test_another_way_through_the_same_moments_is_subtracted_anew_and_told() -> None:
    between, told = TwoMoments(held_at(3)), []
    between.changed.connect(lambda: told.append(between.journey))
    for one in (whole(1), whole(2)):
        between.follow(one, 2, MagicMock())
        assert between.journey is not None
        np.testing.assert_allclose(between.journey.moved, np.linalg.norm(one.points[2] - one.points[0], axis=1))
        assert told[-1] is between.journey
        between.follow(one, 2, MagicMock())
    assert len(told) == 2


@pytest.mark.usefixtures("qapp")
def test_a_run_that_went_on_is_asked_again_where_its_tables_are_turned_onto_the_last_one() -> None:
    for turned, times in ((True, 2), (False, 1)):
        ask = MagicMock()
        ask.return_value.cancelled = False
        between = TwoMoments(held_at(3, ask=ask, scene=SimpleNamespace(folder=Path("/run/checkpoints/step-9"))))
        for steps in ((3, 6, 9), (3, 6, 9, 12)):
            between.follow(whole(1, steps, kept=False), 2, SimpleNamespace(source="tokens", turned=turned))  # type: ignore[arg-type]
        assert ask.call_count == times
