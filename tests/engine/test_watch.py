"""Looking into a run while it computes: nothing of it changes, it costs what it may, no trouble of it ends a run."""

import dataclasses
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from studio.core.channel import Ask, RunControl
from studio.core.config import ModelConfig, WatchConfig
from studio.core.errors import StudioError
from studio.core.events import CheckpointSaved, RunEnded, RunPaused, RunStarted, SnapshotTaken, StepDone, Warned
from studio.core.shelf import FAMILIES
from studio.engine import train as training_loop
from studio.engine import watch as module
from studio.engine.checkpoint import Progress
from studio.engine.watch import PACE, SHARE, Watch
from studio.insight.snapshot import Snapshot, read
from studio.store.project import Project
from studio.store.snapshots import FOLDER, PROBES, folder_name, steps_in
from tests.engine.conftest import weights_of, with_training
from tests.insight.test_capture import traces

pytestmark = pytest.mark.torch


def of(events, kind):  # type: ignore[no-untyped-def]
    return [event for event in events if isinstance(event, kind)]


def watching(config, **fields):  # type: ignore[no-untyped-def]
    return config.with_part(watch=WatchConfig(**fields))


@pytest.fixture
def config(config):  # type: ignore[no-untyped-def]
    """Twelve steps with little beside them."""
    return with_training(
        config, accumulation=1, evaluate_every=100, sample_every=0, save_every=100, evaluation_batches=1
    )


def snapshot(project: Project, step: int, name: str = "run", folder: str = FOLDER) -> Snapshot:
    return read(project.run(name).folder / folder / folder_name(step))


# --- it changes nothing -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_fifty_steps_watched_at_every_one_equal_fifty_unwatched_to_the_last_bit(
    play, config, project, monkeypatch
) -> None:
    fifty, models = with_training(config, steps=50), []
    honest = training_loop.prepare

    def noticing(*arguments):  # type: ignore[no-untyped-def]
        prepared = yield from honest(*arguments)
        models.append(prepared.model)
        return prepared

    monkeypatch.setattr(training_loop, "prepare", noticing)
    random_after = []
    for name, fields in (("watched", {"every": 1}), ("plain", {"inside": False})):
        events = play(watching(fifty, **fields), name)
        random_after.append(torch.get_rng_state())
        assert len(of(events, SnapshotTaken)) == (51 if name == "watched" else 0)
    watched, plain = ([e.loss for e in of(project.run(name).events(), StepDone)] for name in ("watched", "plain"))
    assert watched == plain
    assert weights_of(project.run("watched"), 50) == weights_of(project.run("plain"), 50)
    moments = [project.run(name).checkpoints_folder / "step-000050" / "optimizer.safetensors" for name in
               ("watched", "plain")]  # fmt: skip
    assert moments[0].read_bytes() == moments[1].read_bytes()
    assert torch.equal(*random_after)
    assert traces(models[0]) == traces(models[1]) == []
    assert models[0].training


def test_watching_is_no_part_of_a_steps_time(play, config, monkeypatch) -> None:
    honest = module.health.gradients

    def slow(model):  # type: ignore[no-untyped-def]
        module.time.sleep(0.4)
        return honest(model)

    monkeypatch.setattr(module.health, "gradients", slow)
    events = play(watching(with_training(config, steps=2, warmup_steps=0), every=1))
    assert of(events, StepDone)[-1].seconds < 0.7
    assert all(event.seconds >= 0.4 for event in of(events, SnapshotTaken)[1:])


# --- when -------------------------------------------------------------------------------------------------------------


def test_the_first_moment_and_the_last_are_always_kept(play, config, project) -> None:
    events = play(watching(config, every=5))
    assert [event.step for event in of(events, SnapshotTaken)] == [0, 5, 10, 12]
    assert steps_in(project.run("run").folder / FOLDER) == (0, 5, 10, 12)
    alone = [event.step for event in of(play(config, "by itself"), SnapshotTaken)]
    assert (alone[0], alone[-1]) == (0, 12)


def test_a_run_that_is_stopped_keeps_the_moment_it_ended_at_unless_it_is_not_saved(play, config) -> None:
    for save, steps in ((True, [0, 7]), (False, [0])):
        control = RunControl()
        events = play(
            watching(config, every=100), f"save {save}", control,
            watch=lambda e, c=control, s=save: c.stop(s) if isinstance(e, StepDone) and e.step == 7 else None,
        )  # fmt: skip
        assert [event.step for event in of(events, SnapshotTaken)] == steps


