"""Where a chart's things stand: inside, one over the other, and where the numbers say."""

from itertools import pairwise

import numpy as np
import pytest

from studio.core.history import History
from studio.curves.axis import Scale
from studio.curves.frame import Frame, Scene, finite_runs, make_frame, pixels, polygon
from studio.curves.item import Curve, Mark, Reference
from studio.curves.marks import placed_marks
from studio.widgets.look import Look

pytestmark = pytest.mark.gui


def scene(*marks: Mark, total: int = 0) -> Scene:
    history = History()
    steps = np.arange(1.0, 101.0)
    history.extend(steps, steps * 768, steps * 0.5, np.linspace(4.0, 1.0, 100).tolist())
    return Scene([Curve("training", "training", history=history)], marks=list(marks), total=total)


def frame_of(look: Look, shown: Scene, size: tuple[float, float] = (640, 320), high: float = 100.0) -> Frame:
    return make_frame(look, size, (0.0, high), (1.0, 4.0), shown)


BOTH = Mark("checkpoint", 50), Mark("sample", 70)


def test_rows_of_marks_take_their_room_from_the_curves_and_lie_below_them(look: Look) -> None:
    without, with_rows = frame_of(look, scene()), frame_of(look, scene(*BOTH))
    assert without.rows == ()
    assert with_rows.rows == ("checkpoint", "sample")
    assert with_rows.area.height() < without.area.height()
    assert with_rows.area.bottom() < with_rows.row_y("checkpoint") < with_rows.row_y("sample") < 320
    assert with_rows.caption
    assert not frame_of(look, scene(*BOTH), (640, 200)).caption  # too low for words


def test_a_picture_that_is_too_small_still_has_an_area(look: Look) -> None:
    area = frame_of(look, scene(*BOTH), (10, 10)).area
    assert area.width() > 0
    assert area.height() > 0


def test_a_chart_without_anything_has_no_numbers_at_its_sides(look: Look) -> None:
    empty = frame_of(look, Scene())
    assert (empty.x_ticks, empty.y_ticks) == ([], [])
    published = Scene(references=[Reference("a", "a", np.array([1.0]), np.array([2.0]))])
    assert frame_of(look, published).y_ticks


def test_steps_have_whole_numbers_and_the_planned_end_stands_as_itself(look: Look) -> None:
    few = make_frame(look, (900, 320), (0.0, 3.0), (1.0, 4.0), scene())
    assert all(tick == round(tick) for tick in few.x_ticks)
    planned = frame_of(look, scene(total=97), high=97.0).x_ticks
    assert planned[-1] == 97
    assert 97 - planned[-2] > 5  # no round number just before it
    assert planned == sorted(planned)


def test_only_marks_in_sight_are_placed_and_each_at_its_step(look: Look) -> None:
    shown = scene(Mark("checkpoint", 10), Mark("checkpoint", 50), Mark("sample", 400))
    frame = frame_of(look, shown)
    found = placed_marks(frame, shown)
    assert [mark.step for mark, _ in found] == [10, 50]
    for mark, x in found:
        assert x == pytest.approx(frame.area.left() + mark.step / 100 * frame.area.width())


def test_pixels_of_many_values_are_those_of_each_value() -> None:
    for scale in (Scale(0.0, 5.0, 400.0, 20.0), Scale(0.01, 100.0, 400.0, 20.0, True)):
        values = np.array([0.01, 0.5, 1.0, 4.9])
        np.testing.assert_allclose(pixels(scale, values), [scale.pixel(value) for value in values])
    assert np.isnan(pixels(Scale(0.0, 5.0, 400.0, 20.0), np.array([np.nan]))).all()
    assert np.abs(pixels(Scale(0.0, 1e-9, 0.0, 100.0), np.array([1e9, -1e9]))).max() <= 1e5


def test_unbroken_stretches_leave_out_exactly_what_is_no_number() -> None:
    for seed in range(20):
        finite = np.random.default_rng(seed).random(30) > 0.3
        seen = np.zeros(30, bool)
        runs = list(finite_runs(finite))
        for begin, end in runs:
            assert finite[begin:end].all()
            seen[begin:end] = True
        assert np.array_equal(seen, finite)
        assert all(before[1] < after[0] for before, after in pairwise(runs))
    assert list(finite_runs(np.zeros(0, bool))) == []
    assert list(finite_runs(np.ones(4, bool))) == [(0, 4)]


def test_a_polygon_holds_the_points_of_two_arrays() -> None:
    x, y = np.array([1.0, 2.5, -3.0]), np.array([0.0, 9.0, 4.25])
    found = polygon(x, y)
    assert [(found.at(place).x(), found.at(place).y()) for place in range(3)] == list(zip(x, y, strict=True))


def test_no_points_are_no_polygon_and_no_error() -> None:
    assert polygon(np.zeros(0), np.zeros(0)).isEmpty()
    assert polygon(np.array([1.0]), np.array([2.0])).size() == 1
