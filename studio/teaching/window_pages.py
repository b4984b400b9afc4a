"""Two more looks at how a text is cut: the batch that the loader gives, and what packing saves over padding."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.parts.wording import count
from studio.teaching.batch_grid import BatchGrid
from studio.teaching.packing_picture import PackingPicture
from studio.teaching.window_numbers import packed, padded
from studio.teaching.window_slide import tokens_of
from studio.views.bars import percent_text
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.scroll import Scroll

if TYPE_CHECKING:
    from studio.exercises.windows import Batch, Documents, Stream

_MOST_ROWS, _MOST_TOKENS = 64, 160  # that are drawn


class BatchPage(QWidget):
    """The first batch of the run, row by row."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sentence = Label("", "quiet", wrap=True)
        self.grid = BatchGrid(look)
        self.below = Label("", "small")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.sentence)
        scroll = Scroll()
        scroll.body.addWidget(self.grid)
        scroll.body.addStretch(1)
        column.addWidget(scroll, 1)
        column.addWidget(self.below)

    def clear(self) -> None:
        """No batch is known."""
        self.grid.set_batch([], [])
        self.sentence.setText("")
        self.below.setText("")

    def show_batch(self, stream: "Stream", batch: "Batch", seed: int) -> None:
        """What came out of the loader."""
        rows, length = batch.ids.shape
        shown = batch.ids[:_MOST_ROWS, :_MOST_TOKENS].tolist()
        tokens = [tokens_of(stream.tokenizer, row) for row in shown]
        self.grid.set_batch(tokens, batch.starts[:_MOST_ROWS].tolist())
        words = (
            tr("{rows} windows of {context} tokens, some of them hidden, drawn with seed {seed}: what the loader of "
               "“{objective}” lets the first step read.")
            if batch.hides
            else tr("{rows} windows of {context} tokens and the one behind them, drawn with seed {seed}: the very "
                    "batch that the loader of “{objective}” gives the first step.")
        )  # fmt: skip
        context = length if batch.hides else length - 1
        self.sentence.setText(
            words.format(rows=count(rows), context=count(context), seed=seed, objective=batch.objective)
        )
        over = batch.counted - batch.per_epoch * rows
        more = [
            tr("{count} batches an epoch, {over} windows left over", count=count(batch.per_epoch), over=count(over))
        ]
        if rows > _MOST_ROWS:
            more.insert(0, tr("the first {count} of {all} windows", count=_MOST_ROWS, all=count(rows)))
        self.below.setText(" · ".join(more))


class DocumentsPage(QWidget):
    """Two pictures of the same documents, with the figures that decide between them."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sentence = Label("", "quiet", wrap=True)
        self.pictures = {
            "padded": PackingPicture(look, tr("Padded documents"), False),
            "packed": PackingPicture(look, tr("Packed documents"), True),
        }
        self.heads = {"padded": Label(tr("Padded: one row each"), "strong"), "packed": Label(tr("Packed"), "strong")}
        self.figures = {name: Label("", "small", wrap=True) for name in self.pictures}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.sentence)
        row = QHBoxLayout()
        row.setSpacing(24)
        for name, picture in self.pictures.items():
            half = QVBoxLayout()
            half.setSpacing(6)
            half.addWidget(self.heads[name])
            half.addWidget(self.figures[name])
            half.addWidget(picture, 1)
            row.addLayout(half, 1)
        column.addLayout(row, 1)

    def show_documents(self, found: "Documents", context: int, separated: bool) -> None:
        """What becomes of these documents in rows of `context` tokens."""
        alone, together = padded(found.lengths, context), packed(found.lengths, context)
        for picture in self.pictures.values():
            picture.set_lengths(found.lengths, context)
        words = tr("{count} paragraphs", count=count(len(found.lengths)))
        if not found.paragraphs:
            words = tr("{count} documents", count=count(len(found.lengths)))
        if not found.whole:
            words = tr("the first {words}", words=words)
        how = tr("A run packs, and this text has <|endoftext|> between its documents.") if separated else tr(
            "A run packs: it reads straight through. This text has no <|endoftext|> between them, so none would be "
            "read; the marks at the right show where they would stand.")  # fmt: skip
        self.sentence.setText(f"{words[:1].upper()}{words[1:]}. {how}")
        self.figures["padded"].setText(
            tr("{rows} rows · {padding} of the places are padding · {cut} of the tokens are cut off",
               rows=count(alone.rows), padding=percent_text(alone.share), cut=percent_text(alone.cut_share))
        )  # fmt: skip
        self.figures["packed"].setText(
            tr("{rows} rows · no padding · {mixed} rows hold more than one document · {left} tokens left over",
               rows=count(together.rows), mixed=count(together.mixed), left=count(together.left_over))
        )  # fmt: skip
