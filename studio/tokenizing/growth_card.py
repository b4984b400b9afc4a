"""What grows when a model gets more tokens: the tables as a picture, and afterwards counted in the new file."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from studio.core.language import tr
from studio.parts.wording import count
from studio.tokenizing.growing import Growable
from studio.tokenizing.table_growth import Growth, TableGrowth
from studio.views.record_cells import CELL_ROW
from studio.views.record_table import Column, RecordTable
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.engine.grow import Grown, GrownTable

NAMES = {
    "embed_tokens.weight": "Token embedding", "lm_head.weight": "Output head", "lm_head.bias": "Bias of the head",
}  # fmt: skip
_HEADER = 30  # pixels of a table beside its rows


class GrowthCard(Card):
    """Before the new model is made it says what will be; afterwards what was found in its file."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("What grows"), look, parent)
        self.picture = TableGrowth(look)
        columns: list[Column] = [
            Column(tr("Table"), lambda row: row.name, lambda row: tr(NAMES.get(row.name, row.name))),
            Column(tr("Same to the bit"), lambda row: row.same, _same, "right", 176),
            Column(tr("Mean, old → new"), lambda row: row.mean[1], lambda row: _pair(row.mean), "right", 148,
                   spare=True),
            Column(tr("Spread, old → new"), lambda row: row.spread[1], lambda row: _pair(row.spread), "right", 140),
        ]  # fmt: skip
        self.table = RecordTable(columns, look, key=lambda row: row.name)
        self.table.setAccessibleName(tr("The tables that have grown, compared with the old ones"))
        self.words = Label("", "quiet", wrap=True)
        self.body.addWidget(self.picture, 1)
        self.body.addWidget(self.table)
        self.body.addWidget(self.words)

    def show_growth(self, model: Growable | None, added: tuple[str, ...], grown: "Grown | None") -> None:
        """Show what `added` tokens mean for a model, or what they have become."""
        self.picture.set_tables(growths(model, added) if model is not None else ())
        self.table.setVisible(grown is not None)
        self.words.set_role("quiet" if grown is None else "good")
        if grown is None:
            self.words.setText(expected(model, len(added)) if model is not None and added else "")
            return
        self.table.set_rows(grown.tables)
        self.table.setFixedHeight(_HEADER + CELL_ROW * len(grown.tables))
        self.words.setText(verdict(grown))


def growths(model: Growable, added: tuple[str, ...]) -> list[Growth]:
    """The tables of a model that have a row for each token."""
    tied = model.model.tie_embeddings
    names = [tr("Token embedding, and output head: one shared table")] if tied else [
        tr("Token embedding"), tr("Output head")
    ]  # fmt: skip
    spare = min(model.spare, len(added))
    first = model.tokenizer.vocab_size
    return [Growth(name, model.rows, model.model.emb_dim, added, first, spare) for name in names]


def expected(model: Growable, added: int) -> str:
    """What will happen, in a sentence or two."""
    new, tables = model.grown(added) - model.rows, 1 if model.model.tie_embeddings else 2
    words = tr("No row has to be added.")
    if new:
        words = tr(
            "{numbers} numbers are new, drawn with the mean and the spread that each column has in the old rows.",
            numbers=count(new * tables * model.model.emb_dim),
        )
    if model.spare:
        taken = count(min(model.spare, added))
        words += " " + tr("{count} of the tokens take rows that are there without a token.", count=taken)
    return words


def verdict(grown: "Grown") -> str:
    """What became of it, counted in the file that was written."""
    changed = sum(table.before[0] - table.same for table in grown.tables)
    kept = tr("no old row has changed") if not changed else tr("{count} old rows have changed", count=count(changed))
    words = tr("“{name}” is a model of this project now: {kept}.", name=grown.model.name, kept=kept)
    biased = any(table.name.endswith("bias") for table in grown.tables)
    return words if biased else f"{words} {tr('The head has no bias, as before.')}"


def _same(table: "GrownTable") -> str:
    return tr("{same} of {all} rows", same=count(table.same), all=count(table.before[0]))


def _pair(values: tuple[float, float]) -> str:
    return " → ".join(f"{value:.4f}".replace("-", "−") for value in values)
