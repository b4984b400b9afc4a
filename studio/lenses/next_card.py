"""The next token's chances before and after the controls, as many as there is room for, and drawing from them."""

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.lenses.difference_bars import DifferenceBars
from studio.lenses.next_difference import Pair, apart_words
from studio.lenses.next_token import Bench, cut_words, drawn_words
from studio.seeing.shown_text import ShownText
from studio.views.bars import BAR_ROW, ChoiceBars
from studio.views.token_text import visible_text
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

MANY = 1_000  # tokens that are drawn at once
_FEWEST = 3  # bars


class NextCard(Card):
    """`show_bench` draws one position, `show_pair` that of two models; `chosen` is a token that was clicked, `pointed`
    one under the pointer or -1.
    """

    chosen = Signal(int)
    pointed = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Next token"), look, parent)
        self._bench: Bench | None = None
        self._pair: Pair | None = None
        self._text: ShownText | None = None
        self.one = Button(tr("Draw"), self._draw_one, look).set_small()
        self.many = Button(tr("× {count}", count=f"{MANY:,}"), self._draw_many, look).set_small()
        self.many.setAccessibleName(tr("Draw {count}", count=f"{MANY:,}"))
        self.bars, self.apart = ChoiceBars(look), DifferenceBars(look)
        policy = QSizePolicy.Policy
        for bars in (self.bars, self.apart):
            bars.setSizePolicy(policy.Expanding, policy.Ignored)  # as many as there is room for
            bars.installEventFilter(self)
            bars.chosen.connect(self.chosen)
            bars.pointed.connect(self.pointed)
            self.body.addWidget(bars, 1)
        self.cut, self.said = Label("", "small", wrap=True), Label("", "small", wrap=True)
        for button in (self.one, self.many):
            self.header.addWidget(button)
        self.body.addWidget(self.cut)
        self.body.addWidget(self.said)
        self.forget()

    def forget(self, why: str = "") -> None:
        """There is nothing to show: say why."""
        self._bench = self._pair = self._text = None
        self.set_note(why)
        for part in (self.bars, self.apart, self.cut, self.said):
            part.setVisible(False)
        for button in (self.one, self.many):
            button.setEnabled(False)

    def show_bench(self, bench: Bench, text: ShownText) -> None:
        """Show what comes after the tokens of the bench; what was said of draws stays while they do."""
        self._bench, self._pair, self._text = bench, None, text
        self.set_note(tr("after “{token}”", token=visible_text(text.tokens[len(bench.seen) - 1])))
        if not bench.drawn:
            self.said.setText("")
        self.cut.setText(cut_words(bench.found))
        self._show_parts()

    def show_pair(self, pair: Pair, text: ShownText) -> None:
        """Show what two models expect after the same tokens, A less B; nothing can be drawn from a difference."""
        self._bench, self._pair, self._text = None, pair, text
        self.set_note(tr("after “{token}”: A, B and A − B", token=visible_text(text.tokens[len(pair.a.seen) - 1])))
        self.cut.setText(apart_words(pair))
        self._show_parts()

    def _show_parts(self) -> None:
        alone = self._pair is None
        for button in (self.one, self.many):
            button.setEnabled(alone)
            button.setVisible(alone)
        self.bars.setVisible(alone)
        self.apart.setVisible(not alone)
        self.cut.setVisible(True)
        self._show_bars()
        self.said.setVisible(bool(self.said.text()))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Another height has room for another number of bars."""
        if watched in (self.bars, self.apart) and event.type() == QEvent.Type.Resize:
            self._show_bars()
        return super().eventFilter(watched, event)

    def _show_bars(self) -> None:
        bench, pair, text = self._bench, self._pair, self._text
        if bench is not None and text is not None:
            real = text.following[len(bench.seen) - 1]
            self.bars.set_choices(*bench.choices(text, real, max(_FEWEST, self.bars.height() // BAR_ROW - 1)))
        elif pair is not None and text is not None:
            real = text.following[len(pair.a.seen) - 1]
            shown = pair.choices(text, real, max(_FEWEST, self.apart.height() // BAR_ROW))
            self.apart.set_choices(shown)
            self.said.setText(pair.rest_words(shown))

    def _draw_one(self) -> None:
        self._draw(1)

    def _draw_many(self) -> None:
        self._draw(MANY)

    def _draw(self, count: int) -> None:
        bench, text = self._bench, self._text
        if bench is not None and text is not None:
            self.said.setText(drawn_words(bench, bench.draw(count), text))
            self.show_bench(bench, text)
