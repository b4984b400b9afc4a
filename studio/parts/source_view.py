"""What stands in the middle of the Data page: one way of looking at a text or a dataset."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.live.session import Session
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.store.corpus import Text
    from studio.store.datasets import Dataset

    Source = Text | Dataset


class SourceView(QWidget):
    """Shows one source; whatever it makes or refuses is told to the page by a signal."""

    refused = Signal(object)  # StudioError
    rows_requested = Signal(str, object)  # a title, and the numbers of the rows to show under it
    made = Signal(object)  # a Text or Dataset that did not exist before

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session, self.look = session, look
        self.source: Source | None = None

    def set_source(self, source: "Source | None") -> None:
        """Look at this one from now on; None: at nothing."""
        self.source = source
        self.refresh()

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Draw what changed in the session; an empty set means everything."""
