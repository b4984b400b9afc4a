"""This computer is measured once, in the background, when torch is there."""

from typing import Any

import pytest

from studio.parts import machine
from studio.parts.machine import Machine

pytestmark = pytest.mark.gui
FACTS = {"device": "cpu", "cores": 2, "precision": "fp32"}


def describe() -> dict[str, Any]:
    return dict(FACTS)


def broken() -> dict[str, Any]:
    raise machine.StudioError("No torch here.")


def ready(monkeypatch: pytest.MonkeyPatch, session: Any, state: str = "ready") -> None:
    monkeypatch.setattr(type(session), "torch_state", property(lambda _self: state))


def test_there_is_one_for_a_session(scripted_run: Any) -> None:
    assert Machine.of(scripted_run.session) is Machine.of(scripted_run.session)


def test_nothing_is_measured_before_torch_is_ready(scripted_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "DESCRIBE", describe)
    found = Machine.of(scripted_run.session)
    assert not scripted_run.session.jobs.jobs
    ready(monkeypatch, scripted_run.session)
    scripted_run.session.changed.emit(frozenset({"torch"}))
    scripted_run.session.changed.emit(frozenset({"torch"}))
    assert len(scripted_run.session.jobs.jobs) == 1
    scripted_run.settle()
    assert found.facts == FACTS


def test_a_failure_is_kept_as_a_sentence(
    scripted_run: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(machine, "DESCRIBE", broken)
    ready(monkeypatch, scripted_run.session)
    found = Machine.of(scripted_run.session)
    scripted_run.settle()
    assert found.error == "No torch here."
    assert not found.facts
    monkeypatch.setattr(machine, "DESCRIBE", describe)
    found.measure_again()
    scripted_run.settle()
    assert found.facts == FACTS
    assert found.error == ""


def test_cores_and_memory_are_known_without_torch(scripted_run: Any) -> None:
    found = Machine.of(scripted_run.session)
    assert found.cores >= 1
    assert found.memory > 100_000_000


def test_the_room_is_the_computers_or_that_of_the_gpu_that_may_be_used(scripted_run: Any) -> None:
    found = Machine.of(scripted_run.session)
    free, total, whose = found.room()
    assert 0 < free <= total
    assert whose == "this computer"
    found.facts = {"device": "cuda", "gpu": "RTX", "largest_model": 750_000_000}
    assert found.room() == found.room("cuda") == (16_000_000_000, 16_000_000_000, "RTX")
    assert found.room("cpu")[2] == "this computer"
