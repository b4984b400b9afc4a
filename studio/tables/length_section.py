"""The lengths of the rows and what a context would cut of them, in a picture that a person can pull at and in words."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.core.language import tr
from studio.parts.wording import count
from studio.tables.length_chart import LengthChart
from studio.tables.section import Section
from studio.views.bars import percent_text
from studio.widgets.button import Button
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.rows.lengths import LengthTable

_LOW, _HIGH = 230, 420  # of the picture


class LengthSection(Section):
    """`context_chosen` when the line was let go; `rows_wanted` with a title and row numbers."""

    context_chosen = Signal(int)
    rows_wanted = Signal(str, object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Lengths"), parent)
        self._table: LengthTable | None = None
        self._before, self._noun = 0, ""
        self.chart = LengthChart(look)
        self.chart.setMinimumHeight(_LOW)
        self.chart.setMaximumHeight(_HIGH)
        self.chart.context_moved.connect(self._say)
        self.chart.context_chosen.connect(self._chosen)
        self.chart.bar_opened.connect(self._open_bar)
        self.words = Label("", wrap=True)
        self.show_cut = Button(tr("Show them"), self._open_cut, look, "link").set_small()
        self.undo = Button("", self._undo, look, "link").set_small()
        self.undo.hide()
        self.remark = Label("", "small", wrap=True)
        self.body.addWidget(self.chart, 100)
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(self.words, 1)
        line.addWidget(self.undo)
        line.addWidget(self.show_cut)
        self.body.addLayout(line)
        self.body.addWidget(self.remark)
        self.body.addStretch(1)

    def set_table(self, table: "LengthTable", context: int, noun: str, remark: str = "") -> None:
        """Show the lengths of these (rows, paragraphs) and the draft's context; `remark` is said about what it cuts."""
        self._noun = noun
        if table is not self._table:
            self._table = table
            self.chart.set_table(table)
        self.note.setText(
            tr("median {median} · 95 % up to {most} · longest {longest}", median=count(table.quantile(0.5)),
               most=count(table.quantile(0.95)), longest=count(table.longest))
        )  # fmt: skip
        self.chart.set_context(context)
        self.remark.setText(remark)
        self.remark.setVisible(bool(remark))
        self._say(self.chart.context)

    def forget_undo(self) -> None:
        """Another source is shown: nothing was changed there yet."""
        self._before = 0
        self.undo.hide()

    def _say(self, context: int) -> None:
        table = self._table
        if table is None or table.unit != "tokens":
            self.words.setText(tr("Measured in characters, so a context in tokens cannot be judged."))
            self.show_cut.hide()
            return
        cut = table.cut(context)
        if cut.rows:
            words = tr(
                "A context of {context} cuts {count} of the {noun} ({rows}) and leaves out {tokens} of the tokens.",
                context=count(context), count=count(cut.rows), noun=self._noun,
                rows=percent_text(cut.row_share), tokens=percent_text(cut.token_share),
            )  # fmt: skip
        else:
            words = tr("A context of {context} cuts nothing: the longest row has {longest} tokens.",
                       context=count(context), longest=count(table.longest))  # fmt: skip
        self.words.setText(words)
        self.show_cut.setVisible(bool(cut.rows))
        self.chart.setAccessibleDescription(words)

    def _chosen(self, context: int) -> None:
        if self._table is not None:
            self.context_chosen.emit(context)

    def show_undo(self, before: int) -> None:
        """The context was another one; offer the way back."""
        self._before = before
        self.undo.setText(tr("Back to {context}", context=count(before)))
        self.undo.show()

    def _undo(self) -> None:
        before, self._before = self._before, 0
        self.undo.hide()
        if before:
            self.chart.set_context(before)
            self._say(before)
            self.context_chosen.emit(before)

    def _open_cut(self) -> None:
        if self._table is not None:
            title = tr("Longer than {context} tokens", context=count(self.chart.context))
            self.rows_wanted.emit(title, self._table.longer_than(self.chart.context).tolist())

    def _open_bar(self, low: int, high: int) -> None:
        if self._table is not None:
            unit = tr("tokens") if self._table.unit == "tokens" else tr("characters")
            title = tr("{low} to {high} {unit} long", low=count(low), high=count(high - 1), unit=unit)
            self.rows_wanted.emit(title, self._table.between(low, high).tolist())
