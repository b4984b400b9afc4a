"""Where points stand: one scale for both axes, a place that stays under the pointer, and turns that keep distances."""

import numpy as np
import pytest

from studio.maps.camera import CLOSEST, FARTHEST, MARGIN, Camera, turning

RNG = np.random.default_rng(0)


def camera(points, width=800.0, height=600.0):
    made = Camera(width, height)
    made.look_at(points)
    return made


def test_everything_is_in_sight_and_both_axes_have_one_scale():
    points = (RNG.standard_normal((500, 2)) * [9, 2] + [40, -7]).astype(np.float32)
    found = camera(points)
    x, y, near = found.project(points)
    assert near is None
    assert x.min() >= MARGIN - 0.5
    assert x.max() <= 800 - MARGIN + 0.5
    assert y.min() >= 0
    assert y.max() <= 600
    one, other = points[3], points[4]
    assert np.hypot(x[3] - x[4], y[3] - y[4]) == pytest.approx(np.linalg.norm(one - other) * found.scale, rel=1e-3)


def test_up_is_up():
    x, y, _ = camera(np.array([[0, 0], [0, 1], [1, 0]], np.float32)).project(
        np.array([[0, 0], [0, 1], [1, 0]], np.float32)
    )
    assert y[1] < y[0]
    assert x[2] > x[0]


def test_zooming_keeps_what_is_under_the_pointer():
    points = RNG.random((50, 2), np.float32)
    found = camera(points)
    x, y, _ = found.project(points)
    found.zoom_at(float(x[7]), float(y[7]), 3.0)
    after = found.project(points)
    assert after[0][7] == pytest.approx(x[7], abs=1e-2)
    assert after[1][7] == pytest.approx(y[7], abs=1e-2)
    assert after[0][8] - after[0][7] == pytest.approx(3 * (x[8] - x[7]), abs=1e-2)


def test_zoom_has_a_closest_and_a_farthest():
    found = camera(RNG.random((5, 2), np.float32))
    for _ in range(100):
        found.zoom_at(400, 300, 2.0)
    assert found.zoom == pytest.approx(CLOSEST)
    for _ in range(100):
        found.zoom_at(400, 300, 0.5)
    assert found.zoom == pytest.approx(FARTHEST)
    found.home()
    assert (found.zoom, found.offset) == (1.0, (0.0, 0.0))


def test_turning_keeps_right_angles_after_any_number_of_turns():
    points = RNG.standard_normal((200, 3)).astype(np.float32)
    found = camera(points)
    before = found.project(points)
    for _ in range(500):
        found.turn(0.013, -0.021)
    np.testing.assert_allclose(found.turned @ found.turned.T, np.eye(3), atol=1e-9)
    assert np.abs(found.project(points)[0] - before[0]).max() > 20
    found.home()
    np.testing.assert_allclose(found.project(points)[0], before[0])


def test_in_space_everything_is_in_sight_at_first_and_as_large_as_it_can_be():
    points = (RNG.standard_normal((300, 3)) * [5, 1, 1]).astype(np.float32)
    found = camera(points)
    x, y, near = found.project(points)
    assert x.min() >= MARGIN - 1
    assert x.max() <= 800 - MARGIN + 1
    assert y.min() >= 0
    assert y.max() <= 600
    assert max(np.abs(x - 400).max() / (400 - MARGIN), np.abs(y - 300).max() / (300 - MARGIN)) > 0.99
    assert np.abs(near).max() <= 1.0001


def test_what_is_nearer_is_larger():
    found = camera(np.array([[0, 0, 1], [0, 0, -1], [0.5, 0, 1], [0.5, 0, -1]], np.float32))
    found.turned = turning(0, 0)
    x, _, near = found.project(np.array([[0, 0, 1], [0, 0, -1], [0.5, 0, 1], [0.5, 0, -1]], np.float32))
    assert near[0] > near[1]
    assert x[2] - x[0] > x[3] - x[1]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_no_point_and_one_point_have_a_place(count):
    points = np.full((count, 2), 3.0, np.float32)
    x, y, _ = camera(points).project(points)
    assert np.allclose(x, 400)
    assert np.allclose(y, 300)