def test_a_stop_saves_before_it_looks_once_more_and_ends_after_both(play, config) -> None:
    control = RunControl()
    events = play(watching(config, every=100), control=control, watch=lambda e: control.stop() if _at(e, 7) else None)
    kinds = (CheckpointSaved, SnapshotTaken, RunEnded)
    last = [type(event) for event in events if isinstance(event, kinds) and event.step == 7]
    assert last == [CheckpointSaved, SnapshotTaken, RunEnded]


def test_a_stop_soon_after_a_resume_does_not_wait_for_a_look_of_unknown_length(play, config) -> None:
    config = watching(config, every=100)
    for resume, at, looks in ((None, 4, [0, 4]), (-1, 6, [])):
        control = RunControl()
        events = play(
            config, "run", control, resume, lambda e, c=control, s=at: c.stop() if _at(e, s) else None
        )  # fmt: skip
        assert [event.step for event in of(events, SnapshotTaken)] == looks
        assert of(events, CheckpointSaved)[-1].step == at


class Clock:
    """A time that passes only when somebody says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


def played(tmp_path: Path, monkeypatch, seconds: float, cost: float, total: int) -> list[SnapshotTaken]:  # type: ignore[no-untyped-def]
    """The looks of a run whose steps take `seconds` and each of whose looks takes `cost`."""
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(module.health, "gradients", lambda model: ())

    def kept(self: Watch, step: int) -> int:
        clock.now += cost
        return 10

    monkeypatch.setattr(Watch, "_keep", kept)
    progress = Progress(step=0, tokens=0, seconds=0.0)
    config = SimpleNamespace(watch=WatchConfig(), model=ModelConfig())
    model = SimpleNamespace(parameters=lambda: iter(()), named_parameters=lambda: iter(()))
    watch = Watch(
        SimpleNamespace(config=config, progress=progress, total_steps=total, model=model),
        SimpleNamespace(folder=tmp_path),
    )
    found = list(watch.begin(progress))
    for step in range(1, total + 1):
        watch.before_update(progress)
        watch.after_update()
        progress = dataclasses.replace(progress, step=step, seconds=step * seconds)
        found += watch.look(progress)
    return found


@pytest.mark.parametrize(("seconds", "cost"), [(0.01, 0.05), (0.5, 0.05), (0.002, 0.02)])
def test_left_to_itself_it_takes_two_percent_of_the_time_and_says_so(tmp_path, monkeypatch, seconds, cost) -> None:
    total = int(600 * cost / seconds)
    looks = played(tmp_path, monkeypatch, seconds, cost, total)
    assert len(looks) in (9, 10)
    assert max(later.step - earlier.step for earlier, later in pairwise(looks)) * seconds <= cost / PACE + 2 * seconds
    assert looks[-1].step == total
    assert looks[-1].share <= SHARE
    assert looks[-1].share == pytest.approx(len(looks) * cost / (total * seconds + len(looks) * cost))


def test_a_run_too_short_for_its_share_only_keeps_both_ends(tmp_path, monkeypatch) -> None:
    looks = played(tmp_path, monkeypatch, 0.001, 1.0, 200)
    assert [event.step for event in looks] == [0, 200]


def test_looks_become_rarer_instead_of_being_thrown_away_in_a_long_run(tmp_path, monkeypatch) -> None:
    looks = played(tmp_path, monkeypatch, 1.0, 0.0001, 4_000)
    assert len(looks) < 700
    assert looks[-2].step - looks[-3].step >= 4_000 // 150
    assert looks[30].step - looks[29].step <= 2


# --- what -------------------------------------------------------------------------------------------------------------


def test_it_keeps_the_gradient_of_the_step_before_clipping_and_how_far_the_weights_moved(play, config, project) -> None:
    config = with_training(config, steps=4, clip_norm=0.01, save_every=1)
    events = play(watching(config, every=1))
    first, third = snapshot(project, 0).training, snapshot(project, 3).training
    assert np.isnan(first.gradients).all()
    assert np.isnan(first.updates).all()
    told = next(event for event in of(events, StepDone) if event.step == 3)
    assert np.sqrt((third.gradients**2).sum()) == pytest.approx(told.gradient_norm, rel=1e-5)
    from safetensors.torch import load_file

    before, after = (
        load_file(project.run("run").checkpoints_folder / f"step-00000{step}" / "model.safetensors") for step in (2, 3)
    )
    moved = torch.cat([(after[name] - before[name]).flatten() for name in after])
    assert np.sqrt((third.updates**2).sum()) == pytest.approx(float(moved.norm()), rel=1e-5)
    assert third.gradients.shape == third.updates.shape == (4,)
    assert third.not_numbers == 0


def test_weights_too_large_for_its_memory_are_not_copied_and_the_moves_stay_unknown(play, config, project) -> None:
    wide = config.with_part(model=dataclasses.replace(config.model, emb_dim=256))
    play(watching(with_training(wide, steps=2, warmup_steps=0), every=1, memory=1))
    found = snapshot(project, 2).training
    assert np.isfinite(found.gradients).all()
    assert np.isnan(found.updates).all()


@pytest.mark.parametrize("family", ["bert", "llama"])
def test_models_that_look_both_ways_or_share_their_keys_are_watched_too(play, config, project, family) -> None:
    own = FAMILIES.load(family).presets[0].config
    sizes = {"n_layers": 2, "n_heads": 4, "emb_dim": 32, "context_length": 16, "drop_rate": 0.0, "vocab_size": 0}
    sizes |= {"n_kv_heads": 2, "head_width": 0} if family == "llama" else {}
    model = dataclasses.replace(own, **sizes)
    task = "masked_words" if family == "bert" else "pretrain"
    events = play(
        with_training(watching(config, every=2).with_part(model=model, objective=task), steps=2, warmup_steps=1)
    )
    assert not of(events, Warned)
    found = snapshot(project, 2)
    assert found.maps.shape[:2] == (2, 4)
    assert np.isfinite(found.training.updates).all()


def test_it_watches_the_chosen_text_else_a_long_enough_prompt_else_what_was_held_back(play, config, project) -> None:
    prompt = dataclasses.replace(config.sampling, prompt="the cat sat on the mat")
    for name, wanted in (
        ("chosen", watching(config.with_part(sampling=prompt), prompt="a dog")),
        ("prompt", config.with_part(sampling=prompt)),
        ("text", config),
    ):
        play(with_training(wanted, steps=1, warmup_steps=0), name)
    decoded = {name: snapshot(project, 0, name).prompt for name in ("chosen", "prompt", "text")}
    assert decoded["chosen"] == "a dog"
    assert decoded["prompt"] == "the cat sat on the mat"
    assert len(decoded["text"]) == 64
    assert len(snapshot(project, 0, "text").ids) == 16  # no more than the model can read


def test_all_looks_of_a_run_lie_on_one_basis_also_after_it_went_on(play, config, project) -> None:
    control = RunControl()
    play(watching(config, every=2), "run", control, watch=lambda e: control.stop() if _at(e, 6) else None)
    play(watching(config, every=2), "run", resume=-1)
    first, last = snapshot(project, 0), snapshot(project, 12)
    assert np.array_equal(first.basis.directions, last.basis.directions)
    assert (first.ids, first.sample) == (last.ids, last.sample)
    assert not np.array_equal(first.points, last.points)


def test_a_resumed_run_keeps_what_it_would_have_kept_and_nothing_twice(play, config, project) -> None:
    config = watching(with_training(config, save_every=4), every=3)
    play(config, "whole")
    play(config, "halves")
    play(config, "halves", resume=4)
    assert steps_in(project.run("halves").folder / FOLDER) == (0, 3, 6, 9, 12)
    for step in (0, 6, 12):
        one, other = snapshot(project, step, "whole"), snapshot(project, step, "halves")
        assert np.array_equal(one.maps, other.maps)
        assert np.array_equal(one.training.gradients, other.training.gradients, equal_nan=True)
    taken = [event.step for event in of(project.run("halves").events(), SnapshotTaken)]
    assert taken == [0, 3, 6, 9, 12]


def test_a_later_look_that_could_not_be_removed_is_taken_again_when_the_run_gets_there(
    play, config, project, monkeypatch
) -> None:
    config = watching(with_training(config, save_every=4), every=3)
    play(config, "run")
    before = (project.run("run").folder / FOLDER / folder_name(12) / "snapshot.json").stat().st_mtime_ns
    monkeypatch.setattr("studio.store.snapshots.remove", _denied)
    events = play(config, "run", resume=4)
    assert [event.step for event in of(events, SnapshotTaken)] == [6, 9, 12]
    assert (project.run("run").folder / FOLDER / folder_name(12) / "snapshot.json").stat().st_mtime_ns > before


def _denied(*_: object) -> None:
    raise StudioError("There is no permission to write.")


def test_few_enough_stay_and_in_little_enough_room(play, config, project) -> None:
    control = RunControl()
    play(watching(config, every=1, keep=4), "run", control, watch=lambda e: control.stop() if _at(e, 8) else None)
    assert len(steps_in(project.run("run").folder / FOLDER)) == 4
    play(watching(config, every=1, keep=4), "run", resume=-1)
    kept = steps_in(project.run("run").folder / FOLDER)
    assert len(kept) == 4
    assert (kept[0], kept[-1]) == (0, 12)
    assert max(later - earlier for earlier, later in pairwise(kept)) <= 6


def _at(event: object, step: int) -> bool:
    return isinstance(event, StepDone) and event.step == step


# --- a text that somebody asks for ------------------------------------------------------------------------------------


def test_a_text_that_is_asked_for_is_read_with_the_weights_of_this_moment(play, config, project) -> None:
    control = RunControl()

    def watch(event: object) -> None:
        match event:
            case StepDone(step=3):
                control.pause()
            case RunPaused():
                control.ask(Ask("probe", "the dog"))
            case SnapshotTaken(prompt="the dog"):
                control.proceed()

    events = play(watching(config, inside=False), control=control, watch=watch)
    assert [event.step for event in of(events, RunPaused)] == [3]
    (taken,) = of(events, SnapshotTaken)
    assert (taken.step, taken.file) == (3, f"{PROBES}/{folder_name(3)}")
    found = snapshot(project, 3, folder=PROBES)
    assert (found.prompt, len(found.ids)) == ("the dog", 7)
    assert events[-1].reason == "finished"


def test_a_text_that_cannot_be_read_is_refused_with_a_sentence_and_the_run_goes_on(play, config) -> None:
    control = RunControl()
    asked = ["ŵ", "the"]
    events = play(
        config, control=control,
        watch=lambda e: control.ask(Ask("probe", asked.pop(0))) if isinstance(e, StepDone) and e.step < 3 else None,
    )  # fmt: skip
    (warned,) = of(events, Warned)
    assert warned.message.startswith("The text could not be looked at.")
    assert [event.prompt for event in of(events, SnapshotTaken) if event.prompt] == ["the"]
    assert events[-1].reason == "finished"


def test_a_text_longer_than_the_model_can_read_is_cut_like_the_watched_one(play, config, project, monkeypatch) -> None:
    control, lengths, honest = RunControl(), [], module.take

    def noticing(model, subject, *rest):  # type: ignore[no-untyped-def]
        lengths.append(len(subject.ids))
        return honest(model, subject, *rest)

    monkeypatch.setattr(module, "take", noticing)
    watch = lambda e: control.ask(Ask("probe", "the cat " * 9)) if _at(e, 2) else None  # noqa: E731
    assert not of(play(config, control=control, watch=watch), Warned)
    found = snapshot(project, 2, folder=PROBES)
    assert (found.prompt, len(found.ids)) == ("the cat " * 9, config.model.context_length)
    assert max(lengths) == config.model.context_length


def test_an_empty_wish_looks_at_the_watched_text(play, config, project) -> None:
    control = RunControl()
    watch = lambda e: control.ask(Ask("probe")) if isinstance(e, StepDone) and e.step == 2 else None  # noqa: E731
    play(watching(config, prompt="the cat"), control=control, watch=watch)
    assert snapshot(project, 2, folder=PROBES).prompt == "the cat"


# --- trouble ----------------------------------------------------------------------------------------------------------


def losses(events: list[object]) -> list[float]:
    return [event.loss for event in of(events, StepDone)]


@pytest.mark.parametrize("part", ["take", "write", "ids_of"])
def test_whatever_goes_wrong_in_looking_is_told_once_and_the_run_ends_as_if_nobody_had_looked(
    play, config, monkeypatch, part
) -> None:
    config = with_training(config, steps=3)
    wanted = losses(play(watching(config, inside=False), "plain"))

    def broken(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, part, broken)
    events = play(watching(config, every=1), "watched")
    (warned,) = of(events, Warned)
    assert warned.step == 0
    assert warned.message.startswith("The run goes on without watching inside. ")
    assert losses(events) == wanted
    assert events[-1] == dataclasses.replace(events[-1], reason="finished")


@pytest.mark.parametrize("part", ["thin", "weigh"])
def test_looks_that_cannot_be_thinned_out_are_tried_again_and_are_no_trouble(
    play, config, project, monkeypatch, part
) -> None:
    honest, failures = getattr(module, part), [1, 1, 1]

    def sometimes(*arguments: object) -> object:
        if failures:
            failures.pop()
            raise OSError(5, "Input/output error")
        return honest(*arguments)

    monkeypatch.setattr(module, part, sometimes)
    control = RunControl()
    events = play(
        watching(config, every=1, keep=4), "run", control,
        watch=lambda e: control.ask(Ask("probe", "the")) if _at(e, 1) else None,
    )  # fmt: skip
    assert not of(events, Warned)
    assert len(of(events, SnapshotTaken)) == 14
    assert len(steps_in(project.run("run").folder / FOLDER)) == 4


def test_the_step_whose_gradients_are_no_numbers_is_kept_before_the_run_waits(
    play, config, project, monkeypatch
) -> None:
    from studio.objectives import pretrain

    trained, honest = [], pretrain.OBJECTIVE.loss

    def spoiled(model, batch):  # type: ignore[no-untyped-def]
        total, count = honest(model, batch)
        trained.extend([1] if model.training else [])
        return (total * float("nan"), count) if model.training and len(trained) == 3 else (total, count)

    monkeypatch.setattr(pretrain, "OBJECTIVE", dataclasses.replace(pretrain.OBJECTIVE, loss=spoiled))
    found = {}
    for name, fields in (("watched", {"every": 1}), ("plain", {"inside": False})):
        trained.clear()
        control = RunControl()
        found[name] = play(
            watching(config, **fields), name, control,
            watch=lambda e, c=control: c.proceed() if isinstance(e, RunPaused) else None,
        )  # fmt: skip
    third = [type(event) for event in found["watched"] if getattr(event, "step", 0) == 3]
    assert third[:3] == [StepDone, SnapshotTaken, RunPaused]
    assert snapshot(project, 3, "watched").training.not_numbers > 0
    assert snapshot(project, 4, "watched").training.not_numbers == 0
    assert weights_of(project.run("watched"), 12) == weights_of(project.run("plain"), 12)


def test_trouble_in_the_middle_of_a_step_leaves_the_step_alone(play, config, monkeypatch) -> None:
    def broken(*_: object) -> None:
        raise MemoryError("no room for a copy")

    monkeypatch.setattr(module.health, "copied", broken)
    events = play(watching(config, every=5))
    assert [event.step for event in of(events, SnapshotTaken)] == [0]
    (warned,) = of(events, Warned)
    assert (warned.step, "no room for a copy" in warned.message) == (5, True)
    assert isinstance(events[-1], RunEnded)
    assert events[-1].reason == "finished"


def test_a_disk_that_is_nearly_full_is_left_to_the_checkpoints(play, config, project, monkeypatch) -> None:
    def watch(event: object) -> None:
        if isinstance(event, RunStarted):
            monkeypatch.setattr("studio.store.disk.free_bytes", lambda folder: 69_000_000)

    events = play(watching(config, every=1), watch=watch)
    (warned,) = of(events, Warned)
    assert "too little space" in warned.message
    assert "Free some space" in warned.hint
    assert steps_in(project.run("run").folder / FOLDER) == ()
    assert [info.step for info in project.run("run").checkpoints()] == [12]


def test_a_look_larger_than_all_of_them_may_be_is_not_kept(play, config, project, monkeypatch) -> None:
    monkeypatch.setattr(Watch, "_write", lambda self, folder, subject, step: _big(self, folder, step))
    events = play(watching(config, megabytes=1))
    (warned,) = of(events, Warned)
    assert "2.0 MB" in warned.message
    assert "1.0 MB are allowed" in warned.message
    assert steps_in(project.run("run").folder / FOLDER) == ()


def _big(watch: Watch, folder: str, step: int) -> int:
    (watch._place / folder / folder_name(step)).mkdir(parents=True)
    return 2_000_000


def test_a_damaged_first_look_does_not_keep_a_run_from_going_on(play, config, project) -> None:
    control = RunControl()
    play(watching(config, every=2), "run", control, watch=lambda e: control.stop() if _at(e, 6) else None)
    (project.run("run").folder / FOLDER / folder_name(0) / "snapshot.json").write_text("{", "utf-8")
    events = play(watching(config, every=2), "run", resume=-1)
    assert not of(events, Warned)
    assert np.array_equal(snapshot(project, 2).basis.directions, snapshot(project, 12).basis.directions)
