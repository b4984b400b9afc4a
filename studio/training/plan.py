"""What a run will do before it does it: steps, tokens, passes, checkpoints, disk and time, or what is missing."""

import math
from dataclasses import dataclass

from studio.core.adapter_costs import adapter_problems
from studio.core.adapter_costs import planned as planned_adapter
from studio.core.config import RunConfig, TrainingConfig
from studio.core.errors import StudioError
from studio.core.knobs import Problem, problems
from studio.core.language import tr
from studio.core.schedule import total_steps, windows_in
from studio.parts.fine_tuning import FIELD as START
from studio.parts.wording import about, count, disk_size, short_count
from studio.store.project import Project
from studio.store.starts import settle
from studio.training.learning import FIELD, mismatch

ADAPTER = "adapter.kind"
BYTES_PER_PARAMETER = 12  # a checkpoint holds each weight and AdamW's two moments in fp32
BYTES_PER_TOKEN = 2  # shards of a vocabulary up to 65,536


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known about text, model and machine; 0 stands for unknown, `exact` for counted rather than guessed."""

    parameters: int = 0
    vocab_size: int = 0
    training_tokens: int = 0
    exact: bool = False
    tokens_per_second: float = 0.0
    free_disk: int = 0
    measured: bool = False  # the speed comes from a run on this computer, not from a formula


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The arithmetic of a run; fields that cannot be known yet are 0."""

    steps: int
    tokens: int
    passes: float
    checkpoints: int
    checkpoint_bytes: int
    disk: int
    seconds: float
    short_of_disk: bool


@dataclass(frozen=True)
class Need:
    """What keeps a run from starting: what the button says, why, and the page that mends it."""

    label: str
    reason: str
    page: str
    field: str = ""


def plan(config: RunConfig, facts: Facts) -> Plan:
    """Work out a run from its configuration and what is known."""
    training = config.training
    windows = windows_in(facts.training_tokens, config.model.context_length, config.data.stride)
    steps = total_steps(training, windows) if facts.training_tokens else training.steps
    tokens = steps * training.batch_size * training.accumulation * config.model.context_length
    size = saved_numbers(config, facts) * BYTES_PER_PARAMETER
    saved = max(1, math.ceil(steps / training.save_every))
    kept = min(saved, training.keep_checkpoints + 1)  # the best one stays beside the newest
    disk = size * (kept + (saved > kept)) + facts.training_tokens * BYTES_PER_TOKEN
    return Plan(
        steps=steps,
        tokens=tokens,
        passes=tokens / facts.training_tokens if facts.training_tokens else 0.0,
        checkpoints=kept,
        checkpoint_bytes=size,
        disk=disk,
        seconds=tokens / facts.tokens_per_second if facts.tokens_per_second else 0.0,
        short_of_disk=bool(facts.free_disk) and disk > facts.free_disk,
    )


def saved_numbers(config: RunConfig, facts: Facts) -> int:
    """How many numbers are trained, which a checkpoint holds: the model's, or the adapter's alone; 0 if unknown."""
    adapter = config.adapter
    if adapter.kind == "none":
        return facts.parameters
    wrong = problems(config.model) or adapter_problems(config.model, adapter) or not adapter.names
    return 0 if wrong else planned_adapter(config.model, adapter.rank, adapter.names).parameters


def first_need(config: RunConfig, has_project: bool, texts: list[str], planned: Plan) -> Need | None:
    """The first thing to put right before the run can start, or None."""
    if not has_project:
        return Need(tr("Open a project first"), tr("A run is kept in a project."), "home")
    if not config.data.text and texts:
        reason = tr("A model learns from a text, and none is chosen yet.")
        return Need(tr("Choose a text first"), reason, "pretrain", "data.text")
    if not config.data.text:
        return Need(tr("Choose a text first"), tr("A model learns from a text. This project has none yet."), "data")
    if config.data.text not in texts:
        reason = tr("The text “{name}” is not in this project any more.", name=config.data.text)
        return Need(tr("Choose a text first"), reason, "data")
    wrong = problems(config)
    if wrong:
        return _need_for(wrong[0])
    if config.adapter.kind != "none" and (need := _adapter_need(config)) is not None:
        return need
    if config.model.outputs:
        reason = tr("This model tells classes apart; it has no head for words any more.")
        return Need(tr("Choose another start"), reason, "pretrain", START)
    if (found := mismatch(config)) is not None:
        return Need(tr("Change the model first"), found.reason, "pretrain", FIELD)
    if planned.short_of_disk:
        reason = tr("The run needs {size}. Save less often, keep fewer checkpoints or free space.",
                    size=disk_size(planned.disk))  # fmt: skip
        return Need(tr("Make room on the disk first"), reason, "pretrain", "training.save_every")
    return None


