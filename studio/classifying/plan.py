"""What a classification run will do: steps, passes, rows; and what its one button says."""

import math

from studio.classifying.rows_seen import RowsSeen
from studio.core.config import RunConfig
from studio.core.language import tr
from studio.parts.wording import count
from studio.widgets.fact_rows import FactRow


def steps_of(config: RunConfig, rows: int) -> int:
    """Optimizer steps; with epochs as many as that many passes over the rows take, whole batches only."""
    training = config.training
    if not training.epochs:
        return training.steps
    batches = max(1, rows // training.batch_size)
    return max(1, math.ceil(batches * training.epochs / training.accumulation))


def plan_facts(config: RunConfig, seen: RowsSeen | None) -> list[FactRow]:
    """The figures of the plan; what is not known yet is a dash."""
    rows = seen.rows if seen is not None and seen.labels else (0, 0, 0)
    steps = steps_of(config, rows[0]) if rows[0] or not config.training.epochs else 0
    batch = config.training.batch_size * config.training.accumulation
    passes = steps * batch / rows[0] if rows[0] else 0.0
    return [
        FactRow(tr("Rows to learn from"), count(rows[0]) if rows[0] else "–",
                tr("After balancing. They are read in another order in every pass.")),
        FactRow(tr("Rows to choose by"), count(rows[1]) if rows[0] else "–",
                tr("Validation: measured along the way; the best checkpoint is chosen by them.")),
        FactRow(tr("Rows for the test"), count(rows[2]) if rows[0] else "–",
                tr("Nobody looks at them until Results is asked to score them.")),
        FactRow(tr("Steps"), tr("{steps} of {batch} rows", steps=count(steps), batch=count(batch)) if steps else "–"),
        FactRow(tr("Passes"), f"{passes:.1f}" if passes else "–"),
    ]  # fmt: skip


def start_words(config: RunConfig, seen: RowsSeen | None, behind: str = "") -> str:
    """What the one button says: Train 650 steps on 1,045 rows."""
    rows = seen.rows[0] if seen is not None else 0
    if not rows:
        return tr("Train")
    words = tr("Train {steps} steps on {rows} rows", steps=count(steps_of(config, rows)), rows=count(rows))
    return tr("{words}, after “{name}”", words=words, name=behind) if behind else words
