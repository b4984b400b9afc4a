"""Teach a model to predict the next token or to fill gaps: the settings before, the curves during, the texts."""

from dataclasses import replace
from functools import partial

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget

from studio.core.config import RunConfig
from studio.core.language import tr
from studio.core.shelf import FAMILIES
from studio.live.run_model import RunModel
from studio.live.session import Session
from studio.panels import Action
from studio.parts.machine import Machine
from studio.parts.wording import count
from studio.store.starts import without_start
from studio.training.commands import TALK_TIP
from studio.training.followed_run import FollowedRun
from studio.training.learning import FIELD, fills_gaps, mismatch, switch_words, switched_words
from studio.training.plan import Need, first_need, start_label, start_need
from studio.training.plan_keeper import PlanKeeper
from studio.training.setup import RunSetup
from studio.training.view import progress_text
from studio.widgets.look import Look
from studio.widgets.page import Page
from studio.widgets.primary_button import PRIMARY_KEYS, Press
from studio.workshop.moving import moved

PAGE = "pretrain"
PURPOSE = "Teach a model to predict the next token of your text."
PURPOSE_OF_GAPS = "Teach a model to fill the gaps in your text."
IDEA = (
    "A language model is trained on one task only: given some tokens, say which token comes next. Every step it reads "
    "a batch of windows of your text, compares its guesses with what really follows, and moves its weights a little "
    "so that the guess would have been better.\n\n"
    "The loss is the average surprise about the right token: the negative logarithm of the probability it was given. "
    "A model that knows nothing about 50,257 tokens starts near ln 50,257 = 10.8. Perplexity is e to the loss: among "
    "how many equally likely tokens the model still hesitates.\n\n"
    "An encoder such as BERT learns by masked words instead: 15 % of the tokens are to be guessed, most of them "
    "hidden, and it may look at both sides of a gap. It comes to read well, but it cannot write on.\n\n"
    "When the training loss goes on falling while the validation loss turns up, the model learns by heart."
)
_SETUP_ASPECTS = frozenset({"project", "texts", "draft", "runs", "running", "torch"})


