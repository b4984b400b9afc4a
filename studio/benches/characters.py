"""Characters of Shakespeare: a 0.8 M parameter model after 2,000 steps on a CPU, and how long that took."""

import argparse
import time
from typing import TYPE_CHECKING, Any

from studio.benches import Bench, busy, project_options
from studio.benches.book import data_file, play, project_with

if TYPE_CHECKING:
    from studio.core.config import RunConfig
    from studio.store.project import Project
    from studio.store.runs import RunRecord

TEXT = "tinyshakespeare"
STEPS = 2_000
LOSS, SECONDS = 1.90, 300.0  # at most


def add_options(parser: argparse.ArgumentParser) -> None:
    """Threads, fewer steps for a look, and whether the project stays."""
    parser.add_argument("--steps", type=int, default=STEPS, help="optimizer steps (default: 2,000)")
    project_options(parser)


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Train, then measure the whole validation side once more."""
    with project_with(data_file(f"{TEXT}.txt"), options.keep) as project:
        config = shakespeare_config(options.steps, options.threads)
        record = project.new_run(config, "characters")
        started, cpu = time.monotonic(), time.process_time()
        events = play(record, config)
        seconds, cpu = time.monotonic() - started, time.process_time() - cpu
        loss = validation_loss(project, record)
    threads = next(event.threads for event in events if hasattr(event, "threads"))
    asked = options.steps == STEPS
    return [
        {"what": "validation loss", "ours": loss, "goal": f"≤ {LOSS:.2f}", "reached": asked and loss <= LOSS},
        {"what": "seconds", "ours": seconds, "goal": f"≤ {SECONDS:.0f}", "reached": asked and seconds <= SECONDS},
        {"what": "CPU seconds", "ours": cpu},
        {"what": "steps", "ours": options.steps},
        {"what": "threads", "ours": threads},
        {"what": "load", "ours": busy()},
    ]


def shakespeare_config(steps: int, threads: int) -> "RunConfig":
    """nanoGPT's little shape for a CPU: 4 layers, 4 heads, width 128, context 64, batch 12, no dropout."""
    from studio.core.config import ComputeConfig, DataConfig, ModelConfig, RunConfig, Sampling, TrainingConfig

    return RunConfig(
        # Windows that begin at every 16th character overlap: there are four times as many to draw from.
        data=DataConfig(text=TEXT, tokenizer="characters", stride=16),
        model=ModelConfig(context_length=64, emb_dim=128, n_layers=4, n_heads=4, drop_rate=0.0),
        training=TrainingConfig(
            steps=steps, batch_size=12, learning_rate=3e-3, minimum_learning_rate=1e-4,
            warmup_steps=min(100, steps), beta2=0.99, evaluate_every=250, evaluation_batches=20, sample_every=0,
            save_every=1_000,
        ),
        sampling=Sampling(prompt="ROMEO:", tokens=200),
        compute=ComputeConfig(seed=1337, device="cpu", threads=threads),
    )  # fmt: skip


def validation_loss(project: "Project", record: "RunRecord") -> float:
    """Mean over the whole validation side, window after window, of the checkpoint that was saved last."""
    import dataclasses

    from studio.core.shelf import OBJECTIVES
    from studio.engine.checkpoint import load_model
    from studio.engine.device import choose
    from studio.engine.evaluate import mean_loss
    from studio.engine.material import batches_of
    from studio.store.checkpoints import choose as choose_checkpoint
    from studio.store.shards import make_shards

    model, saved = load_model(choose_checkpoint(record, "last").folder, "cpu")
    data, objective = saved.config.data, OBJECTIVES.load(saved.config.objective)
    config = saved.config.with_part(data=dataclasses.replace(data, stride=0))
    shards = make_shards(project.text(TEXT), data.tokenizer, data.validation_share, project.tokens_folder)
    _, validation = batches_of(objective, shards, config)
    assert validation is not None
    # In fp32, whatever format the run computed in: the goal is about the weights.
    compute = choose(dataclasses.replace(config.compute, precision="fp32"))
    loss = mean_loss(model, validation, 0, objective, compute)
    assert loss is not None
    return loss


BENCH = Bench("characters", "characters of Shakespeare: loss and time after 2,000 steps", run, add_options)
