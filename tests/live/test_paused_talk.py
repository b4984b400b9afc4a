"""A training is paused, saved where it stands, and handed to Chat; what goes wrong leaves it as it was."""

import threading
import time

import pytest

from studio.core.config import ComputeConfig, DataConfig, RunConfig
from studio.core.errors import StudioError
from studio.core.events import RunPaused
from tests.scripted_run import UNTIL_STOPPED, finished, saved, small_run, started, step, steps

pytestmark = pytest.mark.gui


@pytest.fixture
def wished(session):
    """Pages that were wished for, with what they are to show."""
    found = []
    session.focus_requested.connect(lambda page, thing: found.append((page, thing)))
    return found


@pytest.fixture
def run(stage):
    made = stage.start([started(10), *steps(4), UNTIL_STOPPED])
    stage.until(lambda: made.step == 4 and made.state == "running")
    yield made
    stage.session.stop_run(made, save=False)
    stage.settle()


def test_a_running_training_pauses_saves_and_is_talked_to_as_it_is(stage, session, run, wished):
    session.talk_to_run(run)
    assert session.pausing_to_talk is run
    stage.until(lambda: bool(wished))
    assert wished == [("chat", ("tale", 4))]
    assert (run.state, run.checkpoints[-1].step) == ("paused", 4)
    assert session.pausing_to_talk is None


def test_it_goes_on_afterwards_and_can_be_talked_to_again(stage, session, run, wished):
    session.talk_to_run(run)
    stage.until(lambda: bool(wished))
    session.proceed_run(run)
    stage.until(lambda: run.state == "running")
    session.talk_to_run(run)
    stage.until(lambda: len(wished) == 2)


def test_a_paused_training_is_only_saved(stage, session, run, wished):
    session.pause_run(run)
    stage.until(lambda: run.state == "paused")
    session.talk_to_run(run)
    stage.until(lambda: bool(wished))
    assert run.wish == "", "nobody asked for a pause that is there already"


def test_going_on_in_the_meantime_calls_it_off(stage, session, run, wished):
    session.talk_to_run(run)
    session.proceed_run(run)
    assert session.pausing_to_talk is None
    stage.until(lambda: bool(run.checkpoints))
    assert wished == []


def test_a_run_whose_next_step_is_its_last_is_talked_to_at_its_end(stage, session, wished):
    gate = threading.Event()
    run = stage.start([started(4), *steps(3), lambda control, record: gate.wait(5), step(4), saved(4), finished(4)])
    stage.until(lambda: run.step == 3 and run.state == "running")
    session._runs.talk.begin(run)
    session._runs.queue._control(run).proceed()  # it was past the point at which it looks whether to pause
    gate.set()
    stage.until(lambda: run.state == "finished")
    assert wished == [("chat", ("tale", 4))]
    stage.settle()


def test_a_run_that_has_just_gone_on_is_talked_to_as_it_was_saved_before(stage, session, wished):
    gate = threading.Event()

    def saves_nothing(control, record):
        gate.wait(5)
        control.asks()  # of this step there is a checkpoint already, so that no event tells of one
        control.proceed()

    script = [started(10, step=4, resumed_from=4), saves_nothing, RunPaused(step=4), UNTIL_STOPPED]
    run = stage.start(script)
    stage.until(lambda: run.state == "running")
    session.talk_to_run(run)
    gate.set()
    stage.until(lambda: run.state == "paused")
    assert wished == [("chat", ("tale", 4))]
    session.stop_run(run, save=False)
    stage.settle()


def test_a_disk_that_is_full_is_told(stage, session, notices, wished):
    gate, full = threading.Event(), RunPaused(step=4, reason="disk", message="The disk is full.", hint="Make room.")

    def fails(control, record):
        gate.wait(5)
        control.asks()
        control.proceed()  # the event that follows is the pause

    run = stage.start([started(10), *steps(4), fails, full, UNTIL_STOPPED])
    stage.until(lambda: run.step == 4 and run.state == "running")
    session.talk_to_run(run)
    gate.set()
    stage.until(lambda: session.pausing_to_talk is None)
    assert "The disk is full." in notices[-1].text
    assert wished == []
    session.stop_run(run, save=False)
    stage.settle()


@pytest.fixture
def out_of_room(stage):
    """A run that a full disk has paused; what follows is played at the wish to save, whose number is told."""

    def play(*after):
        def asked(control, record):
            deadline = time.monotonic() + 5
            while not control.asks():
                assert time.monotonic() < deadline, "nobody asked the run to save"
                time.sleep(0.001)

        full = RunPaused(step=4, reason="disk", message="The disk is full.", hint="Make room.")
        run = stage.start([started(10), *steps(4), full, asked, *after, UNTIL_STOPPED])
        stage.until(lambda: run.ending.reason == "disk")
        return run

    return play


def test_once_there_is_room_again_a_run_that_the_disk_has_paused_is_saved_and_talked_to(
    stage, session, notices, wished, out_of_room
):
    run = out_of_room(saved(4))
    session.talk_to_run(run)
    stage.until(lambda: bool(wished))
    assert (wished, session.pausing_to_talk) == ([("chat", ("tale", 4))], None)
    assert run.state == "paused"
    assert not any("The disk is full." in notice.text for notice in notices)
    session.stop_run(run, save=False)
    stage.settle()


def test_while_the_disk_stays_full_that_is_told_again_and_nothing_waits_any_more(
    stage, session, notices, wished, out_of_room
):
    run = out_of_room(RunPaused(step=4, reason="disk", message="The disk is still full.", hint="Make room."))
    session.talk_to_run(run)
    stage.until(lambda: session.pausing_to_talk is None)
    assert ["The disk is still full." in notice.text for notice in notices[-1:]] == [True]
    assert (run.state, run.checkpoints, wished) == ("paused", [], [])
    session.stop_run(run, save=False)
    stage.settle()


def test_who_is_not_training_or_does_not_write_is_refused(stage, session):
    done = stage.play(small_run(3), "done")
    with pytest.raises(StudioError, match="not training"):
        session.talk_to_run(done)
    sorts = RunConfig(objective="classify", data=DataConfig(text="story"))
    told = stage.play([started(3), *steps(3), saved(3), finished(3)], "sorts", sorts)
    with pytest.raises(StudioError, match="does not write"):
        session.talk_to_run(told)


@pytest.mark.slow
def test_a_training_in_a_process_of_its_own_is_talked_to_alike(stage, session, wished, child_plays):
    child_plays("[started(10), *steps(4), UNTIL_STOPPED]")
    config = RunConfig(data=DataConfig(text="story"), compute=ComputeConfig(host="child"))
    run = stage.start([], "far", config)
    stage.until(lambda: run.step == 4 and run.state == "running")
    session.talk_to_run(run)
    stage.until(lambda: bool(wished))
    assert (wished, run.state) == ([("chat", ("far", 4))], "paused")
    session.stop_run(run, save=False)
    stage.settle()
