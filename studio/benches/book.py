"""The book's chapter 5 repeated: GPT-2 small learns “The Verdict” by heart, beside the published losses."""

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from studio.benches import Bench, busy, project_options
from studio.core.errors import StudioError

if TYPE_CHECKING:
    from studio.core.config import RunConfig
    from studio.core.events import EvaluationDone, RunEvent
    from studio.store.project import Project
    from studio.store.runs import RunRecord

TEXT = "the-verdict"
TOKENS = 5_145
BATCHES = (9, 1)
UNTRAINED = (10.98758, 10.98111)  # numbers.md 6b: mean losses of both sides before the first step
CLOSE = 1e-3
EPOCHS = 10.0
PROBE = 40  # steps that tell the pace of a machine
STEPPING = 0.95  # of a run's time; the rest goes into measurements and checkpoints
LEARNT, HELD_BACK = 1.0, (6.0, 6.6)  # after ten epochs: training below, validation between


def add_options(parser: argparse.ArgumentParser) -> None:
    """How long, on how many threads, and whether the project stays."""
    parser.add_argument("--epochs", type=float, default=EPOCHS, help="passes over the text (default: 10)")
    project_options(parser)


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Train through the engine and put every figure beside the published one."""
    with project_with(data_file(f"{TEXT}.txt"), options.keep) as project:
        config = book_config(options.epochs, options.threads)
        rows = before_training(project, config)
        started = time.monotonic()
        events = play(project.new_run(config, "book"), config)
        seconds = time.monotonic() - started
    rows += after_training(events, options.epochs)
    return [*rows, row("minutes", seconds / 60), row("load", busy())]


def row(what: str, ours: Any, published: Any = None, reached: bool | None = None) -> dict[str, Any]:
    """One line of the table."""
    return {"what": what, "ours": ours, "published": published, "reached": reached}


def data_file(name: str) -> Path:
    """A real text of the folder that ATELIER_DATA names."""
    path = Path(os.environ.get("ATELIER_DATA", "")) / name
    if not os.environ.get("ATELIER_DATA") or not path.is_file():
        raise StudioError(
            f"This bench reads “{name}”, which is not part of Atelier.",
            "Set ATELIER_DATA to the folder that holds it.",
        )
    return path


@contextlib.contextmanager
def project_with(text: Path, keep: str = "") -> Iterator["Project"]:
    """A project that holds `text` under its file's name; it goes with the bench unless `keep` says where it stays."""
    from studio.store.project import Project

    with contextlib.ExitStack() as stack:
        folder = Path(keep)
        if not keep:
            temporary = tempfile.TemporaryDirectory(prefix="atelier-bench-", ignore_cleanup_errors=True)
            folder = Path(stack.enter_context(temporary)) / "project"
        project = Project.create(folder)
        project.add_text([text], text.stem)
        yield project


def book_config(epochs: float, threads: int) -> "RunConfig":
    """`GPT_CONFIG_124M` with a context of 256, trained as `gpt_train` does; measured after every step.

    The book measures after its steps 1, 6, 11, …, which no interval that starts at 0 meets.
    """
    from studio.core.config import ComputeConfig, DataConfig, ModelConfig, RunConfig, Sampling, TrainingConfig

    return RunConfig(
        data=DataConfig(text=TEXT, tokenizer="gpt2", validation_share=0.1),
        model=ModelConfig(
            context_length=256, emb_dim=768, n_layers=12, n_heads=12, drop_rate=0.1, qkv_bias=False,
            tie_embeddings=False, initialization="book",
        ),
        training=TrainingConfig(
            epochs=epochs, batch_size=2, learning_rate=4e-4, warmup_steps=0, schedule="constant", weight_decay=0.1,
            decay_everything=True, beta1=0.9, beta2=0.999, clip_norm=0.0, evaluate_every=1, evaluation_batches=5,
            sample_every=BATCHES[0], save_every=1_000_000,
        ),
        sampling=Sampling(prompt="Every effort moves you", tokens=50, temperature=0.0),
        compute=ComputeConfig(seed=123, device="cpu", precision="fp32", threads=threads),
    )  # fmt: skip


