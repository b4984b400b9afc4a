"""The one way to speak to the person: a notice is posted here and shown by the shell."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError

LEVELS = ("info", "good", "warning", "danger")


@dataclass(frozen=True)
class Notice:
    """A sentence with its weight ("info", "good", "warning", "danger") and at most one button (its text, its slot)."""

    level: str
    text: str
    action: tuple[str, Callable[[], object]] | None = None


class Notices(QObject):
    """Hands every notice to whoever shows them."""

    posted = Signal(object)  # Notice

    def post(self, level: str, text: str, action: tuple[str, Callable[[], object]] | None = None) -> None:
        """Say one sentence; call it on the GUI thread."""
        if level not in LEVELS:
            raise ValueError(f"no such level: {level}")
        self.posted.emit(Notice(level, text, action))

    def post_error(self, error: StudioError) -> None:
        """Say what went wrong and what to do about it."""
        self.post("danger", str(error))
