"""Conversations with a model: what a person does on the page becomes wishes, what comes back is shown."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.store.chats import Opened
from studio.talking.answer import USER
from studio.talking.chat_errands import ChatErrands
from studio.talking.conversation import Conversation, Setting
from studio.talking.links import Links
from studio.talking.pointing import Pointing
from studio.talking.sheet_desk import SheetDesk
from studio.talking.talk_view import TalkView
from studio.talking.talk_words import asking_words, empty_words, template_words
from studio.talking.tally import Tally
from studio.talking.transcript_rows import Spot
from studio.talking.voices import Offer, Voices
from studio.widgets.banner import Banner
from studio.widgets.look import Look


class TalkPage(QWidget):
    """`frame` is where cards may open; `load_requested` asks for the chosen model, `inside_requested` for a lens."""

    load_requested = Signal()
    inside_requested = Signal(str)  # the text up to a token

    def __init__(self, session: Session, look: Look, banner: Banner, frame: QWidget) -> None:
        super().__init__()
        self._session, self._banner = session, banner
        self._looked = False  # whether the chats of the project were asked for
        self._editing: tuple[int, int] | None = None
        self._sought = -1  # the message that a search has found, until it is shown
        self._wanted = ""  # the title of the model that could be loaded
        self._loading = False
        self.view = TalkView(look)
        self.voices = Voices(session, self)
        self.conversation = Conversation(session, self._setting, self)
        self.desk = SheetDesk(session, self.view, self.conversation, self.voices)
        self.stop = self.conversation.stop
        self.pointing = Pointing(self.view.transcript, self.conversation, look, frame)
        self.tally, self.links = Tally(session, self), Links(banner, self)
        self.errands = ChatErrands(session, self.view.chats.new)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self._connect()

    def _connect(self) -> None:
        view, conversation = self.view, self.conversation
        view.chats.new_requested.connect(self.new_chat)
        view.chats.chosen.connect(self._open)
        view.chats.sought.connect(self._seek)
        view.chats.wished.connect(self.errands.do)
        self.errands.deleted.connect(self._deleted)
        self.errands.failed.connect(self.show_error)
        view.back.clicked.connect(conversation.undo)
        view.empty.button.clicked.connect(self.load_requested)
        view.view_bar.colored.connect(view.transcript.set_colored)
        view.view_bar.columns_chosen.connect(self.voices.set_count)
        view.voice_bar.voice_chosen.connect(self.voices.set_voice)
        view.verdict.decided.connect(self._decided)
        view.transcript.link_requested.connect(self.links.confirm)
        view.composer.sent.connect(self._send)
        view.composer.stop_requested.connect(conversation.stop)
        view.composer.recalled.connect(self._recall)
        self.desk.changed.connect(self._tell)
        self.desk.failed.connect(self.show_error)
        self.pointing.edit_requested.connect(self._edit)
        self.pointing.inside_requested.connect(self._inside)
        self.voices.changed.connect(self._tell)
        self.voices.changed.connect(self.desk.measure)
        self.voices.failed.connect(self.show_error)
        conversation.changed.connect(self._rows_changed)
        conversation.grew.connect(view.transcript.add)
        conversation.ended.connect(self._ended)
        conversation.busy_changed.connect(self._tell)
        conversation.failed.connect(self.show_error)
        conversation.unsaid.connect(self._give_back)
        conversation.opened.connect(self._opened)
        conversation.settled.connect(self.desk.keep)

    # --- what is shown -----------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Follow the session: the project with its chats, and the model in memory."""
        if not what or "project" in what:
            self.conversation.new()
            self.voices.close()
            self._looked = False
            self._look()
        if not what or what & {"project", "chats"}:
            chats = self._session.chats
            self.view.chats.show_chats(chats.chats, chats.hits, chats.folders)
            self.desk.show_library()
        if not what or "loaded" in what:
            self.conversation.stop()
            self.voices.model_changed()
            self.desk.model_changed()
        self._tell()

    def _look(self) -> None:
        """Read what was said in the project, once somebody looks."""
        if not self._looked and self.isVisible() and self._session.project is not None:
            self._looked = True
            self._session.chats.look()
            self.tally.follow()

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks."""
        super().showEvent(event)
        self._look()
        self.desk.shown()

    def set_offers(self, offers: Sequence[Offer], wanted: str, loading: bool) -> None:
        """What other models there are; `wanted` is the title of the one that would be loaded, if there is any."""
        self._wanted, self._loading = wanted, loading
        self.voices.set_offers(offers)
        self._tell()

    def show_error(self, error: StudioError) -> None:
        """What went wrong, where it happened."""
        self._banner.show_error(error.message, error.hint)

    def _tell(self) -> None:
        """Buttons and words that follow from everything else."""
        view, conversation, model = self.view, self.conversation, self._session.loaded
        rows = conversation.branches.columns[0]
        view.show_messages(bool(rows))
        view.back.setEnabled(conversation.can_undo)
        view.voice_bar.show_voices([voice.key for voice in self.voices.chosen], self.voices.choices())
        view.view_bar.show_columns(len(self.voices.chosen))
        strengths = [voice.strength for voice in self.voices.chosen]
        view.sheet.set_adapter(bool(self.voices.adapters), strengths[0])
        can = model is not None and self._session.project is not None and not self.voices.waiting
        wanted = asking_words(getattr(model, "title", ""), len(self.voices.chosen), self.voices.waiting)
        note = template_words(self.desk.template) if model is not None else ""
        view.composer.set_state(conversation.busy, can and view.sheet.is_usable, wanted, note)
        self._tell_empty()
        self.pointing.refresh()

    def _tell_empty(self) -> None:
        empty, model = self.view.empty, self._session.loaded
        empty.set_words(*empty_words(model is not None, self._wanted if self._loading else ""))
        empty.button.setText(tr("Load {name}", name=self._wanted) if self._wanted else tr("Train a model first"))
        empty.button.setVisible(model is None and not self._loading)

    # --- chats -------------------------------------------------------------------------------------------------

    def new_chat(self) -> None:
        """Begin another chat; the keyboard goes to the composer."""
        self.conversation.folder = self.view.chats.folder.value() or ""
        self.conversation.new()
        self.view.chats.set_current(-1)
        self.view.composer.edit.setFocus()

    def _open(self, chat: int, message: int) -> None:
        self._sought = message
        self._end_editing()
        if message >= 0:  # it may stand on a branch that is not shown
            self._session.chats.choose(message)
        self.conversation.open(chat, alone=message >= 0)

    def _seek(self, words: str, folder: str) -> None:
        if self._session.project is not None:
            self._session.chats.look(words, folder)

    def _deleted(self, chat: int) -> None:
        if self.conversation.info is not None and self.conversation.info.id == chat:
            self.conversation.new()

    def _opened(self, opened: Opened | None) -> None:
        self.view.title.setText(opened.info.title if opened is not None else tr("New chat"))
        self.view.verdict.put_away()
        self._end_editing()
        if opened is not None:
            self.view.chats.set_current(opened.info.id)
            self.desk.open(opened)
        if self._sought >= 0:
            ids = [said.id for said in self.conversation.branches.columns[0]]
            if self._sought in ids:
                self.view.transcript.show_row(ids.index(self._sought))
            self._sought = -1

    def _rows_changed(self) -> None:
        rows = self.conversation.branches.rows()
        self.view.show_messages(bool(rows))
        self.view.transcript.set_rows(rows)
        if not self.conversation.hidden:
            self.view.verdict.put_away()
        if self.conversation.info is not None:
            self.view.title.setText(self.conversation.info.title)
            self.view.chats.set_current(self.conversation.info.id)
        self._tell()
        self.desk.measure()

    def _ended(self) -> None:
        self.view.transcript.finish()
        if self.conversation.hidden:
            self.view.verdict.ask(len(self.conversation.branches.columns))
        self._tell()
        self.desk.measure()

    # --- asking ------------------------------------------------------------------------------------------------

    def _setting(self) -> Setting:
        if self._session.project is None:
            raise StudioError(tr("No project is open."), tr("Open or create one on the Home page."))
        speakers = self.voices.speakers()
        if self.desk.template is None:
            raise StudioError(tr("The template of the model is still being looked for."), tr("Try again in a moment."))
        sheet = self.view.sheet
        return Setting(
            speakers, self.desk.template.prompt, sheet.sampling, sheet.system_text, self.view.view_bar.is_blind
        )

    def _send(self, text: str) -> None:
        self._banner.clear()
        editing, self._editing = self._editing, None
        self.view.verdict.put_away()
        self.conversation.reveal()
        self.view.composer.end_editing()
        if editing is not None:
            self.conversation.edit(*editing, text)
        else:
            self.conversation.ask(text)

    def _give_back(self, text: str) -> None:
        """What could not be kept stands where it was written; what has been written since is left alone."""
        if not self.view.composer.text:
            self.view.composer.set_text(text)

    def _edit(self, spot: Spot, text: str) -> None:
        self._editing = spot.row, self.conversation.place_of(spot.column)  # hidden names are told before it is sent
        self.view.composer.set_text(text, editing=True)

    def _end_editing(self) -> None:
        if self.view.composer.editing:
            self._editing = None
            self.view.composer.end_editing()

    def _recall(self) -> None:
        """The last question, to be changed."""
        branch = self.conversation.branches.columns[0]
        for row in range(len(branch) - 1, -1, -1):
            if branch[row].role == USER and not self.conversation.busy:
                self._edit(Spot(row), branch[row].text)
                return

    def _decided(self, winner: int) -> None:
        row, winner = len(self.conversation.branches.columns[0]) - 1, self.conversation.place_of(winner)
        self.conversation.reveal()
        names = [branch[row].title for branch in self.conversation.branches.columns]
        self.tally.take(names, winner)
        self.view.verdict.tell(self.tally.votes)
        if winner >= 0:
            self.conversation.rate(row, winner, 1)

    # --- out of the page ---------------------------------------------------------------------------------------

    def _inside(self, spot: Spot, place: int) -> None:
        """The text that the model had read when it chose a token, for the lenses."""
        if self.desk.template is None:
            return
        branch = self.conversation.branches
        column = min(spot.column, len(branch.columns) - 1)
        turns = branch.turns(column, self.view.sheet.system_text, spot.row)
        before = "".join(part.text for part in self.desk.template.prompt.segments(turns, True))
        said = branch.at(spot.row, column)
        self.inside_requested.emit(before + "".join(token.text for token in said.tokens[:place]))
