"""A vocabulary of one's own: what to learn it from, how far it is, what it is worth, and what becomes of it."""

from dataclasses import replace
from typing import TYPE_CHECKING

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.learned import Learned
from studio.live.session import Session
from studio.parts.progress import Progress
from studio.parts.wording import count
from studio.tokenizing.keep_bar import KeepBar
from studio.tokenizing.learned_card import LearnedCard
from studio.tokenizing.sided_view import SidedView
from studio.tokenizing.train_form import TrainForm, title_of
from studio.vocabularies.training import Recipe
from studio.widgets.card import Card
from studio.widgets.empty_state import EmptyState
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.store.corpus import Text
    from studio.store.datasets import Dataset

    Source = Text | Dataset

WHY = (
    "Atelier reads the text, finds the pieces that come most often, and gives each an id. Then it cuts the part of the "
    "text that it has not seen, and you can look at what it does with it."
)
IDEA = (
    "A vocabulary that was learned from your text fits it: fewer tokens say the same, so the same context holds more "
    "of it. But each token needs a row of its own in the model, and a rare one is seen too seldom to be learned. Small "
    "models on small texts do well with a few thousand.\n\n"
    "Special tokens are never cut and never come out of a text by accident: they mark where a text ends, or who "
    "speaks.\n\n"
    "All three kinds can say any text: what they have no piece for, they say in bytes."
)


class TrainView(SidedView):
    """Left what to learn, at the right what was learned."""

    name = "train"
    label = "Train your own"
    idea = IDEA
    brings_text = True

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self.learned: Learned | None = None
        self._asked: object = None  # what the result belongs to
        self._saved = ""  # the name that it was saved under
        self.form = TrainForm(look)
        self.form.edited.connect(self._edited)
        self.progress = Progress(look, tr("Progress of the training"))
        self.progress.ended.connect(self._ended)
        self.form.body.addWidget(self.progress)
        self.result = LearnedCard(look)
        self.keep = KeepBar(session, look)
        self.keep.refused.connect(self.refused)
        self.keep.saved.connect(self._kept)
        self.result.body.addWidget(self.keep)
        self._empty = Card()
        self._empty.body.addWidget(EmptyState(tr("Nothing learned yet"), tr(WHY), look=look, icon="tokenizer"))
        self.lay_out(self.form, self._empty, self.result)

    # --- showing --------------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Draw what changed; an empty set means everything."""
        if "project" in what:
            self._forget()
        if not what or what & {"project", "texts", "datasets"}:
            project = self.session.project
            sources: list[Source] = [*project.texts(), *project.datasets()] if project is not None else []
            self.form.set_sources(sources, self.session.draft.data.text)
        self._show()

    def _show(self) -> None:
        draft = self.session.draft
        learned = self.learned
        speed = learned.characters / max(learned.seconds, 1e-3) if learned is not None and self._same_kind else 0.0
        self.form.set_estimate(draft.model.emb_dim, draft.data.validation_share, speed)
        self.stack.setCurrentWidget(self._empty if learned is None else self.result)
        self.changed.emit()

    @property
    def _same_kind(self) -> bool:
        return self.learned is not None and self.learned.recipe.kind == self.form.recipe.kind

    @property
    def _wish(self) -> object:
        source = self.form.chosen
        return self.form.recipe, source.sha256 if source is not None else ""

    @property
    def fresh(self) -> bool:
        """Whether the result is that of what the form asks for."""
        return self.learned is not None and self._asked == self._wish

    def _edited(self) -> None:
        self._show()

    def _forget(self) -> None:
        self.learned, self._asked, self._saved = None, None, ""
        self.progress.call_off()

    # --- what a person does ---------------------------------------------------------------------------------------

    def primary(self) -> tuple[str, bool]:
        """Learn; then save and use; then go on to the model."""
        source = self.form.chosen
        if self.progress.job is not None:
            return tr("Learning…"), False
        if source is None:
            return tr("Bring in a text first"), True
        if not self.fresh:
            words = tr(
                "Learn {count} tokens from “{name}”", count=count(self.form.recipe.vocabulary), name=title_of(source)
            )
            return words, not self.form.problem
        if self._saved and self.session.draft.data.tokenizer == self._saved:
            return tr("Next: Model"), True
        return (tr("Use “{name}”", name=self._saved) if self._saved else tr("Save and use it")), not self.keep.saving

    def press(self) -> None:
        """The header's button."""
        if self.form.chosen is None:
            self.session.focus("data")
        elif not self.fresh:
            self._learn()
        elif not self._saved:
            self.keep.save(use=True)
        elif self.session.draft.data.tokenizer == self._saved:
            self.session.focus("model")
        else:
            self._use(self._saved)

    def _learn(self) -> None:
        source = self.form.chosen
        if source is None or self.form.problem:
            return
        recipe, share = self.form.recipe, self.session.draft.data.validation_share
        job = self.session.tokenizers.learn(source, recipe, share)
        self._asked = self._wish
        job.succeeded.connect(self._take)
        job.failed.connect(self._refused)
        self.progress.follow(job, tr("Reading “{name}”…", name=title_of(source)))
        self.changed.emit()

    def _take(self, learned: Learned) -> None:
        self.learned, self._saved = learned, ""
        self.result.show_learned(learned)
        self.keep.show_learned(learned, self._name_for(learned.recipe, learned.source))

    def _name_for(self, recipe: Recipe, source: str) -> str:
        """A name that says what it is."""
        return f"{source.replace('@', '-')}-{recipe.kind}-{recipe.vocabulary}"

    def _refused(self, error: StudioError) -> None:
        self._asked = None
        self.refused.emit(error)

    def _ended(self, called_off: bool) -> None:
        if called_off:
            self._asked = None
        self._show()

    def _kept(self, name: str, use: bool) -> None:
        self._saved = name
        if use:
            self._use(name)
        self.changed.emit()

    def _use(self, name: str) -> None:
        draft = self.session.draft
        self.session.set_draft(draft.with_part(data=replace(draft.data, tokenizer=name)))

    def focus_on(self, thing: object) -> None:
        """Learn from one text or dataset, by its title."""
        if isinstance(thing, str):
            self.form.choose(thing)
            self._show()