def before_training(project: "Project", config: "RunConfig") -> list[dict[str, Any]]:
    """Tokens, batches and the losses of the untrained model over all of them."""
    import torch

    from studio.core.shelf import FAMILIES, OBJECTIVES
    from studio.engine.device import choose
    from studio.engine.evaluate import mean_loss
    from studio.engine.material import batches_of, resolve_vocabulary
    from studio.store.shards import make_shards

    data, objective = config.data, OBJECTIVES.load(config.objective)
    text = project.text(TEXT)
    shards = make_shards(text, data.tokenizer, data.validation_share, project.tokens_folder)
    config = resolve_vocabulary(config, shards.vocab_size)
    training, validation = batches_of(objective, shards, config)
    assert validation is not None
    tokens = len(shards.tokenizer.encode(text.path.read_text("utf-8")))  # the split cuts one of them in two
    batches = (training.per_epoch, validation.per_epoch)
    rows = [
        row("tokens", tokens, TOKENS, tokens == TOKENS),
        row("batches", "/".join(map(str, batches)), "/".join(map(str, BATCHES)), batches == BATCHES),
    ]
    compute = choose(config.compute)
    compute.apply()
    torch.manual_seed(config.compute.seed)
    model = FAMILIES.load(config.model.family).build(config.model)
    for side, batch, published in zip(("training", "validation"), (training, validation), UNTRAINED, strict=True):
        loss = mean_loss(model, batch, 0, objective, compute)
        assert loss is not None
        rows.append(row(f"untrained {side} loss", loss, published, abs(loss - published) <= CLOSE))
    return rows


def play(record: "RunRecord", config: "RunConfig") -> list["RunEvent"]:
    """The run to its end as a host plays it, told on standard error; anything but finishing is a `StudioError`."""
    from studio.core.channel import RunControl
    from studio.core.events import EvaluationDone, RunEnded, RunPaused, StepDone
    from studio.engine.train import train

    events: list[RunEvent] = []
    control, told = RunControl(), time.monotonic()
    with record:
        for event in train(config, control, record):
            record.append(event)
            events.append(event)
            if isinstance(event, RunPaused):
                control.stop(save=False)
            if isinstance(event, StepDone | EvaluationDone) and time.monotonic() - told > 20:
                told = time.monotonic()
                print(f"  {record.name}: step {event.step:,}", file=sys.stderr, flush=True)
    last = events[-1]
    if not isinstance(last, RunEnded) or last.reason != "finished":
        raise StudioError(f"The run “{record.name}” did not finish: {last}.")
    return events


def fitting(project: "Project", config: "RunConfig", minutes: float) -> "RunConfig":
    """The config with no more steps than fit into so many minutes of processor time, by the pace of its first ones.

    Finding that out counts as part of the minutes. What else the machine does meanwhile does not.
    """
    from studio.core.events import StepDone

    clock, started = time.monotonic(), time.process_time()
    training, shorter = config.training, min(PROBE, config.training.steps)
    probe = replace(training, steps=shorter, warmup_steps=0, evaluate_every=shorter, save_every=shorter)
    record = project.new_run(config.with_part(training=probe), "pace")
    done = [event.seconds for event in play(record, record.config) if isinstance(event, StepDone)]
    spent = time.process_time() - started
    busy_cores = spent / (time.monotonic() - clock)
    pace = busy_cores * median(after - before for before, after in pairwise([0.0, *done]))
    steps = max(1, min(training.steps, int(STEPPING * (60 * minutes - spent) / pace)))
    share = steps / training.steps
    every = {name: max(1, round(getattr(training, name) * share)) for name in ("evaluate_every", "save_every")}
    return config.with_part(training=replace(training, steps=steps, **every))


def after_training(events: list["RunEvent"], epochs: float) -> list[dict[str, Any]]:
    """Losses at the published steps, and whether the model ended where the book's does."""
    from studio.core.events import EvaluationDone
    from studio.store.places import places
    from studio.training.published import published_runs

    measured = {event.step: event for event in events if isinstance(event, EvaluationDone)}
    rows = []
    published = next(run for run in published_runs(places().resources) if "Verdict" in run.source)
    for step, training, validation in published.curves[0].points:
        if round(step) in measured:
            rows += both_sides(measured[round(step)], training, validation)
    last = measured[max(measured)]
    ended = epochs == EPOCHS
    held_back = last.validation_loss or 0.0
    low, high = HELD_BACK
    rows.append(row("final training loss", last.training_loss, f"< {LEARNT:g}", ended and last.training_loss < LEARNT))
    rows.append(row("final validation loss", held_back, f"{low:g} to {high:g}", ended and low <= held_back <= high))
    return rows


def both_sides(ours: "EvaluationDone", training: float, validation: float) -> list[dict[str, Any]]:
    """Two lines for one published step; batches and dropout are drawn differently, so the figures only resemble."""
    return [
        row(f"step {ours.step:2} training loss", ours.training_loss, training),
        row(f"step {ours.step:2} validation loss", ours.validation_loss, validation),
    ]


BENCH = Bench("book", "the book's chapter 5 beside its published losses (about ten minutes)", run, add_options)
