"""From a config and a run's folder to everything a training loop needs, told phase by phase."""

import dataclasses
import queue
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import torch

from studio.core.channel import RunControl
from studio.core.config import RunConfig
from studio.core.costs import memory
from studio.core.errors import StudioError
from studio.core.events import PhaseChanged, RunEvent, Warned
from studio.core.knobs import problems
from studio.core.schedule import total_steps
from studio.core.shelf import FAMILIES, OBJECTIVES
from studio.engine.beginning import begun_from
from studio.engine.checkpoint import Progress, load_model, load_optimizer, read_state
from studio.engine.device import Compute, choose
from studio.engine.optimize import optimizer_for
from studio.layers.decoder import Decoder
from studio.objectives import Batches, Objective
from studio.store.checkpoints import CheckpointInfo, newest_valid
from studio.store.checkpoints import choose as choose_checkpoint
from studio.store.disk import require_start_space
from studio.store.project import Project
from studio.store.runs import RunRecord
from studio.store.shards import Shards, make_shards
from studio.store.starts import Start, cut_with, find_start, settle, tokenizer_in
from studio.tokenizers import Tokenizer


@dataclass
class Prepared:
    """A run that is ready to compute."""

    config: RunConfig
    compute: Compute
    objective: Objective
    shards: Shards
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
    start, reads_with, config = _beginning(config, project, record, resume)
    shards = yield from _shards(config, reads_with, control, project)
    if shards is None:
        return None
    if start is not None or not isinstance(reads_with, str):
        record.save_tokenizer(shards.tokenizer.to_json())  # where it came from may be gone when the run goes on
    config = resolve_vocabulary(objective.ready(config, shards.tokenizer), shards.vocab_size)
    training, validation = batches_of(objective, shards, config)
    refuse_what_cannot_fit(config, project.path)
    yield PhaseChanged(phase="building")
    origin = checkpoint_of(record, resume) if resume is not None else None
    for sentence in origin.passed_over if origin is not None else ():
        yield Warned(step=0 if origin is None else origin.step, message=sentence)
    checkpoint = origin.folder if origin is not None else None
    compute, exact = _compute(config, checkpoint)
    compute.apply()
    model, progress = _model(config, compute, checkpoint, start)
    optimizer = optimizer_for(model, config.training)
    if checkpoint is not None:
        load_optimizer(checkpoint, model, optimizer, compute.device)
        record.truncate_events(progress.step)
    return Prepared(
        config=config,
        compute=compute,
        objective=objective,
        shards=shards,
        training=training,
        validation=validation,
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


def _shards(
    config: RunConfig, reads_with: str | Tokenizer, control: RunControl, project: Project
) -> Generator[RunEvent, None, Shards | None]:
    """Shards of the run's text, read and made now if they do not exist; None when stopped. Tells how far it is."""
    news: queue.SimpleQueue[RunEvent] = queue.SimpleQueue()
    abandoned = threading.Event()
    outcome: list[Shards | BaseException] = []

    def going() -> bool:
        return control.keep_going() and not abandoned.is_set()

    def work() -> None:
        try:
            outcome.append(_read(config, reads_with, project, news.put, going))
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=work, name="tokenize")
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.05)
            while not news.empty():
                yield news.get()
    finally:
        abandoned.set()
        thread.join()
    while not news.empty():
        yield news.get()
    if control.stopping:
        return None
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def _read(
    config: RunConfig,
    reads_with: str | Tokenizer,
    project: Project,
    tell: Callable[[RunEvent], None],
    keep_going: Callable[[], bool],
) -> Shards:
    """Import the text if it is a path, then cut it into tokens. Runs in a thread of its own."""

    def telling(phase: str) -> Callable[[int, int], None]:
        return lambda done, total: tell(PhaseChanged(phase=phase, done=done, total=total))

    data = config.data
    text = project.find_text(data.text, progress=telling("reading text"), keep_going=keep_going)
    if text.guessed and text.name != data.text:  # a text that was in the project before was looked at there
        tell(Warned(step=0, message=f"The encoding of “{text.name}”: {text.encoding}"))
    tell(PhaseChanged(phase="tokenizing"))
    return make_shards(
        text, reads_with, data.validation_share, project.tokens_folder,
        progress=telling("tokenizing"), keep_going=keep_going,
    )  # fmt: skip


def checkpoint_of(record: RunRecord, step: int) -> CheckpointInfo:
    """The checkpoint to go on from: at `step`, or the newest one that is whole for -1."""
    return newest_valid(record.checkpoints_folder) if step < 0 else choose_checkpoint(record, step)


def resolve_vocabulary(config: RunConfig, found: int) -> RunConfig:
    """Take the vocabulary from the tokenizer and the mask token; a model that is too small for them is refused."""
    wanted, found = config.model.vocab_size, max(found, config.model.mask_token + 1)
    if wanted and wanted < found:
        hint = "Set the vocabulary to 0 on the Model page, so that it follows the tokenizer."
        if config.start_from:
            hint = "The model it starts from has no room for the mask token; let it learn to predict the next word."
        raise StudioError(f"The model has {wanted:,} tokens in its vocabulary, but the run needs {found:,}.", hint)
    return config.with_part(model=dataclasses.replace(config.model, vocab_size=wanted or found))


def refuse_what_cannot_fit(config: RunConfig, folder: Path) -> None:
    """Refuse a model whose weights, gradients and moments exceed the memory, or whose checkpoints exceed the disk."""
    import psutil

    need = memory(config.model, config.training.batch_size)
    known, have = need.weights + need.gradients + need.optimizer, psutil.virtual_memory().total
    if known > have:
        raise StudioError(
            f"Training this model takes at least {known / 1e9:,.1f} GB; this computer has {have / 1e9:,.1f} GB.",
            "Choose a smaller shape on the Model page.",
        )
    require_start_space(folder, need.weights + need.optimizer)


def batches_of(objective: Objective, shards: Shards, config: RunConfig) -> tuple[Batches, Batches | None]:
    """Training and validation batches; a text that is too short for one batch is refused with the figures."""
    need = config.model.context_length + 1
    if shards.training_tokens < need:
        raise StudioError(
            f"The training part of this text has {shards.training_tokens:,} tokens; one window needs {need:,}.",
            "Choose a longer text or a shorter context.",
        )
    training = objective.batches(shards.training(), config, config.training.batch_size)
    if shards.validation_tokens < need:
        return training, None
    return training, objective.batches(shards.validation(), config, config.training.batch_size)


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
    config: RunConfig, compute: Compute, checkpoint: Path | None, start: Start | None
) -> tuple[Decoder, Progress]:
    if checkpoint is not None:
        model, saved = load_model(checkpoint, compute.device)
        return model, saved.progress
    if start is not None:
        return begun_from(start, config.model, compute.device), Progress(step=0, tokens=0, seconds=0.0)
    torch.manual_seed(config.compute.seed)
    fresh: Decoder = FAMILIES.load(config.model.family).build(config.model)
    return fresh.to(compute.device), Progress(step=0, tokens=0, seconds=0.0)
