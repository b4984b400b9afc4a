"""The bench of the window: what it asks of fresh processes, and how it judges what they answer."""

import argparse
from typing import Any

import pytest

from studio.benches import window
from studio.core.channel import RunControl
from studio.core.errors import StudioError
from studio.core.events import RunEnded, RunStarted, StepDone

OPTIONS = argparse.Namespace(starts=3, seconds=0.3, rounds=1, pairs=3, steps=5, one=None, parts=["start"])


def beats(*rounds: list[float], rate: float = 2.0) -> dict[str, Any]:
    return {"late": list(rounds), "rate": rate, "load": 0.0}


def answer(monkeypatch: pytest.MonkeyPatch, **answers: Any) -> None:
    """Let the processes say this, each one in its turn when it is a list."""
    turns = {name: iter(value) if isinstance(value, list) else None for name, value in answers.items()}

    def in_own_process(one: str, options: object, bytecode: str = "") -> dict[str, Any]:
        turn = turns[one]
        found: dict[str, Any] = answers[one] if turn is None else next(turn)
        return found

    monkeypatch.setattr(window, "in_own_process", in_own_process)


def judged(monkeypatch: pytest.MonkeyPatch, **states: Any) -> dict[str, Any]:
    quiet = beats([0.1] * 99 + [5.0], [0.1] * 99 + [6.0], [0.1] * 99 + [7.0])
    answer(monkeypatch, beat={"states": dict.fromkeys(window.STATES, quiet) | states})
    return {row["state"]: row for row in window.beat_rows(OPTIONS)}


def test_the_longest_wait_of_a_state_is_the_middle_one_of_its_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = judged(monkeypatch, thread=beats([1.0, 90.0], [1.0, 400.0], [1.0, 20.0]))
    assert rows["thread"]["max_ms"] == 90.0
    assert rows["thread"]["maxima"] == "90/400/20"
    assert rows["idle"]["max_ms"] == 6.0


def test_a_state_may_be_a_little_later_than_the_idle_window_but_not_more(monkeypatch: pytest.MonkeyPatch) -> None:
    most = [0.1] * 99
    rows = judged(
        monkeypatch,
        thread=beats(*[[*most, 106.0]] * 3),
        child=beats(*[[*most, 106.1]] * 3),
        curves=beats(*[[0.1] * 90 + [20.2] * 10] * 3),
    )
    assert rows["idle"]["reached"]
    assert rows["thread"]["reached"]
    assert not rows["child"]["reached"]
    assert not rows["curves"]["reached"]


def test_a_start_counts_only_if_nothing_heavy_was_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = {"painted": 10.4, "spawned": 10.0, "cpu": 0.3, "imported": []}
    answer(monkeypatch, bare=quick, start=quick)
    assert window.start_rows(OPTIONS)[0]["reached"]
    answer(monkeypatch, bare=quick, start=quick | {"imported": ["torch"]})
    row = window.start_rows(OPTIONS)[0]
    assert not row["reached"]
    assert row["imported_before"] == "torch"
    answer(monkeypatch, bare=quick, start=quick | {"painted": 10.7})
    row = window.start_rows(OPTIONS)[0]
    assert not row["reached"]
    assert row["empty_window_s"] == pytest.approx(0.4)


def test_the_cost_of_watching_is_the_middle_of_interleaved_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    with_window = [{"cpu": cpu, "gui": 0.002} for cpu in (0.104, 0.150, 0.102)]
    answer(monkeypatch, watched=with_window, headless={"cpu": 0.1})
    row = window.cost_rows(OPTIONS)[0]
    assert row["more_percent"] == pytest.approx(4.0)
    assert row["gui_thread_percent"] == pytest.approx(2.0)
    assert row["reached"]


def test_the_moving_curves_go_on_until_somebody_stops_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "PAST", 120)
    control = RunControl()
    events = []
    for event in window.moving_curves(control):
        events.append(event)
        if isinstance(event, StepDone) and event.step == 130:
            control.stop(save=False)
    assert isinstance(events[0], RunStarted)
    assert [event.step for event in events if isinstance(event, StepDone)] == list(range(1, 131))
    assert isinstance(events[-1], RunEnded)
    assert events[-1].reason == "stopped"


def test_a_process_that_dies_is_told_with_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window.sys, "executable", "/bin/false")
    with pytest.raises(StudioError, match=r"start.*code 1"):
        window.in_own_process("start", OPTIONS)


@pytest.mark.gui
def test_the_window_is_painted_before_torch_and_pyqtgraph() -> None:
    found = window.in_own_process("start", OPTIONS)
    assert found["imported"] == []
    assert found["painted"] > found["spawned"]


@pytest.mark.gui
@pytest.mark.torch
@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_every_state_beats_and_watching_is_counted() -> None:
    states = window.in_own_process("beat", OPTIONS)["states"]
    assert set(states) == set(window.STATES)
    assert all(len(item["late"][0]) > 2 for item in states.values())
    assert states["idle"]["rate"] == 0
    for one in ("watched", "headless"):
        assert window.in_own_process(one, OPTIONS)["cpu"] > 0
