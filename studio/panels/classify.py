"""Teach a model to sort texts into classes or to guess numbers: settings, the run, and what came of it, row by row."""

from dataclasses import replace
from functools import cached_property, partial

from studio.classifying.draft import ClassifyDraft
from studio.classifying.experiments_page import ExperimentsPage
from studio.classifying.plan import start_words
from studio.classifying.results_book import KINDS, ResultsBook
from studio.classifying.results_page import ResultsPage
from studio.classifying.rows_keeper import RowsKeeper
from studio.classifying.rows_seen import TOGETHER
from studio.classifying.setup_view import SetupView
from studio.core.language import tr
from studio.live.run_model import RunModel
from studio.live.session import Session
from studio.panels import Action
from studio.parts.wording import start_words as step_words
from studio.store.checkpoints import choose
from studio.store.models import list_models
from studio.training.followed_run import FollowedRun
from studio.training.run_modes import RUN, RunModes
from studio.training.view import progress_text
from studio.widgets.look import Look
from studio.widgets.page import EmptyState, Page
from studio.widgets.primary_button import Press

PURPOSE = "Teach a model to sort texts into your classes, and see how well it does, row by row."
IDEA = (
    "A language model has learned what texts are like. To sort texts, its last layer, which names the next token, is "
    "taken off and a small one put in its place with one output for each class. It reads the text once and looks at "
    "one place of it: the last token, which has seen all the others.\n\n"
    "Often it is enough to train that small layer with the last block of the network. Everything else stays as it was, "
    "so a few hundred rows are enough.\n\n"
    "Accuracy is the share of rows that are right. Of 300 rows that are 95 % right, the true share lies somewhere "
    "between 92 and 97 %. Precision is how often a class that was named is right, recall how many rows of it were "
    "found, F1 the balance of both.\n\n"
    "The validation rows choose the best checkpoint, so they flatter it a little. The test rows are looked at once, at "
    "the end: every further look at them is a way to fool oneself."
)
MODES = (("configure", "Configure"), (RUN, "Current"), ("results", "Results"), ("book", "The book"))
_SETUP_ASPECTS = frozenset({"project", "datasets", "models", "runs", "running", "tokenizers"})


