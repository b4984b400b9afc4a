"""Token by token: what the base expects next, what the adapted model expects, and how far they are apart."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.core.language import tr
from studio.curves.line_chart import Line, LineChart
from studio.parts.wording import NOT_MEASURED, small_number
from studio.views.bars import Choice, ChoiceBars, percent_text
from studio.views.record_table import Column, RecordTable
from studio.views.token_text import visible_text
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.engine.adapter_insight import PromptShift

_HIGH = 560  # pixels of the table from which on the curve stands below its rows


@dataclass(frozen=True)
class ShiftRow:
    """One place of the prompt; `before` and `after` are the likeliest next tokens with their chances."""

    place: int
    token: str
    before: str
    after: str
    apart: float
    changed: bool


class ShiftTable(QWidget):
    """A row for each token; the bars below are those of the selected one, the base's behind."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shift: PromptShift | None = None
        self.sentence = Label("", "small", wrap=True)
        self.rows = RecordTable(_columns(), look, key=lambda row: row.place)
        self.rows.setAccessibleName(tr("Next token behind each token"))
        self.rows.selection_changed.connect(self._selected)
        self.curve = LineChart(look, tr("Divergence at each place"), tr("place · KL, nats"))
        self.curve.clicked.connect(self._place_chosen)
        self.title, self.bars = Label("", "small"), ChoiceBars(look)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.sentence)
        column.addWidget(self.rows, 1)
        column.addWidget(self.curve)
        column.addWidget(self.title)
        column.addWidget(self.bars)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The curve stands there where rows have room beside it."""
        super().resizeEvent(event)
        self.curve.setVisible(self.height() >= _HIGH)

    def set_shift(self, shift: "PromptShift | None") -> None:
        """Show a comparison; the last token is selected at first."""
        first, self.shift = self.shift is None or (shift is not None and shift.ids != self.shift.ids), shift
        if shift is None:
            self.rows.set_rows([])
            self.sentence.setText("")
            self.title.setText("")
            self.bars.set_choices([])
            self.curve.set_lines([])
            return
        rows = shift_rows(shift)
        self.rows.set_rows(rows)
        if first or not self.rows.selected_rows():
            self.rows.select(rows[-1])
        self.sentence.setText(shift_words(shift))
        places = np.arange(1, len(shift.ids) + 1, dtype=np.float64)
        self.curve.set_lines([Line("KL", places, shift.divergence, 2)])
        self._selected(self.rows.selected_rows())

    def _selected(self, rows: list[ShiftRow]) -> None:
        if self.shift is None or not rows:
            return
        at, shift = rows[0].place, self.shift
        self.curve.set_marker(at + 1.0)
        found = zip(shift.top[1, at].tolist(), shift.shares[1, at].tolist(), shift.was[at].tolist(), strict=True)
        self.bars.set_choices(
            [Choice(token, shift.words.get(token, str(token)), share, before=was) for token, share, was in found]
        )
        self.title.setText(tr("Behind “{token}”, with the adapter; pale: the base's chance", token=rows[0].token))

    def _place_chosen(self, _line: int, point: int) -> None:
        if 0 <= point < len(self.rows.rows()):
            self.rows.select(next(row for row in self.rows.rows() if row.place == point))


def shift_rows(shift: "PromptShift") -> list[ShiftRow]:
    """The rows of a comparison."""

    def words(side: int, at: int) -> str:
        token = int(shift.top[side, at, 0])
        text = visible_text(shift.words.get(token, str(token)))
        return f"{text}  {percent_text(float(shift.shares[side, at, 0]))}"

    return [
        ShiftRow(
            at, visible_text(shift.words.get(token, str(token))), words(0, at), words(1, at),
            float(shift.divergence[at]), shift.top[0, at, 0] != shift.top[1, at, 0],
        )
        for at, token in enumerate(shift.ids)
    ]  # fmt: skip


def shift_words(shift: "PromptShift") -> str:
    """How much changed over the whole prompt."""
    changed = int((shift.top[0, :, 0] != shift.top[1, :, 0]).sum())
    losses = [shift.loss(side) for side in (0, 1)]
    told = [f"{value:.3f}" if np.isfinite(value) else NOT_MEASURED for value in losses]
    return tr(
        "Another likeliest token at {changed} of {count} places · mean KL {apart} nats · loss on these words {base} → "
        "{own}", changed=changed, count=len(shift.ids), apart=small_number(float(shift.divergence.mean())),
        base=told[0], own=told[1],
    )  # fmt: skip


def _nats(value: float) -> str:
    """Four decimals, in one column; what is smaller than they show by its power of ten."""
    return f"{value:.4f}" if value >= 1e-4 or value == 0 else small_number(value)


def _columns() -> list[Column]:
    return [
        Column(tr("Token"), value=lambda row: row.place, text=lambda row: row.token, mono=True, width=96),
        Column(tr("Base expects"), value=lambda row: row.before, mono=True),
        Column(tr("Adapted expects"), value=lambda row: row.after, mono=True,
               role=lambda row: "accent" if row.changed else "text"),
        Column(tr("KL, nats"), value=lambda row: row.apart, text=lambda row: _nats(row.apart), align="right",
               width=76),
    ]  # fmt: skip
