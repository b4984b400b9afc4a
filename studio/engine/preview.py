"""A foreign model before it is taken in: what it is and whether its weights fit, by names and shapes alone."""

import math
from pathlib import Path

from studio.core.errors import StudioError
from studio.engine.adopt import look
from studio.engine.weights import empty_model, expected_shapes, refuse_misfits
from studio.store.library import BASE, Entry


def preview(path: Path) -> Entry:
    """Nothing of the weights is read. A file that is no model is a `StudioError`; weights that do not fit the model's
    description are told in `trouble`, beside everything else that is known of it."""
    found = look(path)
    expected, trouble = expected_shapes(empty_model(found.config)), ""
    try:
        refuse_misfits(expected, found.sources, found.tensors)
    except StudioError as error:
        trouble = f"{error.message}\n{error.hint}"
    facts = found.facts
    return Entry(
        name=found.title,
        kind=BASE,
        folder=path,
        config=found.config,
        parameters=sum(map(math.prod, expected.values())),
        bytes=found.tensors.bytes(),
        precision=found.precision,
        source=str(path),
        licence=str(facts.get("licence") or ""),
        tokenizer=found.tokenizer.name if found.tokenizer is not None else "",
        chat_template=bool(facts.get("chat_template")),
        warnings=found.warnings,
        trouble=trouble,
    )
