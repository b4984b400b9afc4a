"""What an exception becomes when it reaches a person: a sentence, a hint, and the traceback as text."""

import logging
import traceback

from studio.core.errors import StudioError
from studio.core.language import tr

log = logging.getLogger(__name__)


class UnexpectedError(StudioError):
    """A bug or a fault of the machine; `details` is the traceback for the log and "Copy details"."""

    def __init__(self, message: str, hint: str, details: str) -> None:
        super().__init__(message, hint)
        self.details = details


def explain(error: BaseException) -> StudioError:
    """A `StudioError` without a traceback: kept tracebacks keep every tensor of their frames alive."""
    if isinstance(error, StudioError):
        return type(error)(*error.args) if type(error) is UnexpectedError else StudioError(error.message, error.hint)
    details = "".join(traceback.format_exception(error))
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return UnexpectedError(
            tr("There is not enough memory for this."),
            tr("Choose a smaller batch, a shorter context or a smaller model. What was saved is safe."),
            details,
        )
    log.error("unexpected: %s", details)
    short = str(error).strip().partition("\n")[0][:200]
    return UnexpectedError(
        tr("Something went wrong inside Atelier: {what}.", what=f"{type(error).__name__}: {short}".rstrip(": .")),
        tr("What was saved is safe. The details are in the log and can be copied into a report."),
        details,
    )
