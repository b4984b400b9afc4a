"""This run beside an earlier one on the same rows: four squares of rows, and what chance would say about them."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.classifying.comparison import Comparison, compare
from studio.classifying.confusion_matrix import ConfusionMatrix
from studio.classifying.results import Results
from studio.controls.editors import ChoiceEdit
from studio.core.language import tr
from studio.parts.wording import percent
from studio.widgets.label import Label
from studio.widgets.look import Look

_SURE = 0.05


class CompareView(QWidget):
    """`earlier_wanted` names the run to compare with; `rows_wanted` carries a title and places."""

    earlier_wanted = Signal(str)
    rows_wanted = Signal(str, object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.found: Comparison | None = None
        self._names: list[str] | None = None
        self.choice = ChoiceEdit([("", tr("Choose a run"))], look)
        self.choice.setAccessibleName(tr("Earlier run"))
        self.matrix = ConfusionMatrix(look)
        self.matrix.captions = (tr("the earlier run"), tr("this run"))
        self.words = Label("", wrap=True)
        self.note = Label("", "small", wrap=True)
        top = QHBoxLayout()
        top.addWidget(Label(tr("Compare with"), "quiet"))
        top.addWidget(self.choice)
        top.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(top)
        column.addWidget(self.words)
        column.addWidget(self.note)
        column.addWidget(self.matrix, 1)
        self.choice.changed.connect(self._chosen)
        self.matrix.cell_chosen.connect(self._cell_chosen)
        self.set_earlier(None, None)

    def set_runs(self, names: Sequence[str]) -> None:
        """Offer these runs on the same dataset."""
        if list(names) == self._names:
            return
        self._names = list(names)
        first = tr("Choose a run") if names else tr("No other run on this dataset yet")
        self.choice.set_choices([("", first), *((name, name) for name in names)])
        self.choice.setEnabled(bool(names))

    def set_earlier(self, present: Results | None, earlier: Results | None) -> None:
        """Compare two results; nothing until there are two."""
        self.matrix.setVisible(earlier is not None)
        self.found = None
        if present is None or earlier is None:
            self.choice.set_value("")
            self.words.setText(
                tr("Which rows both runs get wrong, and which only one of them does, says more than two percentages.")
            )
            self.note.setText("")
            return
        self.found = found = compare(present.run, earlier.run)
        self.matrix.set_matrix((tr("right"), tr("wrong")), found.counts)
        self.words.setText(
            tr("{present} here, {earlier} there. {gained} rows are right only here, {lost} only there.",
               present=percent(present.accuracy), earlier=percent(earlier.accuracy),
               gained=f"{len(found.only_present):,}", lost=f"{len(found.only_earlier):,}")
        )  # fmt: skip
        sure = tr("more than chance explains") if found.p_value < _SURE else tr("this may be chance")
        words = tr("McNemar's test: p = {p}, {sure}.", p=f"{found.p_value:.3f}", sure=sure)
        if found.missing:
            words += " " + tr("{count} rows were scored by one run only and left out.", count=f"{found.missing:,}")
        self.note.setText(words)

    def _chosen(self) -> None:
        self.earlier_wanted.emit(str(self.choice.value()))

    def _cell_chosen(self, earlier: int, present: int) -> None:
        assert self.found is not None
        titles = (
            (tr("Right in both runs"), tr("Right only in the earlier run")),
            (tr("Right only in this run"), tr("Wrong in both runs")),
        )
        self.rows_wanted.emit(titles[earlier][present], self.found.places(earlier, present))
