"""Every tokenizer in a list, with what each makes of the project's text."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.core.language import tr
from studio.parts.wording import NOT_MEASURED, count
from studio.store.token_count import TokenCount
from studio.tokenizing.offered import Offered
from studio.views.record_table import Column, RecordTable
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.look import Look


@dataclass(frozen=True)
class TokenizerRow:
    """One tokenizer: what is known of it, or the words that stand in for the figures."""

    item: Offered
    used: bool
    counted: TokenCount | None = None
    words: str = ""

    @property
    def vocabulary(self) -> int | None:
        """How many different tokens it has, once that is known."""
        return self.counted.vocab_size if self.counted is not None else self.item.vocabulary or None

    @property
    def tokens(self) -> int | None:
        """How many tokens the project's text is."""
        return self.counted.tokens if self.counted is not None and self.counted.text is not None else None

    @property
    def tokens_words(self) -> str:
        """The same as it is written: estimated where only the beginning was read."""
        if self.tokens is None or self.counted is None:
            return self.words
        return ("" if self.counted.exact else "≈ ") + count(self.tokens)


class TokenizerList(Card):
    """`chosen` tells the name of the one that a person wants to look at."""

    chosen = Signal(str)
    train_wanted = Signal()
    open_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Tokenizers"), look, parent)
        columns = [
            Column(tr("Name"), lambda row: row.item.label, dot=lambda row: "accent" if row.used else "line", tip=_tip),
            Column(tr("Tokens"), lambda row: row.tokens, lambda row: row.tokens_words, "right", 84,
                   role=lambda row: "text" if row.tokens is not None else "text_quiet", spare=True),
            Column(tr("Vocabulary"), lambda row: row.vocabulary,
                   lambda row: count(row.vocabulary) if row.vocabulary is not None else NOT_MEASURED, "right", 88,
                   role=lambda row: "text_quiet", spare=True),
        ]  # fmt: skip
        self.table = RecordTable(columns, look, key=lambda row: row.item.name)
        self.table.setAccessibleName(tr("Tokenizers"))
        self.table.selection_changed.connect(self._selected)
        self.train = Button(tr("Train your own"), self.train_wanted.emit, look, "link").set_small()
        self.open = Button(tr("Open a file…"), self.open_wanted.emit, look, "link").set_small()
        self.body.addWidget(self.table, 1)
        for link in (self.train, self.open):
            self.body.addWidget(link)

    def set_rows(self, rows: Sequence[TokenizerRow], chosen: str) -> None:
        """Show these, one of them chosen."""
        self.table.set_rows(rows)
        self.table.select(next((row for row in rows if row.item.name == chosen), None))

    def rows(self) -> dict[str, TokenizerRow]:
        """What is shown, by name."""
        return {row.item.name: row for row in self.table.rows()}

    def _selected(self, rows: list[TokenizerRow]) -> None:
        if rows:
            self.chosen.emit(rows[0].item.name)


def _tip(row: TokenizerRow) -> str:
    words = tr("{name}, in use", name=row.item.label) if row.used else row.item.label
    return f"{words}\n{row.item.about}" if row.item.about else words
