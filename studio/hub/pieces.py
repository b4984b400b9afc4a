"""What a model says to other programs, up to the first stop string, and its failures as what programs are told."""

import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from studio.core.channel import RunControl
from studio.core.config import Sampling
from studio.core.errors import StudioError
from studio.core.stops import StopWatch
from studio.hub.completions import fault
from studio.prompts import Turn

# Turns (none: go on from the prompt), sampling, control; what a generator returns, "stop" or "length", is told too.
Answer = Callable[[tuple[Turn, ...], Sampling, RunControl], Iterator[str]]
log = logging.getLogger(__name__)


class AnswerError(Exception):
    """Whoever answers has failed; `told` is the status and what is said about it."""

    def __init__(self, told: tuple[int, dict[str, Any]]) -> None:
        super().__init__(told[0])
        self.told = told


class Pieces:
    """The pieces of an answer up to the first stop string; `reason` says afterwards why it ended."""

    def __init__(self, begin: Callable[[], Iterator[str]], stops: tuple[str, ...]) -> None:
        self.reason = "stop"
        self._begin = begin
        self._source: Iterator[str] | None = None
        self._watch: StopWatch[None] = StopWatch(stops)

    def __iter__(self) -> Iterator[str]:
        while not self._watch.found:
            try:
                self._source = self._source or self._begin()
                piece = next(self._source)
            except StopIteration as end:
                self.reason = end.value if end.value in ("stop", "length") else "stop"
                break
            except Exception as error:
                raise AnswerError(_explained(error)) from error
            yield from (text for text, _ in self._watch.take(piece, None) if text)
        if not self._watch.found:
            yield from (text for text, _ in self._watch.flush() if text)

    def close(self) -> None:
        """Let go of the model."""
        close = getattr(self._source, "close", None)
        if close is not None:
            close()


def _explained(error: Exception) -> tuple[int, dict[str, Any]]:
    """A refusal of the model is a sentence; anything else goes to the log without what was asked."""
    if isinstance(error, StudioError):
        return 400, fault(str(error), "invalid_request")
    log.error("unexpected in an answer: %s", "".join(traceback.format_exception(error)))
    return 500, fault("Something went wrong inside Atelier. The details are in its log.", "internal")
