"""A model that exists becomes the beginning of the next run, from wherever it is shown."""

import dataclasses
from functools import partial
from pathlib import Path

from studio.core.config import DataConfig, RunConfig
from studio.core.language import tr
from studio.core.shelf import OBJECTIVES
from studio.live.session import Session
from studio.parts.opening import ensure_project
from studio.store.starts import Start, find_start, start_name
from studio.tokenizers import tokenizer_kinds

FIELD = "start_from"
GENTLE, GENTLE_END = 1e-4, 1e-5  # learning rates at most, so that what was learned before is not unlearned at once
TOKENS = 4_096  # of a batch at most, for models that were trained on larger machines than this one


def start_next_run(session: Session, folder: Path) -> None:
    """Set the draft to go on with the model in `folder` and show it; the former draft is a click away."""
    ensure_project(session, tr("My project"))
    if session.project is None:
        return
    start, draft = find_start(session.project.path, start_name(session.project.path, folder)), session.draft
    session.set_draft(fine_tuned(draft, start))
    words = tr("The next run starts from “{name}”, with a gentle learning rate.", name=start.title)
    session.notices.post("info", words, (tr("Undo"), partial(session.set_draft, draft)))
    session.focus("pretrain", FIELD)


def fine_tuned(draft: RunConfig, start: Start) -> RunConfig:
    """A draft that goes on with the weights of `start`, in smaller steps and with batches that fit more often.

    A tokenizer that is not offered for a text of one's own stands in the draft as the default, which means the model's.
    """
    model, training = start.config.model, draft.training
    names = [draft.objective, *(name for name in OBJECTIVES.names() if OBJECTIVES.load(name).rows is None)]
    fitting = next((name for name in names if not OBJECTIVES.load(name).obstacle(model)), draft.objective)
    rate = min(training.learning_rate, GENTLE)
    training = dataclasses.replace(
        training,
        learning_rate=rate,
        minimum_learning_rate=min(training.minimum_learning_rate, GENTLE_END, rate),
        batch_size=max(1, min(training.batch_size, TOKENS // model.context_length)),
    )
    own, offered = start.config.data.tokenizer, [kind.name for kind in tokenizer_kinds()]
    data = dataclasses.replace(draft.data, tokenizer=own if own in offered else DataConfig().tokenizer)
    changed = draft.with_part(model=model, training=training, data=data, start_from=start.name)
    return dataclasses.replace(changed, objective=fitting)
