"""How the next token is chosen: sliders, and the bars that reshape under them without asking the model again."""

import dataclasses
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.chat.writing import Rival
from studio.controls.form import Form
from studio.core.config import Sampling
from studio.core.language import tr
from studio.core.next_token import distribution, ending_words, removed_words
from studio.parts.sampling_sliders import SCALES, SamplingSliders
from studio.parts.wording import count
from studio.views.bars import Choice, ChoiceBars
from studio.views.token_text import token_label
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

FIELDS = ("tokens", "seed", "stop", "samples", "beams", "length_penalty", "early_stopping")


class SamplingCard(Card):
    """Sliders, and a form for the rest; `changed` carries the new `Sampling` while a slider moves."""

    changed = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Sampling"), look, parent)
        self._value = Sampling(tokens=200)
        self.reset = Button(tr("Reset"), self._reset, look, "link").set_small()
        self.header.addWidget(self.reset)
        self._shaping = SamplingSliders(look)
        self._shaping.changed.connect(self._moved)
        self.sliders = self._shaping.rows
        self.body.addWidget(self._shaping)
        self.form = Form(Sampling, look, FIELDS)
        self.form.set_baseline(self._value)
        self.form.changed.connect(self._edited)
        self.add_hanging(self.form)
        self.set_value(self._value)

    def value(self) -> Sampling:
        """What the controls say; the prompt is the page's."""
        return self._value

    @property
    def is_usable(self) -> bool:
        """Whether every field can be used as it stands."""
        return not self.form.problems

    def set_value(self, value: Sampling) -> None:
        """Show other settings silently."""
        self._value = value
        self._shaping.set_value(value)
        self.form.set_value(value)

    def _moved(self, value: Sampling) -> None:
        self._take(dataclasses.replace(self._value, **{name: getattr(value, name) for name in SCALES}))

    def _edited(self, value: Sampling) -> None:
        self._take(dataclasses.replace(self._value, **{name: getattr(value, name) for name in FIELDS}))

    def _reset(self) -> None:
        self.set_value(Sampling(tokens=200))
        self.changed.emit(self._value)

    def _take(self, value: Sampling) -> None:
        if value != self._value:
            self._value = value
            self.form.set_value(value)
        self.changed.emit(value)


class NextTokenCard(Card):
    """The distribution of the next token after the text so far; a click on a bar writes that token."""

    chosen = Signal(int, float)  # token id, its probability

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Next token"), look, parent)
        self._logits: Any = None
        self._model: Any = None
        self._sampling = Sampling()
        self._chances: dict[int, float] = {}
        self.after = Label("", "small", wrap=True)
        self.bars = ChoiceBars(look)
        self.bars.setAccessibleName(tr("Chances of the next token"))
        self.bars.chosen.connect(self._chosen)
        self.removed = Label("", "small", wrap=True)
        for widget in (self.after, self.bars, self.removed):
            self.body.addWidget(widget)
        self.forget()

    def forget(self, why: str = "") -> None:
        """There are no logits: say why, show no bars."""
        self._logits = None
        self.after.setText(why or tr("Load a model to see what it expects."))
        self.bars.setVisible(False)
        self.removed.setVisible(False)

    def set_logits(self, model: Any, logits: Any, text: str) -> None:
        """Show what `model` expects after `text`; `logits` are the engine's `Logits`."""
        self._model, self._logits = model, logits
        self.after.setText(ending_words(text))
        self.bars.setVisible(True)
        self.removed.setVisible(True)
        self._draw()

    @property
    def rivals(self) -> tuple[Rival, ...]:
        """The likeliest of what the bars show."""
        return tuple(Rival(bar.id, bar.text, bar.probability, bar.removed) for bar in self.bars.choices[:5])

    def set_sampling(self, sampling: Sampling) -> None:
        """Reshape the bars; cheap enough for every movement of a slider."""
        self._sampling = sampling
        self._draw()

    def _draw(self) -> None:
        if self._logits is None:
            return
        found = distribution(self._logits.logits, self._sampling, self._logits.ids)
        tokenizer = self._model.tokenizer
        choices = [Choice(bar.id, token_label(tokenizer, bar.id), bar.probability, bar.removed) for bar in found.bars]
        self._chances = {bar.id: bar.probability for bar in found.bars}
        self.bars.set_choices(choices, found.rest)
        words = tr("hesitates among {count} tokens", count=count(max(1, round(2**found.entropy))))
        self.set_note(words)
        self.removed.setText(removed_words(found))

    def _chosen(self, token: int) -> None:
        self.chosen.emit(token, self._chances.get(token, 0.0))
