"""Special tokens for a model that exists: what grows, how a text is cut before and after, and the new model."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.looking import Subject
from studio.live.session import Session
from studio.parts.fine_tuning import start_next_run
from studio.parts.wording import count
from studio.seeing.subjects import default_subject
from studio.store.library import entries_of
from studio.tokenizing.cuts_card import CutsCard
from studio.tokenizing.growing import Cuts, Growable, cut_both, open_growable
from studio.tokenizing.growth_card import GrowthCard
from studio.tokenizing.sided_view import SidedView
from studio.tokenizing.specials_form import SpecialsForm
from studio.widgets.card import Card
from studio.widgets.empty_state import EmptyState
from studio.widgets.look import Look
from studio.widgets.scroll import Scroll

if TYPE_CHECKING:
    from studio.engine.grow import Grown

WHY = (
    "Train a model, or bring one in. Its table of embeddings and its head then get a row for each special token you "
    "type, and every old row keeps its numbers to the bit."
)
_QUIET = 200  # milliseconds without a key before the text is cut again


class SpecialsView(SidedView):
    """Left the model and its new tokens, at the right what they change."""

    name = "specials"
    label = "Special tokens"

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self.subject: Subject | None = None
        self.model: Growable | None = None
        self.cuts: Cuts | None = None
        self.grown: Grown | None = None
        self._asked: object = None  # what `grown` belongs to
        self.form, self.growth, self.texts = SpecialsForm(look), GrowthCard(look), CutsCard(look)
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_QUIET)
        self._timer.timeout.connect(self.cut_now)
        self.form.chosen.connect(self._chosen)
        self.form.edited.connect(self._edited)
        self.form.progress.ended.connect(self._ended)
        self.texts.typed.connect(self._timer.start)

    def _lay_out(self) -> None:
        empty = Card()
        words = (tr("No model to extend yet"), tr(WHY), tr("Open Models"))
        empty.body.addWidget(EmptyState(*words, self._open_models, self.look, "models"))
        right = Scroll()
        right.body.addWidget(self.growth, 3)
        right.body.addWidget(self.texts, 2)
        self.lay_out(self.form, empty, right)

    # --- showing --------------------------------------------------------------------------------------------------

    @property
    def fresh(self) -> bool:
        """Whether the newest model is that of what the form asks for."""
        return self.grown is not None and self._asked == self._wish

    @property
    def _wish(self) -> object:
        return self.subject.folder if self.subject is not None else None, self.form.added

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Draw what changed; an empty set means everything."""
        if "project" in what:
            self.subject, self.grown = None, None
            self.form.progress.call_off()
        if not what or what & {"project", "runs", "models"}:
            self.form.choice.set_models(list(self.session.runs.values()), entries_of(self.session.project))
            if self.subject is None or not self.subject.folder.is_dir():
                self.subject = default_subject(self.session)
        if self.subject is None:
            self.model, self.cuts = None, None
        elif self.model is None or self.model.folder != self.subject.folder:
            self._open(self.subject)
        self._show()

    def _open(self, subject: Subject) -> None:
        """Read what the folder says, on a worker."""
        self.model, self.cuts = None, None
        job = self.session.jobs.start(open_growable, subject.folder, lane="tokenizer.growable")
        job.succeeded.connect(self._opened)
        job.failed.connect(self.refused)

    def _opened(self, model: Growable) -> None:
        self.model = model
        self.cut_now()
        self._show()

    def _show(self) -> None:
        self.stack.setCurrentIndex(0 if self.subject is None else 1)
        self.form.setEnabled(self.subject is not None)
        self.form.set_subject(self.subject)
        self.form.set_trouble(self.cuts.problem if self.cuts is not None else None)
        self.growth.show_growth(self.model, self.form.added, self.grown if self.fresh else None)
        self.changed.emit()

    # --- what a person does ---------------------------------------------------------------------------------------

    def primary(self) -> tuple[str, bool]:
        """Make the grown model; then go on with it."""
        added = self.form.added
        if self.form.progress.job is not None:
            return tr("Writing…"), False
        if self.subject is None:
            return tr("Choose a model first"), False
        if self.fresh:
            return tr("Next: train it"), True
        if not added:
            return tr("Type a token first"), False
        ready = self.model is not None and self.cuts is not None and self.cuts.problem is None
        return tr("Add 1 token") if len(added) == 1 else tr("Add {count} tokens", count=count(len(added))), ready

    def press(self) -> None:
        """The header's button."""
        try:
            if self.fresh and self.grown is not None:
                start_next_run(self.session, self.grown.model.folder)
            elif self.subject is not None and self.primary()[1]:
                self._grow(self.subject)
        except StudioError as error:
            self.refused.emit(error)

    def _grow(self, subject: Subject) -> None:
        seed, name = self.session.draft.compute.seed, self.form.name.value().strip()
        job = self.session.models.grow(subject.folder, self.form.added, seed, name)
        self._asked, self.grown = self._wish, None
        job.succeeded.connect(self._take)
        job.failed.connect(self.refused)
        self.form.progress.follow(job, tr("Writing the new model…"))
        self.changed.emit()

    def _take(self, grown: "Grown") -> None:
        self.grown = grown

    def _ended(self, _called_off: bool) -> None:
        self._show()

    def _chosen(self, subject: Subject) -> None:
        self.subject, self.grown = subject, None
        self._open(subject)
        self._show()

    def _edited(self) -> None:
        self.cuts = None
        self._timer.start()
        self._show()

    def cut_now(self) -> None:
        """Cut the text before and after, on a worker."""
        self._timer.stop()
        if self.model is None:
            return
        self.texts.offer(self.form.added)
        job = self.session.jobs.start(cut_both, self.model, self.form.added, self.texts.text, lane="tokenizer.specials")
        job.succeeded.connect(self._take_cuts)

    def _take_cuts(self, cuts: Cuts) -> None:
        self.cuts = cuts
        self.texts.show_cuts(cuts)
        self._show()

    def focus_on(self, thing: object) -> None:
        """Extend this model."""
        if isinstance(thing, Subject):
            self._chosen(thing)

    def _open_models(self) -> None:
        self.session.focus("models")
