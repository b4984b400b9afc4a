"""How text becomes tokens: tried on any text, trained, taken apart merge by merge, compared, extended."""

from functools import partial

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.panels import Action
from studio.parts.wording import start_words
from studio.seeing.view_switch import ViewSwitch
from studio.tokenizing.compare_view import CompareView
from studio.tokenizing.merges_view import MergesView
from studio.tokenizing.specials_view import SpecialsView
from studio.tokenizing.train_view import TrainView
from studio.tokenizing.try_view import TryView
from studio.tokenizing.view import TokenizingView
from studio.widgets.look import Look
from studio.widgets.page import Page

PURPOSE = "How text is cut into the pieces that the model reads and writes."
IDEA = (
    "A model knows no letters and no words, only numbers: the ids of tokens. A tokenizer cuts a text into tokens and "
    "gives each its id; the model learns which id follows which.\n\n"
    "Small pieces mean a small vocabulary that is learned quickly, but long sequences: a context of 128 characters is "
    "two sentences. Large pieces put more text into the same context, but need a large table of embeddings: GPT-2's "
    "50,257 tokens at width 768 are 38.6 million of its weights.\n\n"
    "Bytes and byte pairs can write any text. Characters and words know only what your text has."
)
_WORDS = 248  # pixels beside switch and buttons that the title and its line keep


class TokenizerPanel(Page):
    """The views share the header: its switch chooses one, its primary button does what that one offers."""

    views: tuple[type[TokenizingView], ...] = (TryView, TrainView, MergesView, CompareView, SpecialsView)

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr("Tokenizer"), tr(PURPOSE), look)
        self._session = session
        self._built: dict[str, TokenizingView] = {}
        self._name = self.views[0].name
        self._told = ""  # the model to start from that the banner was last about
        self.switch = ViewSwitch([(view.name, tr(view.label)) for view in self.views], look, tr("Tokenizer"))
        self.switch.changed.connect(self.open_view)
        self.tools.addWidget(self.switch)
        self.bring = self.add_action(tr("Bring in a text"), self._bring_text)
        self.primary = self.add_action("", self._primary_pressed, primary=True)
        self._stack = QStackedWidget()
        self.body.addWidget(self._stack, 1)
        self._build()

    # --- showing --------------------------------------------------------------------------------------------------

    @property
    def view(self) -> TokenizingView:
        """The view that is shown."""
        return self._built[self._name]

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Draw what changed; an empty set means everything."""
        if not what or what & {"project", "texts", "datasets", "draft", "tokenizers", "models", "runs"}:
            project = self._session.project
            self.bring.setVisible(not self.view.brings_text and (project is None or not project.texts()))
            self._tell_start()
            self.view.refresh(what)
            self._show_primary()

    def open_view(self, name: str) -> None:
        """Show one of the views, building it if nobody opened it before; the text that is tried comes along."""
        if name == self._name or not any(view.name == name for view in self.views):
            return
        words = self.view.words()
        self._name = name
        self._build()
        if words is not None:
            self.view.set_words(words)
        self.refresh()

    def _build(self) -> None:
        if self._name not in self._built:
            view = next(view for view in self.views if view.name == self._name)(self._session, self.look)
            self._built[self._name] = view
            view.changed.connect(self._show_primary)
            view.refused.connect(self._refused)
            if isinstance(view, TryView):
                view.train_wanted.connect(self._train)
            self._stack.addWidget(view)
        self.switch.set_value(self._name)
        self.set_idea(tr(self.view.idea or IDEA))
        self._stack.setCurrentWidget(self.view)

    def _show_primary(self) -> None:
        words, enabled = self.view.primary()
        self.primary.setVisible(bool(words))
        self.primary.setText(words)
        self.primary.setEnabled(enabled)
        self._fit()

    def _tell_start(self) -> None:
        """A run that starts from a model reads as the model does, whatever is chosen here."""
        start = self._session.draft.start_from
        if start == self._told:  # said already, and perhaps dismissed
            return
        self._told = start
        if not start:
            self.banner.clear()
            return
        words = tr("The next run starts from “{name}” and reads with that model's tokenizer.", name=start_words(start))
        self.banner.show_note(words, tr("Another one that is chosen here brings random weights back."))

    def _refused(self, error: StudioError) -> None:
        self.banner.show_error(error.message, error.hint)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The switch becomes a list where the title needs the room."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.switch.fit(self.width() - self.actions_row.sizeHint().width() - _WORDS)

    # --- what a person does ---------------------------------------------------------------------------------------

    def actions(self) -> list[Action]:  # type: ignore[override]  # the shell's, not Qt's
        """What the command palette offers for this page."""
        views = [
            Action(f"tokenizer.{view.name}", tr("Tokenizer: {view}", view=tr(view.label)),
                   partial(self.open_view, view.name), "", "tokenizer") for view in self.views
        ]  # fmt: skip
        does = Action("tokenizer.primary", self.primary.text(), self._primary_pressed, "", "check", self._can_press)
        return [*views, does]

    def focus_on(self, thing: object) -> None:
        """Open a view, or try one tokenizer, by its name."""
        if isinstance(thing, str) and any(view.name == thing for view in self.views):
            self.open_view(thing)
        else:
            self.open_view(TryView.name)
            self.view.focus_on(thing)

    def _can_press(self) -> bool:
        return self.primary.isVisible() and self.primary.isEnabled()

    def _train(self) -> None:
        self.open_view(TrainView.name)

    def _bring_text(self) -> None:
        self._session.focus("data")

    def _primary_pressed(self) -> None:
        if self.banner.level == "danger":
            self.banner.clear()
        self.view.press()
        self._show_primary()
