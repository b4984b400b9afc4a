"""What to learn a vocabulary from, and how large it is to be."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit, Switch, TextEdit
from studio.controls.segmented import Segmented
from studio.controls.slider_row import Scale, SliderRow
from studio.core.language import tr
from studio.parts.wording import count, disk_size
from studio.store.corpus import END_OF_TEXT, Text
from studio.vocabularies.training import LABELS, Recipe, problem, smallest
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.store.datasets import Dataset

    Source = Text | Dataset

ABOUT = {
    "bpe": "Begins with bytes and joins the most frequent pair, again and again. GPT and Llama read so.",
    "wordpiece": "Joins the pair that stands together more often than chance would have it. BERT reads so.",
    "unigram": "Begins with too many pieces and drops those that are missed least. T5 reads so.",
}
FIRST = Recipe(vocabulary=1_000)
_MOST = 50_000  # at the slider's end; the box takes more


class TrainForm(Card):
    """`edited` says that a person changed something."""

    edited = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("What to learn"), look, parent)
        self._sources: dict[str, Source] = {}
        self.source = ChoiceEdit([], look)
        self.source.setPlaceholderText(tr("no text yet"))
        self.source.setAccessibleName(tr("Text or dataset to learn from"))
        self.kind = Segmented([(kind, tr(words)) for kind, words in LABELS.items()], look, tr("Kind"))
        self.about = Label("", "small", wrap=True)
        help_words = tr("How many different tokens there are, with the bytes and the special tokens among them.")
        self.vocabulary = SliderRow(
            tr("Vocabulary"), Scale(smallest(FIRST), _MOST, log=True, whole=True), look, help_words
        )
        self.vocabulary.set_value(FIRST.vocabulary)
        self.special = TextEdit()
        self.special.set_value(END_OF_TEXT)
        self.special.setPlaceholderText(tr("none"))
        self.special.setAccessibleName(tr("Special tokens, with blanks between them"))
        self.small = Switch(look)
        self.small.setAccessibleName(tr("All in small letters"))
        self.trouble = Label("", "danger", wrap=True)
        self.estimate = Label("", "small", wrap=True)
        self._lay_out()
        for editor in (self.source, self.special, self.small):
            editor.changed.connect(self._edited)
        for choice in (self.kind, self.vocabulary):
            choice.changed.connect(self._edited)
        self._show()

    def _lay_out(self) -> None:
        self.body.setSpacing(12)
        self.body.addLayout(_under(Label(tr("From"), "quiet"), self.source))
        self.body.addLayout(_under(Label(tr("Kind"), "quiet"), self.kind, self.about))
        self.body.addWidget(self.vocabulary)
        self.body.addLayout(_under(Label(tr("Special tokens"), "quiet"), self.special))
        line = QHBoxLayout()
        line.addWidget(Label(tr("All in small letters"), "quiet"), 1)
        line.addWidget(self.small)
        self.body.addLayout(line)
        self.body.addWidget(self.trouble)
        self.body.addWidget(self.estimate)

    # --- what is asked for ----------------------------------------------------------------------------------------

    @property
    def recipe(self) -> Recipe:
        """What the form asks for."""
        special = tuple(self.special.value().split())
        return Recipe(
            kind=self.kind.value(), vocabulary=int(self.vocabulary.value()), special=special, lower=self.small.value()
        )

    @property
    def chosen(self) -> "Source | None":
        """The text or dataset that is learned from."""
        return self._sources.get(str(self.source.value()))

    @property
    def problem(self) -> str:
        """Why it cannot be learned so; empty when it can."""
        return self.vocabulary.box.problem or problem(self.recipe)

    def set_sources(self, sources: "Sequence[Source]", wanted: str) -> None:
        """What there is to learn from; `wanted` is chosen until a person chooses another."""
        self._sources = {title_of(source): source for source in sources}
        before = str(self.source.value() or "")
        self.source.clear()
        for title, source in self._sources.items():
            self.source.addItem(f"{title} · {disk_size(source.bytes)}", title)
        now = (
            before if before in self._sources else wanted if wanted in self._sources else next(iter(self._sources), "")
        )
        if now:
            self.source.set_value(now)

    def choose(self, title: str) -> None:
        """Learn from this one, if there is one of this title."""
        if title in self._sources:
            self.source.set_value(title)
            self._show()

    def set_recipe(self, recipe: Recipe) -> None:
        """Fill the form."""
        self.kind.set_value(recipe.kind)
        self.vocabulary.set_value(recipe.vocabulary)
        self.special.set_value(" ".join(recipe.special))
        self.small.set_value(recipe.lower)
        self._show()

    # --- showing --------------------------------------------------------------------------------------------------

    def set_estimate(self, width: int, held_back: float, speed: float) -> None:
        """What a vocabulary of this size means; `speed` is characters a second of the last one, 0: none yet."""
        recipe, source = self.recipe, self.chosen
        rest = min(recipe.vocabulary, smallest(recipe))
        words = [
            tr("{learned} pieces are to be learned; the other {rest} are bytes and special tokens.",
               learned=count(recipe.vocabulary - rest), rest=count(rest)),
            tr("In a model of width {width} the table of embeddings takes {weights} weights.", width=count(width),
               weights=count(width * recipe.vocabulary)),
        ]  # fmt: skip
        if held_back and source is not None:
            words.append(tr("The last {share} % are not learned from; they measure it.", share=f"{100 * held_back:g}"))
        if speed and isinstance(source, Text):
            words.append(tr("About {seconds} s, if it goes as fast as the last one.",
                            seconds=max(1, round(source.characters / speed))))  # fmt: skip
        self.estimate.setText("\n".join(words))

    def _edited(self, _value: object = None) -> None:
        self._show()
        self.edited.emit()

    def _show(self) -> None:
        recipe = self.recipe
        self.about.setText(tr(ABOUT[recipe.kind]))
        self.vocabulary.scale = replace(self.vocabulary.scale, minimum=float(smallest(replace(recipe, special=("",)))))
        self.vocabulary.slider.set_share(self.vocabulary.scale.share(self.vocabulary.value()))
        self.trouble.setText(self.problem)
        self.trouble.setVisible(bool(self.problem))


def title_of(source: "Source") -> str:
    """How it is named here: a text by its name, a dataset with its version."""
    return source.name if isinstance(source, Text) else source.title


def _under(*widgets: QWidget) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(4)
    for widget in widgets:
        column.addWidget(widget)
    return column
