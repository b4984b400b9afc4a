"""The one exception that is meant for people."""


class StudioError(Exception):
    """Something a person can understand and act on: what happened, and a hint on what to do.

    Raised wherever the cause is known; shown where it happened. Anything else is a bug and goes to the log.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()
