"""The run as its watchers see it: what comes in which order, and what a person can do in the middle of it."""

import dataclasses
import math

import pytest
import torch

from studio.core.channel import Ask, RunControl
from studio.core.errors import StudioError
from studio.core.events import (
    CheckpointSaved,
    EvaluationDone,
    PhaseChanged,
    RunContinued,
    RunEnded,
    RunPaused,
    RunStarted,
    SampleWritten,
    StepDone,
    Warned,
)
from studio.engine import train as train_loop
from studio.engine.recording import may_record
from studio.engine.train import lost_words
from studio.store.checkpoints import verify
from tests.engine.conftest import weights_of, with_training

pytestmark = pytest.mark.torch


def _of(events, kind):  # type: ignore[no-untyped-def]
    return [event for event in events if isinstance(event, kind)]


def test_a_run_tells_its_start_every_step_and_its_end(play, config) -> None:
    events = play(config)
    assert _of(events, RunStarted)[0].tokens_per_step == 4 * 2 * 16
    assert [event.step for event in _of(events, StepDone)] == list(range(1, 13))
    assert [event.step for event in _of(events, EvaluationDone)] == [0, 4, 8, 12]
    assert [event.step for event in _of(events, SampleWritten)] == [6, 12]
    assert [event.step for event in _of(events, CheckpointSaved)] == [4, 8, 12]
    assert isinstance(events[-1], RunEnded)
    assert events[-1].reason == "finished"


def test_the_loss_falls(play, config) -> None:
    losses = [event.loss for event in _of(play(with_training(config, steps=60)), StepDone)]
    assert sum(losses[-5:]) / 5 < 0.8 * losses[0]


def test_a_run_repeats_itself_to_the_last_bit(play, config, project) -> None:
    first, second = play(config, "one"), play(config, "two")
    assert [e.loss for e in _of(first, StepDone)] == [e.loss for e in _of(second, StepDone)]
    assert weights_of(project.run("one"), 12) == weights_of(project.run("two"), 12)


@pytest.mark.parametrize(
    "stop_at", [pytest.param(step, marks=() if step % 5 == 1 else pytest.mark.slow) for step in range(1, 12)]
)
def test_stopped_after_any_step_and_resumed_it_ends_bit_for_bit_like_the_uninterrupted_run(
    play, config, project, stop_at
) -> None:
    whole = play(config, "whole")
    control = RunControl()
    play(config, "halves", control, watch=lambda e: control.stop() if getattr(e, "step", 0) == stop_at else None)
    play(config, "halves", resume=-1)
    halves = list(project.run("halves").events())
    assert [e.loss for e in _of(halves, StepDone)] == [e.loss for e in _of(whole, StepDone)]
    assert weights_of(project.run("halves"), 12) == weights_of(project.run("whole"), 12)


def test_an_older_checkpoint_can_be_resumed_and_no_step_is_told_twice(play, config, project) -> None:
    play(config, "run")
    play(config, "run", resume=4)
    steps = [event.step for event in _of(project.run("run").events(), StepDone)]
    assert steps == list(range(1, 13))


def test_samples_and_measurements_do_not_change_the_training(play, config) -> None:
    quiet = with_training(config, sample_every=0, evaluate_every=1_000, save_every=1_000)
    busy = with_training(config, sample_every=1, evaluate_every=1)
    assert [e.loss for e in _of(play(quiet, "quiet"), StepDone)] == [e.loss for e in _of(play(busy, "busy"), StepDone)]


def test_a_run_disturbed_by_other_random_numbers_stays_the_same(play, config) -> None:
    calm = play(config, "calm")
    rough = play(config, "rough", watch=lambda event: torch.rand(3))
    assert [e.loss for e in _of(calm, StepDone)] == [e.loss for e in _of(rough, StepDone)]


