"""Talk to a model, or let it go on with a text: two modes of one page, with one choice of the model."""

from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QStackedWidget

from studio.chat.continuing import Continuing
from studio.controls.segmented import Segmented
from studio.core.config import Sampling
from studio.core.language import tr
from studio.live.run_model import RunModel
from studio.live.session import Session
from studio.panels import Action
from studio.store.library import Entry, entries_of
from studio.talking.run_bar import RunBar
from studio.talking.talk_page import TalkPage
from studio.talking.voices import Offer
from studio.training.learning import NO_CHAT
from studio.widgets.look import Look
from studio.widgets.page import Page

CHAT, CONTINUE = "chat", "continue"
PURPOSES = {
    CHAT: "Ask a model and read its answers, one beside the other if you like.",
    CONTINUE: "Give a trained model the beginning of a text and watch it go on, one token at a time.",
}
IDEA = (
    "A model does not choose a word. It gives every token of its vocabulary a probability, and a rule draws one of "
    "them. The bars show these probabilities; the sliders are the rule.\n\n"
    "Temperature below 1 makes likely tokens likelier, above 1 gives the unlikely ones a chance. Top-k keeps the k "
    "likeliest, top-p the likeliest that together reach a share, min-p drops everything far below the likeliest.\n\n"
    "The same seed draws the same text. A tinted token was a surprise: the stronger, the less likely it was.\n\n"
    "In a chat the model still only goes on with a text: a template lays question and answer out the way it was "
    "taught, and the answer ends where the model writes the mark that ends a turn."
)
TAUGHT = ("instruct", "prefer")  # objectives after which a model answers


class ChatPanel(Page):
    """The mode follows what there is to talk to, until a person chooses one."""

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr("Chat"), tr(PURPOSES[CONTINUE]), look)
        self.set_idea(tr(IDEA))
        self._session, self._chosen = session, False
        self.modes = Segmented([(CHAT, tr("Chat")), (CONTINUE, tr("Continue a text"))], look, tr("What the model does"))
        self.tools.addWidget(self.modes)
        self.continuing = Continuing(session, look, self.banner, self)
        self.talk = TalkPage(session, look, self.banner, self)
        self.training = RunBar(session, look)
        self.body.addWidget(self.training)
        self.pile = QStackedWidget()
        self.pile.addWidget(self.talk)
        self.pile.addWidget(self.continuing)
        self.body.addWidget(self.pile)
        self.modes.changed.connect(self._mode_chosen)
        self.continuing.changed.connect(self._tell_offers)
        self.talk.load_requested.connect(self._load)
        self.talk.inside_requested.connect(self._look_inside)
        self.training.failed.connect(self.talk.show_error)
        self.show_mode(CONTINUE)

    @property
    def mode(self) -> str:
        """CHAT or CONTINUE."""
        return self.modes.value()

    def show_mode(self, mode: str) -> None:
        """Bring one of the two forward; what the other one writes is stopped."""
        self.modes.set_value(mode)
        self.set_purpose(tr(PURPOSES[mode]))
        self.pile.setCurrentWidget(self.talk if mode == CHAT else self.continuing)
        if mode == CHAT:
            self.continuing.stop()
        else:
            self.talk.stop()

    def _mode_chosen(self, mode: str) -> None:
        self._chosen = True
        self.show_mode(mode)

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Follow the session."""
        self.continuing.refresh(what)
        self.talk.refresh(what)
        self.training.refresh()
        self._tell_offers()
        if not self._chosen and (not what or "project" in what):
            self.show_mode(CHAT if self._can_answer() else CONTINUE)

    def hideEvent(self, event: QHideEvent) -> None:
        """Whoever goes to another page may want the rows that answers became here."""
        super().hideEvent(event)
        self._session.chats.settle()

    def _can_answer(self) -> bool:
        """Whether a run of the project has learned to answer."""
        return any(run.config.objective in TAUGHT for run in self._session.runs.values())

    def focus_on(self, thing: object) -> None:
        """Load what another page sent here, and talk to it or let it go on, as it has learned; not what fills gaps."""
        if fills_only_gaps(self._session, thing):
            self.banner.show_error(tr(NO_CHAT), tr("To see it fill gaps, look at the samples of its run."))
            return
        self.continuing.refresh(frozenset({"checkpoints"}))  # the one that is wished for may be a moment old
        run = thing if isinstance(thing, RunModel) else None
        if isinstance(thing, tuple) and thing:
            run = self._session.runs.get(str(thing[0]))
        if run is not None or isinstance(thing, Sampling):
            self.show_mode(CHAT if run is not None and run.config.objective in TAUGHT else CONTINUE)
        if thing is not None:
            self.continuing.focus_on(thing)

    def actions(self) -> list[Action]:  # type: ignore[override]  # the shell's, not Qt's
        """What the command palette offers for this page."""
        talk, conversation = self.talk, self.talk.conversation
        return [
            *self.continuing.wishes(),
            Action("chat.new", tr("New chat"), self._new_chat, "", "plus"),
            Action("chat.search", tr("Search all chats"), self._search, "", "search"),
            Action("chat.stop", tr("Stop the answer"), talk.stop, "", "stop", lambda: conversation.busy),
            Action("chat.undo", tr("Take the last question or version back"), conversation.undo, "", "undo",
                   lambda: conversation.can_undo),
        ]  # fmt: skip

    def _new_chat(self) -> None:
        self.show_mode(CHAT)
        self.talk.new_chat()

    def _search(self) -> None:
        self.show_mode(CHAT)
        self.talk.view.search()

    def _load(self) -> None:
        if self.continuing.wanted:
            self.continuing.load()
        else:
            self._session.focus("pretrain")

    def _look_inside(self, text: str) -> None:
        self._session.focus("lenses", self.continuing.choice.glance(text))

    def _tell_offers(self) -> None:
        """Every model that a column could speak with; of the run in memory every checkpoint is listed."""
        offers = [
            Offer(f"entry:{entry.folder}", entry.title, entry.folder) for entry in entries_of(self._session.project)
        ]
        path = getattr(self._session.loaded, "path", None)
        for name, infos in self.continuing.choice.checkpoints.items():
            own = path is not None and path.parent == infos[-1].folder.parent  # its steps can be compared
            best = [info for info in infos if info.best] or infos[-1:]
            offers += [
                Offer(f"run:{name}@{info.step}", tr("{run} · step {step:,}", run=name, step=info.step), info.folder,
                      listed=own or info is best[0])
                for info in reversed(infos)
            ]  # fmt: skip
        self.talk.set_offers(offers, self.continuing.wanted, bool(self.continuing.loading))

    def stop(self) -> None:
        """Nothing more is written in either mode."""
        self.continuing.stop()
        self.talk.stop()


def fills_only_gaps(session: Session, thing: object) -> bool:
    """Whether a model that another page sent here has not learned to write on."""
    if isinstance(thing, Entry):
        return not thing.config.causal
    name = thing.name if isinstance(thing, RunModel) else str(thing[0]) if isinstance(thing, tuple) and thing else ""
    run = session.runs.get(name)
    return run is not None and not run.writes
