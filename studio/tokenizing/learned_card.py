"""What a vocabulary that was just learned is worth: on text it has not seen, beside GPT-2's, and piece by piece."""

from dataclasses import dataclass

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.live.learned import Learned
from studio.parts.token_trial import spell
from studio.parts.wording import NOT_MEASURED, count
from studio.views.record_table import Column, RecordTable
from studio.views.token_text import Token, visible
from studio.views.token_view import TokenView
from studio.vocabularies.training import LABELS
from studio.widgets.card import Card
from studio.widgets.fact_rows import FactRow, FactRows
from studio.widgets.label import Label
from studio.widgets.look import Look

_FACTS = 400  # pixels beyond which a value is too far from its name
_TABLE = (184, 300)  # least and most width of the table of pieces


@dataclass(frozen=True)
class Piece:
    """A row of the table of longest tokens."""

    token: Token

    @property
    def size(self) -> int:
        """Its bytes."""
        return len(self.token.data)


class LearnedCard(Card):
    """Figures and the longest pieces above, a text cut by it below."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("What was learned"), look, parent)
        self.rows = FactRows()
        self.verdict = Label("", "quiet", wrap=True)
        columns = [
            Column(tr("Longest pieces"), lambda row: row.token.text, lambda row: visible(row.token), mono=True),
            Column(tr("Id"), lambda row: row.token.id, lambda row: count(row.token.id), "right", 64, spare=True,
                   role=lambda row: "text_quiet"),
            Column(tr("Bytes"), lambda row: row.size, lambda row: count(row.size), "right", 60),
        ]  # fmt: skip
        self.pieces = RecordTable(columns, look, key=lambda row: row.token.id)
        self.pieces.setAccessibleName(tr("Longest pieces of the vocabulary"))
        self.unseen = Label(tr("Text that it has not seen, cut by it"), "small")
        self.tokens = TokenView(look)
        self.tokens.set_show_ids(True)
        self.rows.setMaximumWidth(_FACTS)
        left = QVBoxLayout()
        left.setSpacing(12)
        for widget in (self.rows, self.verdict):
            left.addWidget(widget)
        left.addSpacing(4)
        left.addWidget(self.unseen)
        left.addWidget(self.tokens, 1)
        row = QHBoxLayout()
        row.setSpacing(24)
        row.addLayout(left, 1)
        row.addWidget(self.pieces)
        self.body.addLayout(row, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The table takes what the text can spare."""
        super().resizeEvent(event)
        self.pieces.setFixedWidth(min(_TABLE[1], max(_TABLE[0], self.width() * 2 // 5)))

    def show_learned(self, learned: Learned) -> None:
        """Show a tokenizer and what is known of it."""
        tokenizer = learned.tokenizer
        self.set_note(f"{tr(LABELS[learned.recipe.kind])} · {learned.source}")
        self.rows.set_rows([
            FactRow(tr("Vocabulary"), count(tokenizer.vocab_size),
                    tr("With its special tokens: {names}", names=" ".join(tokenizer.special) or tr("none"))),
            FactRow(tr("Read"), tr("{count} characters", count=count(learned.characters))),
            FactRow(tr("Time"), tr("{seconds} s", seconds=f"{learned.seconds:.1f}")),
            FactRow(tr("A token"), _ratio(learned.unseen, learned.tokens),
                    tr("On the {count} characters that were held back.", count=count(learned.unseen))),
            FactRow(tr("GPT-2's"), _ratio(learned.unseen, learned.yardstick), tr("On the same characters.")),
        ])  # fmt: skip
        self.verdict.setText(verdict(learned))
        self.pieces.set_rows([Piece(token) for token in spell(tokenizer, list(learned.longest))])
        self.pieces.scrollToTop()
        shown = bool(learned.sample)
        self.unseen.setVisible(shown)
        self.tokens.setVisible(shown)
        self.tokens.set_tokens(spell(tokenizer, tokenizer.encode(learned.sample)) if shown else ())


def _ratio(characters: int, tokens: int) -> str:
    return tr("{ratio} characters", ratio=f"{characters / tokens:.2f}") if tokens else NOT_MEASURED


def verdict(learned: Learned) -> str:
    """How it compares, in a sentence; and whether there was less to learn than was asked for."""
    words = []
    missing = learned.recipe.vocabulary - learned.tokenizer.vocab_size
    if missing > 0:
        words.append(tr("{count} pieces fewer than wanted: the text has no more that repeat.", count=count(missing)))
    if learned.tokens and learned.yardstick:
        share = learned.tokens / learned.yardstick
        if share >= 1:
            words.append(tr("This text takes {factor} times as many tokens as with GPT-2, whose vocabulary is {times} "
                            "times as large.", factor=f"{share:.2f}",
                            times=f"{50_257 / learned.tokenizer.vocab_size:.1f}"))  # fmt: skip
        else:
            words.append(
                tr("This text takes {share} % fewer tokens than with GPT-2.", share=f"{100 * (1 - share):.0f}")
            )
    return " ".join(words)