def test_nothing_is_recorded_on_a_device_while_a_step_draws_its_random_numbers(play, config, monkeypatch) -> None:
    may: list[bool] = []
    whole = train_loop.backward

    def watched(*given: object) -> tuple[float, int]:
        may.append(may_record())
        return whole(*given)

    monkeypatch.setattr(train_loop, "backward", watched)
    play(with_training(config, steps=2, warmup_steps=0), "drawing")
    assert (may, may_record()) == ([False, False], True)


def test_accumulated_small_batches_give_the_gradient_of_one_large_batch(play, config) -> None:
    model = dataclasses.replace(config.model, drop_rate=0.0)
    small = with_training(config.with_part(model=model), batch_size=4, accumulation=2, steps=1, warmup_steps=0)
    large = with_training(config.with_part(model=model), batch_size=8, accumulation=1, steps=1, warmup_steps=0)
    one, other = _of(play(small, "small"), StepDone)[0], _of(play(large, "large"), StepDone)[0]
    assert one.loss == pytest.approx(other.loss, abs=1e-6)
    assert one.gradient_norm == pytest.approx(other.gradient_norm, rel=1e-5)


def test_a_pause_is_told_once_and_wishes_are_granted_during_it(play, config) -> None:
    control = RunControl()

    def watch(event: object) -> None:
        match event:
            case StepDone(step=3):
                control.pause()
            case RunPaused():
                control.ask(Ask("sample", "the dog"))
                control.ask(Ask("save"))
            case CheckpointSaved(step=3):
                control.proceed()

    events = play(config, control=control, watch=watch)
    assert [event.step for event in _of(events, RunPaused)] == [3]
    assert [event.step for event in _of(events, RunContinued)] == [3]
    asked = [event for event in _of(events, SampleWritten) if event.asked]
    assert [(event.step, event.prompt) for event in asked] == [(3, "the dog")]
    assert events[-1].reason == "finished"


def test_a_pause_pressed_with_a_wish_is_told_before_the_wish_is_granted(play, config) -> None:
    control = RunControl()

    def watch(event: object) -> None:
        match event:
            case StepDone(step=3):
                control.ask(Ask("save"))
                control.pause()
            case CheckpointSaved(step=3):
                control.proceed()

    events = play(config, control=control, watch=watch)
    order = [type(event) for event in events if isinstance(event, RunPaused | CheckpointSaved) and event.step == 3]
    assert order == [RunPaused, CheckpointSaved]
    assert events[-1].reason == "finished"


def test_a_paused_run_continues_with_the_same_losses(play, config) -> None:
    control = RunControl()

    def watch(event: object) -> None:
        if isinstance(event, StepDone) and event.step == 5:
            control.pause()
            control.ask(Ask("sample"))
        if isinstance(event, RunPaused):
            control.proceed()

    paused, straight = play(config, "paused", control, watch=watch), play(config, "straight")
    assert [e.loss for e in _of(paused, StepDone)] == [e.loss for e in _of(straight, StepDone)]


def test_stopping_saves_first_unless_told_otherwise(play, config, project) -> None:
    for name, save, newest in (("saved", True, 6), ("dropped", False, 4)):
        control = RunControl()
        play(
            config, name, control, watch=lambda e, c=control, s=save: c.stop(s) if getattr(e, "step", 0) == 6 else None
        )
        assert project.run(name).checkpoints()[-1].step == newest


def test_a_run_stopped_before_its_first_step_ends_with_a_sentence(play, config) -> None:
    control = RunControl()
    control.stop()
    events = play(config, control=control)
    assert (events[-1].reason, events[-1].step) == ("stopped", 0)


def test_a_run_stopped_before_it_went_on_keeps_the_step_it_had_reached(play, config, project) -> None:
    play(config, "run")
    control = RunControl()
    control.stop()
    events = play(config, "run", control, resume=-1)
    assert (events[-1].reason, events[-1].step) == ("stopped", 12)
    assert project.run("run").summary.step == 12


