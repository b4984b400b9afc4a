"""The list at the left, one text or dataset in the middle, what is known of it at the right."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.first_run import sample_path
from studio.live.runs import Undo
from studio.live.session import Session
from studio.parts.rows_asked import RowsAsked
from studio.store.corpus import Text
from studio.store.unread import Unread
from studio.tables.broken_source import BrokenSource
from studio.tables.source_list import BROKEN, SourceList
from studio.tables.source_side import SourceSide
from studio.tables.source_stage import SourceStage
from studio.widgets.button import Button, IconButton
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.store.datasets import Dataset

    Source = Text | Dataset

_LIST, _SIDE = 256, 320
_NARROW_LIST, _NARROW_SIDE = 188, 272
_ROOMY_FROM = 852  # pixels of all three together
_SIDE_FROM = 1_240  # below that a table has the room of the column beside it


def key_of(source: "Source | Unread") -> tuple[str, str]:
    """Kind and name: what stays the same when there is a newer version."""
    if isinstance(source, Unread):
        return BROKEN, source.name
    return "text" if isinstance(source, Text) else "dataset", source.name


class Workplace(QWidget):
    """`set_sources` fills it; `moved` says that something else is looked at."""

    moved = Signal()
    refused = Signal(object)  # StudioError
    made = Signal(object)  # Text or Dataset
    reading_requested = Signal(object)  # Text

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._look = session, look
        self.sources: list[Source] = []
        self.unread: list[Unread] = []
        self._chosen = ("", "")
        self._version: Dataset | None = None  # an older one that is looked at
        self._row_open = False
        self._side_wanted: bool | None = None  # what the person chose; None: as there is room
        self.list, self.stage, self.side = SourceList(look), SourceStage(session, look), SourceSide(session, look)
        self.details = IconButton("info", tr("What is known of it, and its versions"), self._toggle_side, look)
        self.details.setCheckable(True)
        self.stage.header.addWidget(self.details)
        self.mix = Button(tr("Mix several…"), self.open_mixing, look, "link").set_small()
        self.list.add_link(self.mix)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self.list)
        row.addWidget(self.stage, 1)
        self.trouble = BrokenSource(session, look)
        row.addWidget(self.trouble, 1)
        row.addWidget(self.side)
        self.list.chosen.connect(self.choose)
        self.stage.refused.connect(self.refused)
        self.stage.made.connect(self.made)
        self.stage.row_shown.connect(self._row_shown)
        self.stage.view_opened.connect(self._arrange)
        for part in (self.side, self.trouble):
            part.delete_requested.connect(self.delete)
        self.trouble.refused.connect(self.refused)
        self.trouble.made.connect(self.made)
        self.side.reading_requested.connect(self.reading_requested)
        self.side.version_opened.connect(self._open_version)

    @property
    def source(self) -> "Source | None":
        """What is looked at: the chosen one, else the text in use, else the first; None where that cannot be read."""
        if self._version is not None:
            return self._version
        if self.broken is not None:
            return None
        known = {key_of(source): source for source in reversed(self.sources)}
        first = [known[key] for key in (self._chosen, ("text", self._session.draft.data.text)) if key in known]
        return next(iter(first + self.sources), None)

    @property
    def broken(self) -> Unread | None:
        """What is looked at where it cannot be read: the chosen one, or the first where there is nothing else."""
        chosen = [one for one in self.unread if key_of(one) == self._chosen]
        return next(iter(chosen or ([] if self.sources else self.unread)), None)

    @property
    def text(self) -> Text | None:
        """The same, where it is a text."""
        source = self.source
        return source if isinstance(source, Text) else None

    def set_sources(self, sources: "Sequence[Source]", unread: Sequence[Unread] = ()) -> None:
        """These are in the project now, and these cannot be read; an older version is left."""
        self.sources, self.unread, self._version = list(sources), list(unread), None
        self.mix.setVisible(len(self.sources) > 1)

    def open_mixing(self) -> None:
        """Offer all of them for a mixture."""
        from studio.tables.mixing_dialog import MixingDialog

        dialog = MixingDialog(self._session, self._look, self.sources, self.sources, self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.made.connect(self.made)
        dialog.open()

    def mark(self, key: tuple[str, str]) -> None:
        """What is looked at once it is there."""
        self._chosen = key

    def choose(self, kind: str, name: str) -> None:
        """Look at this one."""
        if (kind, name) != self._chosen or self._version is not None:
            self._chosen, self._version = (kind, name), None
            self.moved.emit()

    def delete(self) -> None:
        """Move what is looked at to the trash, with a way back; a text not while a run still needs it."""
        source = self.source or self.broken
        if source is None:
            return
        try:
            undo = self._moved_away(source)
        except StudioError as error:
            self.refused.emit(error)
            return
        self._session.notices.post("info", undo.text, (tr("Undo"), partial(self._bring_back, key_of(source), undo)))

    def _moved_away(self, source: "Source | Unread") -> Undo:
        if isinstance(source, Unread):
            return self._session.texts.delete_unread(source)
        is_text = isinstance(source, Text)
        return self._session.delete_text(source.name) if is_text else self._session.datasets.delete(source.name)

    def _bring_back(self, key: tuple[str, str], undo: Undo) -> None:
        self.mark(key)
        undo.undo()

    def look_at(self, thing: object) -> None:
        """Look at a text or a dataset, by its name or its title, or at some rows of a dataset."""
        if isinstance(thing, RowsAsked):
            self._show_rows(thing)
        elif found := [source for source in self.sources if thing in (source.name, getattr(source, "title", ""))]:
            self.choose(*key_of(found[0]))

    def _show_rows(self, asked: RowsAsked) -> None:
        """Rows of the very version that is meant; where it is gone, that is said instead."""
        project = self._session.project
        if project is None:
            return
        try:
            wanted = project.dataset(asked.dataset)
        except StudioError as error:
            self.refused.emit(error)
            return
        self.choose(*key_of(wanted))
        if getattr(self.source, "title", "") != wanted.title:
            self._version = wanted
            self.moved.emit()
        self.stage.show_rows(asked.words, list(asked.numbers))

    def show_source(self) -> None:
        """Draw everything of what is looked at."""
        source, broken = self.source, self.broken
        self.list.set_sources([*self.sources, *self.unread], source or broken, self._session.draft.data.text)
        sample = sample_path(self._session.places.resources).name
        self.list.sample.setVisible(sample not in [Path(path).name for item in self.sources for path in item.sources])
        self.stage.setVisible(broken is None)
        self.trouble.setVisible(broken is not None)
        if broken is not None:
            self.trouble.set_broken(broken)
        elif source is not None:
            self.stage.set_source(source)
            self.side.set_source(source)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a small window the columns beside the middle leave it more room."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        roomy, plain = self.width() >= _ROOMY_FROM, self.stage.name == "text"
        self.list.setFixedWidth(_LIST if roomy else _NARROW_LIST)
        self.side.setFixedWidth(_SIDE if roomy else _NARROW_SIDE)
        wanted = self.width() >= _SIDE_FROM if self._side_wanted is None else self._side_wanted
        row_open = self._row_open and self.stage.name == "rows"
        self.side.setVisible(self.broken is None and (plain or (wanted and not row_open)))
        self.list.setVisible(roomy or plain or not wanted or row_open)  # no room for all three
        self.details.setVisible(not plain and not row_open)
        self.details.setChecked(wanted)

    def _open_version(self, version: int) -> None:
        source, project = self.source, self._session.project
        if source is not None and project is not None:
            self._chosen = key_of(source)
            self._version = project.dataset(f"{source.name}@{version}")
            self.moved.emit()

    def _row_shown(self, shown: bool) -> None:
        self._row_open = shown
        self._arrange()

    def _toggle_side(self) -> None:
        self._side_wanted = self.side.isHidden()
        self._arrange()
