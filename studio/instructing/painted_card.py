"""Any row of a dataset as the model will see it, before anything is trained: row by row, or a whole batch."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from studio.controls.editors import NumberEdit
from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.instructing.batch_map import BatchMap
from studio.instructing.painted_tokens import PaintedTokens, counted
from studio.instructing.rows_seen import Batch, PaintedRow
from studio.instructing.state_legend import StateLegend
from studio.parts.wording import count
from studio.tokenizers import Tokenizer
from studio.widgets.button import Button, IconButton
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

VIEWS = (("row", "Row"), ("batch", "Batch"))
_ANSWERS = ("Chosen answer", "Rejected answer")
_DEFAULT_EMPTY = "Choose a dataset at the right, and its rows stand here as the model will read them."


class PaintedCard(Card):
    """Asks for what it wants to show by `rows_wanted` and `batch_wanted`; the owner answers with the setters."""

    rows_wanted = Signal(object)  # list of row numbers
    batch_wanted = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("What the model sees"), look, parent)
        self.number, self.rows, self.batch = 0, 0, 0
        self._only: tuple[int, ...] = ()  # the rows that are stepped through, all of them where empty
        self._tokenizer: Tokenizer | None = None
        self.switch = Segmented([(name, tr(words)) for name, words in VIEWS], look, tr("What is painted"))
        self.switch.set_value("row")
        self.back = IconButton("chevron-left", tr("Previous row"), self._go_back, look)
        self.ahead = IconButton("chevron-right", tr("Next row"), self._go_ahead, look)
        self.place = NumberEdit(look, True)
        self.place.setAccessibleName(tr("Row"))
        self.place.minimum, self.place.default = 1, 1
        self.place.setFixedWidth(84)
        self.of = Label("", "small")
        for widget in (self.place, self.of, self.back, self.ahead, self.switch):
            self.header.addWidget(widget)
        self.about = Label("", "small", wrap=True)
        self.everything = Button(tr("Show all rows again"), self._show_all, look, "link").set_small()
        self.tokens, self.second = PaintedTokens(look), PaintedTokens(look)
        self.heads = [Label("", "strong"), Label("", "strong")]
        self.trouble = Label("", "danger", wrap=True)
        self.map, self.legend = BatchMap(look), StateLegend(look)
        self.map_note = Label("", "small", wrap=True)
        self._lay_out()
        self.switch.changed.connect(self._switched)
        self.place.changed.connect(self._typed)
        self._show_head()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.addWidget(self.about, 1)
        line.addWidget(self.everything)
        row = QWidget()
        column = QVBoxLayout(row)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.trouble)
        for head, tokens in zip(self.heads, (self.tokens, self.second), strict=True):
            column.addWidget(head)
            column.addWidget(tokens, 1)
        batch = QWidget()
        column = QVBoxLayout(batch)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.map, 1)
        column.addWidget(self.map_note)
        self.stack = QStackedWidget()
        self.stack.addWidget(row)
        self.stack.addWidget(batch)
        self.body.addLayout(line)
        self.body.addWidget(self.stack, 1)
        self.body.addWidget(self.legend)
        self.setMinimumHeight(260)
        for view in (self.tokens, self.second):
            view.set_empty_text(tr(_DEFAULT_EMPTY))

    # --- what it is given -------------------------------------------------------------------------------------------

    def set_source(self, rows: int, tokenizer: Tokenizer | None) -> None:
        """Another dataset or other rules: `rows` there are, 0 for none; the place is kept where it can be."""
        self.rows, self._tokenizer = rows, tokenizer
        self._only = tuple(number for number in self._only if number < rows)
        self.number = min(self.number, max(0, rows - 1))
        if not rows:
            self.set_rows([])
        else:
            self.ask()
        self._show_head()

    def set_empty_text(self, words: str) -> None:
        """Why there is nothing to see."""
        for view in (self.tokens, self.second):
            view.set_empty_text(words)

    def ask(self) -> None:
        """Wish for what the present view shows."""
        if self.switch.value() == "row":
            self.rows_wanted.emit([self.number])
        else:
            self.batch_wanted.emit(self.batch)

    def step_through(self, rows: Sequence[int], why: str) -> None:
        """Only these rows, the first of them at once."""
        self._only = tuple(rows)
        self.about.setText(why)
        self.switch.set_value("row")
        self.go_to(self._only[0] if self._only else 0)

    def set_rows(self, rows: Sequence[PaintedRow]) -> None:
        """Paint the row that was asked for; an answer that comes too late is dropped."""
        row = rows[0] if rows else PaintedRow(self.number)
        if rows and row.number != self.number:
            return
        painted = row.painted
        self.tokens.set_painted(painted[0] if painted else None, self._tokenizer)
        self.second.set_painted(painted[1] if len(painted) > 1 else None, self._tokenizer)
        self.second.setVisible(len(painted) > 1)
        for head, words in zip(self.heads, _ANSWERS, strict=True):
            head.setText(tr(words))
            head.setVisible(len(painted) > 1)
        self.trouble.setText(tr("Nothing to learn in this row: {why}.", why=row.trouble.rstrip(".")))
        self.trouble.setVisible(bool(row.trouble))
        self.tokens.setVisible(not row.trouble)
        if self.switch.value() == "row":
            self.legend.set_counts(counted(painted))

    def set_batch(self, batch: Batch) -> None:
        """Paint a batch as the run computes it."""
        self.map.set_batch(batch)
        counts = self.map.counts
        filled = counts[2] / max(1, self.map.states.size)
        self.map_note.setText(
            tr("Batch {number}: {rows} rows of {length} places, {share} of them padding. A place is trained where the "
               "token after it is a target.", number=self.batch + 1, rows=len(batch), length=f"{batch.shape[2]:,}",
               share=f"{100 * filled:.0f} %")
        )  # fmt: skip
        if self.switch.value() == "batch":
            self.legend.set_counts(counts)

    # --- moving -----------------------------------------------------------------------------------------------------

    def go_to(self, number: int) -> None:
        """Show the row with this number, from 0."""
        if self.rows:
            self.number = max(0, min(number, self.rows - 1))
        self.ask()
        self._show_head()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Page Up and Page Down go through the rows."""
        if event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            (self._go_back if event.key() == Qt.Key.Key_PageUp else self._go_ahead)()
        else:
            super().keyPressEvent(event)

    def _go_back(self) -> None:
        self._move(-1)

    def _go_ahead(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        if self.switch.value() == "batch":
            self.batch = max(0, self.batch + by)
            self.ask()
        elif self._only:
            at = int(np.searchsorted(self._only, self.number))
            self.go_to(self._only[max(0, min(at + by, len(self._only) - 1))])
        else:
            self.go_to(self.number + by)
        self._show_head()

    def _typed(self) -> None:
        if not self.place.problem:
            self._only = ()
            self.go_to(int(self.place.value()) - 1)

    def _show_all(self) -> None:
        self._only = ()
        self._show_head()

    def _switched(self, _view: str) -> None:
        self.ask()
        self._show_head()

    def _show_head(self) -> None:
        single = self.switch.value() == "row"
        self.stack.setCurrentIndex(0 if single else 1)
        self.place.maximum = max(1, self.rows)
        self.place.set_value(self.number + 1)
        for widget in (self.place, self.of):
            widget.setVisible(single and self.rows > 0)
        self.of.setText(tr("of {count}", count=count(self.rows)))
        for mover, words in ((self.back, ("Previous row", "Previous batch")), (self.ahead, ("Next row", "Next batch"))):
            mover.setEnabled(self.rows > 0)
            mover.setToolTip(tr(words[0 if single else 1]))
        self.everything.setVisible(bool(self._only) and single)
        self.about.setVisible(bool(self._only) and single)
