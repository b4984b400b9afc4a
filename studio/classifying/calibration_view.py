"""Whether a probability of 80 % comes true in 80 of 100 cases, before and after one number is divided by."""

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.classifying.results import Calibrated, Results
from studio.classifying.score_tiles import split_word
from studio.classifying.unit_plot import UnitBars, UnitLine, UnitPlot
from studio.controls.editors import Switch
from studio.core.language import tr
from studio.widgets.label import Label
from studio.widgets.look import Look


class CalibrationView(QWidget):
    """The reliability diagram, and the rows that stand behind each bar."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._results: Results | None = None
        self.plot = UnitPlot(look, tr("Calibration"), tr("confidence"), tr("right"))
        self.rows = UnitPlot(look, tr("Rows"), tr("confidence"), tr("of the rows"))
        self.cooled = Switch(look)
        self.cooled.setAccessibleName(tr("Temperature scaling"))
        self.cooled.changed.connect(self._draw)
        self.words = Label("", "small", wrap=True)
        row, low = QHBoxLayout(), QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self.plot, 1)
        row.addWidget(self.rows, 1)
        low.setSpacing(8)
        low.addWidget(self.cooled)
        low.addWidget(Label(tr("Temperature scaling"), "quiet"))
        low.addWidget(self.words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row, 1)
        column.addLayout(low)

    def set_results(self, results: Results | None) -> None:
        """Show another result."""
        self._results = results
        self._draw()

    def _draw(self) -> None:
        results = self._results
        if results is None:
            return
        shown: Calibrated = results.cooled if self.cooled.value() else results.raw
        self.cooled.setEnabled(bool(results.fitted_on))
        found, ends = shown.reliability, np.asarray([0.0, 1.0])
        filled = found.counts > 0
        line = UnitLine(found.mean_probability[filled], found.share_right[filled], 0, dots=True)
        self.plot.set_title(tr("Calibration · error {error}", error=f"{shown.error:.3f}"))
        bars = UnitBars(found.edges, np.where(filled, found.share_right, np.nan))
        self.plot.set_lines([UnitLine(ends, ends, "text_quiet", True), line], bars)
        self.rows.set_lines([], UnitBars(found.edges, found.counts / max(1, found.counts.sum())))
        self.words.setText(self._say())

    def _say(self) -> str:
        results = self._results
        assert results is not None
        if results.run.several:
            return tr("Every class of every row is one guess here; no single temperature is fitted.")
        if not results.fitted_on:
            return tr("No temperature can be learned: every row is right, or the logits lead astray.")
        where = tr("fitted on the {split} rows", split=split_word(results.fitted_on))
        return tr("Logits divided by {heat}, {where}: error {before} → {after}. No guess changes.",
                  heat=f"{results.temperature:.2f}", where=where, before=f"{results.raw.error:.3f}",
                  after=f"{results.cooled.error:.3f}")  # fmt: skip
