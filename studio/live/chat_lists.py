"""What the lists of chats show: read on a thread, kept ready for a paint, and read again after every change."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.live.chat_desk import ChatDesk, Errand
from studio.live.jobs import Jobs
from studio.live.notices import Notices
from studio.store.project import Project

if TYPE_CHECKING:
    from studio.store.chats import ChatInfo, Hit
    from studio.store.chats import Chats as Store

HITS = 200


@dataclass(frozen=True)
class Lists:
    """What one look at the disk brings, and what was asked for."""

    wanted: tuple[str, str] = ("", "")  # words, folder
    chats: "tuple[ChatInfo, ...]" = ()
    folders: tuple[str, ...] = ()
    hits: "tuple[Hit, ...]" = ()
    system_prompts: dict[str, str] = field(default_factory=dict)
    presets: dict[str, dict[str, Any]] = field(default_factory=dict)


class ChatLists(QObject):
    """The reading half of the session's chats."""

    changed = Signal(object)  # frozenset of {"chats"}: the lists are new; or {"datasets"}

    def __init__(self, jobs: Jobs, notices: Notices, here: Callable[[], Project], parent: QObject) -> None:
        super().__init__(parent)
        self._notices, self._here = notices, here
        self._desk = ChatDesk(jobs, notices, here, self)
        self._lists = Lists()
        self._wanted = ("", "")
        self._looked = False  # whether anybody has asked for the lists
        self._look: Errand | None = None  # that is still to come

    @property
    def chats(self) -> "tuple[ChatInfo, ...]":
        """The chats of the folder and the search that were asked for, pinned ones first, then the newest."""
        return self._lists.chats

    @property
    def folders(self) -> tuple[str, ...]:
        """All folders by name."""
        return self._lists.folders

    @property
    def hits(self) -> "tuple[Hit, ...]":
        """Where the words of the search stand; empty without a search."""
        return self._lists.hits

    @property
    def system_prompts(self) -> dict[str, str]:
        """The library of system prompts by name."""
        return self._lists.system_prompts

    @property
    def presets(self) -> dict[str, dict[str, Any]]:
        """Settings of sampling by name."""
        return self._lists.presets

    def look(self, search: str = "", folder: str = "") -> Errand:
        """Fill the lists; from now on they are filled again after every change."""
        self._wanted, self._looked = (search, folder), True
        if self._look is None:
            self._look = self._desk.ask(self._looked_up, writes=False)
            self._look.succeeded.connect(self._take)
            self._look.failed.connect(self._look_failed)
        return self._look

    def open(self, chat: int, leaf: int | None = None) -> Errand:
        """Bring a chat as it is shown, an `Opened`; with `leaf` the branch that ends in that message."""
        return self._desk.ask(lambda store: store.opened(chat, leaf), writes=False)

    def _refresh(self) -> None:
        """Read again what is shown, if anything is; one look for many changes."""
        if self._looked:
            self.look(*self._wanted)

    def _forget(self) -> None:
        self._lists, self._wanted, self._looked, self._look = Lists(), ("", ""), False, None

    def _looked_up(self, store: "Store") -> Lists:
        words, folder = wanted = self._wanted
        return Lists(
            wanted, tuple(store.listing(words, folder)), tuple(store.folders()), tuple(store.search(words, HITS)),
            store.system_prompts(), store.presets(),
        )  # fmt: skip

    def _take(self, lists: Lists) -> None:
        self._lists, self._look = lists, None
        self.changed.emit(frozenset({"chats"}))
        if lists.wanted != self._wanted:  # something else was typed meanwhile
            self._refresh()

    def _look_failed(self, error: StudioError) -> None:
        self._look = None
        self._notices.post_error(error)