def _adapter_need(config: RunConfig) -> Need | None:
    if not config.start_from:
        reason = tr("An adapter needs a model to lie on, and this run begins with random weights.")
        return Need(tr("Choose a model for the adapter first"), reason, "pretrain", ADAPTER)
    if wrong := adapter_problems(config.model, config.adapter):
        return Need(tr("Correct the adapter first"), wrong[0].message, "pretrain", f"adapter.{wrong[0].field}")
    return None


def start_need(project: Project | None, config: RunConfig) -> Need | None:
    """What must be put right about the model that a run would start from, or None."""
    if project is None or not config.start_from:
        return None
    try:
        settle(project.path, config)
    except StudioError as error:
        return Need(tr("Choose another start"), f"{error.message} {error.hint}".strip(), "pretrain", START)
    return None


def _need_for(problem: Problem) -> Need:
    part = problem.field.partition(".")[0]
    pages = {"data": "data", "model": "model"}
    label = tr("Correct the model first") if part == "model" else tr("Correct the settings first")
    return Need(label, problem.message, pages.get(part, "pretrain"), problem.field)


def start_label(planned: Plan, queued_behind: str = "") -> str:
    """What the one button says: Train 2,000 steps, about 6 min."""
    steps = count(planned.steps)
    if queued_behind:
        return tr("Queue {steps} steps", steps=steps)
    if planned.seconds:
        return tr("Train {steps} steps, about {time}", steps=steps, time=about(planned.seconds))
    return tr("Train {steps} steps", steps=steps)


def plan_rows(config: RunConfig, facts: Facts, planned: Plan) -> list[tuple[str, str, str]]:
    """Title, value and a quiet note for each figure of the plan."""
    training = config.training
    batch = training.batch_size * training.accumulation
    per_step = tr(
        "{batch} windows × {context} tokens a step", batch=count(batch), context=count(config.model.context_length)
    )
    return [
        (tr("Steps"), count(planned.steps), _interval(training)),
        (tr("Tokens read"), short_count(planned.tokens), per_step),
        _passes_row(facts, planned),
        _checkpoints_row(config, planned),
        _disk_row(facts, planned),
        _time_row(facts, planned),
    ]


def _interval(training: TrainingConfig) -> str:
    return tr("measured every {steps}", steps=count(training.evaluate_every))


def _passes_row(facts: Facts, planned: Plan) -> tuple[str, str, str]:
    if not facts.training_tokens:
        return tr("Passes"), "–", tr("known once the text is cut into tokens")
    note = tr("over {tokens} tokens", tokens=short_count(facts.training_tokens))
    return (
        tr("Passes"),
        f"{planned.passes:.2g}" if planned.passes < 10 else count(planned.passes),
        (note if facts.exact else tr("about, {note}", note=note)),
    )


def _checkpoints_row(config: RunConfig, planned: Plan) -> tuple[str, str, str]:
    size = f" × {disk_size(planned.checkpoint_bytes)}" if planned.checkpoint_bytes else ""
    steps = count(config.training.save_every)
    note = tr("saved every {steps}, the best one stays", steps=steps)
    if config.adapter.kind != "none":
        note = tr("saved every {steps}: only the adapter, the base stays where it is", steps=steps)
    return tr("Checkpoints"), f"{planned.checkpoints}{size}", note


def _disk_row(facts: Facts, planned: Plan) -> tuple[str, str, str]:
    if not planned.checkpoint_bytes:
        return tr("Disk"), "–", tr("known once the model's size is")
    note = tr("of {size} free", size=disk_size(facts.free_disk)) if facts.free_disk else ""
    return tr("Disk"), disk_size(planned.disk), note


def _time_row(facts: Facts, planned: Plan) -> tuple[str, str, str]:
    if not planned.seconds:
        return tr("Time"), "–", tr("known after the first steps")
    source = tr("measured in an earlier run") if facts.measured else tr("estimated for this computer")
    return tr("Time"), about(planned.seconds), source
