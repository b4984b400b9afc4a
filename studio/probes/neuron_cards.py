"""Two cards about one neuron: where in a larger text it is strongest, and which tokens it speaks for."""

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.probes.snippet_list import ShownSnippet, SnippetList
from studio.views.token_text import token_label, visible_text
from studio.widgets.card import Card
from studio.widgets.fact_rows import FactRow, FactRows
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.insight.neurons import LogitEffect, Scan, Snippet


class SnippetCard(Card):
    """The list with the size of the sample under it."""

    wanted = Signal(list)  # the ids of a window that somebody wants to look at

    def __init__(self, look: Look) -> None:
        super().__init__(tr("Strongest in a larger text"), look)
        self.list = SnippetList(look)
        self.sample = Label("", "small", wrap=True)
        self._found: tuple[Snippet, ...] = ()
        self.list.chosen.connect(self._choose)
        self.body.addWidget(self.list, 1)
        self.body.addWidget(self.sample)

    def _choose(self, line: int) -> None:
        self.wanted.emit([int(number) for number in self._found[line].ids])

    def show_waiting(self, error: StudioError | None) -> None:
        """Nothing is known yet, or for the reason of an error never will be."""
        self.list.set_empty_text(str(error) if error is not None else tr("A larger text is being read…"))
        self.list.set_snippets(())
        self.sample.setText("")

    def show_snippets(self, found: "tuple[Snippet, ...]", scan: "Scan", tokenizer: Any) -> None:
        """The best windows of one neuron."""
        self._found = found
        self.list.set_snippets(
            [
                ShownSnippet(tuple(token_label(tokenizer, number) for number in one.ids), one.values, one.peak)
                for one in found
            ]
        )
        self.sample.setText(
            tr("The {best} strongest of {windows} windows of {length} tokens: {sample}.", best=len(found),
               windows=len(scan.starts), length=scan.length, sample=scan.text.sentence(scan.tokens))
        )  # fmt: skip


class EffectCard(Card):
    """The tokens whose logits a neuron raises and lowers most, by itself, behind one token of the text."""

    def __init__(self, look: Look) -> None:
        super().__init__(tr("What it adds"), look)
        self.raised, self.lowered = FactRows(), FactRows()
        self.words = Label("", "small", wrap=True)
        for words, rows in ((tr("raised most"), self.raised), (tr("lowered most"), self.lowered)):
            self.body.addWidget(Label(words, "small"))
            self.body.addWidget(rows)
        self.body.addWidget(self.words)
        self.body.addStretch(1)

    def show_effect(self, found: "LogitEffect | None", scene: Any, error: StudioError | None) -> None:
        """Logits with their signs, or why there are none."""
        if found is None or found.position >= scene.time:
            self.raised.set_rows([])
            self.lowered.set_rows([])
            self.words.setText(str(error) if error is not None else "")
            return
        for rows, pairs in ((self.raised, found.raised), (self.lowered, found.lowered)):
            rows.set_rows(
                [FactRow(visible_text(token_label(scene.tokenizer, token)), f"{logit:+.4f}") for token, logit in pairs]
            )
        self.words.setText(
            tr("Logits that neuron {neuron} adds by itself behind “{token}”, where its value is {value}.",
               neuron=f"{found.neuron:,}", token=visible_text(scene.tokens[found.position]),
               value=f"{found.value:.4f}")
        )  # fmt: skip