def test_the_learning_rate_can_be_changed_in_the_middle(play, config) -> None:
    control = RunControl()
    events = play(
        config,
        control=control,
        watch=lambda e: (
            control.ask(Ask("learning_rate", number=1e-3)) if isinstance(e, StepDone) and e.step == 5 else None
        ),
    )
    rates = [event.learning_rate for event in _of(events, StepDone)]
    plain = [event.learning_rate for event in _of(play(config, "plain"), StepDone)]
    assert rates[:5] == plain[:5]
    assert rates[5:] == pytest.approx([rate / 10 for rate in plain[5:]])
    assert _of(events, Warned)


def test_a_loss_that_is_not_finite_pauses_before_the_weights_are_touched(play, config, project, monkeypatch) -> None:
    from studio.objectives import pretrain

    calls = []
    honest = pretrain.OBJECTIVE.loss

    def spoiled(model, batch):  # type: ignore[no-untyped-def]
        total, count = honest(model, batch)
        calls.append(model.training)
        return (total * math.nan, count) if calls.count(True) == 13 else (total, count)

    monkeypatch.setattr(pretrain, "OBJECTIVE", dataclasses.replace(pretrain.OBJECTIVE, loss=spoiled))
    control = RunControl()
    events = play(config, control=control, watch=lambda e: control.stop() if isinstance(e, RunPaused) else None)
    pause = _of(events, RunPaused)[0]
    assert (pause.reason, pause.step) == ("non-finite", 7)
    assert "step 7" in pause.message
    saved = project.run("run").checkpoints()[-1]
    from safetensors.torch import load_file

    assert all(torch.isfinite(tensor).all() for tensor in load_file(saved.folder / "model.safetensors").values())


def test_a_learning_rate_of_ten_ends_in_a_pause_or_a_finish_but_never_in_a_traceback(play, config) -> None:
    wild = with_training(config, learning_rate=10.0, clip_norm=0.0, warmup_steps=0, steps=30)
    control = RunControl()
    events = play(wild, control=control, watch=lambda e: control.stop() if isinstance(e, RunPaused) else None)
    assert events[-1].reason in ("finished", "stopped")


def test_a_full_disk_pauses_the_run_and_the_checkpoint_is_written_once_there_is_room(
    play, config, project, monkeypatch
) -> None:
    from studio.engine import train as module

    honest, failures = module.write, [1, 1]

    def full(*arguments: object) -> None:
        if failures:
            failures.pop()
            raise StudioError("The disk is full: 2 MB are needed, 1 MB is free.", "Free some space, then continue.")
        honest(*arguments)

    monkeypatch.setattr(module, "write", full)
    control = RunControl()
    events = play(config, control=control, watch=lambda e: control.proceed() if isinstance(e, RunPaused) else None)
    assert [event.reason for event in _of(events, RunPaused)] == ["disk", "disk"]
    assert [event.step for event in _of(events, CheckpointSaved)] == [4, 8, 12]


def test_a_text_shorter_than_one_window_is_refused_with_the_figures(play, config) -> None:
    long = config.with_part(model=dataclasses.replace(config.model, context_length=8_000))
    with pytest.raises(StudioError, match="8,001"):
        play(long)


def test_a_vocabulary_too_small_for_the_tokenizer_is_refused_with_both_numbers(play, config) -> None:
    small = config.with_part(model=dataclasses.replace(config.model, vocab_size=3))
    with pytest.raises(StudioError, match=r"3 tokens .* needs 20\."):
        play(small)


def test_a_model_that_cannot_fit_is_refused_before_it_is_built(play, config) -> None:
    giant = config.with_part(model=dataclasses.replace(config.model, emb_dim=32_768, n_layers=200))
    with pytest.raises(StudioError, match="at least"):
        play(giant)


def test_tokenizing_is_told_while_it_goes_on(play, config) -> None:
    phases = [event.phase for event in _of(play(config), PhaseChanged)]
    assert phases[0] == "tokenizing"
    assert phases.index("building") < phases.index("training")


