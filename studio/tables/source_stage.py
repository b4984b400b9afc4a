"""The middle of the Data page: one text or dataset, in one of the views that there are for it."""

import importlib
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from studio.core.language import tr
from studio.live.session import Session
from studio.parts.source_view import SourceView
from studio.seeing.view_switch import ViewSwitch
from studio.store.corpus import Text
from studio.tables.changes import unsaved_words
from studio.tables.row_words import counted_rows
from studio.tables.rows_view import RowsView
from studio.tables.text_view import TextView
from studio.widgets.card import Card
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.store.datasets import Dataset

    Source = Text | Dataset

# Views by name: the words, the module and the class. They are imported when they are opened for the first time.
_VIEWS = {
    "text": ("Text", "studio.tables.text_view", "TextView"),
    "rows": ("Rows", "studio.tables.rows_view", "RowsView"),
    "contents": ("Contents", "studio.tables.contents_view", "ContentsView"),
    "clean": ("Clean", "studio.tables.cleaning_view", "CleaningView"),
    "windows": ("Windows", "studio.teaching.windows_view", "WindowsView"),
}
_OFFERED = {"text": ("text", "contents", "clean", "windows"), "dataset": ("rows", "contents", "clean")}
_LEAST = QSize(160, 120)
_TITLE = 190  # pixels that title and note keep beside the switch


class _Stack(QStackedWidget):
    """A view that is not shown makes the page no wider."""

    def minimumSizeHint(self) -> QSize:
        return _LEAST


class SourceStage(Card):
    """`set_source` shows one; what the views make, refuse or ask for is passed on."""

    refused = Signal(object)
    made = Signal(object)
    row_shown = Signal(bool)
    view_opened = Signal(str)

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(" ", look, parent)
        self._session, self._look = session, look
        self.source: Source | None = None
        self._name = "text"
        self._last = {"text": "text", "dataset": "rows"}
        self._built: dict[str, SourceView] = {}
        self._stale: set[str] = set()
        self._lines = ""  # how much of a text its first lines are
        self._stack = _Stack()
        self.body.addWidget(self._stack, 1)
        self.switches = {
            kind: ViewSwitch([(name, tr(_VIEWS[name][0])) for name in names], look, tr("View"))
            for kind, names in _OFFERED.items()
        }
        for switch in self.switches.values():
            switch.changed.connect(self.open_view)
            switch.hide()
            self.header.addWidget(switch)

    @property
    def kind(self) -> str:
        """What is shown: "text" or "dataset"."""
        return "text" if self.source is None or isinstance(self.source, Text) else "dataset"

    @property
    def name(self) -> str:
        """The name of the view that is open."""
        return self._name

    @property
    def view(self) -> SourceView | None:
        """The view that is open."""
        return self._built.get(self._name)

    def view_named(self, name: str) -> SourceView:
        """A view by name, made now if it was not yet."""
        if name not in self._built:
            _, module, word = _VIEWS[name]
            view: SourceView = getattr(importlib.import_module(module), word)(self._session, self._look)
            self._built[name] = view
            self._stack.addWidget(view)
            self._stale.add(name)
            view.refused.connect(self.refused)
            view.made.connect(self.made)
            view.rows_requested.connect(self.show_rows)
            if isinstance(view, RowsView):
                view.row_shown.connect(self.row_shown)
                view.back_requested.connect(self._back)
            if isinstance(view, TextView):
                view.note_changed.connect(self._note)
        return self._built[name]

    def set_source(self, source: "Source") -> None:
        """Show this one, in the view that was last chosen for its kind; the same one again changes nothing."""
        if source == self.source:
            return
        self.source = source
        self._stale = set(self._built)
        self.set_title(source.name if isinstance(source, Text) else source.title)
        self._lines = ""
        for kind, switch in self.switches.items():
            switch.setVisible(kind == self.kind)
        self.open_view(self._last[self.kind])

    def open_view(self, name: str) -> None:
        """Bring a view forward; one that is not there for this source is not."""
        if name not in _OFFERED[self.kind]:
            return
        self._last[self.kind] = name
        self.switches[self.kind].set_value(name)
        self._bring(name)
        rows = self._built.get("rows")
        if name == "rows" and isinstance(rows, RowsView) and rows.picks.isVisible():
            rows.show_all()

    def show_rows(self, title: str, numbers: list[int]) -> None:
        """Exactly these rows, with a way back to the view that asked for them."""
        self._bring("rows")
        self.switches[self.kind].set_value(self._last[self.kind] if self.kind == "text" else "rows")
        rows = self._built["rows"]
        if isinstance(rows, RowsView):
            rows.show_only(title, numbers)

    def refresh(self, what: frozenset[str]) -> None:
        """Something changed in the session."""
        if (view := self.view) is not None:
            view.refresh(what)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for switch in self.switches.values():
            switch.fit(self.width() - _TITLE)

    def _bring(self, name: str) -> None:
        view = self.view_named(name)
        self._name = name
        self._stack.setCurrentWidget(view)
        if name in self._stale:
            self._stale.discard(name)
            view.set_source(self.source)
        self._show_note()
        self.view_opened.emit(name)

    def _back(self) -> None:
        self.open_view(self._last[self.kind])

    def _note(self, words: str) -> None:
        self._lines = words
        self._show_note()

    def _show_note(self) -> None:
        source = self.source
        if source is not None and not isinstance(source, Text):
            words = unsaved_words(source) if self._name != "rows" else ""
            rows = counted_rows(source.rows)
            self.set_note(tr("{rows} · unsaved: {changes}", rows=rows, changes=words) if words else rows)
        else:
            self.set_note(self._lines if self._name == "text" else "")
