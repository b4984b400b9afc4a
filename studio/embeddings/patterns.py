"""Looking through a vocabulary with a regular expression, which gives up where it would take forever."""

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.embeddings.vocabulary import FOUND, Vocabulary
from studio.rows.filters import PATIENCE, WRITTEN_OUT, written_out

LONGEST = 5.0  # seconds that all tokens together may take


def matching(
    vocabulary: Vocabulary, pattern: str, keep_going: Callable[[], bool] = lambda: True
) -> npt.NDArray[np.int64]:
    """Ids of the tokens in which the pattern is found, with their blanks as they are; for a worker thread."""
    import regex

    if written_out(pattern) > WRITTEN_OUT:
        raise StudioError(tr("The pattern repeats its repetitions too often."), tr("Write it with smaller counts."))
    try:
        compiled = regex.compile(pattern)
    except (regex.error, RecursionError, OverflowError) as error:
        raise StudioError(
            tr("The pattern does not work: {reason}.", reason=error), tr("An example: ^ [A-Z] finds capitals.")
        ) from error
    found: list[int] = []
    until = time.monotonic() + LONGEST
    try:
        for token, text in enumerate(vocabulary.texts or vocabulary.labels):
            if not keep_going() or time.monotonic() > until:
                break
            if compiled.search(text, timeout=PATIENCE, concurrent=True) is not None:
                found.append(token)
    except TimeoutError:
        until = 0.0
    if time.monotonic() > until:
        raise StudioError(
            tr("The pattern takes too long."), tr("Write it without repetitions inside repetitions.")
        ) from None
    return np.array(found[:FOUND], np.int64)
