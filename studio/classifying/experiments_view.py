"""The book's experiments as a table: what was published, what came out here, and a button that runs the chosen ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.classifying.experiments import EXPERIMENTS, SOURCE, Experiment
from studio.controls.editors import ChoiceEdit
from studio.core.language import tr
from studio.parts.wording import column_width
from studio.views.record_table import Column, RecordTable
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

_DASH = "–"


@dataclass(frozen=True)
class Outcome:
    """What became of one experiment: a state in words, and accuracies in % where they were measured."""

    state: str = ""
    validation: float | None = None
    test: float | None = None

    @property
    def words(self) -> str:
        """99.3 / 95.0, or what is going on."""
        if self.validation is None and self.test is None:
            return self.state
        return " / ".join(_DASH if one is None else f"{one:.1f}" for one in (self.validation, self.test))


@dataclass(frozen=True)
class ExperimentRow:
    """One row; `missing` names the weights that it needs and that are not here."""

    one: Experiment
    missing: str
    published: Outcome
    own: Outcome


class ExperimentsView(QWidget):
    """`run_wanted` carries the chosen experiments and whether they are to run on the person's own model."""

    run_wanted = Signal(list, bool)
    score_wanted = Signal()
    changed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.dataset, self.own = ChoiceEdit([("", "")], look), ChoiceEdit([("", "")], look)
        self.dataset.setAccessibleName(tr("Dataset of the experiments"))
        self.own.setAccessibleName(tr("Own model"))
        self.table = RecordTable(_columns(), look, key=lambda row: row.one.number, several=True)
        self.table.setAccessibleName(tr("Experiments"))
        self.run_own = Button("", self._run_own, look).set_small()
        self.score = Button(tr("Score the finished ones"), self.score_wanted.emit, look).set_small()
        self.words = Label("", "small", wrap=True)
        card = Card(tr("Experiments of the book"), look)
        card.set_note(SOURCE)
        top = QHBoxLayout()
        for name, editor in ((tr("Dataset"), self.dataset), (tr("Own model"), self.own)):
            top.addWidget(Label(name, "quiet"))
            top.addWidget(editor)
        top.addStretch(1)
        top.addWidget(self.score)
        top.addWidget(self.run_own)
        card.body.addLayout(top)
        card.body.addWidget(self.table, 1)
        card.body.addWidget(self.words)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(card)
        for signal in (self.dataset.changed, self.own.changed):
            signal.connect(self.changed)
        self.table.selection_changed.connect(self._selected)
        self._selected([])

    def set_choices(self, datasets: Sequence[str], models: Sequence[tuple[str, str]]) -> None:
        """Offer datasets with labels, and models of the person's own."""
        first = [("", tr("none yet"))] if not datasets else []
        self.dataset.set_choices([*first, *((name, name) for name in datasets)])
        if datasets and self.dataset.value() not in datasets:
            self.dataset.set_value(datasets[0])
        self.own.set_choices([("", tr("none")), *models])

    def set_rows(self, rows: Sequence[ExperimentRow]) -> None:
        """Show what became of each experiment so far."""
        self.table.set_rows(rows)
        self._selected(self.table.selected_rows())

    def chosen(self, own: bool) -> list[Experiment]:
        """The selected experiments, else all, that can run on the published weights or on an own model."""
        rows = self.table.selected_rows() or self.table.rows()
        if own:
            return [row.one for row in rows if row.one.own] if self.own.value() else []
        return [row.one for row in rows if not row.missing]

    def _run_own(self) -> None:
        self.run_wanted.emit(self.chosen(True), True)

    def _selected(self, rows: list[ExperimentRow]) -> None:
        count = len(self.chosen(True))
        self.run_own.setEnabled(count > 0 and bool(self.dataset.value()))
        self.run_own.setText(
            tr("Run {count} on my model", count=f"{count}") if count else tr("Choose a model of yours")
        )
        note = rows[0].one.note if len(rows) == 1 else ""
        self.words.setText(
            note or tr("Accuracy in %: training, validation and test as published on one A100; validation and test "
                       "here. Select rows to run only those; every run is queued and can be stopped.")
        )  # fmt: skip
        self.changed.emit()


def rows_of(
    missing: Callable[[Experiment], str], outcome: Callable[[Experiment, bool], Outcome]
) -> list[ExperimentRow]:
    """Every experiment with what is known of it."""
    return [
        ExperimentRow(one, missing(one), outcome(one, False), outcome(one, True) if one.own else Outcome(""))
        for one in EXPERIMENTS
    ]


def _columns() -> list[Column]:
    wide = column_width
    return [
        Column("#", lambda row: row.one.number, align="right", width=40),
        Column(tr("What is changed"), lambda row: row.one.words),
        Column(tr("Published"), lambda row: row.one.published[2], align="right", width=wide(tr("Published"), 184),
               text=lambda row: " / ".join(f"{part:.2f}" for part in row.one.published), role=lambda row: "text_quiet"),
        Column(tr("A100"), lambda row: row.one.minutes, text=lambda row: f"{row.one.minutes:.2f} min", align="right",
               width=wide(tr("A100"), 76), spare=True, role=lambda row: "text_quiet"),
        Column(tr("Here, same weights"), lambda row: row.published.test, width=wide(tr("Here, same weights"), 170),
               text=lambda row: tr("needs {weights}", weights=row.missing) if row.missing else row.published.words,
               role=lambda row: "text_disabled" if row.missing else "text"),
        Column(tr("My model"), lambda row: row.own.test, text=lambda row: row.own.words if row.one.own else "",
               width=wide(tr("My model"), 120)),
    ]  # fmt: skip
