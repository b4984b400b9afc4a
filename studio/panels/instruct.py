"""Teach a model to answer, or to prefer one answer to another: rows as it will see them, the run, its answers."""

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget

from studio.controls.segmented import Segmented
from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.instructing.answers_book import AnswersBook
from studio.instructing.answers_page import AnswersPage
from studio.instructing.configuring import Configuring, Press
from studio.instructing.draft import TASKS
from studio.instructing.prompt_page import PromptPage
from studio.live.run_model import RunModel
from studio.live.session import Session
from studio.panels import Action
from studio.parts.wording import count
from studio.training.commands import TALK_TIP, RunCommands
from studio.training.view import RunView, progress_text, unfollow
from studio.widgets.look import Look
from studio.widgets.page import EmptyState, Page

PRIMARY_KEYS = "Ctrl+Return"
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
MODES = (("configure", "Configure"), ("current", "Current"), ("answers", "Answers"), ("prompt", "Prompt"))
_SETUP_ASPECTS = frozenset({"project", "datasets", "models", "runs", "running", "tokenizers"})


class InstructPanel(Page):
    """Modes over one stack; the header's buttons follow the mode."""

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr("Instruct"), tr(PURPOSE), look)
        self.set_idea(tr(IDEA))
        self._session = session
        self._run: RunModel | None = None
        self.configuring, self.commands = Configuring(session, look, self), RunCommands(session, self)
        self.view = RunView(look)
        self.book = AnswersBook(session, self)
        self.idle = EmptyState(
            tr("No model is learning to answer"),
            tr("While one does, its loss is drawn here, and what it answers to the same questions again and again."),
            tr("Configure one"), partial(self.show_mode, "configure"), look, "instruct",
        )  # fmt: skip
        self.modes = Segmented([(name, tr(words)) for name, words in MODES], look, tr("What the page shows"))
        self.tools.addWidget(self.modes, 0, Qt.AlignmentFlag.AlignBottom)
        self._stack = QStackedWidget()
        for page in (self.configuring.view, self.view, self.idle):
            self._stack.addWidget(page)
        self.body.addWidget(self._stack)
        self.talk = self.add_action(tr("Talk to it"), self.commands.chat)
        self.talk.setToolTip(tr(TALK_TIP))
        self.stop = self.add_action(tr("Stop…"), self.commands.ask_to_stop)
        self.primary = self.add_action("", self._primary_pressed, primary=True)
        self._does: Callable[[], object] = self.refresh
        self._connect()
        self.modes.set_value("configure")

    def _connect(self) -> None:
        keys = QShortcut(QKeySequence(PRIMARY_KEYS), self, self._primary_pressed)
        keys.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.modes.changed.connect(self.show_mode)
        self.configuring.said.connect(self._show_header)
        self.configuring.refused.connect(self._refused)
        self.configuring.start_wanted.connect(self._start)
        self.commands.watch_chart(self.view.charts.plot)

    @cached_property
    def answers(self) -> AnswersPage:
        """Made when somebody looks at answers for the first time."""
        page = AnswersPage(self._session, self.book, self.look)
        page.refused.connect(self._refused)
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
        self._stack.addWidget(page)

    @property
    def mode(self) -> str:
        """One of `MODES`."""
        return self.modes.value()

    def show_mode(self, mode: str) -> None:
        """Configure, follow the run, or look at answers."""
        self.modes.set_value(mode)
        self.refresh()

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Follow the session: a run of this page's tasks that begins takes the page over."""
        self.configuring.draft.follow()
        if not what or "project" in what:
            self.book.forget()
        running = self._session.running
        if running is not None and running.config.objective in TASKS and running is not self._run and running.living:
            self._follow(running)
            self.modes.set_value("current")
        elif self._run is not None and self._session.runs.get(self._run.name) is not self._run:
            self._follow(None)
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
            self._follow(thing)
            if not thing.living:
                self.answers.choose(thing)
            self.show_mode("current" if thing.living else "answers")

    def actions(self) -> list[Action]:  # type: ignore[override]  # the shell's, not Qt's
        """What the command palette offers for this page."""
        return [
            Action("instruct.primary", self.primary.text(), self._primary_pressed, PRIMARY_KEYS, "play",
                   self.primary.isEnabled),
            *(Action(f"instruct.{name}", tr("Instruct: {mode}", mode=tr(words)), partial(self.show_mode, name), "",
                     "instruct") for name, words in MODES),
            Action("instruct.stop", tr("Stop the run…"), self.commands.ask_to_stop, "", "stop", self.stop.isVisible),
        ]  # fmt: skip

    def _start(self, config: RunConfig) -> None:
        run = self.commands.attempt(self._session.start_run, config)
        if isinstance(run, RunModel):
            self._follow(run)
            self.show_mode("current")

    def _refused(self, error: StudioError) -> None:
        self.banner.show_error(error.message, error.hint)

    # --- the run ----------------------------------------------------------------------------------------------------

    def _follow(self, run: RunModel | None) -> None:
        if run is self._run:
            return
        if self._run is not None:
            unfollow(self._run, self._run_changed)
        self._run = self.commands.run = run
        self.view.set_run(run)
        if run is not None:
            run.changed.connect(self._run_changed)

    def _run_changed(self, what: frozenset[str]) -> None:
        if self.isVisible() and what & {"status", "checkpoints"}:
            self._show_header()

    def _run_press(self, run: RunModel) -> Press:
        if run.wish or run.state in ("queued", "starting"):
            return tr("Waiting") if run.state == "queued" else tr("One moment…"), self.commands.pause, False
        if run.state == "running":
            return tr("Pause"), self.commands.pause, True
        if run.state == "paused":
            return tr("Continue"), self.commands.proceed, True
        if run.state != "finished" and run.checkpoints:
            step = count(run.checkpoints[-1].step)
            return tr("Resume from step {step}", step=step), self.commands.resume, True
        if run.checkpoints:
            return tr("Judge its answers"), partial(self.focus_on, run), True
        return tr("Configure another"), partial(self.show_mode, "configure"), True

    # --- the header -------------------------------------------------------------------------------------------------

    def _show_header(self) -> None:
        run, mode = self._run, self.mode
        shown: Any = self.configuring.view if mode == "configure" else self.view if run else self.idle
        if mode in ("answers", "prompt"):
            shown = self.answers if mode == "answers" else self.prompt
        self._stack.setCurrentWidget(shown)
        computes = run is not None and run.state in ("running", "paused")
        self.talk.setVisible(mode == "current" and computes)
        self.talk.setEnabled(run is not None and not run.wish)
        self.stop.setVisible(mode == "current" and run is not None and run.living)
        self.stop.setEnabled(run is not None and run.wish != "stop")
        if mode == "current" and run is not None:
            self.set_purpose(progress_text(run))
            press = self._run_press(run)
            self.commands.show_trouble()
        else:
            self.set_purpose(shown.purpose if mode in ("answers", "prompt") else tr(PURPOSE))
            press = self._press_of(mode)
        text, self._does, enabled = press
        self.primary.setText(text)
        self.primary.setEnabled(enabled)
        self.primary.setVisible(bool(text))

    def _press_of(self, mode: str) -> Press:
        if mode == "configure":
            return self.configuring.press
        if mode == "answers":
            return self.answers.press
        if mode == "prompt":
            return tr("Let a model go on"), self.prompt.send, self.prompt.built is not None
        return "", self.refresh, False

    def _primary_pressed(self) -> None:
        if self.primary.isEnabled():
            try:
                self._does()
            except StudioError as error:
                self.banner.show_error(error.message, error.hint)
