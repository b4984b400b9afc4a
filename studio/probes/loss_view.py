"""Where a text is hard for the model: the loss by position in the window, and by row, the hardest rows first."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from studio.core.language import tr
from studio.curves.line_chart import Level, Line, LineChart
from studio.live.session import Session
from studio.probes.borrowed import borrowed_text
from studio.seeing.question import Question
from studio.seeing.view import EVERYTHING, SceneView
from studio.views.bars import percent_text
from studio.views.record_model import Column
from studio.views.record_table import RecordTable
from studio.views.token_text import Token, token_label, visible_text
from studio.views.token_view import TokenView
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.insight.text_loss import TextLoss

HARD = 8.0  # nats at which a token is drawn in full colour
_WORDS = 40  # tokens of a row that the table shows


@dataclass(frozen=True)
class HardRow:
    """A row of the text: its number, its mean loss (and the other model's), its place in the text and how it reads."""

    row: int
    loss: float
    other: float
    start: int
    words: str


class LossView(SceneView):
    """Curve above, rows below; the row that is chosen stands beside them, each token coloured by its loss."""

    name, label, vector = "loss", "Loss", True
    needs_words = True
    compares = True

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self._found, self._beside = (Question(self.looking, f"text loss {side}", self) for side in ("A", "B"))
        self._row = -1
        self._position = -1  # in the row or on the curve, whichever was pointed at last
        self.chart = LineChart(look, tr("Loss by position"), tr("position in the window"))
        self.chart.set_empty_text(tr("The losses are being measured…"))
        self.table = RecordTable(self._columns(), look, key=lambda row: row.row)
        self.text = TokenView(look)
        self.text.set_empty_text(tr("Choose a row to see which of its tokens are hard."))
        self.sample = Label("", "small", wrap=True)
        self._curve, self._rows, self._one = (
            Card(title, look) for title in (tr("By position"), tr("By row, the hardest first"), tr("The row"))
        )
        self._lay_out()
        self.chart.hovered.connect(self._curve_hovered)
        self.table.selection_changed.connect(self._choose)
        self.table.row_activated.connect(self._read)
        self.table.link_clicked.connect(self._open)
        self.text.pointed.connect(self._token_hovered)
        for question in (self._found, self._beside):
            question.answered.connect(self._draw)

    def _columns(self) -> list[Column]:
        return [
            Column(tr("Loss"), lambda row: row.loss, lambda row: f"{row.loss:.3f}", "right", 64,
                   role=lambda row: "text" if np.isfinite(row.loss) else "danger"),
            Column(tr("B"), lambda row: row.other, lambda row: f"{row.other:.3f}" if np.isfinite(row.other) else "–",
                   "right", 64, spare=True),
            Column(tr("From token"), lambda row: row.start, lambda row: f"{row.start:,}", "right", 92, spare=True),
            Column(tr("Text"), lambda row: row.words, mono=True),
            Column("", lambda row: row.row, lambda row: tr("look at it"), width=84, link=True),
        ]  # fmt: skip

    def _lay_out(self) -> None:
        self._curve.body.addWidget(self.chart, 1)
        self._rows.body.addWidget(self.table, 1)
        self._rows.body.addWidget(self.sample)
        self._one.body.addWidget(self.text, 1)
        left = QVBoxLayout()
        left.setSpacing(12)
        left.addWidget(self._curve, 1)
        left.addWidget(self._rows, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addLayout(left, 3)
        row.addWidget(self._one, 2)

    # --- what is drawn ----------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = EVERYTHING) -> None:
        """Measure another model; the text that is read elsewhere makes no difference here."""
        if what and not what & {"scene", "other", "mode"}:
            return
        for question, scene in zip((self._found, self._beside), self.looking.shown, strict=True):
            if scene is None:
                question.forget()
            else:
                key = (scene.folder, scene.checksum)
                title = tr("Measuring losses of {name}", name=scene.title)
                question.ask(key, "studio.insight.text_loss:text_loss", scene, borrowed_text(self.session), title=title)
        self._draw()

    def missing(self) -> str:
        """A model that sees both ways has no loss behind what stands before."""
        scene = self.looking.shown[0]
        if scene is not None and not scene.config.model.causal:
            return tr("This model sees the whole text at once, so no token has a loss behind those before it.")
        return ""

    @property
    def found(self) -> "TextLoss | None":
        """The losses that are shown."""
        answer: TextLoss | None = self._found.current
        return answer

    def _draw(self) -> None:
        found, other = self.found, self._other()
        self.chart.set_empty_text(str(self._found.error or tr("The losses are being measured…")))
        if found is None:
            self.chart.set_lines(())
            self.table.set_rows([])
            self._choose([])
            self.sample.setText("")
            self.told.emit()
            return
        places = np.arange(1.0, found.losses.shape[1] + 1)
        lines = [Line(tr("mean over {count} rows", count=len(found.ids)), places, found.by_position, 0)]
        if other is not None:
            lines.insert(0, Line(tr("the other model"), places, other.by_position, 1))
        mean = float(found.losses.mean())
        self.chart.set_lines(lines, Level(mean, tr("mean {value}", value=f"{mean:.3f}")))
        self.sample.setText(found.text.sentence(found.ids.size))
        theirs = other.by_row if other is not None else np.full(len(found.ids), np.nan)
        rows = [
            HardRow(row, float(found.by_row[row]), float(theirs[row]), found.starts[row], self._words(found, row))
            for row in found.hardest
        ]
        self.table.set_rows(rows)
        if self._row < 0 and rows:
            self.table.select(rows[0])
        self.told.emit()

    def _other(self) -> "TextLoss | None":
        """The other model's losses, where it was measured on the very same rows."""
        found, other = self._found.current, self._beside.current
        same = found is not None and other is not None and np.array_equal(found.ids, other.ids)
        return other if same else None

    def _words(self, found: "TextLoss", row: int) -> str:
        scene = self.looking.shown[0]
        tokenizer = scene.tokenizer if scene is not None else None
        ids = found.ids[row, :_WORDS].tolist()
        return visible_text(tokenizer.decode(ids) if tokenizer is not None else " ".join(f"#{one}" for one in ids))

    def _choose(self, rows: list[HardRow]) -> None:
        found, scene = self.found, self.looking.shown[0]
        if not rows or found is None or scene is None:
            self._row = -1
            self.text.set_tokens(())
            self._one.set_note("")
            return
        self._row = row = rows[0].row
        tokenizer = scene.tokenizer
        self.text.set_tokens([Token(token_label(tokenizer, number), number) for number in found.ids[row].tolist()])
        losses = np.nan_to_num(found.losses[row], nan=HARD)
        self.text.set_weights([0.0, *np.clip(losses / HARD, 0.0, 1.0).tolist()])
        self._one.set_note(
            tr("loss {loss}, from token {start}", loss=f"{rows[0].loss:.3f}", start=f"{rows[0].start:,}")
        )
        self.told.emit()

    # --- pointing ---------------------------------------------------------------------------------------------------

    def _curve_hovered(self, line: int, point: int) -> None:
        self._position = -1
        self.told.emit()

    def _token_hovered(self, index: int) -> None:
        self._position = index
        self.told.emit()

    def _open(self, row: HardRow, _title: str) -> None:
        self._read(row)

    def _read(self, row: HardRow) -> None:
        """Let every page look at this row of the text."""
        scene, found = self.looking.shown[0], self.found
        if scene is None or found is None:
            return
        ids = found.ids[row.row].tolist()
        words = scene.tokenizer.decode(ids) if scene.tokenizer is not None else ", ".join(map(str, ids))
        self.looking.read(words)

    # --- what it says -----------------------------------------------------------------------------------------------

    def explanation(self) -> str:
        """What a loss is, with that of the token or position pointed at."""
        text = tr(
            "The loss of a token is −log p, where p is the probability that the model gave it behind the tokens before "
            "it. Early positions have little to go on, so the curve falls; the hardest rows are what it knows least."
        )
        found = self.found
        if found is None:
            return text
        if self._row >= 0 and self._position > 0:
            value = float(found.losses[self._row, self._position - 1])
            p = percent_text(float(np.exp(-value))) if np.isfinite(value) else "–"
            return text + " " + tr("Here: −log p = {loss}, so p = {p}.", loss=f"{value:.4f}", p=p)
        line, point = self.chart.point
        if line >= 0:
            value = float(self.chart.lines[line].y[point])
            return text + " " + tr(
                "Position {place}: the mean of {count} losses is {loss}.", place=point + 1, count=len(found.ids),
                loss=f"{value:.4f}",
            )  # fmt: skip
        return text

    def numbers(self) -> dict[str, npt.NDArray[Any]]:
        """All losses with the ids they are of."""
        found = self.found
        if found is None:
            return {}
        return {"losses": found.losses, "ids": found.ids, "starts": np.array(found.starts)}
