"""One chat as wishes: ask, answer again, edit, branch, stop, take back. What appears is on the disk when it appears."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.config import Sampling
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.prompts import Prompt, Turn
from studio.store.chats import ChatInfo, Message, Opened
from studio.talking.answer import ASSISTANT, USER, AnswerToken
from studio.talking.answering import Answering
from studio.talking.branches import Branches, said_of, shuffled
from studio.talking.replying import Question
from studio.talking.voices import Speaker

_TITLE = 60  # characters of the first question that become the title


@dataclass(frozen=True)
class Setting:
    """What the page has set when something is asked."""

    speakers: Sequence[Speaker]
    prompt: Prompt
    sampling: Sampling
    system: str
    blind: bool = False


class Conversation(QObject):
    """`setting` is asked for at every wish and may raise a `StudioError`."""

    changed = Signal()  # the rows are others
    grew = Signal(int, object)  # column, tuple of AnswerToken
    ended = Signal()  # all answers are complete
    busy_changed = Signal()
    failed = Signal(object)  # StudioError
    opened = Signal(object)  # Opened, or None for a chat that is not begun yet

    def __init__(self, session: Session, setting: Callable[[], Setting], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._setting = session, setting
        self.branches = Branches()
        self.info: ChatInfo | None = None  # None: not begun
        self.folder = ""  # where a chat that is begun will lie
        self.answering = Answering(session, self)
        for name in ("grew", "failed", "ended", "busy_changed"):
            getattr(self.answering, name).connect(getattr(self, name))
        self.hidden = False  # whether the names of the newest answers are kept back
        self._waiting = 0  # messages that are on their way to the disk
        self._ask = 0  # a number for every wish, so that late news of an older one are dropped
        self._back: list[tuple[str, int]] = []  # ("choose" or "delete", message): how to take back what was done

    # --- what is there -----------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether something is being written."""
        return self.answering.busy or self._waiting > 0

    @property
    def can_undo(self) -> bool:
        """Whether there is anything to take back."""
        return bool(self._back) and not self.busy

    def new(self) -> None:
        """Begin a chat; it is kept once something is asked."""
        self.stop()
        self._ask += 1
        self.info, self._back, self.hidden = None, [], False
        self.branches.clear()
        self.changed.emit()
        self.opened.emit(None)

    def open(self, chat: int, leaf: int | None = None) -> None:
        """Show a chat, or the branch of it that ends in a message."""
        self.stop()
        self._ask += 1
        errand = self._session.chats.open(chat, leaf)
        errand.succeeded.connect(partial(self._take_opened, self._ask, None))
        errand.failed.connect(self.failed)

    def _take_opened(self, ask: int, column: int | None, opened: Opened) -> None:
        if ask != self._ask:
            return
        if self.info is None or self.info.id != opened.info.id:
            self._back, self.hidden = [], False
            self.branches.clear()
        self.info = opened.info
        self.branches.open(opened.messages, opened.versions, column)
        self.changed.emit()
        self.opened.emit(opened)

    # --- wishes ------------------------------------------------------------------------------------------------

    def ask(self, text: str) -> None:
        """Say something to every column; a chat is made of the first question."""
        setting = self._ready()
        if setting is None or not text.strip():
            return
        self.branches.align(len(setting.speakers))
        if self.info is not None:
            self._say(setting, text)
            return
        title = " ".join(text.split())[:_TITLE]
        errand = self._session.chats.create(title, setting.system, {}, self.folder)
        self._expect(errand, partial(self._created, setting, text))

    def again(self, row: int, begun: Sequence[AnswerToken] = (), column: int | None = None) -> None:
        """Another version of the answer at `row`; one that was `begun` goes on from there."""
        setting = self._ready()
        if setting is None or not 0 < row < len(self.branches.columns[0]):
            return
        if column is not None and len(setting.speakers) > 1:  # only one of the columns goes on
            speaker = setting.speakers[min(column, len(setting.speakers) - 1)]
            setting = replace(setting, speakers=[speaker])
            self.branches.columns[0] = self.branches.columns[min(column, len(self.branches.columns) - 1)]
        self.branches.align(len(setting.speakers))
        former = [branch[row].id for branch in self.branches.columns]
        self._back.append(("choose", former[0]))
        self.branches.cut(row)
        self._answer(setting, former, tuple(begun))

    def branch(self, row: int, column: int, token: int, rival: AnswerToken) -> None:
        """Another version of an answer that takes `rival` in place of its token and goes on from there."""
        said = self.branches.at(row, column)
        self.again(row, (*said.tokens[:token], rival), column)

    def edit(self, row: int, column: int, text: str) -> None:
        """Another version of a message; one of a person's own is answered again."""
        said = self.branches.at(row, column)
        setting = self._ready() if said.role == USER else None
        if not text.strip() or text == said.text or self.busy or (said.role == USER and setting is None):
            return
        self._back.append(("choose", said.id))
        errand = self._session.chats.edit(said.id, text)
        self._expect(errand, partial(self._edited, setting, row, column, said.id))

    def choose(self, row: int, column: int, step: int) -> None:
        """Show the version before or after, with all that followed it."""
        wanted = self.branches.version(self.branches.at(row, column), step)
        if wanted is not None and not self.busy:
            self._show_version(wanted, column if len(self.branches.columns) > 1 else None)

    def undo(self) -> None:
        """Take the last question, version or branch back."""
        if not self.can_undo:
            return
        kind, message = self._back.pop()
        if kind == "choose":
            self._show_version(message, None)
        else:
            errand = self._session.chats.delete_message(message)
            errand.succeeded.connect(self._reopen)
            errand.failed.connect(self.failed)

    def rate(self, row: int, column: int, value: int) -> None:
        """Keep a verdict on an answer: 1, -1 or 0."""
        self._session.chats.rate(self.branches.at(row, column).id, value).failed.connect(self.failed)

    def reveal(self) -> None:
        """Say who gave the hidden answers."""
        if self.hidden:
            self.hidden = False
            self.branches.reveal()
            self.changed.emit()

    def stop(self) -> bool:
        """Nothing more is written from this moment; False when nothing was."""
        return self.answering.stop()

    # --- on the way to the disk --------------------------------------------------------------------------------

    def _ready(self) -> Setting | None:
        if self.busy:
            return None
        try:
            return self._setting()
        except StudioError as error:
            self.failed.emit(error)
            return None

    def _expect(self, errand: Any, then: Callable[[Any], None]) -> None:
        self._waiting += 1
        errand.succeeded.connect(partial(self._arrived, self._ask, then))
        errand.failed.connect(self._not_kept)
        self.busy_changed.emit()

    def _arrived(self, ask: int, then: Callable[[Any], None], result: Any) -> None:
        self._waiting -= 1
        if ask == self._ask:
            then(result)
        self.busy_changed.emit()

    def _not_kept(self, error: StudioError) -> None:
        self._waiting -= 1
        self.failed.emit(error)
        self.busy_changed.emit()

    def _created(self, setting: Setting, text: str, info: ChatInfo) -> None:
        self.info = info
        self._say(setting, text)

    @property
    def _chat(self) -> int:
        return self.info.id if self.info is not None else 0

    def _say(self, setting: Setting, text: str) -> None:
        """Keep the question once below each different end."""
        ends: dict[int | None, list[int]] = {}
        for column in range(len(setting.speakers)):
            ends.setdefault(self.branches.leaf(column), []).append(column)
        for end, columns in ends.items():
            errand = self._session.chats.add(self._chat, end, USER, text)
            self._expect(errand, partial(self._asked, setting, columns))

    def _asked(self, setting: Setting, columns: list[int], message: Message) -> None:
        said = said_of(message)
        for column in columns:
            self.branches.add(column, said)
        if not self._waiting:
            self._back.append(("delete", self.branches.columns[0][-1].id))
            self._answer(setting, [], ())

    def _edited(self, setting: Setting | None, row: int, column: int, former: int, message: Message) -> None:
        self.branches.cut(row)
        said = said_of(message)
        for place in range(len(self.branches.columns)) if setting is not None else (column,):
            self.branches.add(place, said, former)
        self.changed.emit()
        if setting is not None:
            self.branches.align(len(setting.speakers))
            self._answer(setting, [], ())

    def _answer(self, setting: Setting, former: Sequence[int], begun: tuple[AnswerToken, ...]) -> None:
        """Keep an empty answer for every column, then let the models write."""
        order = list(shuffled(len(setting.speakers), secrets.randbits(32))) if setting.blind else []
        speakers = [setting.speakers[place] for place in order] or list(setting.speakers)
        setting = replace(setting, speakers=speakers)
        self.hidden = setting.blind and len(speakers) > 1
        text = "".join(token.text for token in begun)
        for column, speaker in enumerate(speakers):
            facts = {"voice": speaker.title, "note": speaker.note}
            errand = self._session.chats.add(self._chat, self.branches.leaf(column), ASSISTANT, text, facts, False)
            instead = former[column] if column < len(former) else None
            self._expect(errand, partial(self._empty_kept, setting, column, instead, begun))

    def _empty_kept(
        self, setting: Setting, column: int, instead: int | None, begun: tuple[AnswerToken, ...], message: Message
    ) -> None:
        said = said_of(message)
        said.growing, said.tokens = True, list(begun)
        if self.hidden:
            said.title, said.note = tr("Answer {letter}", letter="ABCD"[column]), ""
        self.branches.add(column, said, instead)
        if not self._waiting:
            self.changed.emit()
            self._write(setting, bool(begun))

    # --- the answers -------------------------------------------------------------------------------------------

    def _write(self, setting: Setting, begun: bool) -> None:
        length = None if begun else -1  # the empty answer is not told
        turns = [self.branches.turns(column, setting.system, length) for column in range(len(setting.speakers))]
        answers = [branch[-1] for branch in self.branches.columns]
        self.answering.start(questions(setting, turns), answers, setting.speakers)

    # --- inside ------------------------------------------------------------------------------------------------

    def _show_version(self, message: int, column: int | None) -> None:
        self._ask += 1
        errand = self._session.chats.choose(message)
        errand.failed.connect(self.failed)
        opened = self._session.chats.open(self._chat)
        opened.succeeded.connect(partial(self._take_opened, self._ask, column))
        opened.failed.connect(self.failed)

    def _reopen(self, _result: object) -> None:
        self.open(self._chat)


def questions(setting: Setting, turns: Sequence[tuple[Turn, ...]]) -> list[Question]:
    """What each speaker is asked: everything alike but the model and what was said before."""
    sampling = replace(setting.sampling, samples=1)
    return [
        Question(speaker.model, speaker.prompt or setting.prompt, said, sampling, speaker.adapter, speaker.strength)
        for speaker, said in zip(setting.speakers, turns, strict=True)
    ]
