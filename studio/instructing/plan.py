"""What a fine-tuning will do: rows, steps, passes, what is trained; and what its one button says."""

import math

from studio.core.config import RunConfig
from studio.core.language import tr
from studio.instructing.rows_seen import RowsSeen
from studio.parts.wording import NOT_MEASURED, count
from studio.widgets.fact_rows import FactRow


def batches_in(config: RunConfig, seen: RowsSeen) -> int:
    """Batches of one pass over the rows, whole ones only, as the run counts them."""
    size = min(config.training.batch_size, max(1, seen.lines))
    return max(1, seen.lines // size)


def steps_of(config: RunConfig, seen: RowsSeen) -> int:
    """Optimizer steps; with epochs as many as that many passes over the rows take."""
    training = config.training
    if not training.epochs:
        return training.steps
    return max(1, math.ceil(batches_in(config, seen) * training.epochs / training.accumulation))


def plan_facts(config: RunConfig, seen: RowsSeen | None) -> list[FactRow]:
    """The figures of the plan; what is not known yet is a dash."""
    known = seen is not None and seen.found is not None
    rows = seen.sides if known and seen is not None else (0, 0, 0)
    steps = steps_of(config, seen) if known and seen is not None else 0
    passes = steps * config.training.accumulation / batches_in(config, seen) if known and seen is not None else 0.0
    batch = config.training.batch_size * config.training.accumulation
    learned = int(seen.found.learned.sum()) if known and seen is not None and seen.found is not None else 0
    each = tr("pairs") if config.objective == "prefer" else tr("rows")
    return [
        FactRow(tr("To learn from"), f"{count(rows[0])} {each}" if known else NOT_MEASURED,
                tr("In another order in every pass.")),
        FactRow(tr("To choose by"), count(rows[1]) if known else NOT_MEASURED,
                tr("Validation: measured along the way; the best checkpoint is chosen by them, and the sample answers "
                   "are given to the first of them.")),
        FactRow(tr("For the test"), count(rows[2]) if known else NOT_MEASURED,
                tr("Nobody looks at them until Answers is asked to.")),
        FactRow(tr("Tokens that are learned"), count(learned) if known else NOT_MEASURED,
                tr("In all rows together; the others are only read.")),
        FactRow(tr("Steps"), tr("{steps} of {batch} {each}", steps=count(steps), batch=count(batch), each=each)
                if known else NOT_MEASURED),
        FactRow(tr("Passes over the rows"), f"{passes:.1f}" if known else NOT_MEASURED),
    ]  # fmt: skip


def start_words(config: RunConfig, seen: RowsSeen | None, behind: str = "") -> str:
    """What the one button says: Train 234 steps on 935 rows."""
    if seen is None or seen.found is None:
        return tr("Reading the rows…")
    words = (
        tr("Train {steps} steps on {rows} pairs")
        if config.objective == "prefer"
        else tr("Train {steps} steps on {rows} rows")
    )
    words = words.format(steps=count(steps_of(config, seen)), rows=count(seen.sides[0]))
    return tr("{words}, after “{name}”", words=words, name=behind) if behind else words


def need_of(config: RunConfig) -> str:
    """What of the model keeps the run from starting, in the words of a button, or nothing."""
    if config.objective == "prefer" and not config.start_from:
        return tr("Choose a model that answers first")
    if config.adapter.kind != "none" and not config.start_from:
        return tr("Choose a model for the adapter first")
    if config.objective == "prefer" and config.adapter.kind == "none":
        return tr("Choose LoRA or QLoRA first")
    return ""