class ClassifyPanel(Page):
    """Three modes over one stack; the header's buttons follow the mode."""

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr("Classify"), tr(PURPOSE), look)
        self.set_idea(tr(IDEA))
        self._session = session
        self.draft, self.keeper = ClassifyDraft(session, self), RowsKeeper(session, self)
        self.book, self.followed = ResultsBook(session, self), FollowedRun(session, self)
        self.setup = SetupView(look)
        self.idle = EmptyState(
            tr("No classifier is being trained"),
            tr("While one learns, its loss and its accuracy are drawn here, and what it costs."),
            tr("Configure one"), partial(self.show_mode, "configure"), look, "classify",
        )  # fmt: skip
        self.modes = RunModes(self, self.followed, MODES, self.idle)
        self.modes.join(self.setup, self.followed.view, self.idle)
        self.export = self.add_action(tr("Export…"), self._export)
        self.modes.add_buttons()
        self.stop, self.primary = self.modes.stop, self.modes.primary
        self._connect()

    def _connect(self) -> None:
        self.modes.switch.changed.connect(self.show_mode)
        self.draft.changed.connect(self._show_setup)
        self.keeper.changed.connect(self._show_setup)
        self.followed.changed.connect(self._show_header)
        self.setup.edited.connect(self.draft.set)
        self.setup.start_chosen.connect(self._choose_start)
        self.setup.action_wanted.connect(self._take_action)

    @cached_property
    def results(self) -> ResultsPage:
        """Made when it is first looked at, as a window should not wait for what nobody sees."""
        page = ResultsPage(self._session, self.book, self.look)
        page.configure_requested.connect(partial(self.show_mode, "configure"))
        page.said.connect(self._show_header)
        self.modes.join(page)
        return page

    @cached_property
    def experiments(self) -> ExperimentsPage:
        """The book's experiments; made when they are first looked at."""
        page = ExperimentsPage(self._session, self.book, self.look)
        page.said.connect(self._show_header)
        self.modes.join(page)
        return page

    @property
    def mode(self) -> str:
        """One of `MODES`."""
        return self.modes.switch.value()

    def show_mode(self, mode: str) -> None:
        """Configure, follow the run, or look at results."""
        self.modes.switch.set_value(mode)
        self.refresh()

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Follow the session: a classifier that begins takes the page over."""
        self.draft.follow()
        if not what or "project" in what:
            self.book.forget()
        if self.followed.keep_up(lambda run: run.config.objective in KINDS):
            self.modes.switch.set_value(RUN)
        if not what or what & _SETUP_ASPECTS:
            self._offer()
            self._show_setup()
        if self.mode == "results" and (not what or what & {"project", "runs", "datasets"}):
            self.results.refresh()
        if self.mode == "book" and (not what or what & _SETUP_ASPECTS):
            self.experiments.refresh()
        self._show_header()

    def focus_on(self, thing: object) -> None:
        """Show one run's results, or its curves while it learns. A text is a model to begin with."""
        if isinstance(thing, str) and thing:
            self.show_mode("configure")
            self._choose_start(thing)
            self._offer()  # a checkpoint may not be among the models that are offered
            self._show_setup()
        if isinstance(thing, RunModel):
            thing = self._session.open_run(thing.name)  # with its past
            self.followed.show(thing)
            self.results.choose(thing)
            self.show_mode(RUN if thing.living else "results")

    def actions(self) -> list[Action]:  # type: ignore[override]  # the shell's, not Qt's
        """What the command palette offers for this page."""
        return self.modes.actions("classify", "Classify: {mode}", self.show_mode)

    # --- configure --------------------------------------------------------------------------------------------------

    def _offer(self) -> None:
        """The datasets and models to choose from."""
        project = self._session.project
        datasets = self.draft.fitting()
        models = [(one.name, one.name) for one in list_models(project.path)] if project is not None else []
        every = [run for run in self._session.runs.values() if run.writes and self.book.newest_step(run)]
        runs = [(run.name, tr("run {name}", name=run.name)) for run in every]
        begun, known = self.draft.config.start_from, [name for name, _ in [*models, *runs]]
        other = [(begun, step_words(begun))] if begun and begun not in known else []
        self.setup.set_choices(datasets, [*models, *runs, *other])

    def _show_setup(self) -> None:
        config = self.draft.config
        seen = self.keeper.want(config)
        self.setup.set_draft(config, seen, self.keeper.trouble)
        self._show_header()

    def _choose_start(self, name: str) -> None:
        self.followed.commands.attempt(self.draft.start_from, name)

    def _take_action(self, action: str) -> None:
        config = self.draft.config
        if action == "data":
            self._session.focus("data", config.data.dataset or None)
        elif action == TOGETHER:
            self.draft.set(config.with_part(data=replace(config.data, near_together=True)))

    def _setup_press(self) -> Press:
        config, seen = self.draft.config, self.keeper.seen
        if self._session.project is None or not config.data.dataset:
            return tr("Choose a dataset first"), self._go_to_data, True
        if self.keeper.trouble is not None or (seen is not None and seen.refused is not None):
            return tr("Mend the rows first"), self._go_to_data, True
        behind = self._session.running.name if self._session.running is not None else ""
        return start_words(config, seen, behind), self._start, seen is not None

    def _go_to_data(self) -> None:
        config = self.draft.config
        if self._session.project is not None and self._session.project.datasets() and not config.data.dataset:
            self.setup.dataset.setFocus()
            self.setup.dataset.showPopup()
        else:
            self._session.focus("data", config.data.dataset or None)

    def _start(self) -> None:
        if problems := self.setup.problems:
            self.banner.show_error(tr("A setting cannot be used yet."), problems[0].message)
            return
        if self.followed.start(self.draft.config) is not None:
            self.show_mode(RUN)

    # --- the run ----------------------------------------------------------------------------------------------------

    def _run_press(self, run: RunModel) -> Press:
        step = self.book.newest_step(run)
        if (press := self.followed.press(run, step)) is not None:
            return press
        if step:
            return tr("See the results"), partial(self.focus_on, run), True
        return tr("Configure another"), partial(self.show_mode, "configure"), True

    def _export(self) -> None:
        """The Models page writes it out, as a folder for others or as a script, and checks it on 20 rows."""
        run = self.results.run
        best = self.followed.commands.attempt(choose, run.record, "best") if run is not None else None
        if best is not None:
            self._session.focus("models", (best.folder, "export"))

    # --- the header -------------------------------------------------------------------------------------------------

    def _show_header(self) -> None:
        run, mode = self.followed.run, self.mode
        self.export.setVisible(mode == "results" and self.results.run is not None)
        if mode == RUN and run is not None:
            self.modes.show(None, progress_text(run), self._run_press(run))
            return
        self.banner.clear()
        if mode == "results":
            self.modes.show(self.results, self.results.purpose, self.results.press)
        elif mode == "book":
            self.modes.show(self.experiments, tr(PURPOSE), self.experiments.press)
        else:
            self.modes.show(self.setup if mode == "configure" else None, tr(PURPOSE), self._setup_press())