class PretrainPanel(Page):
    """Shows the settings until a run is there, then the run; the header's buttons follow."""

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr("Pretrain"), tr(PURPOSE), look)
        self.set_idea(tr(IDEA))
        self._session = session
        self._need: Need | None = None
        self._setting_up = False
        self._stale = False  # the plan has changed while nobody looked
        self._machine = Machine.of(session)
        self._keeper = PlanKeeper(session, self)
        self._keeper.changed.connect(self._plan_changed)
        self.followed = FollowedRun(session, self)
        self.followed.changed.connect(self._refresh_header)
        self.setup = RunSetup(look)
        self.setup.edited.connect(self._edited)
        self.setup.switch_requested.connect(self._switch_model)
        self.setup.start.choose_requested.connect(self._choose_start)
        self.setup.start.leave_requested.connect(self._leave_start)
        self.setup.adapter.choose_requested.connect(self._choose_start)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.setup)
        self._stack.addWidget(self.followed.view)
        self.body.addWidget(self._stack)
        self._add_buttons()

    def _add_buttons(self) -> None:
        self.back = self.add_action(tr("Back to the run"), self._back_to_run)
        self.again = self.add_action(tr("Set up another run"), self._set_up_another)
        commands = self.followed.commands
        self.sample = self.add_action(tr("Sample now"), commands.sample_now)
        self.save = self.add_action(tr("Save now"), commands.save_now)
        self.talk = self.add_action(tr("Talk to it"), commands.chat)
        self.talk.setToolTip(tr(TALK_TIP))
        self.stop = self.add_action(tr("Stop…"), commands.ask_to_stop)
        self.primary = self.add_primary()

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Follow the session: a run that begins takes the page over; a run's own news reach its view directly."""
        if self.followed.keep_up(lambda run: run.page == PAGE):
            self._setting_up = False
        if not what or what & _SETUP_ASPECTS:
            self._refresh_setup()
        if not what or what & (_SETUP_ASPECTS | {"status"}):
            self._refresh_header()

    def focus_on(self, thing: object) -> None:
        """Show one run, or put the keyboard on a setting when `thing` is its dotted name."""
        if isinstance(thing, RunModel):
            self._setting_up = False
            self.followed.show(thing)
        elif isinstance(thing, str):
            self._setting_up = True
            self.setup.focus_on(thing)
        self.refresh()

    @property
    def shows_setup(self) -> bool:
        """Whether the settings of the next run are on the page, rather than a run."""
        return self.followed.run is None or self._setting_up

    def actions(self) -> list[Action]:  # type: ignore[override]  # the shell's, not Qt's
        """What the command palette offers for this page."""
        commands = self.followed.commands
        return [
            Action("pretrain.primary", self.primary.text(), self.primary.press, PRIMARY_KEYS, "play",
                   self.primary.isEnabled),
            Action("pretrain.sample", tr("Write a sample now"), commands.sample_now, "", "sample",
                   self.sample.isVisible),
            Action("pretrain.save", tr("Save a checkpoint now"), commands.save_now, "", "save",
                   self.save.isVisible),
            Action("pretrain.stop", tr("Stop the run…"), commands.ask_to_stop, "", "stop", self.stop.isVisible),
            Action("pretrain.again", tr("Set up another run"), self._set_up_another, "", "plus", self.again.isVisible),
        ]  # fmt: skip

    def _refresh_setup(self) -> None:
        project, draft = self._session.project, self._session.draft
        texts = [text.name for text in project.texts()] if project is not None else []
        own = [one.name for one in project.tokenizers()] if project is not None else []
        self.setup.set_choices(texts, own)
        self._keeper.follow(draft)
        planned = self._keeper.plan(draft)
        no_start = start_need(project, draft)
        self._need = first_need(draft, project is not None, texts, planned) or no_start
        trouble = no_start.reason if no_start is not None else ""
        self.setup.set_draft(draft, self._keeper.facts(draft), planned, trouble)
        self.setup.adapter.card.set_room(self._machine.room(draft.compute.device)[0])

    def _plan_changed(self) -> None:
        self._stale = not self.isVisible()
        if not self._stale:
            self._refresh_setup()
            self._refresh_header()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with a plan that became known meanwhile."""
        super().showEvent(event)
        if self._stale:
            self._plan_changed()

    def _refresh_header(self) -> None:
        run, setup = self.followed.run, self.shows_setup
        self._stack.setCurrentWidget(self.setup if setup else self.followed.view)
        purpose = tr(PURPOSE_OF_GAPS if fills_gaps(self._session.draft) else PURPOSE)
        self.set_purpose(purpose if setup or run is None else progress_text(run))
        computing = run is not None and run.state in ("running", "paused") and run.wish != "stop"
        self.back.setVisible(setup and run is not None)
        ended = run is not None and not run.living
        self.again.setVisible(not setup and ended and not _at_its_end(run))
        for button in (self.sample, self.save):
            button.setVisible(not setup and run is not None and run.living and run.state != "queued")
            button.setEnabled(computing)
        self.talk.setVisible(not setup and computing and run is not None and run.writes)
        self.talk.setEnabled(run is not None and not run.wish)
        self.stop.setVisible(not setup and run is not None and run.living)
        self.stop.setEnabled(run is not None and run.wish != "stop")
        self.primary.offer(self._setup_press() if setup or run is None else self._run_press(run))
        if setup:
            self.banner.clear()
        else:
            self.followed.commands.show_trouble()

    def _setup_press(self) -> Press:
        if self._need is not None:
            return self._need.label, self._go_to_need, True
        behind = self._session.running.name if self._session.running is not None else ""
        return start_label(self._keeper.plan(self._session.draft), behind), self._start, True

    def _run_press(self, run: RunModel) -> Press:
        commands = self.followed.commands
        if run.wish:
            return (tr("Stopping…") if run.wish == "stop" else tr("Pausing…")), commands.pause, False
        if run.state in ("queued", "starting"):
            return (tr("Waiting") if run.state == "queued" else tr("Starting…")), commands.pause, False
        if run.state == "running":
            return tr("Pause"), commands.pause, True
        if run.state == "paused":
            words = {"non-finite": tr("Go on without this batch"), "disk": tr("Try again")}
            return words.get(run.ending.reason, tr("Continue")), commands.proceed, True
        if run.state != "finished" and run.checkpoints:
            step = count(run.checkpoints[-1].step)
            return tr("Resume from step {step}", step=step), commands.resume, True
        if run.state != "finished":
            return tr("Start again from the beginning"), commands.resume, True
        if _at_its_end(run):
            return tr("Set up another run"), self._set_up_another, True
        return tr("Chat with it"), commands.chat, bool(run.checkpoints)

    def _start(self) -> None:
        if problems := self.setup.problems:
            self.banner.show_error(tr("A setting cannot be used yet."), problems[0].message)
            self.setup.focus_on(problems[0].field)
            return
        if (run := self.followed.start(self._session.draft)) is not None:
            self._setting_up = False
            if run.state == "queued":
                self._session.notices.post("info", tr("“{name}” waits for its turn.", name=run.name))
            self.refresh()

    def _go_to_need(self) -> None:
        need = self._need
        if need is None:
            return
        if need.page == "pretrain":
            found = mismatch(self._session.draft) if need.field == FIELD else None
            mend = [(switch_words(found), self._switch_model)] if found is not None else []
            self.banner.show_error(need.reason, actions=mend)
            self.setup.focus_on(need.field)
        else:
            self._session.focus(need.page, need.field or None)

    def _switch_model(self) -> None:
        """The draft takes the shape that its task needs, as large as before; the former one is a click away."""
        draft = self._session.draft
        if (found := mismatch(draft)) is None:
            return
        model = moved(draft.model, FAMILIES.load(draft.model.family), FAMILIES.load(found.family))
        model = replace(model, vocab_size=0)  # a mask token needs room in it, a tokenizer's own size has none to spare
        self._session.set_draft(draft.with_part(model=model))
        back = (tr("Undo"), partial(self._session.set_draft, draft))
        self._session.notices.post("info", switched_words(found, model), back)

    def _choose_start(self) -> None:
        self._session.focus("models")

    def _leave_start(self) -> None:
        """Random weights again, and no adapter on them; the rest stays, and the model is a click away."""
        draft = self._session.draft
        self._session.set_draft(without_start(draft).with_part(adapter=replace(draft.adapter, kind="none")))
        back = (tr("Undo"), partial(self._session.set_draft, draft))
        self._session.notices.post("info", tr("The next run begins with random weights."), back)

    def _edited(self, config: RunConfig) -> None:
        self._session.set_draft(config)

    def _back_to_run(self) -> None:
        self._setting_up = False
        self.refresh()

    def _set_up_another(self) -> None:
        self._setting_up = True
        self.refresh()


def _at_its_end(run: RunModel | None) -> bool:
    """Whether nothing is left to do with a run: it is finished and its model cannot write on."""
    return run is not None and run.state == "finished" and not run.writes
