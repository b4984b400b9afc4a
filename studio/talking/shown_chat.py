"""What of a chat is shown: a branch for each column, its versions, and the way back. No message is written here."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.live.session import Session
from studio.store.chats import ChatInfo, Opened
from studio.talking.branches import Branches
from studio.talking.voices import MOST

COLUMNS = "columns"  # of a chat's settings: what `kept_leaves` reads


@dataclass(frozen=True)
class Back:
    """How to take something back: messages to delete, or versions to show again, each in a column (None: in all)."""

    deleted: tuple[int, ...] = ()
    shown: tuple[tuple[int, int | None], ...] = ()


class ShownChat(QObject):
    """The part of a conversation that reads."""

    changed = Signal()  # the rows are others
    settled = Signal()  # what the columns show now is worth keeping
    failed = Signal(object)  # StudioError
    opened = Signal(object)  # Opened, or None for a chat that is not begun yet

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.branches = Branches()
        self.info: ChatInfo | None = None  # None: not begun
        self.hidden = False  # whether the names of the newest answers are kept back
        self._ask = 0  # a number for every wish, so that late news of an older one are dropped
        self._back: list[Back] = []

    @property
    @abstractmethod
    def busy(self) -> bool:
        """Whether something is being written."""

    @abstractmethod
    def stop(self) -> bool:
        """Nothing more is written from this moment; False when nothing was."""

    @abstractmethod
    def place_of(self, column: int) -> int:
        """The column in which an answer stands once its giver is told."""

    @abstractmethod
    def reveal(self) -> None:
        """Say who gave hidden answers, if there are any."""

    @property
    def can_undo(self) -> bool:
        """Whether there is anything to take back."""
        return bool(self._back) and not self.busy

    def new(self) -> None:
        """Begin a chat; it is kept once something is asked."""
        self.stop()
        self._session.chats.settle()
        self._ask += 1
        self.info, self._back, self.hidden = None, [], False
        self.branches.clear()
        self.changed.emit()
        self.opened.emit(None)

    # --- opening -----------------------------------------------------------------------------------------------

    def open(self, chat: int, alone: bool = False) -> None:
        """Show a chat in the columns in which it was held; `alone`: only the branch that was chosen last."""
        self.stop()
        self._session.chats.settle()
        self._ask += 1
        errand = self._session.chats.open(chat)
        errand.succeeded.connect(partial(self._take_chat, self._ask, alone))
        errand.failed.connect(self.failed)

    def _take_chat(self, ask: int, alone: bool, opened: Opened) -> None:
        if ask != self._ask:
            return
        if self.info is None or self.info.id != opened.info.id:
            self._back = []
            self.branches.clear()
        self.info, self.hidden = opened.info, False  # from the disk everybody comes with a name and in order
        leaves = () if alone else kept_leaves(opened.settings)
        self.branches.align(max(1, len(leaves)))
        self.branches.open(opened.messages, opened.versions, None)
        for column, leaf in enumerate(leaves):
            errand = self._session.chats.open(opened.info.id, leaf)
            errand.succeeded.connect(partial(self._take_column, ask, column))
            errand.failed.connect(self.failed)
        if leaves:
            for told in (errand.succeeded, errand.failed):
                told.connect(partial(self._tell_opened, ask, opened))
        else:
            self._tell_opened(ask, opened)

    def _take_column(self, ask: int, column: int, branch: Opened) -> None:
        if ask == self._ask and branch.messages:  # else it was deleted, and the chosen branch stands there
            self.branches.open(branch.messages, branch.versions, column)

    def _tell_opened(self, ask: int, opened: Opened, _last: object = None) -> None:
        if ask == self._ask:
            self.branches.even()
            self.changed.emit()
            self.opened.emit(opened)

    # --- versions and the way back -----------------------------------------------------------------------------

    def choose(self, row: int, column: int, step: int) -> None:
        """Show the version before or after, with all that followed it."""
        wanted = self.branches.version(self.branches.at(row, column), step)
        if wanted is not None and not self.busy:
            column = self.place_of(column)
            self.reveal()
            self._show_versions([(wanted, column if len(self.branches.columns) > 1 else None)])

    def undo(self) -> None:
        """Take the last question, version or branch back."""
        if not self.can_undo:
            return
        self.reveal()
        back = self._back.pop()
        if back.shown:
            self._show_versions(back.shown)
        for message in back.deleted:
            errand = self._session.chats.delete_message(message)
            errand.failed.connect(self.failed)
            if message == back.deleted[-1]:
                errand.succeeded.connect(self._reopen)

    def _show_versions(self, versions: Sequence[tuple[int, int | None]]) -> None:
        """Show messages, each with what follows it, each in a column or in all."""
        self._ask += 1
        for message, column in versions:
            self._session.chats.choose(message).failed.connect(self.failed)
            errand = self._session.chats.open(self._chat)
            errand.succeeded.connect(partial(self._take_version, self._ask, column))
            errand.failed.connect(self.failed)

    def _take_version(self, ask: int, column: int | None, opened: Opened) -> None:
        if ask == self._ask:
            self.branches.open(opened.messages, opened.versions, column)
            self.branches.even()
            self.changed.emit()
            self.settled.emit()

    def _reopen(self, _result: object) -> None:
        self.open(self._chat)

    @property
    def _chat(self) -> int:
        return self.info.id if self.info is not None else 0


def kept_leaves(settings: Mapping[str, Any]) -> tuple[int, ...]:
    """The last messages of the columns in which a chat was held, where there were several."""
    kept = settings.get(COLUMNS)
    found = [one.get("leaf") for one in kept if isinstance(one, Mapping)] if isinstance(kept, list) else []
    leaves = tuple(leaf for leaf in found[:MOST] if isinstance(leaf, int))
    return leaves if len(leaves) > 1 and len(leaves) == len(found) else ()
