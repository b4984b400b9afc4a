"""The bench of the inside pages: it times real widgets, finds every isolated weight, and would notice a lost one."""

import argparse
from typing import Any

import numpy as np
import pytest

from studio.benches import views
from studio.maps.pyramid import Pyramid

pytestmark = [pytest.mark.gui, pytest.mark.torch]


def options(**changes: Any) -> argparse.Namespace:
    return argparse.Namespace(**({"parts": ["map"], "frames": 4, "points": 1_500, "snapshots": 4} | changes))


@pytest.fixture
def small_map(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "SIDE", 200)
    monkeypatch.setattr(views, "SIZES", (70, 150, 300))


def test_every_isolated_weight_of_a_map_is_seen(small_map: None) -> None:
    hover, missed = views.run(options())
    assert hover["median"] > 0
    assert (missed["median"], missed["reached"]) == (0, True)
    assert "seen at 3 sizes" in missed["note"]


def test_a_map_that_averages_is_found_out(small_map: None, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Pyramid.seen

    def averaged(self: Pyramid, rows: Any, columns: Any) -> Any:
        found = whole(self, rows, columns)
        return 0.5 * found if columns[1] > columns[2] else found

    monkeypatch.setattr(Pyramid, "seen", averaged)
    _, missed = views.run(options())
    assert missed["median"] > 100
    assert not missed["reached"]


def test_points_are_panned_and_named_and_their_components_found() -> None:
    pan, hover, components = views.run(options(parts=["scatter"]))
    assert pan["unit"] == hover["unit"] == "ms"
    assert int(hover["note"].split("; ")[1].split()[0]) > 0
    assert components["median"] > 0
    assert "longest wait" in components["note"]


def test_a_failing_job_is_no_figure() -> None:
    with pytest.raises(views.StudioError, match="principal components"):
        views.components(np.zeros((1, 8), np.float32))


def test_a_goal_can_be_a_most_or_a_least() -> None:
    assert views.row("x", 3.0, "ms", 2.0)["reached"] is False
    assert views.row("x", 3.0, "ms", 3.0)["reached"] is True
    assert views.row("x", 19.0, "a second", 20.0, most=False)["reached"] is False
    assert views.row("x", 21.0, "a second", 20.0, most=False)["reached"] is True


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_window_is_driven_through_a_real_run(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("LAYERS", 3), ("HEADS", 4), ("TOKENS", 48)):
        monkeypatch.setattr(views, name, value)
    rows = views.run(options(parts=["window"]))
    names = [row["what"] for row in rows]
    assert names[0] == "3 × 4 heads of 48 tokens: open"
    assert sum(name.startswith("scrubbing") for name in names) == 3
    assert names[-1] == "sweep of 12 heads: ends when called off"
    assert all(row["median"] > 0 for row in rows)
