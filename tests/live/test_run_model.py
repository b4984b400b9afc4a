"""What a run's events make of its model; no thread is needed for that."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from studio.core.config import RunConfig
from studio.core.events import PhaseChanged, RunContinued, RunEnded, RunPaused, SnapshotTaken, Unknown, Warned
from studio.live.run_model import METRICS, RunModel
from studio.store.summary import RunSummary
from tests.scripted_run import finished, measured, sample, saved, small_run, started, step, steps

pytestmark = pytest.mark.gui


@pytest.fixture
def run(qapp):
    return RunModel(SimpleNamespace(name="tale", config=RunConfig(), summary=RunSummary()))


@pytest.fixture
def announced(run):
    said = []
    run.changed.connect(said.append)
    return said


def test_a_new_run_knows_nothing_yet(run):
    assert (run.state, run.step, run.total_steps, run.eta) == ("new", 0, 0, None)
    assert set(run.history) == set(METRICS)
    assert not run.living


def test_a_whole_run_is_folded_and_announced_once(run, announced):
    run.apply(small_run(10))
    assert announced == [frozenset({"metrics", "status", "samples", "checkpoints"})]
    assert (run.state, run.step, run.total_steps) == ("finished", 10, 10)
    assert run.history["training_loss"].value.tolist() == [4.0 / number for number in range(1, 11)]
    assert run.history["learning_rate"].tokens.tolist() == [number * 64 for number in range(1, 11)]
    assert run.samples == [sample(10)]
    assert run.checkpoints == [saved(10)]


def test_one_event_at_a_time_gives_the_same_as_all_at_once(run, qapp):
    other = RunModel(SimpleNamespace(name="other", config=RunConfig(), summary=RunSummary()))
    events = [started(6), *steps(3), measured(3), sample(3), saved(3), *steps(3, first=4), measured(6), finished(6)]
    run.apply(events)
    for event in events:
        other.apply([event])
    for name in METRICS:
        for axis in ("step", "tokens", "seconds"):
            np.testing.assert_array_equal(run.history[name].axis(axis), other.history[name].axis(axis))
        np.testing.assert_array_equal(run.history[name].value, other.history[name].value)
    assert (run.state, run.step, run.samples) == (other.state, other.step, other.samples)


def test_only_what_moved_is_announced(run, announced):
    run.apply([started(10)])
    announced.clear()
    run.apply([step(1)])
    run.apply([PhaseChanged(phase="saving")])
    run.apply([sample(1)])
    assert announced == [frozenset({"metrics", "status"}), frozenset({"status"}), frozenset({"samples", "status"})]


def test_nothing_is_announced_for_nothing_or_for_what_a_newer_version_says(run, announced):
    run.apply([])
    run.apply([Unknown(kind="GradientSeen")])
    assert announced == []


def test_a_measurement_stands_at_the_tokens_and_seconds_of_its_step(run):
    run.apply([started(4), measured(0, 5.0), *steps(2), measured(2, 3.0)])
    losses = run.history["validation_loss"]
    assert losses.step.tolist() == [0, 2]
    assert losses.tokens.tolist() == [0, 128]
    assert losses.seconds.tolist() == [0.0, 0.2]
    assert run.history["perplexity"].value == pytest.approx(np.exp([5.0, 3.0]))
    assert run.best_validation_loss == 3.0


def test_without_held_back_text_there_is_no_validation_loss(run):
    run.apply([started(4), measured(0, None)])
    assert len(run.history["validation_loss"]) == len(run.history["perplexity"]) == 0
    assert len(run.history["measured_training_loss"]) == 1
    assert run.best_validation_loss is None


def test_a_loss_too_large_for_a_perplexity_is_infinite_not_an_error(run):
    run.apply([started(4), measured(0, 5_000.0), measured(0, float("nan"))])
    assert run.history["perplexity"].non_finite.tolist() == [0, 1]
    assert run.best_validation_loss == 5_000.0


def test_the_remaining_time_is_told_after_thirty_steps_of_this_session(run):
    run.apply([started(100), *steps(30)])
    assert run.eta is None
    run.apply(steps(10, first=31))
    assert run.eta == pytest.approx(60 * 0.1)


def test_after_resuming_the_remaining_time_is_judged_by_the_new_pace(run):
    run.apply([started(1_000), *steps(500), RunEnded(reason="stopped", step=500)])
    assert run.eta is None
    slow = [step(number, seconds=50.0 + (number - 500) * 2.0) for number in range(501, 541)]
    run.apply([started(1_000, step=500, resumed_from=500), *slow])
    assert run.eta == pytest.approx(460 * 2.0)


def test_a_resumed_run_forgets_what_came_after_its_checkpoint(run):
    run.apply([started(100), *steps(50), sample(20), sample(50), measured(50), saved(20), saved(40)])
    run.apply([Warned(step=45, message="odd"), started(100, step=40, resumed_from=40), *steps(2, first=41)])
    assert run.history["training_loss"].step.tolist() == list(range(1, 43))
    assert [event.step for event in run.samples] == [20]
    assert [event.step for event in run.checkpoints] == [20, 40]
    assert run.warnings == []
    assert len(run.history["validation_loss"]) == 0


def looked(number, prompt="", folder=""):
    folder = folder or ("probes" if prompt else "snapshots")
    return SnapshotTaken(step=number, file=f"{folder}/{number}", seconds=0.1, bytes=10, prompt=prompt)


def test_looks_inside_are_kept_apart_from_those_that_were_asked_for(run, announced):
    run.apply([started(), looked(0), step(1), looked(1, "a dog"), looked(1)])
    assert [event.step for event in run.snapshots] == [0, 1]
    assert [event.prompt for event in run.probes] == ["a dog"]
    assert "snapshots" in announced[0]
    run.apply([looked(2)])
    assert announced[-1] == {"snapshots", "status"}


def test_a_wish_for_a_watched_text_without_words_is_told_from_the_looks_by_its_folder(run):
    run.apply([started(), looked(0), step(1), looked(1, folder="probes")])
    assert [event.step for event in run.snapshots] == [0]
    assert [event.step for event in run.probes] == [1]


def test_a_resumed_run_forgets_the_looks_after_its_checkpoint(run):
    run.apply([started(), looked(0), *steps(4), looked(4), looked(4, "a dog"), started(step=2, resumed_from=2)])
    assert [event.step for event in run.snapshots] == [0]
    assert run.probes == []


def test_a_run_started_afresh_forgets_everything(run):
    run.apply([started(10), measured(0), *steps(5), sample(0), started(10), measured(0)])
    assert len(run.history["training_loss"]) == 0
    assert len(run.history["validation_loss"]) == 1
    assert run.samples == []


def test_a_pause_says_why_and_going_on_forgets_it(run):
    run.apply([started(10), step(1), RunPaused(step=1, reason="disk", message="The disk is full.", hint="Free some.")])
    assert (run.state, run.ending.reason, run.message) == ("paused", "disk", "The disk is full.")
    assert run.living
    run.apply([RunContinued(step=1)])
    assert (run.state, run.message) == ("running", "")


def test_a_wish_is_shown_at_once_and_cleared_when_it_is_granted(run):
    run.apply([started(10)])
    run.set_wish("pause")
    assert run.wish == "pause"
    run.apply([RunPaused(step=1)])
    assert run.wish == ""
    run.set_wish("stop")
    run.apply([RunPaused(step=1), PhaseChanged(phase="saving")])
    assert run.wish == "stop"
    run.apply([RunEnded(reason="stopped", step=1)])
    assert run.wish == ""


def test_a_failure_keeps_its_sentence_hint_and_details(run):
    run.apply([started(10), RunEnded(reason="failed", step=3, message="It broke.", hint="Mend it.", details="Trace")])
    ending = run.ending
    assert (run.state, run.step) == ("failed", 3)
    assert (ending.message, ending.hint, ending.details) == ("It broke.", "Mend it.", "Trace")


def test_reading_the_past_leaves_todays_state_alone(run, announced):
    run.state = "interrupted"
    run.recall([started(10), *steps(4)])
    assert run.state == "interrupted"
    run.finish_recall()
    assert run.replayed
    assert len(run.history["training_loss"]) == 4
    assert len(announced) == 2


def test_a_flood_of_a_hundred_thousand_steps_is_folded_at_once_and_announced_once(run, announced):
    run.apply([started(100_000), *steps(100_000)])
    assert len(announced) == 1
    assert len(run.history["training_loss"]) == 100_000
    assert run.step == 100_000


def test_only_a_task_that_leads_to_writing_on_by_a_model_that_looks_back_can_be_chatted_with(qapp):
    def writes(config):
        return RunModel(SimpleNamespace(name="one", config=config, summary=RunSummary())).writes

    both_ways = dataclasses.replace(RunConfig().model, causal=False)
    assert writes(RunConfig())
    assert not writes(RunConfig(objective="masked_words"))
    assert not writes(RunConfig(model=both_ways))
    assert not writes(RunConfig(objective="of a newer version"))


def test_the_share_of_right_guesses_is_kept_where_it_was_measured(run):
    run.apply([started(10), *steps(4), measured(2), measured(4, validation_accuracy=0.5)])
    assert run.history["validation_accuracy"].step.tolist() == [4]
    assert run.history["validation_accuracy"].value.tolist() == [0.5]
