"""A run in its own thread: from the engine's events to the model and the disk, with every wish on the way."""

import pytest
from PySide6.QtCore import QTimer

from studio.core.errors import StudioError
from studio.store.project import Project
from tests.scripted_run import UNTIL_STOPPED, finished, small_run, started, step, steps

pytestmark = pytest.mark.gui


def test_a_run_goes_from_its_events_to_the_model_and_the_disk(stage, session, notices, told):
    run = stage.play(small_run(10))
    assert (run.state, run.step) == ("finished", 10)
    assert run.history["training_loss"].value.tolist() == [4.0 / number for number in range(1, 11)]
    assert list(Project.open(session.project.path).run("tale").events()) == small_run(10)
    assert {"runs", "running"} <= told.what
    assert [notice.level for notice in notices] == ["good"]
    assert session.running is None


def test_the_running_run_is_known_while_it_lives(stage, session):
    run = stage.start([started(), *steps(2), UNTIL_STOPPED])
    stage.until(lambda: run.state == "running")
    assert session.running is run
    session.stop_run(run)
    assert run.wish == "stop"
    stage.until(lambda: session.running is None)
    assert run.state == "stopped"


def test_a_stopped_run_saves_before_it_ends_unless_told_not_to(stage, session):
    for save, expected in ((True, [3]), (False, [])):
        run = stage.start([started(), *steps(3), UNTIL_STOPPED])
        stage.until(lambda run=run: run.step == 3)
        session.stop_run(run, save)
        stage.until(lambda run=run: not run.living)
        assert [event.step for event in run.checkpoints] == expected


def test_a_paused_run_waits_grants_wishes_and_goes_on(stage, session):
    run = stage.start([started(), *steps(1), UNTIL_STOPPED])
    stage.until(lambda: run.step == 1)
    session.pause_run(run)
    stage.until(lambda: run.state == "paused")
    session.sample_now(run, "Once")
    session.save_now(run)
    stage.until(lambda: bool(run.samples and run.checkpoints))
    assert (run.samples[0].prompt, run.state) == ("Once", "paused")
    session.proceed_run(run)
    stage.until(lambda: run.state == "running")
    session.stop_run(run)
    stage.until(lambda: not run.living)


def test_a_stop_ends_a_pause(stage, session):
    run = stage.start([started(), UNTIL_STOPPED])
    session.pause_run(run)
    stage.until(lambda: run.state == "paused")
    session.stop_run(run)
    stage.until(lambda: run.state == "stopped")


def test_a_failure_is_an_event_with_a_sentence(stage, notices):
    run = stage.play([started(), step(1), StudioError("The text is gone.", "Import it again.")])
    assert (run.state, run.ending.message, run.ending.hint) == ("failed", "The text is gone.", "Import it again.")
    assert notices[0].level == "danger"
    assert "Import it again." in notices[0].text


def test_a_bug_in_the_engine_keeps_no_tensor_alive(stage, caplog):
    class Tensor:
        pass

    alive = []

    def stumble(control, record):
        import weakref

        tensor = Tensor()
        alive.append(weakref.ref(tensor))
        raise RuntimeError("shapes differ")

    run = stage.play([started(), stumble])
    assert "shapes differ" in run.ending.details
    assert alive[0]() is None


def test_a_flood_arrives_whole_in_a_few_announcements(stage):
    run = stage.start([started(20_000), *steps(20_000), finished(20_000)])
    said = []
    run.changed.connect(said.append)
    stage.until(lambda: not run.living)
    assert len(run.history["training_loss"]) == 20_000
    assert len(said) < 500


def test_the_looking_stops_with_the_last_run(stage, session):
    stage.play(small_run(2))
    assert not any(timer.isActive() for timer in session.findChildren(QTimer))
