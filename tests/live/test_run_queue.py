"""One run per device computes, the others wait; closing ends them all."""

import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest

from studio.core.channel import Mailbox
from studio.core.config import DataConfig, RunConfig, TrainingConfig
from studio.core.errors import StudioError
from studio.live import run_queue
from studio.store.project import Project
from tests.scripted_run import UNTIL_STOPPED, saved, small_run, started, step, steps

pytestmark = pytest.mark.gui


def test_a_second_run_waits_and_starts_by_itself(stage, session):
    first = stage.start([started(), UNTIL_STOPPED], "first")
    second = stage.start(small_run(2), "second")
    assert (second.state, session.queued) == ("queued", (second,))
    stage.until(lambda: first.state == "running")
    session.stop_run(first)
    stage.until(lambda: second.state == "finished")
    assert session.queued == ()


def test_a_waiting_run_can_be_called_off_and_started_later(stage, session):
    first = stage.start([started(), UNTIL_STOPPED], "first")
    second = stage.start(small_run(2), "second")
    session.stop_run(second)
    assert (second.state, session.queued) == ("new", ())
    session.stop_run(first)
    stage.settle()
    stage.resume("second", small_run(2))
    stage.until(lambda: second.state == "finished")
    assert stage.engine.calls[-1] == ("second", None)


def test_runs_on_different_devices_do_not_wait_for_each_other(stage, session):
    base = RunConfig(data=DataConfig(text="story"))
    on = {name: base.with_part(compute=replace(base.compute, device=name)) for name in ("cpu", "cuda")}
    first = stage.start([started(), UNTIL_STOPPED], "first", on["cpu"])
    second = stage.start([started(), UNTIL_STOPPED], "second", on["cuda"])
    stage.until(lambda: first.state == second.state == "running")
    session.stop_all()
    stage.settle()


def test_a_configuration_with_a_problem_is_refused(session):
    with pytest.raises(StudioError, match="at least 1"):
        session.start_run(RunConfig(training=TrainingConfig(steps=0)))
    assert session.runs == {}


def test_closing_in_the_middle_stops_saves_and_keeps_everything(stage, session):
    run = stage.start([started(), *steps(3), UNTIL_STOPPED])
    waiting = stage.start(small_run(2), "waiting")
    stage.until(lambda: run.step == 3)
    path = session.project.path
    assert session.close(5_000)
    project = Project.open(path)
    assert project.run("tale").summary.state == "stopped"
    assert list(project.run("tale").events())[-2] == saved(3)
    assert project.run("waiting").summary.state == "new"
    assert waiting.state == "new"
    project.lock().release()


def test_closing_says_when_the_engine_is_still_busy(stage, session):
    gate, entered = threading.Event(), threading.Event()

    def busy(control, record):
        entered.set()
        gate.wait(5)

    stage.start([started(), busy])
    stage.until(entered.is_set)
    assert not session.close(10)
    assert session.project is not None
    gate.set()
    assert session.close(5_000)


def test_mere_steps_are_shown_now_and_then_and_anything_else_at_once(monkeypatch):
    monkeypatch.setattr(run_queue, "_STEPS", 1_000.0)
    shown, mailbox = [], Mailbox()
    handle = SimpleNamespace(order=SimpleNamespace(mailbox=mailbox))
    living = run_queue._Living(SimpleNamespace(apply=shown.append), handle, heard=0.0, shown=run_queue.time.monotonic())
    queue = run_queue.RunQueue()
    mailbox.extend(steps(2))
    queue._take(living)
    assert shown == []
    assert living.heard > 0
    mailbox.put(saved(2))
    queue._take(living)
    assert shown == [[*steps(2), saved(2)]]
    mailbox.put(step(3))
    queue._take(living, last=True)
    assert shown[1:] == [[step(3)]]
