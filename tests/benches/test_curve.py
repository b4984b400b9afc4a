"""The bench of the charts: it times frames, finds every spike, and would notice a missing one."""

import argparse
from typing import Any

import numpy as np
import pytest

from studio.benches import curve

pytestmark = pytest.mark.gui
POINTS = 40_000


@pytest.mark.slow
def test_every_spike_is_seen_at_every_zoom_and_every_bucket_is_numpys() -> None:
    rows = curve.run(argparse.Namespace(points=POINTS, frames=2, places=2))
    assert len(rows) == 2 * len(curve.ZOOMS)
    assert all(row["spikes_missed"] == 0 and row["buckets_wrong"] == 0 for row in rows)
    assert sum(row["spikes_seen"] for row in rows) > 2 * curve.CHARTS * curve.SPIKES
    assert all(row["median_ms"] >= row["least_ms"] > 0 for row in rows)


def test_the_charts_are_linked_so_that_a_pan_moves_all_four(qtbot: Any, qapp: Any) -> None:
    window, plots, _ = curve.build(POINTS)
    qtbot.addWidget(window)
    window.show()
    curve.show(plots, 1_000, 20_000)
    times, computed = curve.pan(qapp, plots[0], 4)
    assert len(times) == len(computed) == 4
    assert {plot.canvas.view.x for plot in plots} == {plots[0].canvas.view.x}
    assert plots[0].canvas.view.x != (19_500, 20_500)


def test_a_chart_that_hides_its_curve_is_found_out(qtbot: Any) -> None:
    window, plots, spikes = curve.build(POINTS)
    qtbot.addWidget(window)
    window.show()
    canvas = plots[0].canvas
    curve.show(plots, POINTS, POINTS / 2)
    assert curve.drawn_spikes(canvas, spikes[0]).all()
    assert curve.wrong_buckets(canvas) == 0
    canvas.scene.curves[0].color = "surface"  # drawn, but nobody can see it, except where it covers a grid line
    assert curve.drawn_spikes(canvas, spikes[0]).mean() < 0.1


def test_a_history_that_averages_is_found_out(qtbot: Any) -> None:
    window, plots, _ = curve.build(POINTS)
    qtbot.addWidget(window)
    canvas = plots[0].canvas
    history = canvas.scene.curves[0].history
    assert history is not None
    curve.show(plots, POINTS, POINTS / 2)
    whole = history.extremes

    def flattened(first: int, last: int, buckets: int, smoothing: float = 0.0) -> object:
        starts, low, high = whole(first, last, buckets, smoothing)
        return starts, low, (low + high) / 2

    history.extremes = flattened  # type: ignore[method-assign, assignment]
    assert curve.wrong_buckets(canvas) > 100


def test_the_spikes_stand_where_they_are_said_to_stand() -> None:
    history, at = curve.long_history(POINTS, np.random.default_rng(0))
    calm = np.delete(history.value, at)
    smooth = 2.0 + 3.0 * np.exp(-history.step / (0.1 * POINTS))
    assert np.abs(history.value - smooth)[at].min() > np.abs(calm - np.delete(smooth, at)).max() * 0.9
    assert len(at) == curve.SPIKES


def test_a_spike_in_the_first_pixel_of_a_picture_is_drawn(qtbot: Any) -> None:
    window, plots, spikes = curve.build(POINTS)
    qtbot.addWidget(window)
    window.show()
    canvas = plots[0].canvas
    for spike in spikes[0][150:170].tolist():
        left = spike + 1 - 0.5 * 20_000 / canvas.frame.area.width()
        curve.show(plots, 20_000, left + 10_000)
        assert canvas.frame.x.pixel(spike + 1.0) - canvas.frame.area.left() < 1
        assert curve.drawn_spikes(canvas, spikes[0]).all()


@pytest.mark.parametrize("points", [300, 900, 1_200, 1_600, 2_400, 9_000])
def test_spikes_up_and_down_are_drawn_however_many_points_a_pixel_holds(points: int, qtbot: Any) -> None:
    window, plots, spikes = curve.build(POINTS)
    qtbot.addWidget(window)
    window.show()
    for spike in spikes[0][100:300:20].tolist():
        curve.show(plots, points, spike)
        found = curve.drawn_spikes(plots[0].canvas, spikes[0])
        assert len(found)
        assert found.all()
