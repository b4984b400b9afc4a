"""Whether more rows would help: the score of what counts words by rows learned from, and where this run stands."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.classifying.results import Beside, Results
from studio.core.language import tr
from studio.curves.line_chart import LineChart
from studio.curves.line_scene import Level, Line
from studio.parts.wording import percent
from studio.widgets.button import Button
from studio.widgets.label import Label
from studio.widgets.look import Look


class LearningView(QWidget):
    """`measure_wanted` asks for the baselines, which take a moment; runs that learned from other parts are points."""

    measure_wanted = Signal()
    parts_wanted = Signal()  # the same run again, on smaller parts of its rows

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chart = LineChart(look, tr("Accuracy by rows learned from"), tr("rows learned from"))
        self.chart.set_empty_text(tr("Not measured yet."))
        self.words = Label("", wrap=True)
        self.go = Button(tr("Measure the baselines"), self.measure_wanted.emit, look).set_small()
        self.parts = Button(tr("Train on smaller parts"), self.parts_wanted.emit, look).set_small()
        self.parts.setToolTip(tr("Queues this run again on a half, a quarter and an eighth of its rows."))
        low = QHBoxLayout()
        low.addWidget(self.words, 1)
        low.addWidget(self.parts)
        low.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(low)
        column.addWidget(self.chart, 1)

    def set_results(
        self, results: Results | None, beside: Beside | None, runs: Sequence[tuple[int, float]] = ()
    ) -> None:
        """`runs` are (rows learned from, accuracy) of runs scored on these rows, this one among them."""
        self.go.setVisible(beside is None)
        self.parts.setVisible(beside is not None)
        lines = []
        if beside is not None and beside.fractions:
            rows, scores = (np.asarray(part, np.float64) for part in zip(*beside.fractions, strict=True))
            lines.append(Line(tr("TF-IDF + logistic regression"), rows, scores, "text_quiet"))
        if runs:
            rows, scores = (np.asarray(part, np.float64) for part in zip(*sorted(runs), strict=True))
            lines.append(Line(tr("this model"), rows, scores, 0))
        level = Level(beside.majority, tr("majority")) if beside is not None else None
        self.chart.set_lines(lines, level)
        self.words.setText(self._say(results, beside))

    def _say(self, results: Results | None, beside: Beside | None) -> str:
        if results is None or beside is None:
            return tr("Counting words (TF-IDF with logistic regression) and always naming the most frequent class cost "
                      "nothing; a language model has to beat them.")  # fmt: skip
        words = tr("{model} against {tfidf} by counting words and {majority} by always naming the most frequent class.",
                   model=percent(results.accuracy), tfidf=percent(beside.tfidf),
                   majority=percent(beside.majority))  # fmt: skip
        if len(beside.fractions) > 1:
            gain = beside.fractions[-1][1] - beside.fractions[-2][1]
            words += " " + tr("The last doubling of rows brought counting words {gain} points.",
                              gain=f"{100 * gain:+.1f}".replace("-", "−"))  # fmt: skip
        return words
