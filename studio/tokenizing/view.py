"""What stands on the Tokenizer page: one way of working with tokenizers."""

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QWidget

from studio.live.session import Session
from studio.widgets.look import Look

_SMALLEST = QSize(480, 320)


class TokenizingView(QWidget):
    """Built when it is first opened. The page's one primary button says and does what the view offers."""

    name = ""
    label = ""
    idea = ""  # behind the page's "?" while it is shown; empty: the page's own
    brings_text = False  # its primary button leads to a text where there is none

    refused = Signal(object)  # StudioError, for the page's banner
    changed = Signal()  # the primary button says something else

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__()
        self.session, self.look = session, look

    def minimumSizeHint(self) -> QSize:
        """Small enough for the smallest window: in it a view leaves its side columns out."""
        return _SMALLEST

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Draw what changed in the session; an empty set means everything. Only called while it is on the screen."""

    def primary(self) -> tuple[str, bool]:
        """What the primary button says, and whether it can be pressed; no words: there is none."""
        return "", False

    def press(self) -> None:
        """The primary button was pressed."""

    def words(self) -> str | None:
        """The text that a person works on here, where it may be taken over to other views."""
        return None

    def set_words(self, words: str) -> None:
        """Take a text over from another view."""

    def focus_on(self, thing: object) -> None:
        """Look at one thing that was asked for, such as a tokenizer by its name."""
