"""Nothing is measured unasked; the middle is the model's own loss, and stopping leaves what there is."""

import hashlib
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from studio.insight.landscape import mean_loss
from studio.insight.own_text import HELD_BACK, ground, own_text
from studio.probes.landscape_view import POINTS, LandscapeView
from tests.lenses.trained import Stage

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture
def view(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> LandscapeView:
    for kind, points in (("line", 9), ("plane", 5), ("between", 13), ("path", 5)):
        monkeypatch.setitem(POINTS, kind, points)
    stage.look_at()
    shown: LandscapeView = stage.show(LandscapeView)
    return shown


def measure(view: LandscapeView, stage: Stage, kind: str) -> None:
    view.kind.set_value(kind)
    view.kind.changed.emit(kind)
    view.button.click()
    stage.until(lambda: view.field is not None and not view._question.waiting)
    stage.settle()


def own_loss(scene: Any) -> float:
    found = mean_loss(scene.model, ground(own_text(scene, HELD_BACK), 1))
    assert found is not None
    return found


def fingerprint(scene: Any) -> str:
    return hashlib.sha256(b"".join(w.detach().numpy().tobytes() for w in scene.model.parameters())).hexdigest()


def test_nothing_is_measured_before_somebody_asks(view: LandscapeView, stage: Stage) -> None:
    assert stage.session.jobs.jobs == []
    assert view.numbers() == {}
    assert "moved along a random direction" in view.explanation()
    assert not view.note.isVisible()  # what the page says below the view, it says once


def test_where_one_could_walk_is_told_as_soon_as_it_is_chosen(view: LandscapeView, stage: Stage) -> None:
    told: list[str] = []
    view.told.connect(lambda: told.append(view.explanation()))
    stage.bot.mouseClick(view.kind._buttons["path"], Qt.MouseButton.LeftButton)
    assert "plane that holds most of the way a run has gone" in told[-1]


def test_a_line_goes_through_the_models_own_loss(view: LandscapeView, stage: Stage) -> None:
    before = fingerprint(stage.looking.scene)
    measure(view, stage, "line")
    assert view.done == 9
    assert abs(view.centre - own_loss(stage.looking.scene)) <= 1e-6
    found = view.numbers()
    [line] = view.chart.lines
    np.testing.assert_array_equal(line.y, found["loss"][0])
    assert "9 of 9 points" in view.note.text()
    assert "held back" in view.note.text()
    assert fingerprint(stage.looking.scene) == before
    view.chart.point_at(0, 6)
    assert f"L(w + {line.x[6]:.3f} · d) = {line.y[6]:.4f}" in view.explanation()


def test_a_plane_is_drawn_with_its_second_axis_upwards(view: LandscapeView, stage: Stage) -> None:
    measure(view, stage, "plane")
    found = view.numbers()
    assert found["loss"].shape == (5, 5)
    np.testing.assert_array_equal(view.map.values, found["loss"][::-1].astype(np.float32))
    assert view.map.locked == (2, 2)
    title, rows = view.map.describe(0, 4)
    assert title == "(+1.000, +1.000)"
    assert rows[0].text == f"loss {found['loss'][4, 4]:.4f}"
    view.map.mark(0, 4)
    assert f"= {found['loss'][4, 4]:.4f}" in view.explanation()


def test_the_way_to_another_checkpoint_ends_at_its_loss(view: LandscapeView, stage: Stage) -> None:
    assert not view.kind._buttons["between"].isEnabled()
    stage.looking.compare_with(stage.subject(3))
    stage.until(lambda: stage.looking.other is not None and not stage.looking.busy)
    assert view.kind._buttons["between"].isEnabled()
    measure(view, stage, "between")
    found = view.numbers()
    at = {float(place): float(loss) for place, loss in zip(found["first"], found["loss"][0], strict=True)}
    assert abs(at[0.0] - own_loss(stage.looking.scene)) <= 1e-6
    assert abs(at[1.0] - own_loss(stage.looking.other)) <= 1e-6


def test_the_runs_path_names_its_checkpoints(view: LandscapeView, stage: Stage) -> None:
    measure(view, stage, "path")
    assert view._question.error is None
    assert view.field is not None
    assert [stop[0] for stop in view.field.stops] == [3, 6, 9, 12]
    assert "12: (" in view.note.text()
    assert view.numbers()["stops"].shape == (4, 3)
    assert abs(view.centre - own_loss(stage.looking.scene)) <= 1e-6


@pytest.mark.slow
def test_it_can_be_stopped_and_what_was_measured_stays(view: LandscapeView, stage: Stage, monkeypatch: Any) -> None:
    monkeypatch.setitem(POINTS, "plane", 101)
    before = fingerprint(stage.looking.scene)
    view.kind.set_value("plane")
    view.button.click()
    assert view.button.text() == "Stop"
    stage.until(lambda: view.done > 3)
    view.button.click()
    stage.settle()
    done = view.done
    assert 3 < done < 101 * 101
    assert view.button.text() == "Measure"
    assert np.isfinite(view.numbers()["loss"]).sum() == done
    assert fingerprint(stage.looking.scene) == before


def test_another_model_forgets_the_picture_and_another_text_does_not(view: LandscapeView, stage: Stage) -> None:
    measure(view, stage, "line")
    stage.looking.read("the gulls cried")
    stage.until(lambda: not stage.looking.busy)
    assert view.done == 9
    stage.look_at(6)
    assert view.done == 0
    assert view.numbers() == {}


def test_the_way_begins_at_a_even_while_b_is_shown(view: LandscapeView, stage: Stage) -> None:
    stage.looking.compare_with(stage.subject(3))
    stage.until(lambda: stage.looking.other is not None and not stage.looking.busy)
    stage.looking.set_mode("B")
    measure(view, stage, "between")
    found = view.numbers()
    at = {float(place): float(loss) for place, loss in zip(found["first"], found["loss"][0], strict=True)}
    assert abs(at[0.0] - own_loss(stage.looking.scene)) <= 1e-6
    assert abs(at[1.0] - own_loss(stage.looking.other)) <= 1e-6
    stage.looking.compare_with(stage.subject(6))  # another end, another way
    stage.until(lambda: stage.looking.other.step == 6 and not stage.looking.busy)
    assert view.numbers() == {}
