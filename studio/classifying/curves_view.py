"""ROC and precision against recall of one class, with the place where the threshold stands on both."""

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.classifying.results import Results
from studio.classifying.score_tiles import figure
from studio.classifying.unit_plot import UnitLine, UnitPlot
from studio.core.language import tr
from studio.widgets.label import Label
from studio.widgets.look import Look


class CurvesView(QWidget):
    """Two plots side by side that move together."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._results: Results | None = None
        self.place = 1
        self.roc = UnitPlot(look, "ROC", tr("false alarms"), tr("recall"))
        self.precision = UnitPlot(look, tr("Precision and recall"), tr("recall"), tr("precision"))
        self.words = Label("", "small", wrap=True)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self.roc, 1)
        row.addWidget(self.precision, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row, 1)
        column.addWidget(self.words)

    def set_results(self, results: Results | None) -> None:
        """Show another result."""
        self._results = results
        self.set_class(1 if results is not None and len(results.run.labels) == 2 else 0)

    def set_class(self, place: int) -> None:
        """Draw the curves of the class at a place; of none in particular the hardest one's."""
        if self._results is None:
            return
        place = place if place >= 0 else int(self._results.per_class.f1.argmin())
        self.place, one = place, self._results.against[place]
        label = self._results.run.labels[place]
        if one is None:
            for plot in (self.roc, self.precision):
                plot.set_lines([])
                plot.dot = None
            self.words.setText(tr("All rows are on one side of {label}, so there is no curve.", label=label))
            return
        ends = np.asarray([0.0, 1.0])
        share = float(self._results.run.belongs(place).mean())
        self.roc.set_title(tr("ROC · area {area}", area=figure(one.roc_area)))
        self.roc.set_lines([UnitLine(ends, ends, "text_quiet", True), UnitLine(one.roc.x, one.roc.y)])
        self.precision.set_title(tr("Precision and recall · average {area}", area=figure(one.average_precision)))
        level = np.full(2, share)
        curve = one.precision_recall
        self.precision.set_lines([UnitLine(ends, level, "text_quiet", True), UnitLine(curve.x, curve.y, 1)])
        self.words.setText(
            tr("{label} against the rest. Dashed: what guessing blindly would reach. The dot is where the threshold "
               "stands.", label=label)
        )  # fmt: skip
        self.set_threshold(0.5)

    def set_threshold(self, threshold: float) -> None:
        """Move both dots; the figures are looked up."""
        one = self._results.against[self.place] if self._results is not None else None
        if one is None:
            return
        at = one.sweep.at(threshold)
        false_rate = at.fp / max(1, at.fp + at.tn)
        self.roc.set_dot(false_rate, at.recall)
        self.precision.set_dot(at.recall, at.precision if at.tp + at.fp else 1.0)
