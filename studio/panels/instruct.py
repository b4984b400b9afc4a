"""Teach a model to answer, or to prefer one answer to another: rows as it will see them, the run, its answers."""

from functools import cached_property, partial

from studio.core.config import RunConfig
from studio.core.language import tr
from studio.instructing.answers_book import AnswersBook
from studio.instructing.answers_page import AnswersPage
from studio.instructing.configuring import Configuring
from studio.instructing.draft import TASKS
from studio.instructing.prompt_page import PromptPage
from studio.live.run_model import RunModel
from studio.live.session import Session
from studio.panels import Action
from studio.training.commands import TALK_TIP
from studio.training.followed_run import FollowedRun
from studio.training.run_modes import RUN, RunModes
from studio.training.view import progress_text
from studio.widgets.look import Look
from studio.widgets.page import EmptyState, Page
from studio.widgets.primary_button import Press

PURPOSE = "Teach a model to answer, and judge what it answers."
IDEA = (
    "A pretrained model writes on: to a question it may well add three more questions. Instruction fine-tuning shows "
    "it a few hundred to many thousand questions with good answers, each laid out by the same template, so that it "
    "comes to answer whatever stands in the place of the question.\n\n"
    "The template is only text around what is said. Tokens of the question are read and not learned; the answer and "
    "the mark that ends it are. The painted row shows exactly that, token by token, before anything is trained. "
    "Whoever talks to the model later uses the same template, or it answers worse.\n\n"
    "Preference tuning (DPO) goes a step further: of two answers to one question it makes the better one likelier "
    "and the other one less likely, while β keeps it near the model it began as. When the chosen answers become less "
    "likely too, the model is forgetting both; the page says so."
)
MODES = (("configure", "Configure"), (RUN, "Current"), ("answers", "Answers"), ("prompt", "Prompt"))
_SETUP_ASPECTS = frozenset({"project", "datasets", "models", "runs", "running", "tokenizers"})


class InstructPanel(Page):
    """Modes over one stack; the header's buttons follow the mode."""

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr("Instruct"), tr(PURPOSE), look)
        self.set_idea(tr(IDEA))
        self._session = session
        self.configuring, self.followed = Configuring(session, look, self), FollowedRun(session, self)
        self.book = AnswersBook(session, self)
        self.idle = EmptyState(
            tr("No model is learning to answer"),
            tr("While one does, its loss is drawn here, and what it answers to the same questions again and again."),
            tr("Configure one"), partial(self.show_mode, "configure"), look, "instruct",
        )  # fmt: skip
        self.modes = RunModes(self, self.followed, MODES, self.idle)
        self.modes.join(self.configuring.view, self.followed.view, self.idle)
        self.talk = self.add_action(tr("Talk to it"), self.followed.commands.chat)
        self.talk.setToolTip(tr(TALK_TIP))
        self.modes.add_buttons()
        self.stop, self.primary = self.modes.stop, self.modes.primary
        self._connect()

    def _connect(self) -> None:
        self.modes.switch.changed.connect(self.show_mode)
        self.followed.changed.connect(self._show_header)
        self.configuring.said.connect(self._show_header)
        self.configuring.refused.connect(self.refuse)
        self.configuring.start_wanted.connect(self._start)

    @cached_property
    def answers(self) -> AnswersPage:
        """Made when somebody looks at answers for the first time."""
        page = AnswersPage(self._session, self.book, self.look)
        page.refused.connect(self.refuse)
        self._join(page)
        return page

    @cached_property
    def prompt(self) -> PromptPage:
        """Made when somebody builds a prompt for the first time."""
        page = PromptPage(self._session, self.look)
        self.configuring.source_changed.connect(page.set_source)
        page.set_source(self.configuring.source)
        self._join(page)
        return page

    def _join(self, page: AnswersPage | PromptPage) -> None:
        page.configure_requested.connect(partial(self.show_mode, "configure"))
        page.said.connect(self._show_header)
        self.modes.join(page)

    @property
    def mode(self) -> str:
        """One of `MODES`."""
        return self.modes.switch.value()

    def show_mode(self, mode: str) -> None:
        """Configure, follow the run, or look at answers."""
        self.modes.switch.set_value(mode)
        self.refresh()

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Follow the session: a run of this page's tasks that begins takes the page over."""
        self.configuring.draft.follow()
        if not what or "project" in what:
            self.book.forget()
        if self.followed.keep_up(lambda run: run.config.objective in TASKS):
            self.modes.switch.set_value(RUN)
        if not what or what & _SETUP_ASPECTS:
            self.configuring.show()
        if self.mode == "answers" and (not what or what & {"project", "runs", "datasets"}):
            self.answers.refresh()
        self._show_header()

    def focus_on(self, thing: object) -> None:
        """Show one run: what it answers, or its curves while it learns. A text is a model to begin with."""
        if isinstance(thing, str) and thing:
            self.show_mode("configure")
            self.configuring.choose_start(thing)
        if isinstance(thing, RunModel):
            self.followed.show(thing)
            if not thing.living:
                self.answers.choose(thing)
            self.show_mode(RUN if thing.living else "answers")

    def actions(self) -> list[Action]:  # type: ignore[override]  # the shell's, not Qt's
        """What the command palette offers for this page."""
        return self.modes.actions("instruct", "Instruct: {mode}", self.show_mode)

    def _start(self, config: RunConfig) -> None:
        if self.followed.start(config) is not None:
            self.show_mode(RUN)

    # --- the header -------------------------------------------------------------------------------------------------

    def _run_press(self, run: RunModel) -> Press:
        if (press := self.followed.press(run, run.checkpoints[-1].step if run.checkpoints else 0)) is not None:
            return press
        if run.checkpoints:
            return tr("Judge its answers"), partial(self.focus_on, run), True
        return tr("Configure another"), partial(self.show_mode, "configure"), True

    def _show_header(self) -> None:
        run, mode = self.followed.run, self.mode
        self.talk.setVisible(mode == RUN and run is not None and run.state in ("running", "paused"))
        self.talk.setEnabled(run is not None and not run.wish)
        if mode == RUN and run is not None:
            self.modes.show(None, progress_text(run), self._run_press(run))
        elif mode == "answers":
            self.modes.show(self.answers, self.answers.purpose, self.answers.press)
        elif mode == "prompt":
            press = tr("Let a model go on"), self.prompt.send, self.prompt.built is not None
            self.modes.show(self.prompt, self.prompt.purpose, press)
        elif mode == "configure":
            self.modes.show(self.configuring.view, tr(PURPOSE), self.configuring.press)
        else:
            self.modes.show(None, tr(PURPOSE), ("", self.refresh, False))
