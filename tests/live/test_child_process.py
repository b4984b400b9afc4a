"""A run in a process of its own behaves like one in a thread, and its death costs nothing but the run."""

from dataclasses import replace

import pytest

from studio.core.config import DataConfig, RunConfig
from studio.live.run_worker import child_command
from tests.scripted_run import saved, small_run

pytestmark = pytest.mark.gui


CHILD = RunConfig(data=DataConfig(text="story"))
CHILD = CHILD.with_part(compute=replace(CHILD.compute, host="child"))


def test_a_child_runs_like_a_thread(stage, child_plays):
    child_plays("small_run(5)")
    run = stage.play((), config=CHILD)
    assert (run.state, run.step) == ("finished", 5)
    assert list(run.record.events()) == small_run(5)
    assert run.record.summary.state == "finished"
    assert stage.engine.calls == []


def test_a_child_hears_pause_wishes_and_stop(stage, session, child_plays):
    child_plays("[started(), *steps(2), UNTIL_STOPPED]")
    run = stage.start((), config=CHILD)
    session.pause_run(run)
    stage.until(lambda: run.state == "paused")
    session.sample_now(run, "Es war ä")
    stage.until(lambda: bool(run.samples))
    assert run.samples[0].prompt == "Es war ä"
    session.proceed_run(run)
    stage.until(lambda: run.state == "running")
    session.stop_run(run, save=False)
    stage.until(lambda: run.state == "stopped")
    assert run.checkpoints == []


def test_a_failure_in_a_child_is_the_same_event(stage, child_plays):
    child_plays("[started(), step(1), RuntimeError('shapes differ')]")
    run = stage.play((), config=CHILD)
    assert (run.state, run.step) == ("failed", 1)
    assert "shapes differ" in run.ending.message


def test_a_killed_child_costs_a_run_and_never_the_window(stage, child_plays):
    child_plays("[started(), *steps(3), lambda control, record: os.kill(os.getpid(), 9)]", before="import os")
    run = stage.play((), config=CHILD)
    assert (run.state, run.step) == ("failed", 3)
    assert "killed by the system, likely because memory ran out" in run.ending.message
    assert "Resume it" in run.ending.hint
    assert run.record.summary.state == "failed"


def test_a_child_that_refuses_is_quoted(stage, child_plays):
    child_plays("[]", before="sys.stderr.write('Loading\\nThe text is gone.\\n'); sys.exit(1)")
    run = stage.play((), config=CHILD)
    assert (run.state, run.ending.message) == ("failed", "The text is gone.")
    assert "Loading" in run.ending.details


def test_a_child_that_refuses_its_settings_leaves_no_run_and_one_that_dies_early_does(stage, session, child_plays):
    sentence = "StudioError('The text is too short.', 'Choose a longer one.')"
    child_plays(f"[{sentence}]", before="from studio.core.errors import StudioError")
    stage.play((), "refused", CHILD)
    child_plays("[]", before="import os; os.kill(os.getpid(), 9)")
    stage.play((), "dead", CHILD)
    assert list(session.runs) == ["dead"]
    assert session.runs["dead"].ending.details


def test_a_child_that_cannot_be_started_is_a_failure(stage, monkeypatch, caplog):
    monkeypatch.setattr("studio.live.run_worker.child_command", lambda record, resume: ["/no/such/program"])
    assert stage.play((), config=CHILD).state == "failed"


def test_a_child_that_ignores_a_stop_is_ended(stage, session, child_plays, monkeypatch):
    monkeypatch.setattr("studio.live.run_queue._SILENCE", 0.2)
    child_plays("[started(), step(1), lambda control, record: time.sleep(60)]", before="import time")
    run = stage.start((), config=CHILD)
    stage.until(lambda: run.step == 1)
    session.stop_run(run)
    stage.until(lambda: not run.living)
    assert run.state == "stopped"
    assert "did not answer" in run.ending.message


def test_closing_the_window_stops_a_child_that_saves(stage, session, child_plays):
    child_plays("[started(), *steps(2), UNTIL_STOPPED]")
    run = stage.start((), config=CHILD)
    stage.until(lambda: run.step == 2)
    record = run.record
    assert session.close(5_000)
    assert record.summary.state == "stopped"
    assert list(record.events())[-2] == saved(2)


def test_the_childs_command_line_names_run_project_and_checkpoint(stage, session):
    record = stage.play(small_run(1)).record
    fresh = child_command(record, None)[2:]
    project = str(session.project.path)
    assert fresh[:4] == ["run", str(record.folder / "config.json"), "--name", "tale"]
    assert fresh[4:] == ["--project", project, "--json", "--control"]
    assert child_command(record, -1)[2:5] == ["run", "--resume", "tale"]
    assert child_command(record, 500)[2:5] == ["run", "--resume", "tale@500"]
