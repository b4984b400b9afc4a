"""The confusion matrix, of all classes or of one against the rest, and the threshold of that one."""

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.classifying.confusion_matrix import ConfusionMatrix
from studio.classifying.results import Results, cell_rows, split_rows_at
from studio.classifying.scored import Ints
from studio.classifying.threshold_bar import ThresholdBar
from studio.controls.editors import ChoiceEdit
from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

ALL = -1


class MatrixCard(Card):
    """`rows_wanted` carries a title and the places of a cell's rows; `moved` the class and the threshold now."""

    rows_wanted = Signal(str, object)
    moved = Signal(int, float)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Confusion matrix"), look, parent)
        self._results: Results | None = None
        self.place = ALL
        self.classes = ChoiceEdit([(ALL, tr("All classes"))], look)
        self.classes.setAccessibleName(tr("Classes of the matrix"))
        ways = (("counts", tr("rows")), ("rows", tr("row %")), ("columns", tr("column %")))
        self.mode = Segmented(ways, look, tr("What the cells say"))
        self.mode.set_value("counts")
        self.matrix, self.threshold = ConfusionMatrix(look), ThresholdBar(look)
        self.header.addWidget(self.mode)
        self.against = QWidget()
        line = QHBoxLayout(self.against)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(Label(tr("One class against the rest"), "quiet"))
        line.addStretch(1)
        line.addWidget(self.classes)
        self.body.addWidget(self.matrix, 1)
        self.body.addWidget(self.against)
        self.body.addWidget(self.threshold)
        self.mode.changed.connect(self.matrix.set_mode)
        self.classes.changed.connect(self._class_chosen)
        self.matrix.cell_chosen.connect(self._cell_chosen)
        self.threshold.moved.connect(self._moved)

    def set_results(self, results: Results | None) -> None:
        """Show another result, all classes at first."""
        self._results = results
        if results is None:
            self.matrix.set_matrix((), np.zeros((0, 0), np.int64))
            return
        labels, several = results.run.labels, results.run.several
        two = len(labels) == 2 and not several
        every = [] if several else [(ALL, tr("all {count} classes", count=f"{len(labels)}"))]
        self.against.setVisible(not two)
        self.classes.set_choices([*every, *((place, label) for place, label in enumerate(labels))])
        self.place = 1 if two else 0 if several else ALL
        self.classes.set_value(self.place)
        self.threshold.set_threshold(0.5)
        self.matrix.choose(None)
        self._show()

    @property
    def _names(self) -> tuple[str, ...]:
        """What stands beside the squares."""
        assert self._results is not None
        labels = self._results.run.labels
        if self.place == ALL or (len(labels) == 2 and not self._results.run.several):
            return labels
        return tr("not {label}", label=labels[self.place]), labels[self.place]

    def _show(self) -> None:
        results = self._results
        if results is None:
            return
        self.threshold.setVisible(self.place != ALL)
        if self.place == ALL:
            self.matrix.set_matrix(self._names, results.matrix)
            return
        self.threshold.set_against(results.against[self.place], results.run.labels[self.place])
        self._count()

    def _count(self) -> None:
        """The four squares at the present threshold."""
        results = self._results
        assert results is not None
        one = results.against[self.place]
        if one is None:
            belongs = results.run.belongs(self.place)
            taken = results.run.probabilities[:, self.place] >= self.threshold.threshold
            counts = np.asarray([[np.sum((belongs == a) & (taken == b)) for b in (0, 1)] for a in (0, 1)])
        else:
            at = one.sweep.at(self.threshold.threshold)
            counts = np.asarray([[at.tn, at.fp], [at.fn, at.tp]])
        self.matrix.set_matrix(self._names, counts)

    def _class_chosen(self) -> None:
        self.place = int(self.classes.value())
        self.threshold.set_threshold(0.5)
        self._show()
        self.moved.emit(self.place, self.threshold.threshold)

    def _moved(self, threshold: float) -> None:
        self._count()
        self.moved.emit(self.place, threshold)
        if self.matrix.chosen is not None:
            self._cell_chosen(*self.matrix.chosen)

    def _cell_chosen(self, truth: int, guess: int) -> None:
        places = self.rows_of(truth, guess)
        self.rows_wanted.emit(cell_title(self._names, truth, guess, len(places)), places)

    def rows_of(self, truth: int, guess: int) -> Ints:
        """Places of the rows of one square at the present threshold."""
        assert self._results is not None
        if self.place == ALL:
            return cell_rows(self._results.run, truth, guess)
        return split_rows_at(self._results.run, self.place, self.threshold.threshold, (truth, guess))


def cell_title(labels: tuple[str, ...], truth: int, guess: int, count: int) -> str:
    """6 spam rows read as ham."""
    if truth == guess:
        words = tr("{count} {label} rows read rightly") if count != 1 else tr("{count} {label} row read rightly")
    else:
        words = tr("{count} {label} rows read as {guess}") if count != 1 else tr("{count} {label} row read as {guess}")
    return words.format(count=f"{count:,}", label=labels[truth], guess=labels[guess])
