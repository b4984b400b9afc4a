"""The first lines of a text, as it lies in the project."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.core.language import tr
from studio.live.session import Session
from studio.parts.plain_text import PlainText
from studio.parts.source_view import SourceView
from studio.parts.wording import count
from studio.store.corpus import Text
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.store.datasets import Dataset

LINES = 400  # that are shown


class TextView(SourceView):
    """Shows a `Text`; `note_changed` says how much of it that is."""

    note_changed = Signal(str)

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(session, look, parent)
        self.lines = PlainText(look, tr("First lines of the text"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.lines)

    def set_source(self, source: "Text | Dataset | None") -> None:
        """Read its first lines, unless they stand there."""
        self.source = source
        if isinstance(source, Text):
            job = self.session.jobs.start(source.head, LINES, lane="data.head")
            job.succeeded.connect(self._show)
            job.failed.connect(self.refused)

    def _show(self, lines: str) -> None:
        self.lines.set_text(lines)
        text = self.source
        more = isinstance(text, Text) and text.lines > LINES
        self.note_changed.emit(
            tr("first {count} of {lines} lines", count=count(LINES), lines=count(text.lines))
            if more and isinstance(text, Text) else ""
        )  # fmt: skip
