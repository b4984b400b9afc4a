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
from studio.store.chats import ChatInfo, Message
from studio.talking.answer import ASSISTANT, USER, AnswerToken, Said
from studio.talking.answering import Answering, Writer
from studio.talking.branches import said_of, shuffled
from studio.talking.replying import Question
from studio.talking.shown_chat import Back, ShownChat
from studio.talking.together import Together
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


@dataclass(frozen=True)
class _Wanted:
    """Answers to be written: the setting with one speaker for each of `columns`, and how they begin.

    They are versions of the messages `former`, where there are any.
    """

    setting: Setting
    columns: tuple[int, ...]
    former: tuple[int, ...] = ()
    begun: tuple[AnswerToken, ...] = ()


class Conversation(ShownChat):
    """`setting` is asked for at every wish and may raise a `StudioError`."""

    grew = Signal(int, object)  # column, tuple of AnswerToken
    ended = Signal()  # all answers are complete
    unsaid = Signal(str)  # a question or a change that was not kept, for whoever wrote it
    busy_changed = Signal()

    def __init__(self, session: Session, setting: Callable[[], Setting], parent: QObject | None = None) -> None:
        super().__init__(session, parent)
        self._setting = setting
        self.folder = ""  # where a chat that is begun will lie
        self.answering = Answering(session, self)
        for name in ("grew", "failed", "ended", "busy_changed"):
            getattr(self.answering, name).connect(getattr(self, name))
        self._waiting = 0  # messages that are on their way to the disk
        self._before: list[list[Said]] = []  # the columns before the turn that is on its way
        self._mixed: Sequence[int] = ()  # of hidden answers, the column to which each belongs

    @property
    def busy(self) -> bool:
        """Whether something is being written."""
        return self.answering.busy or self._waiting > 0

    def stop(self) -> bool:
        """Nothing more is written from this moment; False when nothing was."""
        return self.answering.stop()

    # --- wishes ------------------------------------------------------------------------------------------------

    def ask(self, text: str) -> None:
        """Say something to every column; a chat is made of the first question."""
        setting = self._ready()
        if setting is None or not text.strip():
            self.unsaid.emit(text)
            return
        self.branches.align(len(setting.speakers))
        if self.info is not None:
            self._say(setting, text)
            return
        title = " ".join(text.split())[:_TITLE]
        errand = self._session.chats.create(title, setting.system, {}, self.folder)
        errand.failed.connect(partial(self._unsaid, text))
        self._expect(errand, partial(self._created, setting, text))

    def again(self, row: int, begun: Sequence[AnswerToken] = (), column: int | None = None) -> None:
        """Another version of the answers at `row`, or of one column's; one that was `begun` goes on from there."""
        setting = self._ready()
        if setting is None or not 0 < row < len(self.branches.columns[0]):
            return
        column = None if column is None else self.place_of(column)
        self.reveal()
        count = len(setting.speakers)
        self.branches.align(count)
        columns = tuple(range(count)) if column is None else (min(column, count - 1),)
        former = tuple(self.branches.columns[place][row].id for place in columns)
        self._back.append(self._way_to(former, columns))
        self._remember()
        self.branches.cut(row + 1)  # the answers of other columns stay
        for place in columns:
            self.branches.columns[place].pop()
        setting = replace(setting, speakers=[setting.speakers[place] for place in columns])
        self._answer(_Wanted(setting, columns, former, tuple(begun)))

    def branch(self, row: int, column: int, token: int, rival: AnswerToken) -> None:
        """Another version of an answer that takes `rival` in place of its token and goes on from there."""
        said = self.branches.at(row, column)
        self.again(row, (*said.tokens[:token], rival), column)

    def edit(self, row: int, column: int, text: str) -> None:
        """Another version of a message; one of a person's own is answered again, in every column."""
        said = self.branches.at(row, column)
        setting = self._ready() if said.role == USER else None
        if not text.strip() or text == said.text:
            return
        if self.busy or (said.role == USER and setting is None):
            self.unsaid.emit(text)
            return
        columns = tuple(range(len(self.branches.columns))) if setting is not None else (column,)
        former = tuple(self.branches.columns[place][row].id for place in columns)
        self._back.append(self._way_to(former, columns))
        errand = self._session.chats.edit(said.id, text)
        errand.failed.connect(partial(self._unsaid, text))
        self._expect(errand, partial(self._edited, setting, row, columns, said.id))

    def rate(self, row: int, column: int, value: int) -> None:
        """Keep a verdict on an answer: 1, -1 or 0."""
        self._session.chats.rate(self.branches.at(row, column).id, value).failed.connect(self.failed)

    def place_of(self, column: int) -> int:
        """The column in which an answer stands once its giver is told."""
        return self._mixed[column] if self.hidden and column >= 0 else column

    @property
    def own_columns(self) -> list[list[Said]]:
        """The branches in the order of their givers, while hidden answers stand mixed too."""
        if not self.hidden:
            return self.branches.columns
        shown = dict(zip(self._mixed, self.branches.columns, strict=True))
        return [shown[place] for place in sorted(shown)]

    def reveal(self) -> None:
        """Say who gave the hidden answers: everybody's stand in their own column again."""
        if self.hidden:
            self.branches.columns, self.hidden = self.own_columns, False
            self.branches.reveal()
            self.changed.emit()
            self.settled.emit()

    # --- on the way to the disk --------------------------------------------------------------------------------

    def _ready(self) -> Setting | None:
        if self.busy:
            return None
        try:
            return self._setting()
        except StudioError as error:
            self.failed.emit(error)
            return None

    def _way_to(self, messages: Sequence[int], columns: Sequence[int]) -> Back:
        """How to come back to versions that are shown now."""
        if len(self.branches.columns) == 1:
            return Back(shown=((messages[0], None),))
        return Back(shown=tuple(zip(messages, columns, strict=True)))

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

    def _unsaid(self, text: str, _error: StudioError) -> None:
        self.unsaid.emit(text)

    def _expect_all(self, errands: Sequence[Any], then: Callable[[Sequence[Message]], None]) -> None:
        """What follows once all of these messages are kept; where one is not, the others are taken back."""
        together = Together(len(errands), then, self._take_back)
        for place, errand in enumerate(errands):
            self._expect(errand, partial(together.take, place))
            errand.failed.connect(partial(self._lost, self._ask, together))

    def _lost(self, ask: int, together: Together, _error: StudioError) -> None:
        if ask == self._ask:
            together.lose()

    def _remember(self) -> None:
        self._before = [list(column) for column in self.branches.columns]

    def _take_back(self, kept: Sequence[Message]) -> None:
        """A turn of which only a part was kept: that goes too, and what stood there before stands there again."""
        for message in kept:
            self._session.chats.delete_message(message.id).failed.connect(self.failed)
        self.branches.columns, self.hidden = self._before, False
        self.changed.emit()

    def _created(self, setting: Setting, text: str, info: ChatInfo) -> None:
        self.info = info
        self._say(setting, text)

    def _say(self, setting: Setting, text: str) -> None:
        """Keep the question once below each different end."""
        ends: dict[int | None, list[int]] = {}
        for column in range(len(setting.speakers)):
            ends.setdefault(self.branches.leaf(column), []).append(column)
        self._remember()
        errands = [self._session.chats.add(self._chat, end, USER, text) for end in ends]
        for errand in errands:
            errand.failed.connect(partial(self._unsaid, text))
        self._expect_all(errands, partial(self._asked, setting, list(ends.values())))

    def _asked(self, setting: Setting, ends: Sequence[Sequence[int]], messages: Sequence[Message]) -> None:
        for columns, message in zip(ends, messages, strict=True):
            said = said_of(message)
            for column in columns:
                self.branches.add(column, said)
        self._back.append(Back(deleted=tuple(message.id for message in messages)))
        self._remember()
        self._answer(_Wanted(setting, tuple(range(len(setting.speakers)))))

    def _edited(
        self, setting: Setting | None, row: int, columns: tuple[int, ...], former: int, message: Message
    ) -> None:
        self.branches.cut(row if setting is not None else row + 1)
        said = said_of(message)
        for place in columns:
            del self.branches.columns[place][row:]
            self.branches.add(place, said, former)
        self.changed.emit()
        if setting is None:
            self.settled.emit()
            return
        self.branches.align(len(setting.speakers))
        self._remember()
        self._answer(_Wanted(setting, tuple(range(len(setting.speakers)))))

    def _answer(self, wanted: _Wanted) -> None:
        """Keep an empty answer for every column, then let the models write."""
        speakers = list(wanted.setting.speakers)
        self.hidden = wanted.setting.blind and len(speakers) > 1
        former = wanted.former
        if self.hidden:
            self._mixed = shuffled(len(speakers), secrets.randbits(32))
            speakers = [speakers[place] for place in self._mixed]
            former = tuple(former[place] for place in self._mixed) if former else ()
            self.branches.columns = [self.branches.columns[place] for place in self._mixed]  # each with what it said
        wanted = replace(wanted, setting=replace(wanted.setting, speakers=speakers), former=former)
        text = "".join(token.text for token in wanted.begun)
        errands = []
        for column, speaker in zip(wanted.columns, speakers, strict=True):
            facts, end = {"voice": speaker.title, "note": speaker.note}, self.branches.leaf(column)
            errands.append(self._session.chats.add(self._chat, end, ASSISTANT, text, facts, False))
        self._expect_all(errands, partial(self._empty_kept, wanted))

    def _empty_kept(self, wanted: _Wanted, messages: Sequence[Message]) -> None:
        for place, (column, message) in enumerate(zip(wanted.columns, messages, strict=True)):
            said = said_of(message)
            said.growing, said.tokens = True, list(wanted.begun)
            if self.hidden:
                said.title, said.note = tr("Answer {letter}", letter="ABCD"[place]), ""
            self.branches.add(column, said, wanted.former[place] if place < len(wanted.former) else None)
        self.changed.emit()
        self.settled.emit()
        self._write(wanted)

    # --- the answers -------------------------------------------------------------------------------------------

    def _write(self, wanted: _Wanted) -> None:
        length = None if wanted.begun else -1  # the empty answer is not told
        setting = wanted.setting
        turns = [self.branches.turns(column, setting.system, length) for column in wanted.columns]
        writers = [
            Writer(self.branches.columns[column][-1], speaker, column)
            for column, speaker in zip(wanted.columns, setting.speakers, strict=True)
        ]
        self.answering.start(questions(setting, turns), writers)


def questions(setting: Setting, turns: Sequence[tuple[Turn, ...]]) -> list[Question]:
    """What each speaker is asked: everything alike but the model and what was said before."""
    sampling = replace(setting.sampling, samples=1)
    return [
        Question(speaker.model, speaker.prompt or setting.prompt, said, sampling, speaker.adapter, speaker.strength)
        for speaker, said in zip(setting.speakers, turns, strict=True)
    ]
