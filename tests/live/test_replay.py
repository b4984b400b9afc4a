"""The past of a run, read back through the code that showed it live."""

import pytest

from studio.core.errors import StudioError
from studio.live.replay import chunks
from tests.scripted_run import finished, sample, small_run, started, step, steps

pytestmark = pytest.mark.gui


def test_an_old_run_is_read_back_through_the_same_model(stage, reopened):
    live = stage.play(small_run(10))
    losses = live.history["training_loss"].value.tolist()
    old = reopened().open_run("tale")
    assert old is not live
    assert old.replayed
    assert (old.state, old.step, old.samples) == ("finished", 10, [sample(10)])
    assert old.history["training_loss"].value.tolist() == losses


@pytest.mark.slow
def test_a_long_past_is_read_in_the_background(stage, reopened):
    stage.play([started(9_000), *steps(9_000), finished(9_000)])
    old = reopened().open_run("tale")
    assert not old.replayed
    stage.until(lambda: old.replayed)
    assert len(old.history["training_loss"]) == 9_000
    assert sum(map(len, chunks(old.record))) == 9_002


def test_a_long_past_is_complete_before_the_run_goes_on(stage, reopened):
    stage.play([started(9_000), *steps(8_000), StudioError("Power cut.")])
    reopened()
    run = stage.resume("tale", [started(9_000, step=8_000, resumed_from=8_000), step(8_001), finished(8_001)], 8_000)
    assert run.state == "queued"
    stage.until(lambda: run.state == "finished")
    assert run.history["training_loss"].step.tolist() == list(range(1, 8_002))


def test_going_on_can_be_called_off_while_the_past_is_read(stage, session, reopened):
    stage.play([started(9_000), *steps(8_000), StudioError("Power cut.")])
    run = reopened().resume_run("tale", 8_000)
    session.stop_run(run)
    assert run.state == "failed"
    stage.settle()
    assert len(stage.engine.calls) == 1


def test_leaving_while_a_past_is_read_leaves_nothing_behind(stage, session, reopened):
    stage.play([started(9_000), *steps(9_000), finished(9_000)])
    reopened().open_run("tale")
    session.close_project()
    stage.settle()
