"""How often each token comes in the text that a run learned from: counted in its ids on disk."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.store.project import Project
from studio.store.shards import find_shards
from studio.store.starts import cut_with
from studio.tokenizers import Tokenizer

_PIECE = 1 << 22  # tokens that are counted at once


@dataclass(frozen=True)
class Frequency:
    """Occurrences of each token in the training part of a text; where that is not at hand, why."""

    counts: npt.NDArray[np.int64] | None  # (vocabulary,)
    text: str = ""
    why: str = ""


def frequency_of(
    folder: Path,
    config: RunConfig,
    size: int,
    tokenizer: Tokenizer | None = None,
    keep_going: Callable[[], bool] = lambda: True,
) -> Frequency:
    """Count the ids that the run of a checkpoint (PROJECT/runs/RUN/checkpoints/STEP) was trained on.

    A text that was cut anew by another tokenizer of the same kind counts other tokens: that is a reason for none.
    """
    if len(folder.parents) < 4 or folder.parents[2].name != "runs":
        return Frequency(None, "", tr("This model is no run of a project: the text it learned from is not here."))
    data = config.data
    try:
        project = Project.open(folder.parents[3])
        known = {text.name: text for text in project.texts()}
    except StudioError as error:
        return Frequency(None, "", error.message)
    text = known.get(data.text) or known.get(Path(data.text).stem)
    shards = find_shards(text, cut_with(folder, config), data.validation_share, project.tokens_folder) if text else None
    if text is None or shards is None:
        return Frequency(None, "", tr("The text “{name}” is not in the project any more.", name=data.text))
    if tokenizer is not None and shards.tokenizer.fingerprint != tokenizer.fingerprint:
        words = tr("The text “{name}” was cut into other tokens since this model learned from it.", name=data.text)
        return Frequency(None, "", words)
    counts = np.zeros(max(size, shards.vocab_size), np.int64)
    ids = shards.training()
    for start in range(0, len(ids), _PIECE):
        if not keep_going():
            raise StudioError(tr("Counting was stopped before it was finished."), tr("Nothing was changed."))
        counts += np.bincount(ids[start : start + _PIECE], minlength=len(counts))
    return Frequency(counts[:size], text.name)
