"""From a config and a run's folder to everything a training loop needs, told phase by phase."""

import dataclasses
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import torch

from studio.core.adapter_costs import held_bytes
from studio.core.channel import RunControl
from studio.core.config import RunConfig
from studio.core.costs import memory
from studio.core.errors import StudioError
from studio.core.events import PhaseChanged, RunEvent, Warned
from studio.core.knobs import problems
from studio.core.schedule import total_steps
from studio.core.shelf import FAMILIES, OBJECTIVES
from studio.engine.beginning import adapted, begun_from, prepared, restored
from studio.engine.checkpoint import Progress, load_optimizer, read_state
from studio.engine.device import Compute, choose
from studio.engine.last_opened import forget
from studio.engine.material import gathered
from studio.engine.optimize import optimizer_for
from studio.layers.decoder import Decoder
from studio.objectives import Batches, Objective, Words
from studio.store.checkpoints import CheckpointInfo, newest_valid
from studio.store.checkpoints import choose as choose_checkpoint
from studio.store.disk import require_start_space
from studio.store.project import Project
from studio.store.runs import RunRecord
from studio.store.starts import Start, cut_with, find_start, settle, tokenizer_in
from studio.tokenizers import Tokenizer


@dataclass
class Prepared:
    """A run that is ready to compute."""

    config: RunConfig
    compute: Compute
    objective: Objective
    words: Words
    training: Batches
    validation: Batches | None
    model: Decoder
    optimizer: torch.optim.AdamW
    total_steps: int
    progress: Progress
    resumed_from: int = -1
    exact: bool = True


def prepare(
    config: RunConfig, control: RunControl, record: RunRecord, resume: int | None
) -> Generator[RunEvent, None, Prepared | None]:
    """Yield phases and return the prepared run, or None when asked to stop before it is ready.

    `resume` is the step of a checkpoint, -1 for the newest whole one, None for a fresh start.
    """
    if found := problems(config):
        raise StudioError(found[0].message, "Change it on the Pretrain or Model page, or in the configuration's file.")
    objective: Objective = OBJECTIVES.load(config.objective)
    project = Project.open(record.folder.parent.parent)
    origin = checkpoint_of(record, resume) if resume is not None else None
    if origin is not None and objective.rows is not None:
        config = _same_rows(config, read_state(origin.folder).config)
    start, reads_with, config = _beginning(config, project, record, resume)
    if start is not None:
        refuse_base_that_cannot_be_packed(config, start)
    material = yield from gathered(config, objective, reads_with, control, project)
    if material is None:
        return None
    if start is not None or not isinstance(reads_with, str):
        record.save_tokenizer(material.words.tokenizer.to_json())  # where it came from may be gone when the run goes on
    config, training = material.config, material.training
    forget()  # what was asked last gives its memory back
    refuse_what_cannot_fit(config, project.path)
    yield PhaseChanged(phase="building")
    for sentence in origin.passed_over if origin is not None else ():
        yield Warned(step=0 if origin is None else origin.step, message=sentence)
    checkpoint = origin.folder if origin is not None else None
    compute, exact = _compute(config, checkpoint)
    compute.apply()
    model, progress = _model(config, compute, checkpoint, start, record.name)
    optimizer = optimizer_for(model, config.training)
    if checkpoint is not None:
        load_optimizer(checkpoint, model, optimizer, compute.device)
        record.truncate_events(progress.step)
    return Prepared(
        config=config,
        compute=compute,
        objective=objective,
        words=material.words,
        training=training,
        validation=material.validation,
        model=model,
        optimizer=optimizer,
        total_steps=total_steps(config.training, training.per_epoch * config.training.batch_size),
        progress=progress,
        resumed_from=progress.step if checkpoint is not None else -1,
        exact=exact,
    )


def _beginning(
    config: RunConfig, project: Project, record: RunRecord, resume: int | None
) -> tuple[Start | None, str | Tokenizer, RunConfig]:
    """The model to start from, how texts are cut, and the config that follows; a resumed run has it in its folder."""
    if resume is not None:
        found = cut_with(record.folder, config)
        return None, project.tokenizer(found) if isinstance(found, str) else found, config
    if not config.start_from:
        return None, project.tokenizer(config.data.tokenizer), config
    start = find_start(project.path, config.start_from)
    return start, tokenizer_in(start.folder), settle(project.path, config)


def _same_rows(config: RunConfig, before: RunConfig) -> RunConfig:
    """The config of a resumed run with the dataset that it read before: what lies at a path may be another by now."""
    return config.with_part(data=dataclasses.replace(config.data, dataset=before.data.dataset))


def checkpoint_of(record: RunRecord, step: int) -> CheckpointInfo:
    """The checkpoint to go on from: at `step`, or the newest one that is whole for -1."""
    return newest_valid(record.checkpoints_folder) if step < 0 else choose_checkpoint(record, step)


def refuse_base_that_cannot_be_packed(config: RunConfig, start: Start) -> None:
    """Refuse QLoRA on a base that is itself an adapter where its full numbers exceed the memory: it is merged first."""
    import psutil

    need, have = held_bytes(start.config.model, "none"), psutil.virtual_memory().total
    if config.adapter.kind == "qlora" and start.config.adapter.kind != "none" and need > have:
        raise StudioError(
            f"“{start.title}” holds an adapter, which is merged into its base before 4 bits are made of it: that takes "
            f"{need / 1e9:,.1f} GB; this computer has {have / 1e9:,.1f} GB.",
            "Start from the base itself, or export the run whole on a larger computer and import that.",
        )


def refuse_what_cannot_fit(config: RunConfig, folder: Path) -> None:
    """Refuse a model whose weights, gradients and moments exceed the memory, or whose checkpoints exceed the disk."""
    import psutil

    need, have = memory(config.model, config.training.batch_size), psutil.virtual_memory().total
    learns = need.gradients + need.optimizer if config.adapter.kind == "none" else 0
    known = held_bytes(config.model, config.adapter.kind) + learns
    if known > have:
        raise StudioError(
            f"Training this model takes at least {known / 1e9:,.1f} GB; this computer has {have / 1e9:,.1f} GB.",
            "Choose a smaller shape on the Model page.",
        )
    require_start_space(folder, need.weights + need.optimizer if learns else 0)


def _compute(config: RunConfig, checkpoint: Path | None) -> tuple[Compute, bool]:
    """How to compute; a resumed run keeps its device, format and threads, else it is no longer exact."""
    now = choose(config.compute)
    if checkpoint is None:
        return now, True
    before = read_state(checkpoint).compute
    if before.device == now.device:
        now = dataclasses.replace(now, matmul=before.matmul)
    return now, now == before


def _model(
    config: RunConfig, compute: Compute, checkpoint: Path | None, start: Start | None, name: str
) -> tuple[Decoder, Progress]:
    """The network to train and where it stands; an adapter of the run called `name` lies on it."""
    if checkpoint is not None:
        model, saved = restored(checkpoint, compute.device)
        return model, saved.progress
    if start is not None:
        packed = config.adapter.kind == "qlora"
        model = begun_from(start, config.model, compute.device, config.compute.seed, packed)
    else:
        torch.manual_seed(config.compute.seed)
        model = FAMILIES.load(config.model.family).build(config.model).to(compute.device)
    prepared(model, config)
    adapted(model, config, name)
    return model, Progress(step=0, tokens=0, seconds=0.0)
