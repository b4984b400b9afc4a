"""How well numbers are guessed: figures, guess over truth, how sure the mean error is by now, and the rows behind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from studio.classifying.number_scatter import ROLES, NumberScatter
from studio.classifying.number_try import NumberTry
from studio.classifying.numbers import NumberBaseline, NumberResults
from studio.classifying.score_tiles import split_word
from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.curves.line_chart import LineChart
from studio.curves.line_scene import Level, Line
from studio.parts.wording import column_width, percent
from studio.views.figure_tiles import FigureTiles, Tile
from studio.views.record_table import Column, RecordTable
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

_MOST = 300  # rows of the list


@dataclass(frozen=True)
class NumberRow:
    """One row of the list."""

    place: int
    number: int
    text: str
    truth: float
    guess: float
    band: str

    @property
    def off(self) -> float:
        """How far the guess is from the truth."""
        return abs(self.guess - self.truth)


class RegressionView(QWidget):
    """A pure view over `NumberResults`; texts are asked for by row number."""

    texts_wanted = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.results: NumberResults | None = None
        self._texts: dict[int, str] = {}
        self.tiles, self.scatter = FigureTiles(may_be_brief=True), NumberScatter(look)
        self.running = LineChart(look, tr("Running mean error"), tr("rows scored"))
        self.table = RecordTable(_columns(), look, key=lambda row: row.number)
        self.words = Label("", "small", wrap=True)
        self.trial = NumberTry(look)
        views = (("rows", tr("Rows")), ("try", tr("Try")))
        self.switch = Segmented(views, look, tr("What is shown"))
        self.switch.set_value("rows")
        self.switch.changed.connect(self.show_view)
        left, upper = Card(tr("Guess over truth"), look), Card(tr("Mean error so far"), look)
        self._lower = lower = Card(tr("Rows"), look)
        left.body.addWidget(self.scatter, 1)
        left.body.addWidget(self.words)
        upper.body.addWidget(self.running, 1)
        upper.set_note(tr("with its 95 % band"))
        self.stack = QStackedWidget()
        for page in (self.table, self.trial):
            self.stack.addWidget(page)
        lower.header.addWidget(self.switch)
        lower.body.addWidget(self.stack, 1)
        self.show_view("rows")
        side, row = QVBoxLayout(), QHBoxLayout()
        side.setSpacing(16)
        side.addWidget(upper, 1)
        side.addWidget(lower, 1)
        row.setSpacing(16)
        row.addWidget(left, 1)
        row.addLayout(side, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(16)
        whole.addWidget(self.tiles)
        whole.addLayout(row, 1)
        self.scatter.chosen.connect(self._chosen)

    def show_view(self, name: str) -> None:
        """The rows, or a text of one's own."""
        self.switch.set_value(name)
        rows = name == "rows"
        self.stack.setCurrentWidget(self.table if rows else self.trial)
        self._lower.set_title(tr("Rows") if rows else tr("A text of your own"))
        self._lower.set_note(tr("furthest off first") if rows else "")

    def set_results(self, results: NumberResults, baselines: Sequence[NumberBaseline] = ()) -> None:
        """Show one run and what guesses without a language model come to."""
        if self.results is not results:
            self._texts.clear()
        self.results = results
        self.tiles.set_tiles(number_tiles(results, baselines))
        self.scatter.set_results(results)
        counts = {name: int((results.bands == name).sum()) for name in ROLES}
        self.words.setText(
            tr(
                "{green} green: off by less than 40 or 20 %. {orange} orange: less than 80 or 40 %. {red} red.",
                **counts,
            )
        )
        mean, half = results.running
        x = np.arange(1, len(mean) + 1, dtype=np.float64)
        lines = [
            Line(tr("95 % below"), x, np.maximum(0.0, mean - half), "text_quiet", quiet=True),
            Line(tr("95 % above"), x, mean + half, "text_quiet", quiet=True), Line(tr("mean"), x, mean, 0),
        ]  # fmt: skip
        level = Level(baselines[0].mae, baselines[0].name) if baselines else None
        self.running.set_lines([_finite(line) for line in lines], level)
        self._fill()
        numbers = [int(results.run.rows[place]) for place in results.worst[:_MOST]]
        if not self._texts:
            self.texts_wanted.emit(numbers)

    def set_texts(self, texts: Mapping[int, str]) -> None:
        """Texts by row number have come."""
        self._texts.update(texts)
        self._fill()

    def _fill(self) -> None:
        if self.results is not None:
            self.table.set_rows([self._row(int(place)) for place in self.results.worst[:_MOST]])

    def _row(self, place: int) -> NumberRow:
        assert self.results is not None
        run = self.results.run
        number = int(run.rows[place])
        return NumberRow(place, number, self._texts.get(number, "…"), float(run.truth[place]), float(run.guess[place]),
                         str(self.results.bands[place]))  # fmt: skip

    def _chosen(self, place: int) -> None:
        self.show_view("rows")
        row = self._row(place)
        self.table.select(row)
        if self.table.selected_rows():
            self.table.scrollTo(self.table.selectionModel().selectedRows()[0])


def _finite(line: Line) -> Line:
    """Without the first places, of which there is no interval yet."""
    known = np.isfinite(line.y)
    return Line(line.name, line.x[known], line.y[known], line.color, line.quiet)


def number_tiles(found: NumberResults, baselines: Sequence[NumberBaseline] = ()) -> list[Tile]:
    """Mean error with its interval and the baselines, RMSLE, r², the share that is close."""
    mean, half = found.running
    beside = "".join(f" · {one.name} {one.mae:,.2f}" for one in baselines)
    rows = tr("{count} {split} rows", count=f"{len(mean):,}", split=split_word(found.run.split))
    return [
        Tile(tr("Mean error, {rows}", rows=rows), f"{found.scores.mae:,.2f}", f"± {half[-1]:,.2f}{beside}",
             tr("The mean distance between guess and truth, and its 95 % interval.")),
        Tile("RMSLE", f"{found.scores.rmsle:.3f}", tr("of the logarithms, so that factors count"),
             tr("Root mean squared error of ln(1 + number).")),
        Tile("r²", f"{found.scores.r2:.3f}".replace("-", "−"), tr("share of the variance explained"),
             tr("1 is perfect, 0 is as good as always guessing the mean.")),
        Tile(tr("Close guesses"), percent(found.scores.hit), tr("off by less than 40 or 20 %"),
             tr("The green band of the traffic light.")),
    ]  # fmt: skip


def _columns() -> list[Column]:
    text = Column(tr("Text"), lambda row: row.text, dot=lambda row: ROLES[row.band])
    figures = ((tr("Truth"), "truth"), (tr("Guess"), "guess"), (tr("Off by"), "off"))
    return [text, *(_number(title, attrgetter(name)) for title, name in figures)]


def _number(title: str, value: Callable[[NumberRow], float]) -> Column:
    return Column(title, value, text=lambda row: f"{value(row):,.2f}", align="right", width=column_width(title, 84))
