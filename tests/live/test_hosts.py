"""The real engine in both hosts: the pages cannot tell them apart."""

from dataclasses import replace

import pytest

from studio.core.config import ComputeConfig, DataConfig, ModelConfig, RunConfig, TrainingConfig
from studio.insight.snapshot import read
from studio.live.session import Session
from studio.store.places import places

pytestmark = [pytest.mark.gui, pytest.mark.torch]

TINY = RunConfig(
    data=DataConfig(tokenizer="characters"),
    model=ModelConfig(context_length=16, emb_dim=16, n_layers=1, n_heads=2),
    training=TrainingConfig(
        steps=100_000, warmup_steps=5, batch_size=2, evaluate_every=50_000, evaluation_batches=1, sample_every=0,
        save_every=50_000,
    ),
    compute=ComputeConfig(device="cpu", threads=1),
)  # fmt: skip


@pytest.fixture
def session(tmp_path, qtbot):
    (tmp_path / "fox.txt").write_text("The fox went home and slept until the sun was up again.\n" * 60, "utf-8")
    session = Session(places())
    session.create_project(tmp_path / "project")
    session.add_texts([tmp_path / "fox.txt"])
    qtbot.waitUntil(lambda: not session.jobs.jobs)
    yield session
    assert session.close(60_000)


@pytest.mark.parametrize("host", ["thread", pytest.param("child", marks=pytest.mark.slow)])
def test_a_real_run_pauses_samples_stops_and_goes_on(session, qtbot, host):
    def until(condition):
        qtbot.waitUntil(condition, timeout=90_000)  # a child imports torch first, on a machine that may be busy

    data = replace(TINY.data, text=session.project.texts()[0].name)
    run = session.start_run(TINY.with_part(data=data, compute=replace(TINY.compute, host=host)))
    until(lambda: run.step > 3)
    session.pause_run(run)
    until(lambda: run.state == "paused")
    step = run.step
    session.sample_now(run, "The fox")
    until(lambda: bool(run.samples))
    assert (run.samples[0].prompt, run.step) == ("The fox", step)
    session.probe_now(run, "The sun")
    until(lambda: bool(run.probes))
    probe = run.probes[0]
    assert (probe.prompt, probe.step) == ("The sun", step)
    assert read(run.record.folder / probe.file).prompt == "The sun"
    assert read(run.record.folder / run.snapshots[0].file).step == 0
    session.proceed_run(run)
    until(lambda: run.step > step)
    session.stop_run(run)
    until(lambda: not run.living)
    assert (run.state, run.checkpoints[-1].step) == ("stopped", run.step)
    stopped_at = run.step
    session.resume_run(run.name)
    until(lambda: run.step > stopped_at)
    session.stop_run(run)
    until(lambda: not run.living)
    steps = run.history["training_loss"].step.tolist()
    assert steps == list(range(1, run.step + 1))
    assert [event.step for event in run.record.events() if type(event).__name__ == "StepDone"] == steps
