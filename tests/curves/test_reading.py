"""What a chart says at one place: only what was measured there, and where it was measured."""

import numpy as np
import pytest

from studio.core.history import History
from studio.curves.frame import Scene
from studio.curves.item import Curve, Mark
from studio.curves.reading import describe, mark_title, read_at, reading_rows, reading_title, step_text


def curve(name: str, values: list[float], every: int = 1, **shown: object) -> Curve:
    history = History()
    steps = np.arange(1, len(values) + 1, dtype=np.float64) * every
    history.extend(steps, steps * 768, steps * 0.5, values)
    return Curve(name, name, history=history, **shown)  # type: ignore[arg-type]


@pytest.fixture
def scene() -> Scene:
    return Scene([curve("training", [4.0, 3.0, 2.0, 1.0]), curve("validation", [3.5, 1.5], every=2, smoothed=False)])


def test_a_place_between_two_points_reads_the_nearer_one_and_never_a_value_in_between(scene: Scene) -> None:
    for place, step, value in ((1.4, 1, 4.0), (1.6, 2, 3.0), (-50.0, 1, 4.0), (99.0, 4, 1.0)):
        found = read_at(scene, place)
        assert found is not None
        assert (found.step, found.values[0].raw) == (step, value)


def test_a_curve_that_was_measured_elsewhere_says_where(scene: Scene) -> None:
    found = read_at(scene, 3.0)
    assert found is not None
    rows = reading_rows(found, ".2f")
    assert [row.text for row in rows] == ["training 2.00", "validation 3.50"]
    assert [row.note for row in rows] == ["", "at 2"]


def test_a_hidden_curve_is_not_read(scene: Scene) -> None:
    scene.curves[0].visible = False
    found = read_at(scene, 3.9)
    assert found is not None
    assert [value.curve.name for value in found.values] == ["validation"]
    scene.curves[1].visible = False
    assert read_at(scene, 3.9) is None


def test_a_run_that_ended_earlier_is_not_read_where_another_one_goes_on(scene: Scene) -> None:
    longer = curve("longer", [9.0, 8.0, 7.0], every=10)
    scene.curves = [scene.curves[0], longer]
    found = read_at(scene, 29.0)
    assert found is not None
    assert [(value.curve.name, value.raw) for value in found.values] == [("longer", 7.0)]
    assert found.step == 30


def test_the_smooth_line_is_told_only_where_it_is_drawn(scene: Scene) -> None:
    scene.smoothing = 0.9
    found = read_at(scene, 4.0)
    assert found is not None
    training, validation = found.values
    assert training.smooth is not None
    assert training.raw < training.smooth < 4.0
    assert validation.smooth is None
    assert "smooth" in reading_rows(found, "")[0].note


def test_the_title_counts_steps_and_time_and_tokens_where_they_are_the_axis(scene: Scene) -> None:
    found = read_at(scene, 4.0)
    assert found is not None
    assert reading_title(scene, found).startswith("step 4 · ")
    assert "tokens" not in reading_title(scene, found)
    scene.axis = "tokens"
    found = read_at(scene, 4 * 768.0)
    assert found is not None
    assert "tokens" in reading_title(scene, found)


@pytest.mark.parametrize(("step", "words"), [(2604.0, "2,604"), (0.5, "0.50"), (3.0000001, "3"), (1e6, "1,000,000")])
def test_a_step_is_told_in_full_and_a_part_of_one_with_its_fraction(step: float, words: str) -> None:
    assert step_text(step) == words


def test_a_screen_reader_hears_the_newest_values_of_what_is_shown(scene: Scene) -> None:
    scene.empty = "Nothing yet."
    assert describe(scene, ".1f") == "training 1.0 at step 4; validation 1.5 at step 4"
    scene.curves[1].visible = False
    assert "validation" not in describe(scene, ".1f")
    scene.curves = []
    assert describe(scene, ".1f") == "Nothing yet."


def test_a_circle_under_the_axis_is_named_by_its_kind() -> None:
    assert mark_title(Mark("checkpoint", 2_000)) == "checkpoint · step 2,000"
    assert mark_title(Mark("something", 3)) == "something · step 3"
