"""The text, each token coloured by how surprising it was after those before it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from studio.core.language import tr
from studio.maps.colours import LESS, MORE, signed_text
from studio.seeing.shown_text import ShownText
from studio.views.bars import percent_text
from studio.views.token_view import Token, TokenView
from studio.widgets.card import Card
from studio.widgets.hover_card import CardRow
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.insight.lens import Surprise

FULL = 8.0  # bits from which on a token has the full colour
APART = 2.0  # the same of a difference
_LEAST, _LINES = 30, 84  # pixels of text that are shown at once


class SurpriseText(Card):
    """A click chooses a place: what the model expected behind it. The heading tells the text's loss."""

    chosen = Signal(int)
    pointed = Signal(int)  # place, or -1

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Surprise"), look, parent)
        self.view = TokenView(look)
        self.view.selected.connect(self._selected)
        self.view.pointed.connect(self.pointed)
        self._quiet = False
        self.view.setMinimumHeight(_LEAST)
        self.body.addWidget(self.view)
        self._fit()

    def set_text(self, text: ShownText, ids: Sequence[int]) -> None:
        """Show another text, not yet coloured."""
        self._quiet = True
        self.view.set_tokens([Token(words, number) for words, number in zip(text.tokens, ids, strict=True)])
        self.view.set_weights([0.0] * len(ids))
        self.set_note("")
        self._quiet = False
        self._fit()

    def set_surprise(self, found: "Surprise") -> None:
        """Colour every token by its surprise; nothing stands before the first, so it has none."""
        bits = found.nats / np.log(2.0)
        self.view.set_weights([0.0 if not np.isfinite(one) else float(one) / FULL for one in bits])
        self.view.set_remarks([_remarks(found, place) for place in range(len(bits))])
        if len(bits) > 1:
            first = int((found.rank[1:] == 0).sum())
            self.set_note(
                tr("mean −log p = {loss} nats, the text's loss · {first} of {count} tokens were the likeliest · "
                   "click a token to look at what could come after it",
                   loss=f"{found.loss:.4f}", first=f"{first:,}", count=f"{len(bits) - 1:,}")
            )  # fmt: skip
        else:
            self.set_note(tr("Nothing stands before the only token, so it is no surprise."))

    def set_difference(self, found: "Surprise", other: "Surprise") -> None:
        """Colour every token by how much more it surprised A than B: one colour above nothing, another below."""
        bits = (found.nats - other.nats) / np.log(2.0)
        shares = [max(-1.0, min(1.0, float(one) / APART)) if np.isfinite(one) else 0.0 for one in bits]
        self.view.set_weights(shares, MORE, LESS)
        self.view.set_remarks([
            [CardRow(tr("A:")), *_remarks(found, place), CardRow(tr("B:")), *_remarks(other, place),
             CardRow(tr("A − B {bits} bits", bits=signed_text(float(bits[place]))))]
            if found.rank[place] >= 0 else _remarks(found, place)
            for place in range(len(bits))
        ])  # fmt: skip
        if len(bits) > 1:
            self.set_note(
                tr("A − B: the text's loss is {a} nats in A, {b} in B, so {apart} · click a token to look at what "
                   "could come after it",
                   a=f"{found.loss:.4f}", b=f"{other.loss:.4f}", apart=signed_text(found.loss - other.loss))
            )  # fmt: skip
        else:
            self.set_note(tr("Nothing stands before the only token, so it is no surprise."))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As high as the text at this width, up to a few lines that scroll."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.view.setMaximumHeight(min(_LINES, max(_LEAST, self.view.content_height())))

    def point_out(self, place: int) -> None:
        """Choose a place silently; -1 chooses none."""
        self._quiet = True
        self.view.select(place)
        self._quiet = False

    def _selected(self, place: int) -> None:
        if not self._quiet and place >= 0:
            self.chosen.emit(place)


def _remarks(found: Any, place: int) -> list[CardRow]:
    """How likely one token was, and how many were likelier."""
    if found.rank[place] < 0:
        return [CardRow(tr("nothing stands before it"))]
    bits = float(found.nats[place]) / float(np.log(2.0))
    return [
        CardRow(tr("had {chance}", chance=percent_text(float(found.probability[place])))),
        CardRow(tr("number {rank} of all", rank=f"{int(found.rank[place]) + 1:,}")),
        CardRow(tr("surprise {bits} bits", bits=f"{bits:.2f}")),
    ]
