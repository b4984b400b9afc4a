"""What a person wants done with a chat of the list: a name, a folder, a file, or that it goes."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from studio.core.language import tr
from studio.gate.names import safe_name
from studio.live.runs import Undo
from studio.live.session import Session
from studio.store.chats import ChatInfo
from studio.widgets.label import Label
from studio.widgets.popover import Popover

_SUFFIXES = {"markdown": ".md", "json": ".json"}


class LineAsked(Popover):
    """One line under its anchor; Enter answers."""

    answered = Signal(str)

    def __init__(self, anchor: QWidget) -> None:
        super().__init__(anchor)
        self.label, self.line = Label("", "small"), QLineEdit()
        self.line.setMinimumWidth(240)
        self.line.setMaxLength(200)
        self.body.addWidget(self.label)
        self.body.addWidget(self.line)
        self.line.returnPressed.connect(self._answer)

    def ask(self, words: str, text: str) -> None:
        """Open with a text to change."""
        self.close_quietly()
        self.label.setText(words)
        self.line.setAccessibleName(words)
        self.line.setText(text)
        self.line.selectAll()
        self.toggle(self.line)

    def _answer(self) -> None:
        self.close_quietly()
        self.answered.emit(self.line.text())


class ChatErrands(QObject):
    """Asks what is missing below `anchor`, then lets the session do it; `deleted` names a chat that went."""

    deleted = Signal(int)
    failed = Signal(object)  # StudioError

    def __init__(self, session: Session, anchor: QWidget) -> None:
        super().__init__(anchor)
        self._session = session
        self.asked = LineAsked(anchor)
        self._wanted: tuple[str, int] = ("", -1)
        self.asked.answered.connect(self._answered)

    def do(self, wish: str, info: ChatInfo) -> None:
        """One of the wishes of `ChatList`."""
        chats = self._session.chats
        if wish == "rename":
            self._wanted = wish, info.id
            self.asked.ask(tr("Title"), info.title)
        elif wish == "move":
            self._wanted = wish, info.id
            self.asked.ask(tr("Folder; empty for none"), info.folder)
        elif wish == "pin":
            chats.pin(info.id, not info.pinned)
        elif wish == "duplicate":
            chats.duplicate(info.id)
        elif wish in _SUFFIXES:
            self._export(info, _SUFFIXES[wish])
        elif wish == "delete":
            chats.delete(info.id).succeeded.connect(partial(self._gone, info.id))

    def export_to(self, info: ChatInfo, path: Path) -> None:
        """Write a chat into a file, as its suffix says."""
        errand = self._session.chats.export(info.id, path)
        errand.succeeded.connect(self._written)
        errand.failed.connect(self.failed)

    def _export(self, info: ChatInfo, suffix: str) -> None:
        name = safe_name(info.title or tr("Chat")) + suffix
        chosen, _ = QFileDialog.getSaveFileName(self.asked.parentWidget(), tr("Export the chat"), name)
        if chosen:
            path = Path(chosen)
            self.export_to(info, path if path.suffix.lower() == suffix else path.with_name(path.name + suffix))

    def _answered(self, text: str) -> None:
        wish, chat = self._wanted
        if wish == "rename":
            self._session.chats.rename(chat, text)
        elif wish == "move":
            self._session.chats.move(chat, text)

    def _gone(self, chat: int, undo: Undo) -> None:
        self._session.notices.post("info", undo.text, (tr("Undo"), undo.undo))
        self.deleted.emit(chat)

    def _written(self, path: Path) -> None:
        self._session.notices.post("good", tr("The chat was written to “{name}”.", name=path.name))
