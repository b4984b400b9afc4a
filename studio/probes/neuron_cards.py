"""Three cards about one neuron: what it does on the text, where else it is strongest, which tokens it speaks for."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.maps.colours import LESS, MORE
from studio.probes.neuron_words import operands
from studio.probes.snippet_list import ShownSnippet, SnippetList
from studio.views.token_text import token_label, visible_text
from studio.views.token_view import TokenView
from studio.widgets.card import Card
from studio.widgets.fact_rows import FactRow, FactRows
from studio.widgets.hover_card import CardRow
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.insight.neurons import LogitEffect, Neurons, Scan, Snippet


class TextCard(Card):
    """The text, each token coloured by one neuron's value there; of two models by A less B, on either side of 0."""

    def __init__(self, look: Look) -> None:
        super().__init__(tr("On this text"), look)
        self.view = TokenView(look)
        self.body.addWidget(self.view, 1)

    def show_neuron(
        self, values: npt.NDArray[np.float32], sides: "tuple[Neurons, ...]", layer: int, neuron: int
    ) -> None:
        """Values (time,) of a neuron; of two models every token's card tells both."""
        words = tr("layer {layer} neuron {neuron}", layer=layer, neuron=f"{neuron:,}")
        shares = np.nan_to_num(values / (float(np.nanmax(np.abs(values), initial=0.0)) or 1.0))
        if len(sides) == 1:
            self.set_note(words)
            self.view.set_weights(np.maximum(shares, 0.0).tolist())
            self.view.set_remarks([])
            return
        self.set_note(f"{words} · {tr('A − B')}")
        self.view.set_weights(shares.tolist(), MORE, LESS)
        self.view.set_remarks([[CardRow(operands(sides, row, neuron))] for row in range(len(values))])


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

    def show_snippets(self, found: "tuple[Snippet, ...]", scan: "Scan", tokenizer: Any, less: bool = False) -> None:
        """The best windows of one neuron; with `less` those in which it is furthest apart in A and B."""
        self._found = found
        self.set_title(tr("Furthest apart in a larger text") if less else tr("Strongest in a larger text"))
        self.list.set_snippets(
            [
                ShownSnippet(tuple(token_label(tokenizer, number) for number in one.ids), one.values, one.peak)
                for one in found
            ],
            signed=less,
        )
        self.sample.setText(
            tr("The {best} {kind} of {windows} windows of {length} tokens: {sample}.", best=len(found),
               kind=tr("with the largest |A − B|") if less else tr("strongest"), windows=len(scan.starts),
               length=scan.length, sample=scan.text.sentence(scan.tokens))
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

    def show_effect(
        self, found: "LogitEffect | None", scene: Any, error: StudioError | None, less: bool = False
    ) -> None:
        """Logits with their signs, or why there are none; with `less` those of A less those of B."""
        if found is None or found.position >= scene.time:
            self.raised.set_rows([])
            self.lowered.set_rows([])
            self.words.setText(str(error) if error is not None else "")
            return
        for rows, pairs in ((self.raised, found.raised), (self.lowered, found.lowered)):
            rows.set_rows(
                [FactRow(visible_text(token_label(scene.tokenizer, token)), f"{logit:+.4f}") for token, logit in pairs]
            )
        if less:
            self.words.setText(
                tr("Logits that neuron {neuron} adds by itself behind “{token}” in A, less those it adds in B; its "
                   "values are {value} apart there.", neuron=f"{found.neuron:,}",
                   token=visible_text(scene.tokens[found.position]), value=f"{found.value:+.4f}")
            )  # fmt: skip
            return
        self.words.setText(
            tr("Logits that neuron {neuron} adds by itself behind “{token}”, where its value is {value}.",
               neuron=f"{found.neuron:,}", token=visible_text(scene.tokens[found.position]),
               value=f"{found.value:.4f}")
        )  # fmt: skip
