"""One cell of the logit lens in full: the likeliest five as bars, and every number that is known of it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.core.language import tr
from studio.lenses.lens_numbers import Drawn, cell_words
from studio.seeing.shown_text import ShownText
from studio.views.bars import Choice, ChoiceBars
from studio.views.token_text import token_label
from studio.widgets.card import Card
from studio.widgets.fact_rows import FactRow, FactRows
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.scroll import Scroll

_WIDTH = 256


class CellCard(Card):
    """`show_cell` tells of one; `chosen` is a token that is to be followed through the rows."""

    chosen = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("A place"), look, parent)
        self.setFixedWidth(_WIDTH)
        self.place, self.hint = Label("", "quiet", wrap=True), Label("", "small", wrap=True)
        self.bars, self.facts = ChoiceBars(look), FactRows()
        self.bars.setAccessibleName(tr("The likeliest five"))
        self.bars.chosen.connect(self.chosen)
        scroll = Scroll()
        scroll.body.setSpacing(8)
        for part in (self.place, self.bars, self.facts, self.hint):
            scroll.body.addWidget(part)
        scroll.body.addStretch(1)
        self.body.addWidget(scroll, 1)
        self.tell("")

    def tell(self, words: str) -> None:
        """There is no cell: say why."""
        for part in (self.place, self.bars, self.facts):
            part.setVisible(False)
        self.hint.setText(words)

    def show_cell(self, shown: Drawn, text: ShownText, row: int, column: int, note: str) -> None:
        """What would be said at `row` behind the token of `column`; the bar of the one that really came stands out."""
        for part in (self.place, self.bars, self.facts):
            part.setVisible(True)
        self.set_title(shown.cells.rows[row])
        self.place.setText(text.place_words(column))
        real = text.following[column]
        pairs = zip(shown.ids[row, column], shown.shares[row, column], strict=True)
        choices = [
            Choice(int(token), token_label(text.tokenizer, int(token)), float(share), marked=int(token) == real)
            for token, share in pairs
        ]
        self.bars.set_choices(choices, max(0.0, 1.0 - float(shown.shares[row, column].sum())))
        self.facts.set_rows([FactRow(name, value) for name, value in cell_words(shown, row, column, text)])
        self.hint.setText(note)