def test_old_checkpoints_go_and_the_best_one_stays(play, config, project) -> None:
    play(with_training(config, steps=24, save_every=2, keep_checkpoints=2))
    infos = project.run("run").checkpoints()
    assert [info.step for info in infos][-2:] == [22, 24]
    assert len(infos) <= 3
    assert sum(info.best for info in infos) == 1


# --- what a stop leaves behind --------------------------------------------------------------------------------------


def test_what_a_stop_saves_is_measured_first(play, config, project) -> None:
    control = RunControl()
    events = play(config, control=control, watch=lambda e: control.stop() if getattr(e, "step", 0) == 6 else None)
    assert [event.step for event in _of(events, EvaluationDone)] == [0, 4, 6]
    measured = _of(events, EvaluationDone)[-1].validation_loss
    assert _of(events, CheckpointSaved)[-1].validation_loss == measured
    assert project.run("run").checkpoints()[-1].validation_loss == measured


def test_what_is_saved_on_request_is_measured_too(play, config, project) -> None:
    control = RunControl()
    play(config, control=control, watch=lambda e: control.ask(Ask("save")) if getattr(e, "step", 0) == 5 else None)
    saved = next(info for info in project.run("run").checkpoints() if info.step == 5)
    assert saved.validation_loss is not None


def test_a_second_stop_ends_the_measuring_and_saves_nothing(play, config, project) -> None:
    control = RunControl()

    def watch(event: object) -> None:
        if isinstance(event, StepDone) and event.step == 6:
            control.stop()
        if isinstance(event, PhaseChanged) and event.phase == "measuring" and control.stopping:
            control.stop(save=False)

    events = play(config, control=control, watch=watch)
    assert [event.step for event in _of(events, EvaluationDone)] == [0, 4]
    assert [event.step for event in _of(events, CheckpointSaved)] == [4]
    assert events[-1].message == "2 steps since the last checkpoint were not saved."


def test_a_measurement_that_takes_too_long_for_a_stop_is_left_out_and_the_run_is_saved(
    play, config, project, monkeypatch
) -> None:
    monkeypatch.setattr("studio.engine.train.MEASURE_SECONDS", 0.0)
    control = RunControl()
    events = play(config, control=control, watch=lambda e: control.stop() if getattr(e, "step", 0) == 6 else None)
    assert [event.step for event in _of(events, EvaluationDone)] == [0, 4]
    assert _of(events, CheckpointSaved)[-1].step == 6
    assert project.run("run").checkpoints()[-1].validation_loss is None


def test_a_disk_that_fills_up_leaves_the_older_checkpoint_whole_and_pauses_with_figures(
    play, config, project, monkeypatch
) -> None:
    control = RunControl()

    def watch(event: object) -> None:
        if isinstance(event, CheckpointSaved):
            monkeypatch.setattr("studio.store.disk.free_bytes", lambda folder: 70_000)
        if isinstance(event, RunPaused):
            control.stop()

    events = play(config, control=control, watch=watch)
    (pause,) = _of(events, RunPaused)
    assert (pause.reason, pause.step) == ("disk", 8)
    assert "70.0 kB free" in pause.message
    assert [info.step for info in project.run("run").checkpoints()] == [4]
    verify(project.run("run").checkpoints()[0].folder)
    assert events[-1].message.startswith("4 steps since the last checkpoint were not saved. There is too little space")
    assert "Free some space" in events[-1].hint


@pytest.mark.parametrize(
    ("step", "saved", "words"),
    [
        (5, 5, ""),
        (5, 4, "1 step since the last checkpoint was not saved."),
        (1_200, -1, "1,200 steps since the beginning were not saved."),
    ],
)
def test_what_is_lost_is_counted(step: int, saved: int, words: str) -> None:
    assert lost_words(step, saved) == words
