"""The chats of the open project as wishes: each is an errand to the disk, its outcome a signal. Part of the session."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.chat_desk import Act, Errand
from studio.live.chat_lists import ChatLists
from studio.live.jobs import Jobs
from studio.live.notices import Notices
from studio.live.runs import Undo
from studio.prompts import Turn
from studio.store.files import write_atomically
from studio.store.project import Project

if TYPE_CHECKING:
    from studio.store.chats import Chats as Store
    from studio.store.chats import Message
    from studio.store.datasets import Dataset

GROWS = 500  # milliseconds between two writes of an answer that is growing


@dataclass(frozen=True)
class ChatUndo(Undo):
    """The way back inside one chat."""

    chat: int = 0


class Chats(ChatLists):
    """What it offers raises a `StudioError` at once where no project is open; all else comes by an errand's signals."""

    chat_changed = Signal(int)  # the messages or the head of this chat are other than before

    def __init__(self, jobs: Jobs, notices: Notices, here: Callable[[], Project], parent: QObject) -> None:
        super().__init__(jobs, notices, here, parent)
        self._growing: dict[int, tuple[str, dict[str, Any]]] = {}
        self._complained = False  # that what grows cannot be written
        self._noted = False  # whether verdicts wait to be settled
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(GROWS)
        self._timer.timeout.connect(self._write_growing)

    # --- chats ---------------------------------------------------------------------------------------------------

    def create(
        self, title: str, system: str = "", settings: Mapping[str, Any] | None = None, folder: str = ""
    ) -> Errand:
        """Begin a chat; the result is its `ChatInfo`."""
        kept = dict(settings or {})
        return self._change(lambda store: store.info(store.create(title, system, kept, folder)))

    def rename(self, chat: int, title: str) -> Errand:
        """Give a chat another title."""
        return self._change(lambda store: store.rename(chat, title), chat)

    def pin(self, chat: int, on: bool = True) -> Errand:
        """Keep a chat at the top of the list, or not any more."""
        return self._change(lambda store: store.pin(chat, on), chat)

    def move(self, chat: int, folder: str) -> Errand:
        """Put a chat into a folder; "" takes it out."""
        return self._change(lambda store: store.move(chat, folder), chat)

    def rename_folder(self, old: str, new: str) -> Errand:
        """Rename a folder; "" takes its chats out of it."""
        return self._change(lambda store: store.rename_folder(old, new))

    def duplicate(self, chat: int) -> Errand:
        """Copy a chat with all its branches; the result is the copy's `ChatInfo`."""
        return self._change(lambda store: store.info(store.duplicate(chat)))

    def set_system(self, chat: int, text: str) -> Errand:
        """What the model is told before anything else."""
        return self._change(lambda store: store.set_system(chat, text), chat)

    def set_settings(self, chat: int, settings: Mapping[str, Any]) -> Errand:
        """Keep a page's choices with a chat."""
        kept = dict(settings)
        return self._change(lambda store: store.set_settings(chat, kept), chat)

    def delete(self, chat: int) -> Errand:
        """Take a chat off the list; the result is an `Undo`."""

        def deleted(store: "Store") -> Undo:
            words = tr("“{title}” was deleted.", title=store.info(chat).title or tr("New chat"))
            return ChatUndo(words, self._way_back(store.delete(chat), chat), chat)

        return self._change(deleted)

    def export(self, chat: int, path: Path) -> Errand:
        """Write a chat into a file, as JSON where the name ends so, else as Markdown; the result is the path."""

        def exported(store: "Store") -> Path:
            as_json = path.suffix.lower() == ".json"
            write_atomically(path, store.export_json(chat) if as_json else store.export_markdown(chat))
            return path

        return self._desk.ask(exported)

    # --- messages ------------------------------------------------------------------------------------------------

    def add(
        self, chat: int, parent: int | None, role: str, text: str, facts: Mapping[str, Any] | None = None,
        complete: bool = True,
    ) -> Errand:  # fmt: skip
        """Keep a message below `parent` and show it from now on; the result is the `Message`."""
        kept = dict(facts or {})
        return self._change(lambda store: store.message(store.add(chat, parent, role, text, kept, complete)), chat)

    def edit(self, message: int, text: str) -> Errand:
        """Make another version of a message, which is shown from now on; the result is that `Message`."""
        return self._change(lambda store: store.message(store.edit(message, text)))

    def choose(self, message: int) -> Errand:
        """Show the branch on which a message stands; the result is the `Message`."""

        def chosen(store: "Store") -> "Message":
            store.choose(message)
            return store.message(message)

        return self._change(chosen)

    def grow(self, message: int, text: str, facts: Mapping[str, Any] | None = None) -> None:
        """The whole text so far of an answer; call it as often as you like, the disk hears of it twice a second."""
        self._here()
        self._growing[message] = text, dict(facts or {})
        if not self._timer.isActive():
            self._timer.start()

    def finish(self, message: int, text: str, facts: Mapping[str, Any] | None = None) -> Errand:
        """An answer has come to its end; the result is the `Message`."""
        kept = dict(facts or {})
        self._growing.pop(message, None)

        def finished(store: "Store") -> "Message":
            store.finish(message, text, kept)
            return store.message(message)

        return self._change(finished)

    def delete_message(self, message: int) -> Errand:
        """Take a message away with everything below it; the result is an `Undo`."""

        def deleted(store: "Store") -> Undo:
            chat = store.message(message).chat
            return ChatUndo(tr("The message was deleted."), self._way_back(store.delete_message(message), chat), chat)

        return self._change(deleted)

    def rate(self, message: int, value: int) -> Errand:
        """Keep a verdict of 1, -1 or 0; the first two are noted for a row of a dataset too, until `settle`."""
        project = self._here()
        self._noted = self._noted or value != 0
        return self._desk.ask(lambda store: rated(store, project, message, value))

    def settle(self) -> None:
        """Make one version of the dataset of all verdicts since the last time: the conversation is left."""
        if self._noted:
            self._noted = False
            errand = self._desk.ask(partial(_settled, self._here()))
            errand.succeeded.connect(self._rated)
            errand.failed.connect(self._settled_not)

    def take_up(self) -> None:
        """A project is opened: settle what a process that was killed has noted there."""
        from studio.store.rated_answers import has_noted

        self._noted = has_noted(self._here())
        self.settle()

    # --- the library ---------------------------------------------------------------------------------------------

    def save_system_prompt(self, name: str, text: str) -> Errand:
        """Keep a system prompt under a name."""
        return self._change(lambda store: store.save_system_prompt(name, text))

    def forget_system_prompt(self, name: str) -> Errand:
        """Take one off the list."""
        return self._change(lambda store: store.forget_system_prompt(name))

    def save_preset(self, name: str, settings: Mapping[str, Any]) -> Errand:
        """Keep settings of sampling under a name."""
        kept = dict(settings)
        return self._change(lambda store: store.save_preset(name, kept))

    def forget_preset(self, name: str) -> Errand:
        """Take some off the list."""
        return self._change(lambda store: store.forget_preset(name))

    def forget_deleted(self) -> None:
        """Remove for good what was deleted; where there never was a chat, none is begun for it."""
        from studio.store.chats import FILE

        if (self._here().path / FILE).exists():
            self._desk.ask(lambda store: store.forget_deleted())

    def leave(self) -> None:
        """The project is being closed: write what waits, forget the lists."""
        self._timer.stop()
        self._write_growing()
        self.settle()
        self._desk.leave()
        self._forget()

    # --- inside --------------------------------------------------------------------------------------------------

    def _change(self, act: Act, chat: int = 0) -> Errand:
        """Have something changed; lists and open chats hear of it."""
        errand = self._desk.ask(act)
        errand.chat = chat
        errand.succeeded.connect(self._tell)
        return errand

    def _way_back(self, undo: Callable[[], None], chat: int) -> Callable[[], None]:
        def taken_back() -> None:
            self._change(lambda _store: undo(), chat)

        return taken_back

    def _tell(self, result: object) -> None:
        errand = self.sender()
        chat = (errand.chat if isinstance(errand, Errand) else 0) or getattr(result, "chat", 0)
        if chat:
            self.chat_changed.emit(chat)
        self._refresh()

    def _write_growing(self) -> None:
        growing, self._growing = self._growing, {}
        for message, (text, facts) in growing.items():
            errand = self._desk.ask(partial(_grow, message, text, facts))
            errand.succeeded.connect(self._grew)
            errand.failed.connect(self._grew_not)

    def _grew(self, _nothing: object) -> None:
        self._complained = False

    def _grew_not(self, error: StudioError) -> None:
        if not self._complained:  # else it would say so twice a second
            self._notices.post_error(error)
        self._complained = True

    def _settled_not(self, error: StudioError) -> None:
        """They stay noted, for the next time."""
        self._noted = True
        self._notices.post_error(error)

    def _rated(self, dataset: object) -> None:
        if dataset is not None:
            self.changed.emit(frozenset({"datasets"}))


def _grow(message: int, text: str, facts: Mapping[str, Any], store: "Store") -> None:
    store.grow(message, text, facts)


def _settled(project: Project, _store: "Store") -> "Dataset | None":
    from studio.store.rated_answers import settle_rated

    return settle_rated(project)


def rated(store: "Store", project: Project, message: int, value: int) -> None:
    """Keep a verdict; one of 1 or -1 is noted as a row of the dataset too."""
    from studio.store.rated_answers import note_rated

    store.rate(message, value)
    if value == 0:
        return
    answer = store.message(message)
    system = store.opened(answer.chat).system
    turns = [Turn("system", system)] if system.strip() else []
    turns += [Turn(item.role, item.text) for item in store.path(answer.chat, message)[:-1]]
    note_rated(project, turns, answer.text, value)
