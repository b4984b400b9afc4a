"""One part of a logit's sum: what it adds, and what it does to all other tokens."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.core.language import tr
from studio.lenses.attribution_numbers import PartKey, Split, part_words, value_of
from studio.lenses.effect_bars import Change, EffectBars
from studio.maps.colours import signed_text
from studio.seeing.shown_text import ShownText
from studio.views.token_text import token_label
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.scroll import Scroll

if TYPE_CHECKING:
    from studio.insight.attribution import Effect

_WIDTH = 236


class PartCard(Card):
    """`show_part` tells of one; `chosen` is a token of its two lists."""

    chosen = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("A part"), look, parent)
        self.setFixedWidth(_WIDTH)
        self.told = Label("", "small", wrap=True)
        self.effects = EffectBars(look)
        self.effects.chosen.connect(self.chosen)
        scroll = Scroll()
        scroll.body.addWidget(self.effects)
        scroll.body.addStretch(1)
        self.body.addWidget(self.told)
        self.body.addWidget(scroll, 1)
        self.tell("")

    def tell(self, words: str) -> None:
        """There is no part to tell of: say why."""
        self.told.setText(words)
        self.effects.setVisible(False)

    def show_part(self, key: PartKey, split: Split, text: ShownText, effect: "Effect | None") -> None:
        """What the part `key` adds; its two lists follow once the `effect` is known."""
        self.set_title(part_words(key))
        self.effects.setVisible(effect is not None)
        own = tr("adds {value} to this logit.", value=signed_text(value_of(split, key)))
        if effect is None:
            self.told.setText(own)
            return
        self.told.setText(tr(
            "{own} Its vector has length {length}; through the frozen norm it moves these logits most:",
            own=own, length=f"{effect.length:.3g}",
        ))  # fmt: skip
        raised, lowered = (
            [Change(token, token_label(text.tokenizer, token), value) for token, value in pairs]
            for pairs in (effect.promoted, effect.suppressed)
        )
        self.effects.set_changes(raised, lowered)
