"""The bench of the first day: how it judges what a fresh process answers, and that one click is enough."""

import pytest

from studio.benches import first_run
from studio.live.first_run import first_config


def found(seconds: float, clicks: int = 1) -> dict[str, object]:
    return {"clicks": clicks, "seconds": seconds, "cpu_s": 20.0, "page": "pretrain", "points": 5}


def test_a_curve_within_a_minute_and_four_clicks_is_what_was_promised() -> None:
    assert first_run.judged(found(60.0, 4))["reached"]
    assert not first_run.judged(found(60.1))["reached"]
    assert not first_run.judged(found(10.0, 5))["reached"]


def test_the_row_tells_what_was_found_and_how_busy_the_machine_was() -> None:
    row = first_run.judged(found(30.0))
    assert row["cpu_s"] == 20.0
    assert row["page"] == "pretrain"
    assert row["load"] >= 0


@pytest.mark.gui
@pytest.mark.torch
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_one_click_leads_from_nothing_to_a_moving_curve_in_a_minute_of_computing() -> None:
    found = first_run.Child("first_run", "day").answer()
    assert found["clicks"] == 1
    assert found["page"] == "pretrain"
    assert found["points"] >= first_run.POINTS
    assert found["cpu_s"] <= first_run.SECONDS
    assert first_config("stories").training.steps > found["points"]  # it moves: the run is far from its end
